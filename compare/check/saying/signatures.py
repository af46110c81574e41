"""Mistakes that show in the numbers of one line: each function finds one, by putting something in its place."""

from collections.abc import Iterator

import numpy as np

from compare.check.judging.explained import Explained
from compare.check.judging.faults import Fault, Search
from compare.check.recording.graph import Node, Place
from compare.check.recording.operations import placed, written
from compare.check.saying.names import called
from compare.check.steps.views import PRODUCTS
from compare.check.understanding.loss import taped
from compare.check.understanding.matching import proportional
from compare.check.understanding.replay import CannotFollow

#: What a normalisation takes from the batch.
STATISTICS = (np.mean, np.var, np.std)


def other_product(node: Node, explained: Explained) -> str:
    """The diagnosis where `*` stands for `@`, or `@` for `*`: with the other one it is a derivative; else ""."""
    operands = [n for n in node.arguments[:2] if isinstance(n, Node) and n.value.ndim == 2]
    if len(operands) < 2 or not (node.function is np.multiply or node.function in PRODUCTS):
        return ""
    a, b = (explained.value(n).reshape(n.shape) for n in operands)
    matrix = node.function is np.multiply
    for made in _products(a, b) if matrix else _entries(a, b):
        if min(made.shape) > 1 and explained.role_of(node, made) is not None:
            return "product-for-matrix-product" if matrix else "matrix-product-for-product"
    return ""


def _products(a: np.ndarray, b: np.ndarray) -> Iterator[np.ndarray]:
    for x, y in ((a, b), (a.T, b), (a, b.T), (b, a), (b.T, a), (b, a.T)):
        if x.shape[1] == y.shape[0]:
            yield x @ y


def _entries(a: np.ndarray, b: np.ndarray) -> Iterator[np.ndarray]:
    yield from (x * y for x, y in ((a, b), (a.T, b)) if x.shape == y.shape)


def held_constant(fault: Fault, search: Search) -> bool:
    """Whether it is the derivative that there would be if means and deviations of the batch did not depend on it."""
    step, loss = search.step, search.loss
    held = {n: step.floats(n) for n in step.behind(loss.ends)
            if (n.function in STATISTICS or n.name in ("mean", "var", "std")) and n.value.size > 1}  # fmt: skip
    of = fault.role.of if fault.role is not None else None
    if not held or of is None or fault.found is None or fault.found.size < 3:
        return False
    try:
        _, tensors, found = taped(step, loss, step.floats, held)
    except (CannotFollow, TypeError, ValueError):
        return False
    exact = found.get(tensors[of].node) if of in tensors else None
    return (
        exact is not None
        and exact.size == fault.found.size
        and (proportional(fault.found.ravel(), np.ravel(exact), 1e-6) is not None)
    )


def extra_derivative(fault: Fault, search: Search) -> bool:
    """Whether a wrong value is the right one times the derivative of the output's activation."""
    if fault.expected is None or fault.found is None or fault.found.size < 3:
        return False
    for output, _ in search.loss.outputs[:1]:
        p = search.step.floats(output)
        for slope in (p * (1 - p), 1 - p * p):
            if slope.size == fault.found.size:
                wanted = np.asarray(fault.expected).ravel() * slope.ravel()
                if proportional(fault.found.ravel(), wanted, 1e-6) is not None:
                    return True
    return False


def penalty_share(fault: Fault, search: Search) -> tuple[float, float] | None:
    """How many times the weights are added to their gradient, and how many times they should be."""
    node, step = fault.first, search.step
    leaf = fault.role.of if fault.role is not None else None
    if leaf not in step.leaves or leaf is None or node.function not in (np.add, np.subtract) or leaf.value.size < 3:
        return None
    if fault.expected is None or fault.found is None or fault.found.shape != leaf.shape:
        return None
    weights = step.floats(leaf)
    for k, parent in enumerate(node.arguments[:2]):
        if isinstance(parent, Node) and parent.shape == leaf.shape:
            share = proportional(step.floats(parent), weights, 1e-9)
            off = proportional(fault.found - fault.expected, weights, 1e-5)
            if share is not None and off is not None:
                added = -share if k and node.function is np.subtract else share
                return added, added - off
    return None


def summed_instead(node: Node, fault: Fault, search: Search, explained: Explained) -> str:
    """What is added up for a bias, where it is not the error of its layer's sum; "" where that is it."""
    parent = next(iter(node.parents), None)
    role = explained.roles.get(parent) if parent is not None else None
    if parent is None or role is None:
        return ""
    mine = {search.step.parameters[k].leaf for k in fault.parameters}
    if role.of in search.step.leaves:
        return f"the gradient of {called(role.of, search)}" if role.of not in mine else ""
    value, exact = explained.value(parent), search.loss.derivatives
    direct = [n for n in search.step.nodes if n in exact and any(p in mine for p in n.parents)]
    if any(exact[n].shape == value.shape and proportional(value, exact[n], 1e-4) is not None for n in direct):
        return ""
    return called(parent, search) or "the error of another layer"


def overwritten_in(node: Node, search: Search) -> Place | None:
    """The line that writes into an array of the forward pass from which a derivative is taken."""
    forward = set(search.loss.derivatives)
    waiting, seen = [p for p in node.parents if p not in search.labelled], set[Node]()
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
