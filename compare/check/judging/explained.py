"""What every number on the way back should be: the exact derivative of something, up to a factor.

A node behind an update is explained where it is proportional to the derivative by some node of the forward pass, to
its transpose, or to the share of it that one use of a value contributes; sums of shares of one value are explained
too. What no label enters (a mask, a derivative of an activation) needs no explanation.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from compare.check.judging.tolerance import Tolerance
from compare.check.recording.graph import Node
from compare.check.recording.operations import placed, written
from compare.check.understanding.loss import Loss
from compare.check.understanding.matching import proportional, single
from compare.check.understanding.scales import is_simple, scales_of
from compare.check.understanding.step import Step

CLOSE = 1e-9


@dataclass(frozen=True)
class Role:
    """What a node is: `factor` times the derivative by `of`; `share` where it is the part of one use of it."""

    of: Node
    factor: float
    share: bool = False
    turned: bool = False
    plain: bool = True  # whether the program's own numbers explain the factor


@dataclass(frozen=True)
class _Known:
    of: Node
    array: np.ndarray
    share: bool
    turned: bool


class Explained:
    """The roles of the labelled nodes of a step, for a loss and, where some nodes were mended, for what follows."""

    def __init__(
        self,
        step: Step,
        loss: Loss,
        labelled: set[Node],
        tolerance: Tolerance,
        values: dict[Node, np.ndarray] | None = None,
    ) -> None:
        self.step, self.loss, self.labelled, self.tolerance = step, loss, labelled, tolerance
        self.values = values or {}
        self.forward = set(step.behind(loss.ends))
        self.known: dict[int, list[_Known]] = defaultdict(list)
        self._prints: dict[int, np.ndarray] = {}
        for node, array in loss.derivatives.items():
            self._know(node, array, share=False)
        for node, array in loss.shares:
            self._know(node, array, share=True)
        self.scales = scales_of(step)
        self.roles: dict[Node, Role] = {}
        for node in step.behind_updates():
            if node in labelled:
                role = self._role(node)
                if role is not None:
                    self.roles[node] = role

    def value(self, node: Node) -> np.ndarray:
        """What a node holds, mended where something before it was."""
        return self.values[node] if node in self.values else self.step.floats(node)

    def explained(self, node: Node) -> bool:
        """Whether nothing is wrong with a node in itself."""
        return node not in self.labelled or node in self.roles or (node in self.forward and node not in self.values)

    def _know(self, node: Node, array: np.ndarray, share: bool) -> None:
        if np.isfinite(array).all() and array.any():
            self.known[array.size].append(_Known(node, array, share, False))
            if array.ndim == 2 and 1 not in array.shape:
                self.known[array.size].append(_Known(node, array.T, share, True))

    def _role(self, node: Node) -> Role | None:
        if node.value.dtype.kind != "f" and node not in self.values:
            return None
        value = self.value(node)
        if not np.isfinite(value).all():
            return None
        summed = self._sum_of_shares(node)
        return self._among_known(node, value) or summed or self._with_penalty(node) or self._with_gain(node)

    def _among_known(self, node: Node, value: np.ndarray) -> Role | None:
        known = self.known.get(value.size, [])
        if not known or not value.any():
            return None
        for entry in self._near(value, max(self.tolerance.floor * 100, 1e-9)):
            if entry.array.shape != value.shape and _squeezed(entry.array) != _squeezed(value):
                continue
            if value.size == 1 and not self._plain(node, value.item() / entry.array.item()):  # it would not do below
                continue
            of = None if entry.share or entry.turned else entry.of
            factor = self.tolerance.factor(value.reshape(entry.array.shape), entry.array, of)
            if factor is not None and (not single(value) or self._plain(node, factor)):
                return Role(entry.of, factor, entry.share, entry.turned, self._plain(node, factor))
        return None

    def _plain(self, node: Node, factor: float) -> bool:
        """Whether the numbers in the program explain a factor, or the change from that of an input to it."""
        if self.simple(factor):
            return True
        inputs = [self.roles[p] for p in node.parents if p in self.roles]
        return any(role.plain and self.simple(factor / role.factor) for role in inputs if role.factor)

    def _sum_of_shares(self, node: Node) -> Role | None:
        """Sums of what several samples contribute to one parameter, while they are being added up."""
        if node.name not in ("add", "subtract", "written", "placed", "array", "sum", "multiply", "divide"):
            return None
        parents = [p for p in node.parents if p in self.labelled]
        roles = [self.roles.get(p) for p in parents]
        if not roles or any(r is None or not r.share for r in roles):
            return None
        others = [p for p in node.parents if p not in self.labelled]
        if node.function in (np.add, np.subtract) and any(p.value.any() for p in others):
            return None
        if node.function in (written, placed) and not all(
            p.value.dtype.kind != "f" or not p.value.any() for p in others[:1]
        ):
            return None
        if node.name in ("multiply", "divide") and any(p.value.size > 1 for p in others):
            return None
        first = roles[0]
        assert first is not None
        same = all(
            r is not None and r.of is first.of and abs(r.factor - first.factor) <= 1e-6 * abs(first.factor)
            for r in roles
        )
        return Role(first.of, first.factor, True, first.turned, first.plain) if same and len(roles) >= 1 else None

    def _with_penalty(self, node: Node) -> Role | None:
        """The gradient of a parameter to which a multiple of the parameter was added, that is in no loss of theirs."""
        if self.loss.node is not None or node.function not in (np.add, np.subtract):
            return None
        role = next(
            (self.roles[p] for p in node.parents if p in self.roles and self.roles[p].of in self.step.leaves), None
        )
        others = [p for p in node.parents if p not in self.labelled]
        if role is None or len(others) != 1 or role.turned or others[0].shape != role.of.shape:
            return None
        penalty, value = self.step.floats(others[0]), self.step.floats(role.of)
        decays = any(proportional(penalty, x, CLOSE) is not None for x in (value, np.sign(value)))
        if not decays:
            return None
        sign = -1 if node.function is np.subtract and node.arguments[1] is others[0] else 1
        own = -1 if node.function is np.subtract and node.arguments[0] is others[0] else 1  # of the gradient in it
        shrinks = float((penalty * value).sum()) * sign * own * role.factor > 0
        return replace(role, factor=own * role.factor) if shrinks else None

    def _with_gain(self, node: Node) -> Role | None:
        """A gradient times one number that depends on labels, such as clipping by its norm."""
        if node.function not in (np.multiply, np.divide):
            return None
        parents = list(node.parents)
        wide, narrow = [p for p in parents if p.value.size > 1], [p for p in parents if p.value.size == 1]
        return self.roles.get(wide[0]) if len(wide) == 1 and narrow and narrow[0] in self.labelled else None

    def simple(self, factor: float) -> bool:
        """Whether a factor is one that the program's own numbers and lengths give."""
        return is_simple(factor, self.scales, self.tolerance.near)

    def role_of(self, node: Node, value: np.ndarray) -> Role | None:
        """The role that a node had, if it had this value."""
        return self._among_known(node, value)

    def _near(self, value: np.ndarray, tolerance: float) -> list[_Known]:
        """Those that may be multiples of a value, the latest first."""
        known = self.known[value.size]
        if value.size == 1:
            return known[:200]
        if value.size not in self._prints:
            known.sort(key=lambda k: _fingerprint(k.array))
            self._prints[value.size] = np.array([_fingerprint(k.array) for k in known])
        prints, ratio = self._prints[value.size], _fingerprint(value)
        reach = 1e3 * tolerance * (1 + abs(ratio))
        return known[np.searchsorted(prints, ratio - reach) : np.searchsorted(prints, ratio + reach)][:50]


def _squeezed(x: np.ndarray) -> tuple[int, ...]:
    return tuple(n for n in x.shape if n > 1)


def _fingerprint(x: np.ndarray) -> float:
    """A number that is the same for all multiples of an array."""
    flat, (above, below) = x.reshape(-1), _waves(x.size)
    divisor = float(flat @ below)
    with np.errstate(all="ignore"):
        return float(flat @ above) / divisor if divisor else np.inf


@lru_cache(maxsize=8)
def _waves(size: int) -> tuple[np.ndarray, np.ndarray]:
    numbers = np.arange(1, size + 1)
    return np.cos(numbers * 1.3), np.sin(numbers * 0.7 + 0.3)


def labelled_nodes(step: Step, seeds: Iterable[Node]) -> set[Node]:
    """The nodes that depend on labels: what comes of those where an output met its targets."""
    found = set(seeds)
    for node in step.nodes:
        if node not in found and any(parent in found for parent in node.parents):
            found.add(node)
    return found
