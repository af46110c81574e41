"""The referee: the exact gradient against finite differences of the loss alone, in long arithmetic.

The formulas of the backward pass could share a mistake with the code that they judge. A finite difference cannot: it
knows the forward pass and nothing else. Along a direction v, with L(h) the loss at parameters + h v,

    D(h) = (L(h) - L(-h)) / (2 h) = L'(0) + c2 h^2 + c4 h^4 + ...

and Richardson extrapolation removes one power of h^2 after another from D(h), D(h / 2), D(h / 4), ... (Higham,
Accuracy and Stability, 1.12 on why the arithmetic must be long: the difference loses half its digits).

A ReLU bends the loss where its input passes 0, and across a bend a difference quotient is no derivative. So a step is
taken only if every z keeps its sign at every point of it; else it is redone with a smaller h.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from compare.judge.longer import exact_matmul
from compare.judge.network import gradient_balls
from compare.judge.units import FORWARD, cross_entropy_of
from compare.parity.double_double import DoubleDouble, double_double

AGREEMENT = 1e-9  # of the derivative: what the finite differences must confirm
LEVELS = 3  # of Richardson extrapolation: what is left is of the order h^6
FIRST_STEP, SMALLEST_STEP = 2.0**-9, 2.0**-40  # h^6 < 1e-16 to begin with
BENDS = 12_000  # rows times hidden units, at most: the more there are, the nearer the next bend, the smaller the step

Parameters = Mapping[str, np.ndarray]
#: An array in long arithmetic: of long doubles or, where these are no longer than float64, a DoubleDouble.
Number = Any
HAS_LONG_DOUBLE = np.finfo(np.longdouble).eps < np.finfo(np.float64).eps


def long_double(array: np.ndarray) -> Number:
    """The same numbers in the longest arithmetic that there is."""
    return np.asarray(array, np.longdouble) if HAS_LONG_DOUBLE else double_double(np.asarray(array, np.float64))


def rounded(number: Number) -> np.ndarray:
    """The nearest float64."""
    return number.high if isinstance(number, DoubleDouble) else np.asarray(number, np.float64)


def affine(a: Number, W: Number, b: Number) -> Number:
    """a W + b."""
    return (exact_matmul(a, W, np.longdouble) if isinstance(a, np.ndarray) else a @ W) + b


@dataclass(frozen=True)
class Referee:
    """relative_difference: the largest, over what was tried, between the exact derivative and the finite difference.

    directions: of how many directions; entries: of how many single entries of a small network; redone: how many steps
    were redone smaller because they crossed a ReLU's bend.
    """

    relative_difference: float
    directions: int
    entries: int
    redone: int

    @property
    def holds(self) -> bool:
        """Whether all of them agree to AGREEMENT."""
        return self.relative_difference <= AGREEMENT


class NoDerivative(ArithmeticError):
    """The loss is bent in every neighbourhood of the parameters, so that finite differences tell nothing."""


class Ray:
    """The loss along parameters + h direction, with nothing but the forward pass.

    The first layer's share of the direction is multiplied out once, as z1 is linear in h.
    """

    def __init__(
        self, parameters: Parameters, direction: Parameters, x: np.ndarray, labels: np.ndarray, activation: str
    ) -> None:
        self.depth = len(parameters) // 2
        self.start = {name: long_double(value) for name, value in parameters.items()}
        self.direction = {name: long_double(value) for name, value in direction.items()}
        self.activation, self.labels = activation, labels
        self.z1 = affine(long_double(x), self.start["W1"], self.start["b1"])
        self.z1_along = affine(long_double(x), self.direction["W1"], self.direction["b1"])

    def at(self, h: float) -> tuple[Number, list[np.ndarray]]:
        """The loss at h, and the hidden z, whose signs are the piece of a piecewise smooth function that h is on."""
        z, hidden = self.z1 + self.z1_along * h, []
        for k in range(2, self.depth + 1):
            hidden.append(rounded(z))
            W, b = (self.start[name] + self.direction[name] * h for name in (f"W{k}", f"b{k}"))
            z = affine(FORWARD[self.activation](z), W, b)
        return cross_entropy_of(z, self.labels), hidden

    def derivative(self) -> tuple[float, int]:
        """L'(0) by central differences and Richardson extrapolation, and how often the step had to be made smaller.

        Raises NoDerivative where even the smallest step crosses a bend.
        """
        _, here = self.at(0.0)
        h, redone = FIRST_STEP, 0
        while not (quotients := self._quotients(h, here)):
            h, redone = h / 4, redone + 1
            if h < SMALLEST_STEP:
                raise NoDerivative("The loss has no derivative here: a ReLU bends it however small the step is.")
        for level in range(1, LEVELS):
            factor = 4.0**level
            quotients = [(fine * factor - coarse) / (factor - 1) for coarse, fine in pairwise(quotients)]
        return float(rounded(quotients[0])), redone

    def _quotients(self, h: float, here: list[np.ndarray]) -> list[Number]:
        """D(h), D(h / 2), ...; none at all where a bend is crossed."""
        quotients = []
        for step in (h / 2**level for level in range(LEVELS)):
            (after, z_after), (before, z_before) = self.at(step), self.at(-step)
            if self.activation == "relu":
                for there in (z_after, z_before):
                    if any((np.sign(a) != np.sign(b)).any() for a, b in zip(there, here, strict=True)):
                        return []
            quotients.append((after - before) / (2 * step))
        return quotients


def referee(
    parameters: Parameters,
    x: np.ndarray,
    labels: np.ndarray,
    activation: str = "relu",
    *,
    directions: int = 3,
    seed: int = 0,
) -> Referee:
    """Try the exact gradient along random directions, and on every entry of a small random network.

    parameters, x (m, fan_in), labels (m,), activation: as for `gradient_balls`. Of x as many rows are used as BENDS
    allows; all is done in long arithmetic, whatever the dtype of the run. Raises NoDerivative where the loss
    is bent in every neighbourhood of the parameters.

    A direction's difference is taken by the derivative, or by its root mean square over all directions, |gradient| /
    sqrt(number of entries), where that is larger: a direction that happens to lie along a level line proves nothing.
    """
    random = np.random.default_rng(seed)
    depth = len(parameters) // 2
    rows = max(1, BENDS // max(1, sum(parameters[f"b{k}"].size for k in range(1, depth))))
    x, labels = x[:rows], labels[:rows]
    parameters = {name: np.asarray(value, dtype=np.float64) for name, value in parameters.items()}
    exact = gradient_balls(parameters, x, labels, activation)
    entries = sum(value.size for value in parameters.values())
    typical = np.sqrt(sum((exact[name].value ** 2).sum() for name in parameters) / entries)
    _, hidden = Ray(parameters, parameters, x, labels, activation).at(0.0)
    worst, redone = 0.0, 0
    for _ in range(directions):
        direction = {name: random.standard_normal(value.shape) for name, value in parameters.items()}
        if activation == "relu":
            _mind_the_bends(direction, hidden)
        length = np.sqrt(sum((value**2).sum() for value in direction.values()))
        direction = {name: value / length for name, value in direction.items()}
        found, again = Ray(parameters, direction, x, labels, activation).derivative()
        expected = float(sum((exact[name].exact * direction[name]).sum() for name in parameters))
        worst, redone = max(worst, _relative(found, expected, max(abs(expected), typical))), redone + again
    small_worst, small_entries, again = _every_entry(activation, random)
    return Referee(float(max(worst, small_worst)), directions, small_entries, redone + again)


def _mind_the_bends(direction: dict[str, np.ndarray], hidden: list[np.ndarray]) -> None:
    """Let the biases move by no more than their z are large, lest only a tiny step stays on this side of the bends.

    Where a z is exactly 0, as behind a row of zeros, the loss bends in that bias right there: it does not move.
    """
    for k, z in enumerate(hidden, start=1):
        direction[f"b{k}"] *= min(1.0, np.sqrt((z**2).mean()))
        direction[f"b{k}"][(z == 0).any(axis=0)] = 0.0


def _every_entry(activation: str, random: np.random.Generator) -> tuple[float, int, int]:
    """Every single entry of a network of sizes 5-4-3-3 on six rows; differences by the gradient's largest entry."""
    sizes = (5, 4, 3, 3)
    parameters = {}
    for k, (fan_in, fan_out) in enumerate(pairwise(sizes), start=1):
        parameters[f"W{k}"], parameters[f"b{k}"] = (
            random.standard_normal((fan_in, fan_out)),
            random.standard_normal(fan_out),
        )
    x, labels = random.standard_normal((6, sizes[0])), random.integers(0, sizes[-1], 6)
    exact = gradient_balls(parameters, x, labels, activation)
    largest = max(float(abs(exact[name].value).max()) for name in parameters)
    worst, entries, redone = 0.0, 0, 0
    for name, value in parameters.items():
        for index in np.ndindex(value.shape):
            direction = {other: np.zeros_like(array) for other, array in parameters.items()}
            direction[name][index] = 1.0
            found, again = Ray(parameters, direction, x, labels, activation).derivative()
            worst = max(worst, _relative(found, float(exact[name].value[index]), largest))
            entries, redone = entries + 1, redone + again
    return worst, entries, redone


def _relative(found: float, expected: float, scale: float) -> float:
    difference = abs(found - expected)
    return difference / scale if scale > 0 else float("inf") if difference else 0.0
