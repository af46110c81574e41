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
    """What stands on it. `parts` are for the template of the command; `about` is how it was made.

    above: a line above the title; lead: a paragraph below it.
    """

    title: str
    holds: bool
    verdict: str
    template: str
    about: Mapping[str, Any]
    parts: Mapping[str, Any] = field(default_factory=dict)
    worlds: Sequence[str] = NAMES
    file: str = "report.html"
    above: str = ""
    lead: str = ""


def write_page(page: Page, output: Output, force: bool = False) -> Path:
    """Its file in the folder; an earlier one becomes report-1.html, report-2.html and so on, unless `force`."""
    content = render(page).encode()
    if not force:
        output.set_aside(page.file)
    return output.write(page.file, content)


def with_code(text: str) -> Markup:
    """What stands between backticks is code; all else is escaped. A number such as 2e-06 stays on one line."""
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text)))
    return Markup(re.sub(r"\b\d[\d.]*e-\d+", r'<span class="nowrap">\g<0></span>', marked))


def paragraphs(text: str) -> list[Markup]:
    """A paragraph for each line; the word that a line explains, before its first colon, is set off."""
    lines = [with_code(line) for line in text.splitlines() if line.strip()]
    return [Markup(re.sub(r"^([a-z][a-z ]{1,24}): ", r"<b>\1</b>: ", str(line))) for line in lines]


#: What settings and versions are called, where their name in JSON is not yet a word.
CALLED = {
    "hidden": "hidden layers",
    "init": "initial weights",
    "init_scale": "their scale",
    "worlds": "networks",
    "python": "Python",
    "numpy": "NumPy",
    "torch": "PyTorch",
    "matplotlib": "Matplotlib",
    "torch_kernels": "PyTorch's kernels",
    "blas": "BLAS of NumPy",
}


def made_of(about: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Settings and versions as (name, value), each once, in words."""
    found: dict[str, str] = {}
    for group in ("settings", "environment"):
        for name, value in about.get(group, {}).items():
            for inner, one in value.items() if isinstance(value, Mapping) else ((name, value),):
                if one is not None:
                    found.setdefault(CALLED.get(inner, inner.replace("_", " ")), _in_words(inner, one))
    return list(found.items())


def _in_words(name: str, value: Any) -> str:
    if name == "blas":
        return "; ".join(
            f"{library['internal_api']} {library['version']}, kernels for {library['architecture']}"
            for library in value
        )
    if name == "worlds":
        return ", ".join(world(one).title for one in value)
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


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
        made_of=made_of(page.about),
        names=page.worlds,
        count=in_words(len(page.worlds)),
        titles={name: world(name).title for name in page.worlds},
        style=Markup((folder / "style.css").read_text(encoding="utf-8") + world_rules(page.worlds)),
        script=Markup((folder / "script.js").read_text(encoding="utf-8")),
        **page.parts,
    )
