"""The page itself: a template filled with what a command found, in one file that asks for nothing else."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from compare.report.world_rules import world_rules
from compare.shared.output import Output
from compare.shared.terminal import is_of_numbers
from compare.shared.words import in_words
from compare.worlds import NAMES, spoken, world


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
    file: str = "report.html"


def write_page(page: Page, output: Output, force: bool = False) -> Path:
    """Its file in the folder; an earlier one becomes report-1.html, report-2.html and so on, unless `force`."""
    content = render(page).encode()
    if not force:
        output.set_aside(page.file)
    return output.write(page.file, content)


def with_code(text: str) -> Markup:
    """What stands between backticks is code; all else is escaped."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def paragraphs(text: str) -> list[Markup]:
    """A paragraph for each line; the word that a line explains, before its first colon, is set off."""
    lines = [with_code(line) for line in text.splitlines() if line.strip()]
    return [Markup(re.sub(r"^([a-z][a-z ]{1,24}): ", r"<b>\1</b>: ", str(line))) for line in lines]


def render(page: Page) -> str:
    """The page as text. Everything that is put into it is escaped, except what is Markup already."""
    templates = Environment(
        loader=PackageLoader("compare.report"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    templates.filters |= {"with_code": with_code, "paragraphs": paragraphs, "spoken": spoken}
    templates.tests |= {"of_numbers": is_of_numbers}
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
