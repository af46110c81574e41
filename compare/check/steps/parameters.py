"""A parameter and its updates: what looks like `W = W - s`, or `W -= s`, whatever its names."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from compare.check.recording.graph import Node
from compare.check.recording.operations import added_at, placed, written
from compare.check.steps.views import unscaled

SMALL = 0.4  # what is left of a parameter in its next value is more


@dataclass(frozen=True)
class Update:
    """One change of a parameter: node = before + sign * step, at an index if it is a part that changes."""

    node: Node
    before: Node
    step: Node
    sign: float

    @property
    def plain(self) -> bool:
        """Whether it is nothing but a sum: neither a part, nor with a decay of what was there before."""
        return self.node.function in (np.add, np.subtract) and self.before in self.node.arguments


@dataclass
class Parameter:
    """A parameter. versions: the nodes that it has been, the first before any update; updates: those it had.

    number: whether it began as a Python number.
    """

    versions: list[Node]
    updates: list[Update] = field(default_factory=list)
    number: bool = False

    @property
    def start(self) -> Node:
        """What it was when it was first used: `randn(...) * 0.1`, of which the first version is the randn."""
        first, node = self.updates[0], self.updates[0].node
        while node is not first.before and (node is first.node or node.place == first.node.place):
            node = next((a for a in node.parents if unscaled(a) is first.before), first.before)
        return node

    @property
    def first(self) -> Node:
        """The first of its nodes that an operation has seen: of a Python number, that is what its first update gave."""
        return self.versions[1 if self.number and self.updates else 0]


def update_forms(node: Node) -> Iterator[tuple[Node, Node, float]]:
    """The ways in which a node may be an update: what is changed, what is added, and its sign."""
    function, arguments = node.function, node.arguments
    if function in (np.add, np.subtract):
        a, b = arguments[:2]
        sign = -1.0 if function is np.subtract else 1.0
        if isinstance(a, Node) and isinstance(b, Node):
            if a.shape == node.shape or function is np.subtract:  # a bias may grow, where its gradient is not summed
                yield _kept(a), b, sign
            if b.shape == node.shape and function is np.add:
                yield _kept(b), a, 1.0
    elif function in (written, placed) and isinstance(arguments[1], Node):
        whole = arguments[1].shape == node.shape  # W[:] = W - s, where W may be a copy; a part of a copy is that copy's
        for _, step, sign in update_forms(arguments[1]):
            yield unscaled(arguments[0]) if whole else arguments[0], step, sign
    elif function is added_at and isinstance(arguments[2], Node):
        yield arguments[0], arguments[2], 1.0


def _kept(node: Node) -> Node:
    """What goes on in a node, nearly in its size: W in (1 - decay) * W, and not in decay * W, which a gradient has."""
    whole, part, scale = unscaled(node), node, 1.0
    while part is not whole and whole.uses > 1:
        numbers = [float(n) for n in map(_number, part.arguments) if n]
        factor = float(np.prod(numbers))
        scale *= factor if part.function is np.multiply else 1 / factor
        part = next(p for p in part.parents if p.value.size > 1 or part.value.size == 1)
    return whole if abs(scale) > SMALL else node


def _number(argument: Any) -> float | None:
    if isinstance(argument, Node):
        argument = argument.value if argument.value.size == 1 and argument.value.dtype.kind in "fi" else None
    return (
        float(np.asarray(argument).reshape(())) if isinstance(argument, int | float | np.generic | np.ndarray) else None
    )


def of_python_numbers(nodes: list[Node], forms: dict[Node, list[tuple[Node, Node, float]]]) -> dict[Node, Update]:
    """The first updates of what begins as a Python number, which no node stands for: in `b = 0`, the first `b -= s`.

    The same line goes on from there the next time; whether by what depends on it, is still to be seen.
    """
    later = {(before, node.place) for node in nodes for before, _, _ in forms[node]}
    found = {}
    for node in nodes:
        if node.function not in (np.add, np.subtract) or (node, node.place) not in later:
            continue
        a, b = node.arguments[:2]
        number, step = (b, a) if isinstance(a, Node) and node.function is np.add else (a, b)
        if isinstance(step, Node) and isinstance(number, int | float | np.number):
            before = Node(None, (), {}, np.full(node.shape, number, node.value.dtype), node.place, node.number)
            found[node] = Update(node, before, step, -1.0 if node.function is np.subtract else 1.0)
    return found
