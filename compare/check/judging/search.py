"""A search for faults in a step whose loss is known: where each gradient is found, and would be, were a node mended."""

from collections.abc import Collection, Iterable

import numpy as np

from compare.check.judging.explained import labelled_nodes
from compare.check.judging.fault import Fault
from compare.check.judging.tolerance import Tolerance
from compare.check.recording.graph import Node
from compare.check.understanding.loss import Loss
from compare.check.understanding.matching import Match, Multiple, gradient_on_the_way, single
from compare.check.understanding.meetings import Family
from compare.check.understanding.replay import CannotFollow, replayed
from compare.check.understanding.scales import is_simple, scales_of
from compare.check.understanding.step import Step

Values = dict[Node, np.ndarray]


class Search:
    """The gradients of a step, held to the exact ones, with what was put in the place of wrong nodes so far.

    labelled: the nodes that depend on labels; judged: the parameters, by number, whose gradients are judged;
    without_effect: those whose exact gradient is the rounding of what cancels; lost: those of which nothing more can be
    said; values: of what was mended, and of what depends on it.
    """

    def __init__(self, step: Step, loss: Loss, met: Iterable[Family]) -> None:
        self.step, self.loss = step, loss
        seeds = [node for family in met for node in family.nodes]
        self.labelled = labelled_nodes(step, seeds)
        self.tolerance, self.scales = Tolerance(step, loss), scales_of(step)
        self.without_effect, self.judged = list[int](), list[int]()
        for k, parameter in enumerate(step.parameters):
            exact = loss.derivatives.get(parameter.leaf)
            if parameter.updates and exact is not None and exact.any():  # where inputs are all zero, no gradient comes
                vanishes = self.tolerance.vanishes(parameter.leaf)
                (self.without_effect if vanishes else self.judged).append(k)
        self.values: Values = {}
        self.lost: set[int] = set()

    def matches(self) -> dict[int, Match]:
        """Where each parameter's gradient is found, in what is there after mending."""
        found, step = dict[int, Match](), self.step.with_values(self.values)
        for k in sorted(self.judged, key=self.narrow):
            parameter, exact = step.parameters[k], self.loss.derivatives[step.parameters[k].leaf]
            multiple, decay = self._multiple(parameter.leaf), self.loss.node is None
            match = None
            if self.narrow(k) and self.by_a_rule(found):
                match = gradient_on_the_way(step, parameter, exact, self._simple_multiple, decay)
            match = match or gradient_on_the_way(step, parameter, exact, multiple, decay)
            if match is not None:
                found[k] = match
        return {k: found[k] for k in sorted(found)}

    def narrow(self, k: int) -> bool:
        """Whether a parameter's gradient is one number, of which every other number is a multiple."""
        return single(self.loss.derivatives[self.step.parameters[k].leaf])

    def _simple_multiple(self, x: np.ndarray, exact: np.ndarray) -> float | None:
        """What a number is of its gradient, where it is a multiple that the program's own numbers explain."""
        factor = self.tolerance.factor(x, exact)
        return factor if factor is not None and is_simple(factor, self.scales, self.tolerance.near) else None

    def _multiple(self, leaf: Node) -> Multiple:
        return lambda x, exact: self.tolerance.factor(x, exact, leaf)

    def evident(self, found: dict[int, Match]) -> bool:
        """Whether matches show that it is this loss: one of many numbers, or two of one that have the same factor."""
        if not all(map(self.narrow, found)):
            return True
        sizes = [abs(m.factor) for m in found.values() if is_simple(m.factor, self.scales, self.tolerance.near)]
        return any(abs(a / b - 1) < 1e-6 for k, a in enumerate(sizes) for b in sizes[:k])

    def sound(self) -> dict[int, Match]:
        """Those whose factor the program's own numbers explain."""
        return {k: m for k, m in self.matches().items() if is_simple(m.factor, self.scales, self.tolerance.near)}

    def agree(self) -> bool:
        """Whether every gradient is right but for one factor, the same and positive, which they all have."""
        found = self.matches()
        if self.by_a_rule(found):
            return False
        factors = [match.factor for match in found.values()]
        same = len(factors) == len(self.judged) and all(abs(f / factors[0] - 1) < 1e-6 for f in factors)
        return bool(factors) and same and self.evident(found) and factors[0] > 0

    def by_a_rule(self, found: dict[int, Match]) -> bool:
        """Whether a parameter does not change by a multiple of its gradient alone, as with momentum or with Adam.

        Any change of a single number is a multiple of its gradient: such a parameter shows nothing of the rule.
        """
        return any(m.node is not None and not self.narrow(k) for k, m in found.items())

    def close(self, k: int) -> float:
        """How far two factors of a parameter's gradient may be apart, and be the same."""
        leaf = self.step.parameters[k].leaf
        return self.tolerance.near if leaf.value.dtype == np.float64 else 5e-3

    def common(self, factors: dict[int, float], exact: Collection[int] = ()) -> float:
        """The factor that most have; among equals that of those which are exact, a mean before a sum, or the last."""
        m = max((o.shape[axis] for o, _ in self.loss.outputs[:1] for axis in range(o.value.ndim)), default=1)
        steps = [u.step for p in self.step.parameters for u in p.updates if u.step.function is np.multiply]
        rates = {abs(n) for step in steps for n in map(self.step.number, step.arguments) if n}

        def votes(c: float) -> tuple[int, bool, bool, int, bool, int]:
            alike = [k for k, f in factors.items() if abs(f / c - 1) < 1e-6]
            wide = not all(map(self.narrow, alike))
            mean = m > 1 and any(abs(c * m / (rate * q) - 1) < 1e-6 for rate in rates for q in (0.5, 1, 2))
            return len(alike), c > 0, wide, len(set(alike).intersection(exact)), mean, max(alike)

        return max(factors.values(), key=votes)

    def made_by_line(self, node: Node, among: Collection[Node] | None = None) -> Node:
        """What the whole line makes of a node. among: the nodes to look at; by default those behind the updates."""
        if among is None:
            among = self.step.behind([u.node for p in self.step.parameters for u in p.updates])
        last, inside = node, {node}
        for other in self.step.nodes:
            here = other.number > node.number and other in among and other.place == node.place
            if here and any(p in inside for p in other.parents):
                inside.add(other)
                last = other
        return last

    def would_mend(self, fault: Fault) -> bool:
        """Whether a wrong factor, taken out of what a line gives, makes its gradients those of the others.

        And no other gradient wrong: a line may feed two parameters, and be right for one of them.
        """
        assert fault.factor is not None
        before = self.matches()
        node, place = self.made_by_line(fault.node), fault.node.place
        every = [  # a helper's line may run once for each layer
            n for n in self.step.behind_updates()
            if n.place is not None and place is not None and (n.place.file, n.place.line) == (place.file, place.line)
            and n.function is node.function and n in self.labelled
        ]  # fmt: skip
        for nodes in ([node], every):
            values = self.recomputed({n: self.values.get(n, self.step.floats(n)) / fault.factor for n in nodes})
            after = self.matches_with(values) if values else {}
            odd = {k for k in before if k in after and abs(after[k].factor / before[k].factor - 1) > self.close(k)}
            if values and set(before) == set(after) and odd == set(fault.parameters):
                return True
        return False

    def with_old_value(self, fault: Fault, updated: Node) -> np.ndarray | None:
        """What a line gives with a parameter's value of before the step, where it uses that of after."""
        leaf = next(p.leaf for p in self.step.parameters if any(u.node is updated for u in p.updates))
        between = [n for n in self.step.behind([fault.node]) if n.number > updated.number]
        given = {n: v for n, v in self.values.items() if n.number < fault.first.number}
        values = self.recomputed({**given, updated: self.step.floats(leaf)}, only=between)
        return None if values is None else values.get(fault.node)

    def tried(self, node: Node, array: np.ndarray) -> Values:
        """What follows where an array stands in the place of a node; nothing where that cannot be followed."""
        given = {n: v for n, v in self.values.items() if n.number < node.number}
        return self.recomputed({**given, node: array}) or {}

    def matches_with(self, values: Values) -> dict[int, Match]:
        """Where each gradient would be found with these values."""
        old, self.values = self.values, values
        try:
            return self.matches()
        finally:
            self.values = old

    def recomputed(self, given: Values, only: list[Node] | None = None) -> Values | None:
        """What follows from the nodes that are given, computed anew."""
        nodes = only or self.step.behind_updates()
        nodes = nodes if only else [n for n in nodes if n in self.labelled]
        try:
            with np.errstate(all="ignore"):
                found = replayed(nodes, given)
        except (CannotFollow, ValueError):
            return None
        return {n: np.asarray(v, np.float64) for n, v in found.items()}
