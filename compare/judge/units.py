"""Activations and the loss, each one operation, as frameworks have them; on balls, with all routes that are right.

A formula hides the route by which it was computed: a derivative may come from the value or from the argument, a
softmax with a shift or without one. Each route rounds in its own way, and all of them are allowed for.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import operation
from compare.judge.ball import Ball
from compare.judge.rules.errors import LIBRARY, known, own, root, rounded
from compare.judge.scores import Scores

#: 1 / (1 + e^-z), or e^z / (1 + e^z) for z < 0. An error of 8 u in e moves either quotient by at most 8 u, as its
#: derivative with respect to log e, 1 / (1 + e) or e / (1 + e), is at most 1; then the sum and the quotient round.
SIGMOID_ROUNDINGS = LIBRARY + 2
#: e / (1 + e)^2 with e = e^-|z|, as autodiff of 1 / (1 + e^-z) has it: e, its square's two sums and the quotients.
SLOPE_ROUNDINGS = 3 * LIBRARY + 6


def sigmoid_of(z: Any) -> Any:
    """1 / (1 + e^-z) of any arrays."""
    e = np.exp(-abs(z))  # never of a positive number: no overflow
    return ((z >= 0) + e * (z < 0)) / (e + 1)


def cross_entropy_of(z: Any, labels: np.ndarray) -> Any:
    """The mean over the rows of -log softmax(z) at the label: scores (m, k) in any arrays, class numbers (m,)."""
    z = z - z.max(axis=1, keepdims=True)
    return (np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(labels)), labels]).sum() / len(labels)


#: The values alone, of any arrays.
FORWARD: dict[str, Callable[[Any], Any]] = {"relu": lambda z: np.maximum(z, 0), "sigmoid": sigmoid_of, "tanh": np.tanh}


@operation
def _relu(z: Any, /, at_zero: float = 0.0) -> Any:
    y = np.maximum(z, 0)
    if at_zero == 0:
        return y, lambda g: g * (y != 0)
    return y, lambda g: np.where(z == 0, g * at_zero, g * (y != 0))


@operation
def _sigmoid(z: Any, /) -> Any:
    y = _sigmoid_ball(z) if isinstance(z, Ball) else sigmoid_of(z)

    def vjp(g: Any) -> Any:
        from_value = g * (y * (1 - y))
        if not isinstance(from_value, Ball):
            return from_value
        slope = sigmoid_of(-abs(z.exact)) * sigmoid_of(abs(z.exact))
        from_argument = rounded(slope, z.worst / 4, z.likely / 4, z.run, SLOPE_ROUNDINGS)
        return Ball.either({"": from_value, "by the derivative from z": g * from_argument})

    return y, vjp


def _sigmoid_ball(z: Ball) -> Ball:
    """The steepest that it can be within the radius is where z comes nearest to 0."""

    def moved(e: Any) -> Any:
        nearest = np.exp(-np.maximum(abs(z.value) - e, 0.0))
        return e * nearest / np.square(1 + nearest)

    return rounded(sigmoid_of(z.exact), moved(z.worst), moved(z.likely), z.run, SIGMOID_ROUNDINGS)


@operation
def _tanh(z: Any, /) -> Any:
    y = np.tanh(z)
    if not isinstance(y, Ball):
        return y, lambda g: g * (1 - y * y)
    # 2 sigmoid(2 z) - 1 and its like cancel near 0: what is left is off by roundings of 1.
    worst, likely = own(z.run, 2 * SIGMOID_ROUNDINGS + 1, np.ones(y.shape))
    cancelled = Ball(y.exact, y.worst + worst, root(y.likely, likely), z.run)
    y = Ball.either({"": y, "as 2 sigmoid(2 z) - 1, which loses digits near 0": cancelled})

    def vjp(g: Any) -> Any:
        # y^2, 1 - y^2 and the product round, the first by u y^2 whatever is left of 1 - y^2: 3 u of 1 in all. So do
        # 1 - y, 1 + y and their product.
        left = 1 - y.exact * y.exact
        off = [(2 * abs(y.value) + e) * e for e in (y.worst, y.likely)]
        worst, likely = own(y.run, 2, np.ones(y.shape))
        return g * Ball(left, known(off[0] + worst), known(root(off[1], likely)), y.run)

    return y, vjp


@operation
def _cross_entropy(z: Any, labels: Any, /) -> Any:
    if isinstance(z, Ball):
        scores = Scores.of(z, labels)
        return scores.loss(), scores.gradient
    return cross_entropy_of(z, labels), None


cross_entropy: Callable[[Any, Any], Any] = _cross_entropy

#: By name: unit(z, at_zero), of which only the ReLU has a corner for `at_zero` to speak of.
UNITS: dict[str, Callable[[Any, float], Any]] = {
    "relu": lambda z, at_zero: _relu(z, at_zero=at_zero),
    "sigmoid": lambda z, _: _sigmoid(z),
    "tanh": lambda z, _: _tanh(z),
}
