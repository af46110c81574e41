"""Source with its colours: each line as markup, whose classes `style.css` has colours for."""

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer


def coloured(source: str) -> list[Markup]:
    """The lines of Python source, each as markup on its own; what is no Python keeps its text, without colours."""
    lines = source.removesuffix("\n").count("\n") + 1
    marked = highlight(source, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True, classprefix="c-"))
    return [Markup(line) for line in marked.split("\n")[:lines]]
