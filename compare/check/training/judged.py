"""A training that was watched, judged: does it learn, and if not, why? Text and numbers, as they leave the child."""

from typing import Any

import numpy as np

from compare.check.saying.source import short, text
from compare.check.training.case import Looked, TrainingCase
from compare.check.training.course import Course, measured
from compare.check.training.findings import CAUSES, shown_by_itself, tried
from compare.check.training.findings.finding import FoundCause
from compare.check.training.sources import taken
from compare.check.training.watch import TrainingWatch
from compare.check.understanding.replay import CannotFollow


def judged_training(watch: TrainingWatch, digits: Any, loss: str, rates: list[float | None]) -> dict[str, Any]:
    """What was seen, measured, and found. verdict: "learns", "does not learn" or "cannot tell", with the reason."""
    try:
        course = measured(watch.moments, loss)
    except (CannotFollow, TypeError, ValueError) as error:
        return _cannot(f"its steps could not be run again: {error}")
    if not watch.moments:
        return _cannot("no step of its training was seen while it ran")
    if course is None:
        return _cannot("its loss is not known, and without it nothing can be measured")
    seen = [taken(moment, course.batches[0].rows) for moment in watch.moments]
    shuffled = watch.shuffled[0] if watch.shuffled else None
    looked = Looked([s for s in seen if s is not None], watch.looked, shuffled)
    case = TrainingCase(course, looked, watch.operations, digits, rates)
    found = list(shown_by_itself(case))
    if not found and not case.learns:
        helped = tried(case)
        found = [helped] if helped is not None else []
    curve = _course(case, watch.lasted)
    verdict = "learns" if case.learns else "learns slowly" if case.learns_slowly else "does not learn"
    if verdict == "does not learn" and not found:
        share = f", and {curve['shares'][-1]:.0%} of them are classified correctly" if curve["shares"] else ""
        return _cannot(
            f"in {curve['steps']:,} steps its loss on {curve['examples']} of its own examples went from "
            f"{curve['losses'][0]:.4g} to {curve['losses'][-1]:.4g}{share}; neither another rate, nor another start, "
            "nor scaled inputs, nor more steps helped when they were tried"
        ) | {"course": curve}  # fmt: skip
    return {"verdict": verdict, "reason": "", "course": curve, "findings": [_in_words(f, case) for f in found]}


def _cannot(reason: str) -> dict[str, Any]:
    return {"verdict": "cannot tell", "reason": reason, "course": None, "findings": []}


def _course(case: TrainingCase, lasted: float) -> dict[str, Any]:
    """The measured course: at each moment the steps made, the loss of an example, and the share read rightly."""
    course = case.course
    steps = [moment.operations // max(case.first.cost, 1) for moment in course.moments]
    return {
        "seconds": lasted, "steps": case.steps, "examples": course.rows, "at": steps,
        "losses": [x if np.isfinite(x) else None for x in course.losses], "shares": course.shares,
        "constant": course.constant if np.isfinite(course.constant) else None, "chance": course.chance,
    }  # fmt: skip


def _in_words(finding: FoundCause, case: TrainingCase) -> dict[str, Any]:
    """A cause in words, JSON-able."""
    place, cause = finding.place, CAUSES[finding.name]
    return {
        "name": finding.name, "line": "this line" if place else "the whole program", "also": [], "harmless": False,
        "trial": "watched", "parameters": [], "values": None, "source_line": place.line if place else None,
        "file": short(place.file) if place else "", "text": text(place) if place else "",
        "explanation": cause.explanation.format(**finding.words),
        "evidence": finding.evidence or _evidence(finding, case.course),
        "corrected": finding.cure or cause.cure.format(**finding.words),
    }  # fmt: skip


def _evidence(finding: FoundCause, course: Course) -> str:
    """Where its own training ended, and where that with the change did."""
    descent = finding.descent
    share = f", {course.shares[-1]:.0%} classified correctly" if course.shares else ""
    own = f"Its loss on {course.rows:,} of its examples ended at {course.losses[-1]:.4g}{share}."
    if descent is None:
        return own
    share = f", {descent.share:.0%} classified correctly" if descent.share is not None else ""
    return f"{own} With that changed, and exact gradients: {descent.after:.4g} after {descent.steps:,} steps{share}."
