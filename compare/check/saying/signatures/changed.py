"""A value that was changed before the line could use it: overwritten, updated too early, or no copy."""

import numpy as np

from compare.check.recording.graph import Node, Place
from compare.check.recording.operations import placed, written
from compare.check.saying.signatures.wrong_line import Named, WrongLine
from compare.check.saying.source import second_name
from compare.check.steps.views import unscaled_view
from compare.check.understanding.matching import proportional

EXPLANATIONS = {
    "overwritten-in-place": "An array of the forward pass is changed in place, and the derivative in line {other} then "
    "sees other numbers.",
    "reference-not-copy": "{right} is no copy of {operand} but the same array, so it was updated with it.",
    "updated-too-early": "{operand} was updated already, and the gradient below it needs the value of before.{more}",
}


def overwritten(wrong: WrongLine) -> Named | None:
    """An array of the forward pass that a line has written into."""
    written_to = _overwritten_in(wrong)
    if written_to is None:
        return None
    corrected = "a copy, where the array is changed"
    return wrong.named("overwritten-in-place", corrected, place=written_to, also=(wrong.place,),
                       other=str(wrong.place.line))  # fmt: skip


def _overwritten_in(wrong: WrongLine) -> Place | None:
    """The line that writes into an array of the forward pass from which a derivative is taken."""
    search, forward = wrong.search, set(wrong.search.loss.derivatives)
    waiting, seen = [p for p in wrong.node.parents if p not in search.labelled], set[Node]()
    while waiting:
        other = waiting.pop()
        if other in seen or other not in search.step.window:
            continue
        seen.add(other)
        if other.function in (written, placed) or other.name in ("copyto", "putmask"):
            base = next(other.parents)
            if base in forward and other.place is not None and base.function not in (None, np.copy):
                return other.place
        elif other not in forward:
            waiting.extend(other.parents)
    return None


def updated(wrong: WrongLine) -> Named | None:
    """A parameter that has its new value where the old one is needed."""
    changed = wrong.step.changed
    for parent in wrong.node.parents:
        if parent in changed or unscaled_view(parent) in changed:
            name = wrong.called(unscaled_view(parent))
            operand, other_name = name or "a parameter", second_name(wrong.place, name)
            if other_name:
                corrected = f"{other_name} = {name}.copy()"
                return wrong.named("reference-not-copy", corrected, operand=operand, right=other_name)
            mends = _mends(wrong, parent if parent in changed else unscaled_view(parent))
            corrected = f"{wrong.source}  (before {operand} is updated)" if mends else ""
            more = "" if mends or wrong.fault.expected is None else (
                " That alone does not make it right: something else is missing, too."
            )  # fmt: skip
            return wrong.named("updated-too-early", corrected, operand=operand, more=more)
    return None


def _mends(wrong: WrongLine, parameter: Node) -> bool:
    """Whether the line gives what should be there, with the value that a parameter had before."""
    value, expected = wrong.search.with_old_value(wrong.fault, parameter), wrong.fault.expected
    if value is None or expected is None or np.size(expected) != value.size:
        return False
    return proportional(value.reshape(-1), np.asarray(expected).reshape(-1), 1e-6) is not None
