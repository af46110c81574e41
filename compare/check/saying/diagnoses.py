"""A fault, named and told: what it is called, one sentence that teaches, what was measured, how the line could read.

A name is given only where putting the right thing in the place of the wrong one gives what should be there, to within
rounding; `unexplained` is an answer, too.
"""

import re
from typing import Any

import numpy as np

from compare.check.judging.explained import Explained
from compare.check.judging.faults import Fault, Search
from compare.check.recording.graph import Node, Place
from compare.check.recording.operations import placed, written
from compare.check.saying.mended import (
    divided,
    summed_over,
    times,
    transposed,
    undivided,
    with_name,
    with_other_sign,
    without_factors,
)
from compare.check.saying.names import called
from compare.check.saying.signatures import (
    extra_derivative,
    held_constant,
    other_product,
    overwritten_in,
    penalty_share,
    summed_instead,
)
from compare.check.saying.slopes import applied_to_error, slope_mistakes, units_of
from compare.check.saying.source import (
    added_up,
    divided_by,
    divisor,
    list_around,
    name_of,
    second_name,
    short,
    target,
    text,
)
from compare.check.steps.views import PRODUCTS, unscaled_view
from compare.check.understanding.matching import proportional, same_size

ROWS, COLUMNS = 24, 32  # of the values that are shown

EXPLANATIONS = {
    "sign-flipped": "The sign is wrong: {line} points uphill, and the update goes the wrong way.",
    "mean-missing": "The mean over the batch of {m} is taken in the other gradients, and not in {line}.",
    "mean-twice": "{line} is divided by the batch of {m} once too often.",
    "mean-over-features": "{line} is divided by {operand}, which counts something else than the {m} examples.",
    "scaled-by-constant": "{line} is {factor:.6g} times what it is for the other parameters.",
    "learning-rate-in-gradient": "The learning rate is multiplied in twice between the gradient and the update.",
    "gradient-for-weight": "The error goes back through the weights; here it goes through their gradient, {operand}.",
    "updated-too-early": "{operand} was updated already, and the gradient below it needs the value of before.{more}",
    "activation-of-wrong-layer": "The gradient of weights is the error times what went into the layer: {right}, not "
    "{operand}.",
    "transposed": "{operand} is transposed here and should not be, or the other way round.",
    "mask-missing": "The error has to be multiplied by the derivative of the activation before it is used further.",
    "derivative-of-wrong-argument": "The derivative of {function} is written here for {right}, and gets {operand}.",
    "derivative-of-another-activation": "What the error is multiplied by is the derivative of {function}; forward "
    "there stands {right}.",
    "mask-wrong-layer": "The derivative of {function} is right, and taken where another layer stands.",
    "slope-differs": "Below zero the slope is {right} going forward, and {operand} going back: the two have to agree.",
    "dropout-mask-missing": "The units that were dropped going forward had no part in the loss, so nothing comes back "
    "through them: the error is multiplied by the same mask.",
    "activation-of-gradient": "The derivative is taken at the activation's input, and multiplied by what arrives; here "
    "{function} is applied to what arrives itself.",
    "extra-derivative": "For this loss the derivative by the sum before the output is p - y already: the derivative of "
    "the output's activation is in it, and here it is multiplied in once more.",
    "bias-gradient-from": "A bias is added to its layer's sum, so its gradient is that sum's error, added up over the "
    "batch; here {operand} is added up.",
    "penalty-factor": "A penalty on the weights has a multiple of them for its derivative. Here {operand} times the "
    "weights are added to their gradient, {right}.",
    "product-for-matrix-product": "`*` multiplies entry by entry; here the matrix product, `@` or np.dot, is meant.",
    "matrix-product-for-product": "`@` is the matrix product; here entry by entry, `*`, is meant.",
    "normalisation-constant": "The mean and the deviation are made of the same inputs, so the error goes back through "
    "them, too; here they are taken for constants.",
    "reference-not-copy": "{right} is no copy of {operand} but the same array, so it was updated with it.",
    "derivative-wrong": "What the error is multiplied by is not the derivative of the activation of the forward pass.",
    "overwritten-in-place": "An array of the forward pass is changed in place, and the derivative in line {other} then "
    "sees other numbers.",
    "axis-wrong": "A bias gets the sum of its errors over the batch, one number for each unit; this is another sum.",
    "sum-missing": "A bias gets the sum of its errors over the batch; without it, it becomes one row for each example.",
    "last-sample-only": "The gradient of all examples is the sum of theirs; here each replaces the one before.",
    "not-reset": "Gradients of earlier steps are still in it: the sums have to begin at zero in every step.",
    "loss-gradient-mismatch": "This is not the derivative of the {loss} by the output.",
    "softmax-axis": "The probabilities of one example have to add up to 1: the softmax runs over the wrong axis.",
    "one-hot-scrambled": "Each example has one 1 in its targets, at its class; here entries went to other examples, as "
    "when `reshape` stands for a transpose.",
    "order-of-gradients": "A parameter is changed by the gradient of another, {operand}: two lists do not run in the "
    "same order.",
    "integer-dtype": "Whole numbers cannot hold what is smaller than 1: everything that is stored here is cut off.",
    "never-updated": "The gradient of {operand} is computed, but {operand} never changes.",
    "momentum-sign": "The velocity of the step before is taken back, so that every step brakes; it should be kept.",
    "shared-velocity": "The velocity still has the gradient of {operand} in it: every parameter needs one of its own.",
    "adam-without-powers": "Adam divides its moments by 1 - beta to the power of the step; here the power is missing.",
    "not-finite": "Something overflows here, or is divided by zero, and nothing after it is a number.",
    "unexplained": "{line} is not what it should be, and no known mistake gives these numbers.",
}


def diagnosis(fault: Fault, search: Search, explained: Explained, about: dict[str, Any]) -> dict[str, Any]:
    """A fault in words, JSON-able."""
    m = about.get("data", {}).get("batch", 0)
    line = name_of(fault.node, search.step.nodes) or target(fault.place)
    words: dict[str, Any] = {
        "line": line or "this line", "m": m, "loss": about.get("loss"),
        "factor": fault.factor or 0.0, "operand": "what stands there", "right": "what went into the layer", "other": "",
        "more": "",
    }  # fmt: skip
    kind, corrected, place = _kind(fault, search, explained, words)
    explanation = " Or: ".join([EXPLANATIONS[kind].format(**words), *words.get("or", [])])
    lines = [_where(p) for p in fault.also]
    return {
        "name": kind, "line": words["line"], "source_line": place.line, "file": short(place.file), "text": text(place),
        "also": lines, "explanation": explanation, "evidence": _evidence(fault, search),
        "corrected": corrected, "harmless": False, "trial": "recorded",
        "parameters": [search.step.parameters[k].name for k in fault.parameters],
        "values": _values(fault),
    }  # fmt: skip


def _values(fault: Fault) -> dict[str, Any] | None:
    """The upper left corner of what was found, and of what is expected: up to ROWS x COLUMNS entries."""
    if fault.found is None or fault.expected is None or np.size(fault.expected) != fault.found.size:
        return None
    found, expected = fault.found, np.asarray(fault.expected).reshape(fault.found.shape)
    if found.ndim > 2 or not (np.isfinite(found).all() and np.isfinite(expected).all()):
        return None
    corners = [
        [[float(f"{x:.5g}") for x in row] for row in np.atleast_2d(a)[:ROWS, :COLUMNS]] for a in (found, expected)
    ]
    return {"shape": list(found.shape), "found": corners[0], "expected": corners[1]}


def _where(place: Place) -> dict[str, Any]:
    return {"file": short(place.file), "line": place.line, "text": text(place)}


def _kind(fault: Fault, search: Search, explained: Explained, words: dict[str, Any]) -> tuple[str, str, Place]:
    """The name, how the line could read, and the line that is shown."""
    node, place = fault.first, fault.place
    source = text(place)
    if fault.kind:
        if fault.about is not None:
            words["operand"] = called(fault.about, search) or "a parameter"
        header = list_around(place) if fault.kind == "never-updated" else None
        if header is not None:
            fault.also.insert(0, place)
            return fault.kind, "", Place(place.file, header, place.function, place.caller)
        if fault.kind == "not-finite" and node.function in (np.exp,):
            return fault.kind, "exp(z - z.max(...)): a shift cancels, and keeps it in range", place
        return fault.kind, "", place
    if fault.factor is not None:
        kind = _by_factor(fault, words)
        if kind == "scaled-by-constant" and _is_rate(fault, search):
            return "learning-rate-in-gradient", "", place
        by = _divisor_value(fault, search)
        miscounted = by is not None and by != words["m"]
        counted = divisor(place) if kind == "scaled-by-constant" and miscounted else None
        if counted is not None:
            words["operand"], line = counted
            fault.also.insert(0, place)
            return "mean-over-features", "", Place(place.file, line, place.function, place.caller)
        return kind, _corrected_factor(fault, search, words, source), place
    written_to = overwritten_in(node, search)
    if written_to is not None:
        words["other"] = place.line
        fault.also.insert(0, place)
        return "overwritten-in-place", "a copy, where the array is changed", written_to
    for parent in node.parents:
        if parent in search.step.changed or unscaled_view(parent) in search.step.changed:
            name = called(unscaled_view(parent), search)
            words["operand"], words["right"] = name or "a parameter", second_name(place, name)
            if words["right"]:
                return "reference-not-copy", f"{words['right']} = {name}.copy()", place
            updated = parent if parent in search.step.changed else unscaled_view(parent)
            mends = _is_right(search.with_old_value(fault, updated), fault)
            if not mends and fault.expected is not None:
                words["more"] = " That alone does not make it right: something else is missing, too."
            before = f"{source}  (before {words['operand']} is updated)"
            return "updated-too-early", before if mends else "", place
    if held_constant(fault, search):
        return "normalisation-constant", "", place
    role = explained.roles.get(node)
    if role is not None and role.share and role.of in search.step.leaves and node.function in PRODUCTS:
        return "last-sample-only", added_up(place), place
    if role is not None and fault.role is not None and node is fault.node and not role.turned:
        mended = times(source, _derivative_in_words(node, fault, search, explained))
        return "mask-missing", mended, place  # it is a derivative, by something else than what is wanted
    if role is not None and role.turned and role.of in search.step.leaves:
        words["operand"] = "The product"
        return "transposed", "", place
    other = other_product(node, explained)
    if other:
        return other, "", place
    if node.function in PRODUCTS:
        return _product(fault, search, explained, words, source)
    if node.name in ("sum", "mean") or node.function in (np.sum, np.mean):
        instead = summed_instead(node, fault, search, explained)
        if instead:
            words["operand"] = instead
            return "bias-gradient-from", "", place
        return "axis-wrong", _summed_rightly(node, fault, search, source), place
    if node.function in (np.add, np.subtract) and any(_is_old(p, search) for p in node.parents):
        return "not-reset", "", place
    penalty = penalty_share(fault, search)
    if penalty is not None:
        words["operand"], wanted = (f"{share:.4g}" for share in penalty)
        grows = penalty[0] < 0 and abs(penalty[1]) < 1e-6 * abs(penalty[0])
        words["right"] = "which makes them grow" if grows else f"where the loss has {wanted}"
        return "penalty-factor", with_other_sign(source) if grows else "", place
    if node.function in (np.multiply, np.divide, np.where, written, placed):
        kind, corrected, place = _derivative(fault, search, explained)
        words["function"] = applied_to_error(fault, search) if kind == "derivative-wrong" else ""
        if words["function"]:
            return "activation-of-gradient", "", place
        slopes = slope_mistakes(fault, search, explained) if kind == "derivative-wrong" else []
        for slope in slopes[:1]:
            words.update(slope.words)
            if slope.stands is not None and slope.meant is not None:
                corrected = with_name(source, called(slope.stands, search), called(slope.meant, search))
        words["or"] = [EXPLANATIONS[slope.name].format(**{**words, **slope.words}) for slope in slopes[1:2]]
        return slopes[0].name if slopes else kind, corrected, place
    if any(node is n for n in _meeting(search)):
        return "loss-gradient-mismatch", "", place
    words["function"] = applied_to_error(fault, search)
    return "activation-of-gradient" if words["function"] else "unexplained", "", place


def _is_rate(fault: Fault, search: Search) -> bool:
    """Whether a factor is the number that updates are multiplied by."""
    for parameter in search.step.parameters:
        for update in parameter.updates:
            for rate in map(search.step.number, update.step.arguments if update.step.function is np.multiply else ()):
                if rate and abs(abs((fault.factor or 0.0) / rate) - 1) < 1e-6:
                    return True
    return False


def _divisor_value(fault: Fault, search: Search) -> float | None:
    """The number that the line divides by."""
    for node in search.step.nodes:
        if node.place == fault.place and node.function is np.divide:
            number = search.step.number(node.arguments[1])
            if number is not None:
                return number
    return None


def _by_factor(fault: Fault, words: dict[str, Any]) -> str:
    factor, m = fault.factor or 0.0, words["m"] or 0
    if abs(factor + 1) < 1e-6:
        return "sign-flipped"
    if m > 1 and abs(abs(factor) / m - 1) < 1e-6:
        return "mean-missing"
    if m > 1 and abs(abs(factor) * m - 1) < 1e-6:
        return "mean-twice"
    return "scaled-by-constant"


def _is_right(value: np.ndarray | None, fault: Fault) -> bool:
    """Whether a line that gives this gives what should be there, and not the derivative by something else."""
    if value is None or fault.expected is None or np.size(fault.expected) != value.size:
        return False
    return proportional(value.reshape(-1), np.asarray(fault.expected).reshape(-1), 1e-6) is not None


def _corrected_factor(fault: Fault, search: Search, words: dict[str, Any], source: str) -> str:
    """The line without the wrong factor, where that mends what it spoils and nothing else comes of the line."""
    kind = _by_factor(fault, words)
    if ";" in source:
        return ""
    if search.made_by_line(fault.node) in search.step.changed:
        return with_other_sign(source) if kind == "sign-flipped" else ""
    name, equals, value = source.partition(" = ")
    if not equals or "=" in name or not search.would_mend(fault):
        return ""
    if kind == "sign-flipped":
        return f"{name} = {value[1:].lstrip()}" if _negated(value) else f"{name} = -({value})"
    if kind == "mean-twice":
        return undivided(source)
    return divided(source, _name_of(words["m"], search)) if kind == "mean-missing" else ""


def _name_of(m: int, search: Search) -> str:
    """What the learner calls the number of examples, where they divide by it; the number itself where they do not."""
    for node in search.step.nodes:
        if node.function is np.divide and node.place is not None and search.step.number(node.arguments[1]) == m:
            name = divided_by(node.place)
            if name:
                return name
    return str(m)


def _negated(value: str) -> bool:
    """Whether it is the negative of all that follows its first sign."""
    return bool(re.fullmatch(r"-\s*(\w[\w.]*|\([^()]*\))(\s*[*/@]\s*[\w.]+)*", value))


def _product(
    fault: Fault, search: Search, explained: Explained, words: dict[str, Any], source: str
) -> tuple[str, str, Place]:
    """A product with a wrong operand: which one belongs there is tried."""
    node, place, step = fault.first, fault.place, search.step
    parents = list(node.parents)
    errors = [p for p in parents if p in search.labelled]
    if fault.role is not None and any(fault.node is p for p in parents):
        error, slope = called(fault.node, search), _derivative_in_words(fault.node, fault, search, explained)
        return "mask-missing", with_name(source, error, f"({error} * {slope})") if error and slope else "", place
    for parent in parents:
        if parent in search.labelled and len(errors) > 1 and explained.roles.get(parent) is not None:
            role = explained.roles[parent]
            if role.of in step.leaves or (
                unscaled_view(parent) in explained.roles and explained.roles[unscaled_view(parent)].of in step.leaves
            ):
                words["operand"] = called(unscaled_view(parent), search) or "a gradient"
                right = called(role.of, search)
                weight = step.floats(role.of)
                weight = weight if unscaled_view(parent) is parent else _as_shown(parent, weight)
                values = [weight if p is parent else search.values.get(p, step.floats(p)) for p in parents]
                fits = weight.shape == parent.shape and explained.role_of(node, _applied(node, values)) is not None
                corrected = with_name(source, words["operand"], right) if right and fits else ""
                return "gradient-for-weight", corrected, place
    still = [p for p in parents if p not in search.labelled]
    for operand in still:
        for other in [n for n in [*step.leaves, *search.loss.derivatives] if n.value.ndim == 2]:
            for value in (step.floats(other), step.floats(other).T):
                if value.shape != operand.shape or np.array_equal(value, step.floats(operand)):
                    continue
                values = [value if p is operand else search.values.get(p, step.floats(p)) for p in parents]
                try:
                    made = np.asarray(node.function(*values))  # type: ignore[misc]
                except (TypeError, ValueError):
                    continue
                if made.shape == node.shape and explained.role_of(node, made) is not None:
                    base = unscaled_view(operand)
                    words["operand"] = called(base, search) or "what stands there"
                    right = called(other, search)
                    words["right"] = right or "what went into the layer"
                    if other is base:
                        return "transposed", transposed(source, called(base, search)), place
                    alike = bool(right) and np.array_equal(value, _as_shown(operand, step.floats(other)))
                    corrected = with_name(source, words["operand"], right) if alike else ""
                    return "activation-of-wrong-layer", corrected, place
    if not still:
        return "unexplained", "", place
    share = explained.roles.get(node)
    if share is not None and share.share:
        return "last-sample-only", added_up(place), place
    return "unexplained", "", place


def _as_shown(view: Node, whole: np.ndarray) -> np.ndarray:
    """Another array, shown as a node shows what it is the transpose of."""
    return whole.T if view.function in (np.transpose, np.swapaxes) else whole


def _applied(node: Node, values: list[np.ndarray]) -> np.ndarray:
    try:
        return np.asarray(node.function(*values))  # type: ignore[misc]
    except (TypeError, ValueError):
        return np.zeros(0)


def _derivative(fault: Fault, search: Search, explained: Explained) -> tuple[str, str, Place]:
    """An error times what is no derivative of the activation: of another argument, or of another function."""
    node, place = fault.first, fault.place
    if any(p in _meeting(search) or p in [o for o, _ in search.loss.outputs] for p in node.parents):
        if not extra_derivative(fault, search):
            return "loss-gradient-mismatch", "", place
        outputs = [called(o, search) for o, _ in search.loss.outputs[:1]]
        return "extra-derivative", without_factors(text(place), outputs), place
    helpers = [p for p in node.parents if p not in search.labelled and p.place is not None and p in search.step.moving]
    for helper in helpers:
        inner = helper.place
        assert inner is not None
        if inner.function == place.function or inner.line == place.line:
            continue
        if _called_rightly(helper, fault, search) and not _right_elsewhere(inner, node, search, explained):
            fault.also.insert(0, place)
            return "derivative-wrong", "", inner
        fault.also.insert(0, inner)
    return "derivative-wrong", "", place


def _derivative_in_words(node: Node, fault: Fault, search: Search, explained: Explained) -> str:
    """The derivative of the layer's activation, in the learner's names; "" where it, or they, are not known."""
    unit = next(iter(units_of(node, fault, search, explained)), None)
    if unit is None:
        return ""
    z, a, kind = called(unit.before, search), called(unit.after, search), unit.kind
    forms = {"relu": f"({z} > 0)" if z else f"({a} > 0)", "sigmoid": f"{a} * (1 - {a})", "tanh": f"(1 - {a} ** 2)"}
    return forms.get(kind, "") if a or (kind == "relu" and z) else ""


def _summed_rightly(node: Node, fault: Fault, search: Search, source: str) -> str:
    """The line with its sum over the batch, in the shape of the bias."""
    leaf, error = search.step.parameters[fault.parameters[0]].leaf, next(node.parents)
    if error.value.ndim != 2 or leaf.value.size not in error.shape or len(set(error.shape)) == 1:
        return ""
    axis = 1 - error.shape.index(leaf.value.size)
    return summed_over(source, axis, keepdims=leaf.value.ndim == 2)


def _called_rightly(helper: Node, fault: Fault, search: Search) -> bool:
    """Whether a helper for a derivative was given what the activation was given: the layer's own sum."""
    if fault.role is None or helper.place is None:
        return False
    inside, given, waiting = set[Node](), list[Node](), [helper]
    while waiting:
        node = waiting.pop()
        if node in inside:
            continue
        inside.add(node)
        for parent in node.parents:
            here = parent.place is not None and parent.place.function == helper.place.function
            (waiting if here and parent in search.step.window else given).append(parent)
    sums = same_size(search.step, [fault.role.of], fault.role.of.value.size)[:3]
    return any(node in sums for node in given)


def _right_elsewhere(place: Place, node: Node, search: Search, explained: Explained) -> bool:
    """Whether what a helper's line gives leads to a right product somewhere else."""
    for other in explained.roles:
        if other is not node and other.name in ("multiply", "where", "written"):
            for parent in other.parents:
                if parent not in search.labelled and parent.place is not None and parent.place.line == place.line:
                    return True
    return False


def _meeting(search: Search) -> list[Node]:
    return [n for n in search.labelled if any(p not in search.labelled and p in search.step.moving for p in n.parents)
            and not any(p in search.labelled for p in n.parents)]  # fmt: skip


def _is_old(node: Node, search: Search) -> bool:
    return (
        node not in search.step.moving and node.value.size > 1 and node.function is not None and bool(node.value.any())
    )


def _evidence(fault: Fault, search: Search) -> str:
    spoilt = ", ".join(search.step.parameters[k].name for k in fault.parameters)
    if fault.kind == "momentum-sign":
        return f"The velocity is multiplied by {fault.factor:.4g} from one step to the next."
    if fault.kind:
        return f"It concerns {spoilt}." if spoilt else "It was seen while the program ran."
    if fault.factor is not None:
        return f"found = {fault.factor:.6g} x expected, for {spoilt}, in all entries."
    if fault.expected is not None and fault.found is not None:
        found, expected = fault.found.reshape(-1), np.asarray(fault.expected).reshape(-1)
        k = int(abs(found - expected).argmax())
        return (
            f"With what should stand there the gradient of {spoilt} is right. Where they differ most, "
            f"{expected[k]:.6g} is expected, and {found[k]:.6g} was found."
        )
    return (
        f"Everything before it is right; the gradient of {spoilt} is not, nor is this line any derivative of the loss."
    )
