"""The calculation once more, as `check` needs it: every line from whatever inputs are at hand, with its bound.

A trace of a learner's code has gaps: da2 is often a part of the expression for dz2, and some code shows its final
gradients alone. So each line is computed from the found values nearest above it, and what lies between carries its
running error (`parity.end_to_end`). Where every input was found, that is the line check of `parity.line_check`; where
nothing was, it is the end-to-end bound. The formulas are those of `parity.lines`; two lines are added: the softmax
a_L, and the update.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from compare.parity.bounds import Rounding, ScoresBound
from compare.parity.end_to_end import LIPSCHITZ, THROUGH, Strayed
from compare.parity.exact import Arithmetic, Number, rounded
from compare.parity.lines import ACTIVATIONS, AFFINE, BACK, LOSS, biases_rule, rows, weights_rule


@dataclass(frozen=True)
class Convention:
    """What the maths leaves open, and this code has decided.

    mean_at: where it divides by m: in dz of the last layer, in dW and db, or in the update; sign: -1 where its dz and
    dW are y - output, and the update adds them.
    """

    activation: str = "relu"
    mean_at: str = "dz"
    sign: int = 1


@dataclass(frozen=True)
class Step:
    """A line: name, kind, layer and the lines it is computed from; value and error as functions of those."""

    name: str
    kind: str
    layer: int
    inputs: tuple[str, ...]
    value: Callable[..., Number]  # (arithmetic, *exact inputs)
    error: Callable[..., np.ndarray]  # (rounding, *inputs): how far a run may stray

    def stray(self, on: Arithmetic, r: Rounding, *inputs: Strayed) -> Strayed:
        """The line from its inputs."""
        exact = self.value(on, *(given.exact for given in inputs))
        error = np.asarray(self.error(r, *inputs), dtype=np.float64)
        return Strayed(exact, rounded(exact), np.where(np.isnan(error), np.inf, error))


def chain(depth: int, convention: Convention, learning_rate: float) -> list[Step]:
    """Every line of a network, in the order in which it is computed."""
    steps = []
    for k in range(1, depth + 1):
        before = f"a{k - 1}" if k > 1 else "x"
        steps.append(Step(f"z{k}", "z", k, (before, f"W{k}", f"b{k}"), AFFINE.exact, _affine_error))
        if k < depth:
            steps.append(_activation(k, convention.activation))
    steps.append(Step(f"a{depth}", "softmax", depth, (f"z{depth}",), _softmax, _softmax_error))
    steps.append(Step("loss", "loss", depth, (f"z{depth}", "y"), LOSS.exact, _loss_error))
    for k in range(depth, 0, -1):
        if k == depth:
            steps.append(_last(k, divide=convention.mean_at == "dz"))
        else:
            steps.append(Step(f"da{k}", "da", k, (f"dz{k + 1}", f"W{k + 1}"), BACK.exact, _back_error))
            steps.append(_through(k, convention.activation))
        late = convention.mean_at == "dW"
        steps.append(_weights(k, f"a{k - 1}" if k > 1 else "x", late))
        steps.append(_biases(k, late))
    for k in range(depth, 0, -1):
        for p in (f"W{k}", f"b{k}"):
            steps.append(_update(p, k, learning_rate, divide=convention.mean_at == "update"))
    return steps


def _affine_error(r: Rounding, a: Strayed, W: Strayed, b: Strayed) -> np.ndarray:
    return np.asarray(a.error @ abs(W.value) + AFFINE.bound(r, a.reach, W.value, b.value))


def _back_error(r: Rounding, dz: Strayed, W: Strayed) -> np.ndarray:
    return np.asarray(dz.error @ abs(W.value).T + BACK.bound(r, dz.reach, W.value))


def _activation(k: int, activation: str) -> Step:
    forward, _ = ACTIVATIONS[activation]

    def error(r: Rounding, z: Strayed) -> np.ndarray:
        inherited = LIPSCHITZ[activation] * z.error
        if activation == "relu":
            inherited = np.where(z.value < -z.error, 0.0, inherited)
        own = np.maximum(forward.bound(r, z.value - z.error), forward.bound(r, z.value + z.error))
        return np.asarray(inherited + own)

    return Step(f"a{k}", "a", k, (f"z{k}",), forward.exact, error)


def _through(k: int, activation: str) -> Step:
    _, back = ACTIVATIONS[activation]

    def value(on: Arithmetic, da: Number, a: Number, z: Number) -> Number:
        return back.exact(on, da, z if activation == "relu" else a)

    return Step(f"dz{k}", "dz", k, (f"da{k}", f"a{k}", f"z{k}"), value, THROUGH[activation])


def _softmax(on: Arithmetic, z: Number) -> Number:
    e = on.exp(z - rounded(z).max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def _softmax_error(r: Rounding, z: Strayed) -> np.ndarray:
    """The gradient's bound with y = 0 and m = 1 is that of the probabilities alone."""
    return ScoresBound.of(r, z.value, z.error).gradient(r, np.zeros_like(z.value), 1)


def _loss_error(r: Rounding, z: Strayed, y: Strayed) -> np.ndarray:
    return ScoresBound.of(r, z.value, z.error).loss(r, y.value)


def _last(k: int, divide: bool) -> Step:
    """dz = a - y of the last layer, over m or not: one rounding for the difference, two for the mean.

    From the logarithm, as exp(log softmax) - y, it is no worse than what a's own bound covers.
    """

    def value(_: Arithmetic, a: Number, y: Number) -> Number:
        return (a - y) / (rows(a) if divide else 1)

    def error(r: Rounding, a: Strayed, y: Strayed) -> np.ndarray:
        m = len(a.value) if divide else 1
        return np.asarray((a.error + r.g(3) * (a.reach + y.value)) / m + 2 * r.tiny)

    return Step(f"dz{k}", "last", k, (f"a{k}", "y"), value, error)


def _weights(k: int, before: str, divide: bool) -> Step:
    rule = weights_rule(divide)

    def error(r: Rounding, a: Strayed, dz: Strayed) -> np.ndarray:
        inherited = a.reach.T @ dz.error + a.error.T @ abs(dz.value)
        return np.asarray(inherited / (len(a.value) if divide else 1) + rule.bound(r, a.reach, dz.reach))

    return Step(f"dW{k}", "dW", k, (before, f"dz{k}"), rule.exact, error)


def _biases(k: int, divide: bool) -> Step:
    rule = biases_rule(divide)

    def error(r: Rounding, dz: Strayed) -> np.ndarray:
        return np.asarray(dz.error.sum(axis=0) / (len(dz.value) if divide else 1) + rule.bound(r, dz.reach))

    return Step(f"db{k}", "db", k, (f"dz{k}",), rule.exact, error)


def _update(parameter: str, k: int, learning_rate: float, divide: bool) -> Step:
    """W - rate dW, over m or not: three roundings of the product and the mean, one of the difference."""

    def value(_: Arithmetic, W: Number, dW: Number, y: Number) -> Number:
        return W - dW * learning_rate / (rows(y) if divide else 1)

    def error(r: Rounding, W: Strayed, dW: Strayed, y: Strayed) -> np.ndarray:
        step = learning_rate / (len(y.value) if divide else 1)
        moved = step * dW.reach
        return np.asarray(step * dW.error + r.g(4) * moved + r.g(1) * (abs(W.value) + moved) + 4 * r.tiny)

    return Step(f"{parameter} update", "update", k, (parameter, f"d{parameter}", "y"), value, error)


def given(on: Arithmetic, array: Any) -> Strayed:
    """An array that is what it is."""
    return Strayed(on.number(array), np.asarray(array, dtype=np.float64), np.zeros(np.shape(array)))
