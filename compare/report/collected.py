"""What other commands have left beside this one's results: the hidden experiments and the exercises."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup


@dataclass(frozen=True)
class Collected:
    """One experiment or exercise: what was asked, the answer, and its figures."""

    name: str
    question: str
    answer: str
    holds: bool | None  # None where it was not measured
    lesson: str
    figures: list[Markup]


def collected(folder: Path) -> list[Collected]:
    """Every experiment or exercise whose results lie in `folder`; a file that cannot be understood is passed over."""
    found = []
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else []:
        try:
            content: Any = json.loads(path.read_text(encoding="utf-8"))
            drawing = path.with_suffix(".svg")
            figures = [inline_svg(drawing, content["answer"])] if drawing.exists() else []
            name = content.get("name") or f"exercise {content['exercise']}"
            lesson, holds = content.get("lesson", ""), None if content["holds"] is None else bool(content["holds"])
            found.append(Collected(name, content["question"], content["answer"], holds, lesson, figures))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue  # another program's file, or one of another version: the page does without
    return found


def inline_svg(path: Path, description: str) -> Markup:
    """An SVG file of ours as part of a page: with a text alternative, and names that are its own.

    Every name in it gets the file's name in front, since a page must not have one twice.
    """
    text = path.read_text(encoding="utf-8")
    text = text[text.index("<svg") :]
    own = re.sub(r"\W", "-", path.stem)
    text = re.sub(r'\bid="', f'id="{own}-', text)
    text = re.sub(r'(xlink:href="|url\()#', rf"\1#{own}-", text)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    alternative = Markup('role="img" aria-label="{}"').format(description)
    return Markup(text.replace("<svg ", f"<svg {alternative} ", 1))
