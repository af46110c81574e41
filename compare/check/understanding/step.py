"""The step that is judged: what its parameters are, what depends on them, and what each is changed by."""

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from compare.check.recording.graph import Node
from compare.check.steps.parameters import Update, update_forms
from compare.check.steps.recorder import Recorder
from compare.check.steps.views import PRODUCTS, ancestors, multiplied_by, unscaled, unscaled_view

#: How biases and weights are made.
MADE = {"zeros", "ones", "full", "randn", "rand", "random", "uniform", "normal", "standard_normal", "random_sample"}


@dataclass(frozen=True)
class Changed:
    """A parameter in the step. leaf: what it was at its beginning; updates: the nodes that changed it; name: theirs."""

    name: str
    leaf: Node
    updates: tuple[Update, ...]

    def step_taken(self, step: "Step") -> np.ndarray | None:
        """By how much it was changed in all, in float64; None where a change has another shape."""
        if not self.updates or not all(u.step.shape == self.leaf.shape and u.plain for u in self.updates):
            with np.errstate(all="ignore"):
                after = step.floats(self.updates[-1].node if self.updates else self.leaf)
                return after - step.floats(self.leaf) if after.shape == self.leaf.shape else None
        return np.asarray(sum(u.sign * step.floats(u.step) for u in self.updates))


class Step:
    """One step of the training, with everything that was recorded in it.

    nodes: in order; parameters: what was changed; moving: the nodes that depend on parameters, by which ones; still:
    what looks like a parameter, and is never changed; mended: other values that were put in the place of some.
    """

    def __init__(self, recorder: Recorder, names: list[str]) -> None:
        self.leaves = [*recorder.leaves, *_still(recorder)]
        leaves = set(self.leaves)
        self.nodes = [node for node in recorder.graph.nodes if node.number > recorder.begin and node not in leaves]
        self.parameters = [
            Changed(name, leaf, tuple(_update(node, leaf) for node in nodes))
            for name, leaf, nodes in zip(names, recorder.leaves, recorder.updated, strict=True)
        ]
        self.still = self.leaves[len(recorder.leaves) :]  # what looks like a parameter, and is never changed
        self.changed = {update.node for p in self.parameters for update in p.updates}
        self.moving: dict[Node, int] = {leaf: 1 << k for k, leaf in enumerate(self.leaves)}  # by which parameters
        for node in self.nodes:
            mask = 0
            for parent in node.parents:
                mask |= self.moving.get(parent, 0)
            if mask:
                self.moving[node] = mask
        self.window = set(self.nodes)
        self.mended: dict[Node, np.ndarray] = {}

    def behind(self, nodes: Iterable[Node]) -> list[Node]:
        """What these nodes were made of in this step, in order, they themselves included."""
        seen: set[Node] = set()
        waiting = list(nodes)
        while waiting:
            node = waiting.pop()
            if node not in seen and node in self.window and node in self.moving:
                seen.add(node)
                waiting.extend(node.parents)
        return sorted(seen, key=lambda node: node.number)

    def behind_updates(self, among: Iterable[int] | None = None) -> list[Node]:
        """What the changes of parameters were made of, in order. among: their numbers; by default all."""
        numbers = range(len(self.parameters)) if among is None else among
        return self.behind([update.step for k in numbers for update in self.parameters[k].updates])

    def floats(self, node: Node) -> np.ndarray:
        """The value of a node in float64: the recorded one, or what was put in its place."""
        mended = self.mended.get(node)
        return np.asarray(node.value, np.float64) if mended is None else mended.reshape(node.shape)

    def number(self, argument: Any) -> float | None:
        """The number that an argument of a node is, if it is one and depends on no parameter."""
        if isinstance(argument, Node):
            argument = None if argument in self.moving else argument.value
        if not isinstance(argument, int | float | np.generic | np.ndarray) or np.size(argument) != 1:
            return None
        return float(np.asarray(argument).reshape(()))

    def with_values(self, values: dict[Node, np.ndarray]) -> "Step":
        """The same step with other values of some nodes."""
        other = copy.copy(self)
        other.mended = values
        return other


def _still(recorder: Recorder) -> list[Node]:
    """What is used as biases and weights are, was there before the step, and is not changed in it."""
    moving, found = set(recorder.leaves), list[Node]()
    inputs = set(_multiplied_by_weights(recorder))
    for node in recorder.graph.nodes:
        if node.number <= recorder.begin:
            continue
        parents = list(node.parents)
        for parent in parents:
            others = [p for p in parents if p is not parent]
            if len(others) != 1 or parent in moving or parent in found or parent.value.dtype.kind != "f":
                continue
            if unscaled_view(parent) in inputs:  # x + relu(x @ W) @ V: what a weight multiplies is no bias
                continue
            made = _made(parent)
            if parent.number > recorder.begin or made.function is not None or made.made_by not in MADE:
                continue
            product = others[0].function in PRODUCTS and others[0] in moving
            of_weights = product and any(unscaled_view(p) in recorder.leaves for p in others[0].parents)
            smaller = parent.value.size < node.value.size or (of_weights and parent.shape == node.shape)
            bias = node.function is np.add and product and smaller
            weight = node.function in PRODUCTS and others[0] in moving and parent.value.ndim == 2
            if bias or (weight and not any(used in recorder.leaves for used in multiplied_by(node))):
                found.append(parent)
        if any(parent in moving for parent in parents):
            moving.add(node)
    return found


def _multiplied_by_weights(recorder: Recorder) -> Iterator[Node]:
    """What products multiply with parameters that are updated."""
    for node in recorder.graph.nodes:
        if node.function in PRODUCTS and node.number > recorder.begin:
            used = set(multiplied_by(node))
            if used.intersection(recorder.leaves):
                yield from used.difference(recorder.leaves)


def _made(node: Node) -> Node:
    """What a value was made of, where numbers were added and multiplied: `rand(...) - 0.5`."""
    while node.function in (np.add, np.subtract, np.multiply, np.divide) or unscaled(node) is not node:
        wide = [p for p in node.parents if p.shape == node.shape] if unscaled(node) is node else [unscaled(node)]
        if len(wide) != 1:
            return node
        node = wide[0]
    return node


def _update(node: Node, leaf: Node) -> Update:
    known = {leaf, *ancestors([node], [leaf])}
    for before, step, sign in update_forms(node):
        if before in known or before is leaf:
            return Update(node, before, step, sign)
    return Update(node, leaf, node, 1.0)
