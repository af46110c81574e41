"""A recording, from the first array to the end of the step that is judged.

First it waits until it knows the parameters. Then, between two steps, it shakes them all, so that no tiny, zero or
saturated start hides anything, and records one step more: that one is judged.
"""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

import numpy as np

from compare.check.recording.graph import NUMBER, Graph, Node, Place
from compare.check.recording.makers import patched
from compare.check.recording.operations import placed, written
from compare.check.recording.session import session
from compare.check.steps.ends import steps_of, updates_of_a_step, uses_of
from compare.check.steps.parameters import Parameter, update_forms
from compare.check.steps.search import find_parameters
from compare.check.steps.views import PRODUCTS, unscaled, unscaled_view

AFTER = 100  # nodes, at most, after the last update of the judged step
STEPS = 2  # complete ones, in which the parameters are looked for, at least


class Enough(BaseException):
    """Raised in the learner's program when what is needed has been seen. No `except Exception` of theirs stops it."""


class Recorder:
    """A context in which a learner's program runs.

    own: is a file the learner's? complete: whether a whole step was recorded at shaken parameters; begin: the number
    of the last node before that step; leaves: what the parameters were at its beginning, in their order.
    """

    def __init__(self, own: Callable[[str], bool], shake: bool = True, steps: int = STEPS) -> None:
        self.own, self.shake, self.steps = own, shake, steps
        self.graph = Graph(own)
        self.parameters: list[Parameter] = []
        self.leaves: list[Node] = []
        self.updated: list[list[Node]] = []  # in the judged step, by parameter: the nodes of its updates
        self.begin, self.complete, self.updates, self.shaken = 0, False, 0, False
        self.lost: tuple[Node, Place] | None = None  # what made the first number that is none, and in which line
        self._next_look, self._over = 40, 0
        self._line: Place | None = None  # where something was changed, perhaps
        self._closing: Place | None = None  # where the last update of the judged step began
        self._part: Place | None = None  # where an update may only have been a part of one
        self._last: dict[int, tuple[Node, Node]] = {}  # of each parameter its last update, and what that changed
        self._counts: dict[int, int] = {}
        self._places: dict[int, set[Any]] = {}
        self._current: dict[Node, int] = {}
        self._uses: Callable[[Node], Iterable[Node]] = lambda _: ()
        self._seen: dict[int, int] = {}
        self._scope = ExitStack()

    def begin_graph(self, after: int = 0) -> None:
        """From here on it sees every operation; its nodes are counted on from `after`."""
        self.graph.after = self.graph.count = after
        self._next_look += after
        self.graph.watch = self._watch
        session.begin(self.graph)

    def __enter__(self) -> "Recorder":
        self.begin_graph()
        self._scope.enter_context(patched(self.own))
        return self

    def __exit__(self, *_: Any) -> None:
        self.graph.watch = self.graph.due = None
        self._scope.close()
        if not self.complete:
            self._read()

    def in_order(self) -> list[int]:
        """The parameters in an order that does not depend on where a recording began."""

        def key(k: int) -> tuple[str, int, str, int]:
            place = self.updated[k][-1].place
            return place.file if place else "", place.line if place else 0, str(self.leaves[k].shape), k

        return sorted(range(len(self.leaves)), key=key)

    def _watch(self, node: Node) -> None:
        """A node has come about."""
        if self._over and node.place == self._part:
            self._follow(node)
            self._over = self.graph.count
        elif self._over and node.function in (written, placed) and node.place == self._closing:  # W[:] = W - s
            self._follow(node)
        elif self._over:
            if any(used in self._current for used in self._uses(node)) or node.number > self._over + AFTER:
                self.graph.nodes.pop()
                self.graph.due = self._stop
                self._stop()
        elif self._current:
            self._follow(node)
        elif self._line is not None and node.place != self._line:  # a whole line: w + dw may be a part of v - (w + dw)
            self._line = None
            self._look(node)
        elif node.number >= self._next_look and any(before.uses > 1 for before, _, _ in update_forms(node)):
            self._line = node.place

    def _look(self, newest: Node) -> None:
        """Are there parameters by now? newest: with which a line begins that is to be seen as a whole."""
        nodes = [n for n in self.graph.nodes if n is not newest and (n.uses or n.function is not None)]
        self._next_look = self.graph.after + int((self.graph.count - self.graph.after) * 1.25) + 1
        parameters = find_parameters(nodes)
        ends = steps_of(parameters, nodes) if parameters else []
        self.updates = len(ends)
        if len(ends) < self.steps:
            return
        self.parameters, self._uses = parameters, uses_of(parameters, nodes)
        self._counts = updates_of_a_step(parameters, ends)
        if 0 in self._counts.values():
            return
        for k, parameter in enumerate(parameters):
            self._places[k] = {update.node.place for update in parameter.updates}
            self._current[parameter.versions[-1]] = k
        self._seen = {
            k: sum(update.node.number >= ends[-1] for update in parameter.updates)
            for k, parameter in enumerate(parameters)
        }
        if self._seen_all() and any(unscaled(parent) in self._current for parent in newest.parents):
            self._seen = dict.fromkeys(self._counts, 0)  # the next step has begun, with W.T
        self._finish_if_over()
        self._follow(newest)

    def _follow(self, node: Node) -> None:
        """Is it an update of a parameter that is known?"""
        for before, _, _ in update_forms(node):
            k = self._current.get(before)
            if k is not None and node.place in self._places[k]:
                if not self._goes_on(k, node, before):
                    self._seen[k] += 1
                    if self.begin:
                        self.updated[k].append(node)
                self._current[node], self._last[k] = k, (node, before)
                self._part = None if before in node.arguments else node.place
                self._finish_if_over()
                return

    def _goes_on(self, k: int, node: Node, before: Node) -> bool:
        """Whether what looked like an update was a part of one: `dW + decay * W`, of `W -= lr * (dW + decay * W)`."""
        part, start = self._last.get(k, (None, None))
        if part is None or start is not before or part.place != node.place:
            return False
        self._current.pop(part, None)
        if self.begin and part in self.updated[k]:
            self.updated[k][self.updated[k].index(part)] = node
        return True

    def _seen_all(self) -> bool:
        return all(self._seen[k] >= count for k, count in self._counts.items())

    def _finish_if_over(self) -> None:
        if self._seen_all():
            if self.begin:  # what follows before the next step belongs to this one
                self._over, self.complete, self._closing = self.graph.count, True, self.graph.here()
            else:
                self.graph.due = self._shake
            self._seen = dict.fromkeys(self._counts, 0)

    def _stop(self) -> None:
        raise Enough

    def _shake(self) -> None:
        """Between two steps, give every parameter a generic value, of such a size that no unit saturates."""
        if self._part is not None and self.graph.here() == self._part:
            return  # the line goes on
        self.graph.due = None
        self._last = {}
        nodes = self.graph.nodes
        self.lost = not_finite(nodes)
        sizes = [_size_for(parameter, nodes) for parameter in self.parameters]
        rng = np.random.RandomState(0)
        newest: dict[int, Node] = {}
        for node, k in self._current.items():
            newest[k] = node
        stored = {unscaled(node): node for node in nodes[-400:] if node.known and unscaled(node) in self._current}
        self._current, self.leaves, self.updated = {}, [], [[] for _ in self.parameters]
        for k in range(len(self.parameters)):
            node = stored.get(newest[k], newest[k])
            array = node.value
            if self.shake and array.dtype.kind == "f" and array.flags.writeable and node.made_by != NUMBER:
                noise = rng.standard_normal(array.shape)
                near = np.clip(np.nan_to_num(array), -1, 1) if array.ndim < 2 or 1 in array.shape else 0.0
                array[...] = near + sizes[k] * noise
            node.comes_of(None, (), {})
            node.made_by = "parameter"
            self._current[node] = k
            self.leaves.append(node)
        self.begin, self.shaken = self.graph.count, True
        for node in nodes:
            if node not in self._current:
                node.uses += 1
        del nodes[:]
        nodes.extend(self.leaves)

    def _read(self) -> None:
        """The program ended before it could be shaken: its last step in which every parameter was updated, as it is."""
        nodes = self.graph.nodes
        if self.begin:
            return
        self.parameters = find_parameters(nodes)
        ends = [*steps_of(self.parameters, nodes), self.graph.count + 1] if self.parameters else []
        self.updates = len(ends)
        for begin, end in reversed(list(zip([0, *ends], ends, strict=False))):
            updated = [[u.node for u in p.updates if begin <= u.node.number < end] for p in self.parameters]
            if all(updated):
                befores = [[p.start, *(v for v in p.versions[1:] if v.number < begin)] for p in self.parameters]
                self.leaves, self.updated = [versions[-1] for versions in befores], updated
                self.begin, self.complete = begin - 1, True  # an end is the first node of the next step
                return


def not_finite(nodes: list[Node]) -> tuple[Node, Place] | None:
    """The first operation that made something not finite of finite numbers."""
    bad: set[Node] = set()
    for node in nodes:
        if node.function is None or not node.known or node.value.dtype.kind != "f" or node.place is None:
            continue
        if not np.isfinite(node.value).all():
            parents = list(node.parents)
            if not any(p in bad for p in parents) and all(np.isfinite(p.value).all() for p in parents if p.known):
                return node, node.place
            bad.add(node)
    return None


def _size_for(parameter: Parameter, nodes: list[Node]) -> float:
    """The standard deviation that makes the products with what it met so far about 1."""
    sizes = []
    for node in nodes:
        if node.function in PRODUCTS:
            parents = list(node.parents)
            mine = [p for p in parents if unscaled_view(p) in parameter.versions]
            others = [p for p in parents if p not in mine]
            if mine and others and others[0].known:
                length = max(node.value.size and mine[0].value.size * others[0].value.size / node.value.size, 1) ** 0.5
                rms = float(np.sqrt(np.mean(np.square(others[0].value, dtype=float))))
                if np.isfinite(rms) and rms:  # what is small now need not stay so
                    sizes.append(1 / (max(rms, 0.5) * length**0.5))
            if len(sizes) > 1:
                break
    return float(np.clip(sizes[0], 1e-6, 2.0)) if sizes else 0.3
