"""An error multiplied by what is no derivative of the activation, or by none; or a wrong derivative of the loss.

What it is multiplied by instead is in `slopes.py`.
"""

import numpy as np

from compare.check.recording.graph import Node, Place
from compare.check.recording.operations import placed, written
from compare.check.saying.mended import times, with_name, without_factors
from compare.check.saying.signatures.slopes import applied_to_error, slope_mistakes, units_of
from compare.check.saying.signatures.wrong_line import Named, WrongLine
from compare.check.understanding.loss import taped
from compare.check.understanding.matching import proportional, same_size
from compare.check.understanding.replay import CannotFollow

EXPLANATIONS = {
    "mask-missing": "The error has to be multiplied by the derivative of the activation before it is used further.",
    "use-missing": "What is differentiated by is used in more than one place, and {line} is what comes back from one "
    "of them: what comes from the others has to be added.",
    "normalisation-constant": "The mean and the deviation are made of the same inputs, so the error goes back through "
    "them, too; here they are taken for constants.",
    "derivative-wrong": "What the error is multiplied by is not the derivative of the activation of the forward pass.",
    "extra-derivative": "For this loss the derivative by the sum before the output is p - y already: the derivative of "
    "the output's activation is in it, and here it is multiplied in once more.",
    "loss-gradient-mismatch": "This is not the derivative of the {loss} by the output.",
    "activation-of-gradient": "The derivative is taken at the activation's input, and multiplied by what arrives; here "
    "{function} is applied to what arrives itself.",
}
#: What a normalisation takes from the batch.
STATISTICS = (np.mean, np.var, np.std)


def held_constant(wrong: WrongLine) -> Named | None:
    """The derivative that there would be if means and deviations of the batch did not depend on it."""
    step, loss, fault = wrong.step, wrong.search.loss, wrong.fault
    held = {n: step.floats(n) for n in step.behind(loss.ends)
            if (n.function in STATISTICS or n.name in ("mean", "var", "std")) and n.value.size > 1}  # fmt: skip
    of = fault.role.of if fault.role is not None else None
    if not held or of is None or fault.found is None or fault.found.size < 3:
        return None
    try:
        _, tensors, found = taped(step, loss, step.floats, held)
    except (CannotFollow, TypeError, ValueError):
        return None
    exact = found.get(tensors[of].node) if of in tensors else None
    if exact is None or exact.size != fault.found.size:
        return None
    same = proportional(fault.found.ravel(), np.ravel(exact), 1e-6) is not None
    return wrong.named("normalisation-constant") if same else None


def lacking(wrong: WrongLine) -> Named | None:
    """A derivative by something else than what is wanted: by the activation, and not by the sum before it."""
    role, fault = wrong.explained.roles.get(wrong.node), wrong.fault
    if role is None or fault.role is None or role.turned or wrong.node is not fault.node:
        return None
    if role.share:
        return wrong.named("use-missing")
    return wrong.named("mask-missing", times(wrong.source, derivative_in_words(wrong)))


def derivative_in_words(wrong: WrongLine) -> str:
    """The derivative of the layer's activation, in the learner's names; "" where it, or they, are not known."""
    unit = next(iter(units_of(wrong.fault.node, wrong.fault, wrong.search, wrong.explained)), None)
    if unit is None:
        return ""
    z, a, kind = wrong.called(unit.before), wrong.called(unit.after), unit.kind
    forms = {"relu": f"({z} > 0)" if z else f"({a} > 0)", "sigmoid": f"{a} * (1 - {a})", "tanh": f"(1 - {a} ** 2)"}
    return forms.get(kind, "") if a or (kind == "relu" and z) else ""


def wrong_derivative(wrong: WrongLine) -> Named | None:
    """An error times something, entry by entry: the derivative of another function, or of another argument."""
    if wrong.node.function not in (np.multiply, np.divide, np.where, written, placed):
        return None
    outputs = [o for o, _ in wrong.search.loss.outputs]
    if any(p in _meeting(wrong) or p in outputs for p in wrong.node.parents):
        if not _is_extra(wrong):
            return wrong.named("loss-gradient-mismatch")
        return wrong.named("extra-derivative", without_factors(wrong.source, [wrong.called(o) for o in outputs[:1]]))
    place, also = _helper(wrong)
    function = applied_to_error(wrong.fault, wrong.search)
    if function:
        return wrong.named("activation-of-gradient", place=place, also=also, function=function)
    slopes = slope_mistakes(wrong.fault, wrong.search, wrong.explained)
    if not slopes:
        return wrong.named("derivative-wrong", place=place, also=also)
    first, others, corrected = slopes[0], slopes[1:2], ""
    if first.stands is not None and first.meant is not None:
        corrected = with_name(wrong.source, wrong.called(first.stands), wrong.called(first.meant))
    or_else = tuple((other.name, other.words) for other in others)
    return wrong.named(first.name, corrected, place=place, also=also, or_else=or_else, **first.words)


def wrong_loss(wrong: WrongLine) -> Named | None:
    """The line in which the outputs meet their targets."""
    return wrong.named("loss-gradient-mismatch") if wrong.node in _meeting(wrong) else None


def activation_of_error(wrong: WrongLine) -> Named | None:
    """The activation, or its derivative, of what arrives."""
    function = applied_to_error(wrong.fault, wrong.search)
    return wrong.named("activation-of-gradient", function=function) if function else None


def _is_extra(wrong: WrongLine) -> bool:
    """Whether a wrong value is the right one times the derivative of the output's activation."""
    fault = wrong.fault
    if fault.expected is None or fault.found is None or fault.found.size < 3:
        return False
    for output, _ in wrong.search.loss.outputs[:1]:
        p = wrong.step.floats(output)
        for slope in (p * (1 - p), 1 - p * p):
            if slope.size == fault.found.size:
                wanted = np.asarray(fault.expected).ravel() * slope.ravel()
                if proportional(fault.found.ravel(), wanted, 1e-6) is not None:
                    return True
    return False


def _helper(wrong: WrongLine) -> tuple[Place, tuple[Place, ...]]:
    """The line to be shown, and others: that of a helper for the derivative, where it was given what it should be."""
    place, also = wrong.place, tuple[Place, ...]()
    for helper in wrong.node.parents:
        inner = helper.place
        if helper in wrong.search.labelled or inner is None or helper not in wrong.step.moving:
            continue
        if inner.function == place.function or inner.line == place.line:
            continue
        if _called_rightly(helper, inner, wrong) and not _right_elsewhere(inner, wrong.node, wrong):
            return inner, (place, *also)
        also = (inner, *also)
    return place, also


def _called_rightly(helper: Node, inner: Place, wrong: WrongLine) -> bool:
    """Whether a helper for a derivative was given what the activation was given: the layer's own sum."""
    role, step = wrong.fault.role, wrong.step
    if role is None:
        return False
    inside, given, waiting = set[Node](), list[Node](), [helper]
    while waiting:
        node = waiting.pop()
        if node in inside:
            continue
        inside.add(node)
        for parent in node.parents:
            here = parent.place is not None and parent.place.function == inner.function
            (waiting if here and parent in step.window else given).append(parent)
    sums = same_size(step, [role.of], role.of.value.size)[:3]
    return any(node in sums for node in given)


def _right_elsewhere(place: Place, node: Node, wrong: WrongLine) -> bool:
    """Whether what a helper's line gives leads to a right product somewhere else, or it is an activation itself."""
    if any(n.place and (n.place.file, n.place.line) == (place.file, place.line) for n in wrong.explained.forward):
        return True
    for other in wrong.explained.roles:
        if other is not node and other.name in ("multiply", "where", "written"):
            for parent in other.parents:
                if parent not in wrong.search.labelled and parent.place is not None and parent.place.line == place.line:
                    return True
    return False


def _meeting(wrong: WrongLine) -> list[Node]:
    """Where outputs and targets meet: what follows from labels, and from nothing that does."""
    labelled, moving = wrong.search.labelled, wrong.step.moving
    return [n for n in labelled if any(p not in labelled and p in moving for p in n.parents)
            and not any(p in labelled for p in n.parents)]  # fmt: skip
