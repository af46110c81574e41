"""The page of any command: its verdict, its figures, and what the terminal shows, in the same words."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from compare.report.collected import Collected, inline_svg
from compare.report.page import Page
from compare.report.questions import question_of
from compare.shared.terminal import Piece


def answer_page(
    typed: Sequence[str], content: Mapping[str, Any], files: Sequence[Path], pieces: Sequence[Piece] = ()
) -> Page:
    """The page of an answer: the plain data that it is as JSON, the figures among its files, what is shown of it.

    typed: the command and its options. The page of an experiment, or of an exercise, has its name and its question.
    """
    figures = {path.stem: path for path in files if path.suffix == ".svg"}
    verdict = str(content.get("verdict") or content.get("answer") or "")
    told = []
    for one in content.get("experiments", ()):
        drawn = [inline_svg(figures.pop(name), one["answer"]) for name in (one["name"],) if name in figures]
        told.append(Collected(one["name"], one["question"], one["answer"], one["holds"], one.get("lesson", ""), drawn))
    file, lead = "report.html", ""
    if len(told) == 1:
        title, file, verdict = told[0].question, f"{told[0].name}.html", told[0].answer
    elif content.get("exercise"):
        title, file = f"Exercise {content['exercise']}", f"exercise-{content['exercise']}.html"
        lead = content["question"]
    else:
        title = question_of(typed)
    about = {name: content[name] for name in ("settings", "environment") if name in content}
    holds = bool(content.get("holds", all(one.holds is not False for one in told)))
    parts = {
        "experiments": told,
        "figures": [inline_svg(path, verdict or typed[0]) for path in figures.values()],
        "pieces": []
        if told
        else [piece for piece in pieces if not _stands_above(piece, (title, lead, f"{title}. {lead}", verdict))],
    }
    return Page(
        title,
        holds,
        verdict,
        "answer.html.j2",
        about,
        parts,
        file=file,
        above=f"Three ways to a gradient: {typed[0]}",
        lead=lead,
    )


def _stands_above(piece: Piece, head: Sequence[str]) -> bool:
    """Whether it says no more than the head of the page: the verdict, the question, or nothing."""
    return isinstance(piece, str) and piece.strip() in ("", *head)
