"""The wrong line: the first node on the way to a wrong gradient that is not explained, though what it was made of is.

Some gradients are right but for a factor that the others have not: then it is the first node that brings it in. After
a wrong node was found, what should stand there is put in its place, everything behind it is run again, and the rest is
judged as if that line were mended.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from compare.check.judging.explained import Explained, Role, labelled_nodes
from compare.check.judging.tolerance import Tolerance
from compare.check.recording.graph import Node, Place
from compare.check.recording.operations import element, placed, written
from compare.check.steps.views import SAME
from compare.check.understanding.loss import Loss
from compare.check.understanding.matching import Match, Multiple, gradient_on_the_way, same_size, single
from compare.check.understanding.meetings import Family
from compare.check.understanding.replay import CannotFollow, replayed
from compare.check.understanding.scales import is_simple, scales_of
from compare.check.understanding.step import Step


@dataclass
class Fault:
    """A wrong line. node: what it gives; first: the first unexplained node of it.

    parameters: those whose gradients it spoils; place: the line; also: other lines that it concerns.

    role: what it should be, where that is known; expected: that, in numbers; factor: where only a factor is wrong,
    how many times too large it is.
    """

    node: Node
    first: Node
    place: Place
    parameters: list[int]
    role: Role | None = None
    expected: np.ndarray | None = None
    found: np.ndarray | None = None
    factor: float | None = None
    also: list[Place] = field(default_factory=list)
    kind: str = ""
    about: Node | None = None


TRIES = 24  # derivatives, at most, that are put in the place of a wrong node


class Search:
    """Looks for faults, one after the other, in a step whose loss is known."""

    def __init__(self, step: Step, loss: Loss, met: Iterable[Family]) -> None:
        self.step, self.loss = step, loss
        seeds = [node for family in met for node in family.nodes]
        self.labelled = labelled_nodes(step, seeds)
        self.tolerance, self.scales = Tolerance(step, loss), scales_of(step)
        self.without_effect, self.judged = (
            list[int](),
            list[int](),
        )  # where inputs are all zero, no gradient reaches any
        for k, parameter in enumerate(step.parameters):
            exact = loss.derivatives.get(parameter.leaf)
            if parameter.updates and exact is not None and exact.any():  # where inputs are all zero, no gradient comes
                vanishes = self.tolerance.vanishes(parameter.leaf)
                (self.without_effect if vanishes else self.judged).append(k)
        self.values: dict[Node, np.ndarray] = {}  # of what was mended, and of what depends on it
        self.faults: list[Fault] = []
        self.lost: set[int] = set()  # parameters of which nothing more can be said

    def run(self) -> list[Fault]:
        """All faults, in the order of the program."""
        for _ in range(6):
            explained = Explained(self.step, self.loss, self.labelled, self.tolerance, self.values)
            sound = self.sound()
            if not self.values and self._agree():
                break
            wrong = [k for k in self.judged if k not in sound and k not in self.lost]
            fault = self._unexplained(explained, wrong)
            if fault is None:
                self.lost |= set(wrong) - set(self.matches())
                break
            self.faults.append(fault)
            if not self._mend(fault, explained):
                self.lost |= set(fault.parameters)
        self._factors(Explained(self.step, self.loss, self.labelled, self.tolerance, self.values), self.matches())
        self.faults.sort(key=lambda fault: fault.first.number)
        return self.faults

    def matches(self) -> dict[int, Match]:
        """Where each parameter's gradient is found, in what is there after mending."""
        found, step = dict[int, Match](), self.step.with_values(self.values)
        for k in sorted(self.judged, key=self._narrow):
            parameter, exact = step.parameters[k], self.loss.derivatives[step.parameters[k].leaf]
            multiple, decay = self._multiple(parameter.leaf), self.loss.node is None
            match = None
            if self._narrow(k) and self._by_a_rule(found):
                match = gradient_on_the_way(step, parameter, exact, self._simple_multiple, decay)
            match = match or gradient_on_the_way(step, parameter, exact, multiple, decay)
            if match is not None:
                found[k] = match
        return {k: found[k] for k in sorted(found)}

    def _narrow(self, k: int) -> bool:
        """Whether a parameter's gradient is one number, of which every other number is a multiple."""
        return single(self.loss.derivatives[self.step.parameters[k].leaf])

    def _simple_multiple(self, x: np.ndarray, exact: np.ndarray) -> float | None:
        """What a number is of its gradient, where it is a multiple that the program's own numbers explain."""
        factor = self.tolerance.factor(x, exact)
        return factor if factor is not None and is_simple(factor, self.scales) else None

    def _agree(self) -> bool:
        """Whether every gradient is right but for one factor, the same and positive, which they all have."""
        found = self.matches()
        if self._by_a_rule(found):
            return False
        factors = [match.factor for match in found.values()]
        same = len(factors) == len(self.judged) and all(abs(f / factors[0] - 1) < 1e-6 for f in factors)
        return bool(factors) and same and self.evident(found) and factors[0] > 0

    def evident(self, found: dict[int, Match]) -> bool:
        """Whether matches show that it is this loss: one of many numbers, or two of one that have the same factor."""
        if not all(map(self._narrow, found)):
            return True
        sizes = [abs(m.factor) for m in found.values() if is_simple(m.factor, self.scales)]
        return any(abs(a / b - 1) < 1e-6 for k, a in enumerate(sizes) for b in sizes[:k])

    def sound(self) -> dict[int, Match]:
        """Those whose factor the program's own numbers explain."""
        return {k: m for k, m in self.matches().items() if is_simple(m.factor, self.scales)}

    def _multiple(self, leaf: Node) -> Multiple:
        return lambda x, exact: self.tolerance.factor(x, exact, leaf)

    def _unexplained(self, explained: Explained, wrong: list[int]) -> Fault | None:
        """The first fault on the way to wrong gradients."""
        reached: dict[Node, set[int]] = {}
        for k in wrong:
            parameter = self.step.parameters[k]
            waiting = [u.step for u in parameter.updates]
            seen: set[Node] = set()
            while waiting:
                node = waiting.pop()
                if node in seen or self._settled(explained, node, k) or node not in self.step.window:
                    continue
                if node in self.step.changed:  # a parameter after its update: who uses it too early is to blame
                    continue
                seen.add(node)
                reached.setdefault(node, set()).add(k)
                waiting.extend(p for p in node.parents if p in self.labelled)
        if not reached:
            return self._without_error(wrong)
        # a share of a gradient, where the whole is wanted, is to blame only if nothing else is
        turned = {n for n in reached if n in explained.roles and explained.roles[n].turned}
        blamed = {n for n in reached if not explained.explained(n)} or turned or set(reached)
        frontier = [n for n in blamed if not any(p in blamed for p in n.parents)]
        if not frontier:
            return None
        first = min(frontier, key=lambda node: node.number)
        instead = self._other_role(first, explained)
        if instead is not None:
            node, role, expected = instead
            ways = [u.step for p in self.step.parameters for u in p.updates]
            behind = self.step.behind(ways)
            users = {n.place for n in behind if node in n.parents and not self._made_right(n, node, behind, explained)}
            there = node if _takes_derivative(node, self.labelled) or len(users) > 1 else first
            place, also = self._line(there, explained)
            return Fault(node, there, place, sorted(reached[first]), role, expected, self.step.floats(node), also=also)
        place, also = self._line(first, explained)
        last = self._statement(first, reached)
        fault = Fault(last, first, place, sorted(reached[first]), also=also)
        cut = [n for n in (first, last) if n.value.dtype.kind in "iu" and n.function in (written, placed)]
        if cut:  # written into whole numbers: where that array was made is the line
            origin = cut[0]
            while origin.function in (written, placed):
                origin = next(origin.parents)
            fault.kind, fault.also = "integer-dtype", [place, *also]
            fault.place = origin.place or place
        return fault

    def _without_error(self, wrong: list[int]) -> Fault | None:
        """What stands for the gradient of a parameter, where no label enters it: what it is first made of."""
        for k in wrong:
            steps = [u.step for u in self.step.parameters[k].updates if u.step not in self.labelled]
            way = [n for s in steps for n in same_size(self.step, [s], s.value.size) if n in self.step.moving]
            if way and way[-1].place is not None:
                return Fault(way[-1], way[-1], way[-1].place, [k])
        return None

    def _made_right(self, user: Node, node: Node, behind: list[Node], explained: Explained) -> bool:
        """Whether the line that uses a derivative makes one by something else of it: so it is used rightly there."""
        line = {user}
        for n in behind:
            if n.number > user.number and n.place == user.place and line.intersection(n.parents):
                line.add(n)
        roles = [explained.roles[n] for n in line if n in explained.roles]
        return any(role.of is not explained.roles[node].of for role in roles)

    def _other_role(self, first: Node, explained: Explained) -> tuple[Node, Role, np.ndarray] | None:
        """An input which is the derivative by an activation where that by what it was made of is wanted.

        Then the node itself is right, and its input is not: the input, what it should be, and that in numbers.
        """
        for parent in first.parents:
            node = parent
            while node.function in (element, np.expand_dims, *SAME) and node in explained.roles:  # as in d[:, None]
                node = next(node.parents)
            node = node if node.value.size == parent.value.size else parent
            role = explained.roles.get(node)
            if role is None or role.share or role.turned:
                continue
            for other in same_size(self.step, [role.of], role.of.value.size)[1:6]:
                exact = self.loss.derivatives.get(other)
                if exact is None or self.tolerance.factor(exact.reshape(role.of.shape), self.loss.derivatives[role.of]):
                    continue
                array = role.factor * exact.reshape(node.shape)
                given = {n: v for n, v in self.values.items() if n is not first}
                between = [n for n in self.step.behind([first]) if n is first or n.number > node.number]
                values = self._again({**given, node: array}, only=between)
                if values is None or first not in values:
                    continue
                if explained.role_of(first, values[first]) is not None:
                    return node, Role(other, role.factor), array
        return None

    def _settled(self, explained: Explained, node: Node, k: int) -> bool:
        """Whether a node is right, as far as a parameter's gradient goes: a share of that is not enough."""
        role = explained.roles.get(node)
        if role is not None and (role.share or role.turned) and role.of is self.step.parameters[k].leaf:
            return False
        return explained.explained(node) and (role is None or role.plain)

    def _statement(self, first: Node, among: Iterable[Node]) -> Node:
        """What the whole line makes of a node."""
        last, inside = first, {first}
        for node in self.step.nodes:
            here = node.number > first.number and node in among and node.place == first.place
            if here and any(p in inside for p in node.parents):
                inside.add(node)
                last = node
        return last

    def _line(self, node: Node, explained: Explained) -> tuple[Place, list[Place]]:
        """The line to blame: not that of a helper which does right elsewhere, but the one that calls it."""
        levels = _levels(node)
        elsewhere = [
            n.place for n in {*explained.roles, *explained.forward} - {node}
            if n.place is not None and (n.place.file, n.place.line) == (levels[0].file, levels[0].line)
        ]  # fmt: skip
        callers = {place.caller.line if place.caller else 0 for place in elsewhere}
        # a helper that does right for others is called wrongly; in a loop over layers all call it from one line
        wrongly = len(levels) > 1 and elsewhere and levels[1].line not in callers
        blamed = levels[1] if wrongly else levels[0]
        return blamed, [p for p in levels[:2] if p is not blamed and p.function != "<module>"]

    def _mend(self, fault: Fault, explained: Explained) -> bool:
        """Put what should be there in the place of a wrong node; whether more gradients are right then."""
        old = [
            p
            for p in fault.first.parents
            if p not in self.step.moving and p.shape == fault.first.shape and p.value.any()
        ]
        fresh = [p for p in fault.first.parents if p in self.labelled]
        if fault.first.function is np.add and len(old) == 1 and len(fresh) == 1 and explained.explained(fresh[0]):
            self.values = self._tried(fault.first, explained.value(fresh[0]))  # as if nothing had been there before
            fault.kind, fault.node = "not-reset", fault.first
            return True
        others, shape = self.sound(), fault.node.shape
        common = self._common({k: m.factor for k, m in others.items() if k not in fault.parameters} or {0: 1.0})
        best: tuple[Any, dict[Node, np.ndarray], Role, np.ndarray] | None = None
        nearest = [
            k for k in explained.known.get(int(np.prod(shape, dtype=int)), []) if k.array.shape == shape and not k.share
        ]
        nearest.sort(key=lambda k: (k.of in self.labelled, k.of in self.step.leaves, -k.of.number))
        for known in nearest[:TRIES]:
            array = known.array
            values = self._tried(fault.node, array)
            factors = [m.factor for k, m in self._with(values).items() if k in fault.parameters]
            if factors and set(others) - set(fault.parameters) and array.size > 1:
                array = array * (common / factors[0])  # in the measure of the others
                values = self._tried(fault.node, array)
            found = self._with(values)
            sound = [k for k, m in found.items() if is_simple(m.factor, self.scales)]
            right = sum(k in sound for k in fault.parameters)
            descends = all(m.factor > 0 for k, m in found.items() if k in fault.parameters)
            rank = right, descends, known.of not in self.labelled, known.of not in self.step.leaves, known.of.number
            if len(sound) > len(others) and right and (best is None or rank > best[0]):
                best = rank, values, Role(known.of, 1.0, turned=known.turned), array
        if best is None:
            return False
        _, self.values, fault.role, fault.expected = best
        fault.found = self.step.floats(fault.node)
        return True

    def made_by_line(self, node: Node) -> Node:
        """What the whole line makes of a node."""
        return self._statement(node, self.step.behind([u.node for p in self.step.parameters for u in p.updates]))

    def would_mend(self, fault: Fault) -> bool:
        """Whether a wrong factor, taken out of what a line gives, makes its gradients those of the others.

        And no other gradient wrong: a line may feed two parameters, and be right for one of them.
        """
        assert fault.factor is not None
        before = self.matches()
        node, place = self.made_by_line(fault.node), fault.node.place
        every = [  # a helper's line may run once for each layer
            n for n in self.step.behind([u.step for p in self.step.parameters for u in p.updates])
            if n.place is not None and place is not None and (n.place.file, n.place.line) == (place.file, place.line)
            and n.function is node.function and n in self.labelled
        ]  # fmt: skip
        for nodes in ([node], every):
            values = self._again({n: self.values.get(n, self.step.floats(n)) / fault.factor for n in nodes})
            after = self._with(values) if values else {}
            odd = {k for k in before if k in after and abs(after[k].factor / before[k].factor - 1) > self._close(k)}
            if values and set(before) == set(after) and odd == set(fault.parameters):
                return True
        return False

    def with_old_value(self, fault: Fault, updated: Node) -> np.ndarray | None:
        """What a line gives with a parameter's value of before the step, where it uses that of after."""
        leaf = next(p.leaf for p in self.step.parameters if any(u.node is updated for u in p.updates))
        between = [n for n in self.step.behind([fault.node]) if n.number > updated.number]
        given = {n: v for n, v in self.values.items() if n.number < fault.first.number}
        values = self._again({**given, updated: self.step.floats(leaf)}, only=between)
        return None if values is None else values.get(fault.node)

    def _tried(self, node: Node, array: np.ndarray) -> dict[Node, np.ndarray]:
        given = {n: v for n, v in self.values.items() if n.number < node.number}
        return self._again({**given, node: array}) or {}

    def _with(self, values: dict[Node, np.ndarray]) -> dict[int, Match]:
        old, self.values = self.values, values
        try:
            return self.matches()
        finally:
            self.values = old

    def _again(self, given: dict[Node, np.ndarray], only: list[Node] | None = None) -> dict[Node, np.ndarray] | None:
        """What follows from the nodes that are given, computed anew."""
        nodes = only or self.step.behind([u.step for p in self.step.parameters for u in p.updates])
        nodes = nodes if only else [n for n in nodes if n in self.labelled]
        try:
            with np.errstate(all="ignore"):
                found = replayed(nodes, given)
        except (CannotFollow, ValueError):
            return None
        return {n: np.asarray(v, np.float64) for n, v in found.items()}

    def _factors(self, explained: Explained, matches: dict[int, Match]) -> None:
        """Gradients that are right but for a factor which the others have not."""
        blamed = {k for fault in self.faults for k in fault.parameters} & self.lost
        found = {k: m for k, m in matches.items() if k not in blamed}
        if self._by_a_rule(found):
            found = self._oriented(explained, found)
        if not found:
            return
        exact = {
            k
            for k in found
            if self.loss.own is not None and abs(abs(self._first_factor(explained, k) or 0.0) - 1) < 1e-6
        }
        common = self._common({k: m.factor for k, m in found.items()}, exact)
        odd = {k: m.factor / common for k, m in found.items() if abs(m.factor / common - 1) > self._close(k)}
        if common < 0:  # uphill, with every parameter: from the first line on that has the sign
            odd = {k: m.factor / common for k, m in found.items() if abs(abs(m.factor / common) - 1) > self._close(k)}
            uphill = [k for k, m in found.items() if m.factor < 0]
            steps = [u.step for k in uphill for u in self.step.parameters[k].updates]
            turned = [n for n in self.step.behind(steps) if n in explained.roles and explained.roles[n].factor < 0]
            updates = [u.node for k in uphill for u in self.step.parameters[k].updates]
            begin = turned[0] if turned else updates[0]
            self.faults.append(self._factor_fault(begin, explained.roles.get(begin), uphill, -1.0))
        everyone = list(odd)
        while odd:
            ratio = next(iter(odd.values()))
            alike = [k for k, r in odd.items() if abs(r / ratio - 1) < 1e-6]
            fault = self._where_factor(explained, alike, ratio, everyone)
            if not self._told(fault):
                self.faults.append(fault)
            for k in fault.parameters:
                odd.pop(k, None)

    def _told(self, fault: Fault) -> bool:
        """Whether a line that brings in the same factor is blamed already, and this is where it comes out."""
        behind = self.step.behind([u.step for k in fault.parameters for u in self.step.parameters[k].updates])
        lines = {(n.place.file, n.place.line) for n in behind if n.place is not None}
        for other in self.faults:
            same = other.factor is not None and fault.factor and abs(other.factor / fault.factor - 1) < 1e-6
            narrow = all(map(self._narrow, fault.parameters))  # one number shows no line
            if same and fault.node in self.step.changed and (narrow or (other.place.file, other.place.line) in lines):
                other.parameters = sorted({*other.parameters, *fault.parameters})
                return True
        return False

    def _close(self, k: int) -> float:
        leaf = self.step.parameters[k].leaf
        return 1e-6 if leaf.value.dtype == np.float64 else 5e-3

    def _common(self, factors: dict[int, float], exact: Collection[int] = ()) -> float:
        """The factor that most have; among equals that of those which are exact, a mean before a sum, or the last."""
        m = max((o.shape[axis] for o, _ in self.loss.outputs[:1] for axis in range(o.value.ndim)), default=1)
        steps = [u.step for p in self.step.parameters for u in p.updates if u.step.function is np.multiply]
        rates = {abs(n) for step in steps for n in map(self.step.number, step.arguments) if n}

        def votes(c: float) -> tuple[int, bool, bool, int, bool, int]:
            alike = [k for k, f in factors.items() if abs(f / c - 1) < 1e-6]
            wide = not all(map(self._narrow, alike))
            mean = m > 1 and any(abs(c * m / (rate * q) - 1) < 1e-6 for rate in rates for q in (0.5, 1, 2))
            return len(alike), c > 0, wide, len(set(alike).intersection(exact)), mean, max(alike)

        return max(factors.values(), key=votes)

    def _where_factor(self, explained: Explained, alike: list[int], ratio: float, odd: list[int]) -> Fault:
        """The line that brings in a factor: the first whose role has it and whose inputs' roles have not."""
        steps = [u.step for k in alike for u in self.step.parameters[k].updates]
        others = [u.step for k, p in enumerate(self.step.parameters) if k not in alike for u in p.updates]
        behind, right = self.step.behind(steps), set(self.step.behind(others))
        for node in behind:
            role = explained.roles.get(node)
            if role is None or node in right or node in self.values:
                continue
            inputs = [explained.roles[p].factor for p in node.parents if p in explained.roles]
            if inputs and any(abs(role.factor / f / ratio - 1) < 1e-6 for f in inputs):
                return self._factor_fault(node, role, alike, ratio)
        k = alike[0]
        own = [
            n for n in behind
            if n in explained.roles and explained.roles[n].of is self.step.parameters[k].leaf and n not in right
        ]  # fmt: skip
        node = own[0] if own else self.step.parameters[k].updates[-1].node
        if own and self._as_others(explained, k, odd):  # up to there it is as the others are
            node = self.step.parameters[k].updates[-1].node
        return self._factor_fault(node, explained.roles.get(node), [k] if len(alike) > 1 and own else alike, ratio)

    def _as_others(self, explained: Explained, k: int, odd: list[int]) -> bool:
        """Whether a parameter's gradient, where it is first one, has the factor of the others'."""
        first = {j: self._first_factor(explained, j) for j in range(len(self.step.parameters))}
        own, others = first[k], [f for j, f in first.items() if j not in odd and f]
        return own is not None and any(abs(own / f - 1) < 1e-6 for f in others)

    def _oriented(self, explained: Explained, found: dict[int, Match]) -> dict[int, Match]:
        """The factors of gradients that a rule takes further, with the signs of the ways in which they move.

        Where the rule is the same for all, they are those with which it is given them, else those of the lines in which
        they first are gradients. What moves in no way that can be told is left out.
        """
        same = len({self._rule(k, match) for k, match in found.items()}) == 1
        oriented = {}
        for k, match in found.items():
            first = self._first_gradient(explained, k) or match.node
            way = np.sign(match.factor) if match.node is None or first is None else self._downhill(first, k)
            size = match.factor if same else self._first_factor(explained, k)
            if size is not None and way:
                oriented[k] = Match(None, float(way * abs(size)))
        return oriented

    def _rule(self, k: int, match: Match) -> tuple[str, ...]:
        """The operations that lead from a parameter's gradient to its updates."""
        ends = [update.step for update in self.step.parameters[k].updates]
        nodes = same_size(self.step, ends, self.step.parameters[k].leaf.value.size)
        begin = match.node.number if match.node is not None else np.inf
        return tuple(node.name for node in nodes if node.number > begin)

    def _by_a_rule(self, found: dict[int, Match]) -> bool:
        """Whether a parameter does not change by a multiple of its gradient alone, as with momentum or with Adam.

        Any change of a single number is a multiple of its gradient: such a parameter shows nothing of the rule.
        """
        return any(m.node is not None and not self._narrow(k) for k, m in found.items())

    def _downhill(self, gradient: Node, k: int) -> int:
        """1 where a parameter moves against its exact gradient, -1 where it moves with it, 0 where that is not known.

        What else moves it, such as a velocity of earlier steps, falls out: the step is taken with the gradient that
        the program has, and with its negative, and half of the difference is due to the gradient alone. The rules
        that are in use are odd in it: Adam's moment turns with it, and its square stays.
        """
        parameter, exact = self.step.parameters[k], self.loss.derivatives[self.step.parameters[k].leaf]
        value = self.values.get(gradient, self.step.floats(gradient))
        changes = []
        for sign in (1.0, -1.0):
            values = self._tried(gradient, sign * value)
            change = parameter.step_taken(self.step.with_values(values)) if values else None
            if change is None or change.shape != exact.shape:
                return 0
            changes.append(change)
        with np.errstate(all="ignore"):
            along = float(((changes[0] - changes[1]) * exact).sum())
        return int(np.sign(-along)) if np.isfinite(along) else 0

    def _first_factor(self, explained: Explained, k: int) -> float | None:
        """The factor of a parameter's gradient in the line where it first is one."""
        first = self._first_gradient(explained, k)
        return None if first is None else explained.roles[first].factor

    def _first_gradient(self, explained: Explained, k: int) -> Node | None:
        """What a parameter's gradient is in the line where it first is one, at the end of that line."""
        exact = self.loss.derivatives[self.step.parameters[k].leaf].reshape(-1)
        roles = explained.roles
        own = [
            n for n in self.step.behind([u.step for u in self.step.parameters[k].updates])
            if n in roles and not roles[n].share
            and np.array_equal(self.loss.derivatives[roles[n].of].reshape(-1), exact)  # as of a layer and its bias
        ]  # fmt: skip
        line = [n for n in own if n.place == own[0].place]
        return line[-1] if line else None

    def _factor_fault(self, node: Node, role: Role | None, parameters: list[int], ratio: float) -> Fault:
        place = node.place
        assert place is not None
        found = self.step.floats(node)
        return Fault(node, node, place, parameters, role, found / ratio, found, factor=ratio)


def _takes_derivative(node: Node, labelled: set[Node]) -> bool:
    """Whether a node is a gradient times something, or a gradient with parts of it overwritten."""
    others = [p for p in node.parents if p not in labelled and p.value.size > 1]
    return node.name in ("multiply", "divide", "where", "written", "placed", "copyto", "putmask") and bool(others)


def _levels(node: Node) -> list[Place]:
    levels, place = [], node.place
    while place is not None:
        levels.append(place)
        place = place.caller
    return levels
