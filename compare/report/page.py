"""The page itself: a template filled with what a command found, in one file that asks for nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from compare.report.world_rules import world_rules
from compare.shared.output import Output
from compare.shared.words import in_words
from compare.worlds import NAMES, world


@dataclass(frozen=True)
class Page:
    """What stands on it. `parts` are for the template of the command; `about` is how it was made."""

    title: str
    holds: bool
    verdict: str
    template: str
    about: Mapping[str, Any]
    parts: Mapping[str, Any] = field(default_factory=dict)
    worlds: Sequence[str] = NAMES


def write_page(page: Page, output: Output, force: bool = False) -> Path:
    """report.html in the folder; an earlier one becomes report-1.html, report-2.html and so on, unless `force`."""
    content = render(page).encode()
    if not force:
        output.set_aside("report.html")
    return output.write("report.html", content)


def render(page: Page) -> str:
    """The page as text. Everything that is put into it is escaped, except what is Markup already."""
    templates = Environment(
        loader=PackageLoader("compare.report"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    folder = files("compare.report") / "templates"
    return templates.get_template(page.template).render(
        page=page,
        names=page.worlds,
        count=in_words(len(page.worlds)),
        titles={name: world(name).title for name in page.worlds},
        style=Markup((folder / "style.css").read_text(encoding="utf-8") + world_rules(page.worlds)),
        script=Markup((folder / "script.js").read_text(encoding="utf-8")),
        **page.parts,
    )
