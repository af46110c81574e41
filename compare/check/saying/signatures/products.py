"""A product that is no derivative: of the wrong operands, of a turned one, of the wrong kind, or of one example."""

from collections.abc import Iterator

import numpy as np

from compare.check.recording.graph import Node
from compare.check.saying.mended import transposed, with_name
from compare.check.saying.signatures.derivatives import derivative_in_words
from compare.check.saying.signatures.wrong_line import Named, WrongLine
from compare.check.saying.source import added_up
from compare.check.steps.views import PRODUCTS, unscaled_view

EXPLANATIONS = {
    "gradient-for-weight": "The error goes back through the weights; here it goes through their gradient, {operand}.",
    "activation-of-wrong-layer": "The gradient of weights is the error times what went into the layer{right}, not "
    "{operand}.",
    "transposed": "{operand} is transposed here and should not be, or the other way round.",
    "product-for-matrix-product": "`*` multiplies entry by entry; here the matrix product, `@` or np.dot, is meant.",
    "matrix-product-for-product": "`@` is the matrix product; here entry by entry, `*`, is meant.",
    "last-sample-only": "The gradient of all examples is the sum of theirs; here each replaces the one before.",
}


def of_one_example(wrong: WrongLine) -> Named | None:
    """A gradient of weights that is the share of one use of them."""
    role = wrong.explained.roles.get(wrong.node)
    if role is not None and role.share and role.of in wrong.step.leaves and wrong.node.function in PRODUCTS:
        forward = wrong.step.behind(wrong.search.loss.ends)
        uses = [n for n in forward if n.function in PRODUCTS and role.of in map(unscaled_view, n.parents)]
        if len(uses) < 2:  # what is used once more is in no product: the penalty in the loss
            return wrong.named("penalty-missing")
        return wrong.named("last-sample-only", added_up(wrong.place))
    return None


def turned(wrong: WrongLine) -> Named | None:
    """A gradient of weights that is right, and transposed."""
    role = wrong.explained.roles.get(wrong.node)
    if role is not None and role.turned and role.of in wrong.step.leaves:
        return wrong.named("transposed", operand="The product")
    return None


def other_product(wrong: WrongLine) -> Named | None:
    """A `*` for `@`, or a `@` for `*`: with the other one it is a derivative."""
    node, explained = wrong.node, wrong.explained
    operands = [n for n in node.arguments[:2] if isinstance(n, Node) and n.value.ndim == 2]
    if len(operands) < 2 or not (node.function is np.multiply or node.function in PRODUCTS):
        return None
    a, b = (explained.value(n).reshape(n.shape) for n in operands)
    matrix = node.function is np.multiply
    for made in _matrix_products(a, b) if matrix else _products(a, b):
        if min(made.shape) > 1 and explained.role_of(node, made) is not None:
            return wrong.named("product-for-matrix-product" if matrix else "matrix-product-for-product")
    return None


def _matrix_products(a: np.ndarray, b: np.ndarray) -> Iterator[np.ndarray]:
    for x, y in ((a, b), (a.T, b), (a, b.T), (b, a), (b.T, a), (b, a.T)):
        if x.shape[1] == y.shape[0]:
            yield x @ y


def _products(a: np.ndarray, b: np.ndarray) -> Iterator[np.ndarray]:
    yield from (x * y for x, y in ((a, b), (a.T, b)) if x.shape == y.shape)


def wrong_operand(wrong: WrongLine) -> Named | None:
    """A matrix product with a wrong operand: which one belongs there is tried."""
    if wrong.node.function not in PRODUCTS:
        return None
    found = _without_derivative(wrong) or _through_gradient(wrong) or _other_operand(wrong)
    return found or _of_one_use(wrong) or wrong.named("unexplained")


def _without_derivative(wrong: WrongLine) -> Named | None:
    """The error itself is right, and lacks the derivative that it should have been multiplied by first."""
    if wrong.fault.role is None or not any(wrong.fault.node is p for p in wrong.node.parents):
        return None
    error, slope = wrong.called(wrong.fault.node), derivative_in_words(wrong)
    return wrong.named(
        "mask-missing", with_name(wrong.source, error, f"({error} * {slope})") if error and slope else ""
    )


def _through_gradient(wrong: WrongLine) -> Named | None:
    """Two of its operands follow from the labels: one is a gradient in the place of the weights."""
    node, step, explained, roles = wrong.node, wrong.step, wrong.explained, wrong.explained.roles
    parents = list(node.parents)
    errors = [p for p in parents if p in wrong.search.labelled]
    for parent in errors if len(errors) > 1 else ():
        role, base = roles.get(parent), unscaled_view(parent)
        if role is None or not (role.of in step.leaves or (base in roles and roles[base].of in step.leaves)):
            continue
        operand, right = wrong.called(base) or "a gradient", wrong.called(role.of)
        weight = step.floats(role.of)
        weight = weight if base is parent else _as_shown(parent, weight)
        made = _made(node, parent, weight, wrong)
        fits = weight.shape == parent.shape and made is not None and explained.role_of(node, made) is not None
        return wrong.named("gradient-for-weight", with_name(wrong.source, operand, right) if right and fits else "",
                           operand=operand)  # fmt: skip
    return None


def _other_operand(wrong: WrongLine) -> Named | None:
    """The product becomes a derivative with another array of the step, or the same one turned."""
    node, step = wrong.node, wrong.step
    forward = wrong.search.loss.derivatives
    inputs = [p for n in forward if n.function in PRODUCTS for p in n.parents if p not in step.moving]
    arrays = [n for n in dict.fromkeys([*step.leaves, *forward, *inputs]) if n.value.ndim == 2]
    for operand in node.parents:
        for other in arrays if operand not in wrong.search.labelled else ():
            for value in (step.floats(other), step.floats(other).T):
                if value.shape != operand.shape or np.array_equal(value, step.floats(operand)):
                    continue
                made = _made(node, operand, value, wrong)
                if made is None or made.shape != node.shape or wrong.explained.role_of(node, made) is None:
                    continue
                base = unscaled_view(operand)
                stands, right = wrong.called(base) or "what stands there", wrong.called(other)
                if other is base:
                    return wrong.named("transposed", transposed(wrong.source, wrong.called(base)), operand=stands)
                alike = bool(right) and np.array_equal(value, _as_shown(operand, step.floats(other)))
                return wrong.named(
                    "activation-of-wrong-layer", with_name(wrong.source, stands, right) if alike else "",
                    operand=stands, right=f": {right}" if right else "",
                )  # fmt: skip
    return None


def _of_one_use(wrong: WrongLine) -> Named | None:
    share = wrong.explained.roles.get(wrong.node)
    mixed = any(p not in wrong.search.labelled for p in wrong.node.parents)
    if mixed and share is not None and share.share:
        return wrong.named("last-sample-only", added_up(wrong.place))
    return None


def _as_shown(view: Node, whole: np.ndarray) -> np.ndarray:
    """Another array, shown as a node shows what it is the transpose of."""
    return whole.T if view.function in (np.transpose, np.swapaxes) else whole


def _made(node: Node, operand: Node, instead: np.ndarray, wrong: WrongLine) -> np.ndarray | None:
    """What a product gives with something else in the place of an operand; None where that cannot be multiplied."""
    values = [instead if p is operand else wrong.search.values.get(p, wrong.step.floats(p)) for p in node.parents]
    try:
        return np.asarray(node.function(*values))  # type: ignore[misc]
    except (TypeError, ValueError):
        return None
