"""The page of any command: its verdict, its figures, and what the terminal shows, in the same words."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from compare.report.collected import Collected, inline_svg
from compare.report.page import Page
from compare.shared.terminal import Piece


def answer_page(command: str, content: Mapping[str, Any], files: Sequence[Path], pieces: Sequence[Piece] = ()) -> Page:
    """The page of an answer: the plain data that it is as JSON, the figures among its files, what is shown of it.

    The page of one experiment, or of an exercise, has its name and asks its question.
    """
    figures = {path.stem: path for path in files if path.suffix == ".svg"}
    verdict = str(content.get("verdict") or content.get("answer") or "")
    told = []
    for one in content.get("experiments", ()):
        drawn = [inline_svg(figures.pop(name), one["answer"]) for name in (one["name"],) if name in figures]
        told.append(Collected(one["name"], one["question"], one["answer"], one["holds"], one.get("lesson", ""), drawn))
    title, file = f"Three ways to a gradient: {command}", "report.html"
    if len(told) == 1:
        title, file, verdict = told[0].question, f"{told[0].name}.html", told[0].answer
    elif content.get("exercise"):
        title, file = f"Exercise {content['exercise']}. {content['question']}", f"exercise-{content['exercise']}.html"
    about = {name: content[name] for name in ("settings", "environment") if name in content}
    holds = bool(content.get("holds", all(one.holds is not False for one in told)))
    parts = {
        "experiments": told,
        "figures": [inline_svg(path, verdict or command) for path in figures.values()],
        "pieces": [] if told else [piece for piece in pieces if not _stands_above(piece, title, verdict)],
    }
    return Page(title, holds, verdict, "answer.html.j2", about, parts, file=file)


def _stands_above(piece: Piece, title: str, verdict: str) -> bool:
    """Whether it says no more than the head of the page: the verdict, the question, or nothing."""
    return isinstance(piece, str) and piece.strip() in ("", verdict, title)
