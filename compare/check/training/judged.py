"""A training that was watched, judged: does it learn, and if not, why? Text and numbers, as they leave the child."""

from typing import Any

import numpy as np

from compare.check.recording.graph import Place
from compare.check.saying.source import short, text
from compare.check.training.course import Course, measured
from compare.check.training.findings import Case, Finding, Looked, shown_by_itself, tried
from compare.check.training.sources import taken
from compare.check.training.watch import Watch
from compare.check.understanding.replay import CannotFollow

EXPLANATIONS = {
    "inputs-empty": "Every input is 0: what was between 0 and 1 was cut to a whole number, so that all examples look "
    "alike and the weights of the first layer never get a gradient.",
    "inputs-not-scaled": "The inputs reach {largest:.4g}. Sums over them are so large that units saturate or die in "
    "the first steps, whatever the weights are.",
    "images-and-labels-apart": "Images and labels do not belong together any more: one was put into another order "
    "without the other. What the network could learn is chance.",
    "labels-shifted": "Its targets mark a {digit} in column {column}. It learns to answer so; beside the true labels "
    "its answers look wrong.",
    "same-batch": "Every step sees the same {rows} examples of {whole:,}: it learns these by heart, and nothing else.",
    "batches-miss-most": "Its batches come from {reached:,} of the {whole:,} examples; the others are never seen.",
    "weights-zero": "The weights of a hidden layer begin at zero. Nothing goes through them, so nothing comes back: "
    "they stay zero.",
    "weights-equal": "All {units} hidden units begin alike, get the same gradient, and stay alike: they do the work of "
    "one. Random weights make them differ.",
    "weights-too-large": "The weights begin with a standard deviation of {std:.3g}; for {fan_in} inputs about "
    "{usual:.2g} is usual. {stuck:.0f} % of the units begin where their activation is flat and hands back no gradient.",
    "weights-too-small": "The weights begin with a standard deviation of {std:.3g}; for {fan_in} inputs about "
    "{usual:.2g} is usual. The signal shrinks in every layer, and with it the gradient: a long plateau.",
    "weights-all-positive": "No weight begins below zero, so the sums over {fan_in} inputs are large and alike: "
    "{stuck:.0f} % of the units begin where their activation is flat.",
    "learning-rate-too-small": "The steps are too small to be seen in the loss.",
    "learning-rate-too-large": "The steps are so large that they leap over every valley; units die, or the loss grows.",
    "too-few-steps": "Nothing is wrong but the patience: it sits on the plateau that a small start gives.",
    "gradients-vanish": "On the way down the gradient shrinks: in the first layer it is {ratio:.1g} times what it is "
    "in the last.",
    "accuracy-axis": "The network is right, and is read wrongly: the largest output is looked for along axis {axis}, "
    "which runs over the examples; the classes are along axis {right}.",
}  # fmt: skip
CURES = {
    "inputs-empty": "divide without cutting to whole numbers",
    "inputs-not-scaled": "divide the inputs by their largest value, {largest:.4g}",
    "images-and-labels-apart": "order = np.random.permutation(len(x)); x, y = x[order], y[order]",
    "same-batch": "take other rows in every step",
    "batches-miss-most": "let the batches go through all rows",
    "weights-zero": "random weights, with standard deviation sqrt(2 / inputs)",
    "weights-equal": "random weights, with standard deviation sqrt(2 / inputs)",
    "weights-too-large": "weights with standard deviation {usual:.2g}",
    "weights-too-small": "weights with standard deviation {usual:.2g}",
    "weights-all-positive": "weights around zero: randn in the place of rand, or rand - 0.5",
    "learning-rate-too-small": "a learning rate {times:,.0f} times as large",
    "learning-rate-too-large": "a learning rate {fraction:,.0f} times as small",
    "too-few-steps": "some {steps:,} steps, or a start with standard deviation sqrt(2 / inputs)",
    "gradients-vanish": "ReLUs, or a start with standard deviation sqrt(2 / inputs)",
    "accuracy-axis": "argmax along axis {right}",
}


def judged_training(watch: Watch, digits: Any, loss: str, rates: list[float | None]) -> dict[str, Any]:
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
    case = Case(course, looked, watch.operations, digits, rates)
    found = list(shown_by_itself(case))
    if not found and not case.learns:
        found = list(tried(case))
    told = _course(case, watch.lasted)
    verdict = "learns" if case.learns else "learns slowly" if case.learns_slowly else "does not learn"
    if verdict == "does not learn" and not found:
        share = f", and {told['shares'][-1]:.0%} of them are classified correctly" if told["shares"] else ""
        return _cannot(
            f"in {told['steps']:,} steps its loss on {told['examples']} of its own examples went from "
            f"{told['losses'][0]:.4g} to {told['losses'][-1]:.4g}{share}; neither another rate, nor another start, nor "
            "scaled inputs, nor more steps helped when they were tried"
        ) | {"course": told}  # fmt: skip
    return {"verdict": verdict, "reason": "", "course": told, "findings": [_told(f, case) for f in found]}


def _cannot(reason: str) -> dict[str, Any]:
    return {"verdict": "cannot tell", "reason": reason, "course": None, "findings": []}


def _course(case: Case, lasted: float) -> dict[str, Any]:
    """The measured course: at each moment the steps made, the loss of an example, and the share read rightly."""
    course = case.course
    steps = [moment.operations // max(case.first.cost, 1) for moment in course.moments]
    return {
        "seconds": lasted, "steps": case.steps, "examples": course.rows, "at": steps,
        "losses": [x if np.isfinite(x) else None for x in course.losses], "shares": course.shares,
        "constant": course.constant if np.isfinite(course.constant) else None, "chance": course.chance,
    }  # fmt: skip


def _told(finding: Finding, case: Case) -> dict[str, Any]:
    """A cause in words, JSON-able."""
    n = finding.numbers
    words = {
        **n, "stuck": 100 * n.get("share", 0.0), "ratio": n.get("first", 0.0) / (n.get("last") or 1.0),
        "fraction": 1 / n.get("times", 1.0),
    }  # fmt: skip
    place: Place | None = finding.place
    return {
        "name": finding.name,
        "line": "this line" if place else "the whole program",
        "also": [],
        "harmless": False,
        "trial": "watched",
        "parameters": [],
        "values": None,
        "source_line": place.line if place else None,
        "file": short(place.file) if place else "",
        "text": text(place) if place else "",
        "explanation": EXPLANATIONS[finding.name].format(**words),
        "evidence": _evidence(finding, case.course),
        "corrected": _cure(finding, words),
    }


def _cure(finding: Finding, words: dict[str, Any]) -> str:
    if words.get("rate"):
        return f"a learning rate of {words['rate'] * words['times']:.3g} in the place of {words['rate']:.3g}"
    return CURES.get(finding.name, "").format(**words)


def _evidence(finding: Finding, course: Course) -> str:
    n, trial = finding.numbers, finding.trial
    if finding.name == "images-and-labels-apart":
        return f"Of {n['n']} of its images {n['right']} have the label of that digit."
    if finding.name == "labels-shifted":
        return f"So it is for all {n['n']} examples that were looked at: each digit has one column, and it is another."
    if finding.name == "same-batch":
        return f"In {n['steps']:,} steps, looked at from beginning to end."
    if finding.name == "batches-miss-most":
        return "Looked at for two epochs or more."
    if finding.name == "accuracy-axis":
        return f"Of its own examples {n['share']:.0%} are classified correctly along axis {n['right']}."
    share = f", {course.shares[-1]:.0%} classified correctly" if course.shares else ""
    own = f"Its loss on {course.rows:,} of its examples ended at {course.losses[-1]:.4g}{share}."
    if trial is None:
        return own
    share = f", {trial.share:.0%} classified correctly" if trial.share is not None else ""
    return f"{own} With that changed, and exact gradients: {trial.after:.4g} after {trial.steps:,} steps{share}."
