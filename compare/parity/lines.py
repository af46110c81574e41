"""The calculation as a table: each line's inputs, its exact value, and the bound on its rounding error.

Each rule is a pair of functions of the same inputs: `exact` in an arithmetic longer than the run's, and `bound` in
float64, with the constants that `bounds.py` derives. y is one-hot, (m, k). A rule knows nothing of layers;
`calculation` strings the rules together in the order in which a network computes them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from compare.parity.bounds import LIBRARY, SIGMOID_ROUNDINGS, ScoresBound
from compare.parity.exact import Arithmetic, Number, rounded

#: Where a calculation divides by the number of rows: in dz of the last layer (as all three here do), or in each dW
#: and db (as the chapter prints it; the dz and da are then derivatives of the sum of the losses).
MEAN_AT = ("dz", "dW")


@dataclass(frozen=True)
class Rule:
    """A formula. exact: (arithmetic, *inputs) -> its value; bound: (rounding, *inputs) -> how far from it is right."""

    exact: Callable[..., Number]
    bound: Callable[..., np.ndarray]


@dataclass(frozen=True)
class Line:
    """A line of the calculation. inputs: ways to compute it, the preferred one first; each names the lines it needs."""

    name: str
    rule: Rule
    inputs: tuple[tuple[str, ...], ...]


AFFINE = Rule(
    exact=lambda on, a, W, b: on.matmul(a, W) + b,
    bound=lambda r, a, W, b: r.sum(len(W) + 1, abs(a) @ abs(W) + abs(b)),
)
BACK = Rule(  # da = dz W^T
    exact=lambda on, dz, W: on.matmul(dz, W.T),
    bound=lambda r, dz, W: r.sum(W.shape[1], abs(dz) @ abs(W).T),
)


def weights_rule(divide: bool) -> Rule:
    """dW = a^T dz, a sum over the m rows; where it is divided by m, 1 / m and the product with it round as well."""
    return Rule(
        exact=lambda on, a, dz: on.matmul(a.T, dz) / (rows(dz) if divide else 1),
        bound=lambda r, a, dz: r.sum(len(a) + 2 * divide, abs(a).T @ abs(dz)) / (len(a) if divide else 1),
    )


def biases_rule(divide: bool) -> Rule:
    """db = the sum of dz over the m rows; divided as dW is. (m - 1 sums; m covers a product with a row of ones.)"""
    return Rule(
        exact=lambda _, dz: dz.sum(axis=0) / (rows(dz) if divide else 1),
        bound=lambda r, dz: r.sum(len(dz) + 2 * divide, abs(dz).sum(axis=0)) / (len(dz) if divide else 1),
    )


def rows(a: Number) -> int:
    """Rows of an array in any arithmetic."""
    return int(a.shape[0])


def _exact_scores(on: Arithmetic, z: Number) -> tuple[Number, Number, Number]:
    """z shifted by the row's maximum (any shift cancels; this one keeps exp in range), exp of that, and its sums."""
    z = z - rounded(z).max(axis=1, keepdims=True)
    e = on.exp(z)
    return z, e, e.sum(axis=1, keepdims=True)


def _exact_loss(on: Arithmetic, z: Number, y: Number) -> Number:
    z, _, total = _exact_scores(on, z)
    return ((on.log(total) - z) * y).sum() / rows(z)


LOSS = Rule(_exact_loss, lambda r, z, y: ScoresBound.of(r, z).loss(r, y))


def scores_rule(divide: bool) -> Rule:
    """dz of the last layer, (softmax(z) - y) / m, or without the division."""

    def exact(on: Arithmetic, z: Number, y: Number) -> Number:
        _, e, total = _exact_scores(on, z)
        return (e / total - y) / (rows(z) if divide else 1)

    return Rule(exact, lambda r, z, y: ScoresBound.of(r, z).gradient(r, y, len(z) if divide else 1))


def _exact_sigmoid(on: Arithmetic, z: Number) -> Number:
    e = on.exp(-abs(z))  # never of a positive number: no overflow
    return ((z >= 0) + e * (rounded(z) < 0)) / (e + 1)


RELU = Rule(
    exact=lambda _, z: z * (z > 0),
    bound=lambda _, z: np.zeros_like(z),
)
RELU_BACK = Rule(  # the switch is `> 0` on a = relu(z) or on z itself, which is the same; nothing is rounded
    exact=lambda _, da, a: da * (a > 0),
    bound=lambda _, da, _a: np.zeros_like(da),
)
SIGMOID = Rule(
    exact=_exact_sigmoid,
    bound=lambda r, z: r.g(SIGMOID_ROUNDINGS) / (1 + np.exp(np.minimum(-z, 700.0))) + 2 * r.tiny,
)
SIGMOID_BACK = Rule(  # 1 - a and two products round
    exact=lambda _, da, a: da * (a * (1 - a)),
    bound=lambda r, da, a: r.g(3) * abs(da * a * (1 - a)) + 3 * r.tiny,
)
TANH = Rule(
    exact=lambda on, z: on.tanh(z),
    bound=lambda r, z: r.g(LIBRARY) * abs(np.tanh(z)) + r.tiny,
)
TANH_BACK = Rule(  # a^2, 1 - a^2 and the product round, the first by u a^2, whatever is left of 1 - a^2: 3 u in all
    exact=lambda _, da, a: da * (1 - a * a),
    bound=lambda r, da, _a: r.g(3) * abs(da) + 3 * r.tiny,
)

ACTIVATIONS = {"relu": (RELU, RELU_BACK), "sigmoid": (SIGMOID, SIGMOID_BACK), "tanh": (TANH, TANH_BACK)}


def calculation(depth: int, activation: str = "relu", mean_at: str = "dz") -> list[Line]:
    """Every line of a network of `depth` layers, in the order in which it is computed; a0 is called x.

    activation: relu, sigmoid or tanh; mean_at: one of MEAN_AT. Raises ValueError for another.
    """
    if activation not in ACTIVATIONS or mean_at not in MEAN_AT:
        raise ValueError(
            f"The lines of activation={activation!r} with mean_at={mean_at!r} are not known. Known activations: "
            f"{', '.join(ACTIVATIONS)}; the mean can be taken at {' or '.join(MEAN_AT)}."
        )
    forward, back = ACTIVATIONS[activation]
    late = mean_at == "dW"
    a = {0: "x"} | {k: f"a{k}" for k in range(1, depth)}
    lines = []
    for k in range(1, depth + 1):
        lines.append(Line(f"z{k}", AFFINE, ((a[k - 1], f"W{k}", f"b{k}"),)))
        if k < depth:
            lines.append(Line(a[k], forward, ((f"z{k}",),)))
    lines.append(Line("loss", LOSS, ((f"z{depth}", "y"),)))
    for k in range(depth, 0, -1):
        if k == depth:
            lines.append(Line(f"dz{k}", scores_rule(divide=not late), ((f"z{k}", "y"),)))
        else:
            lines.append(Line(f"da{k}", BACK, ((f"dz{k + 1}", f"W{k + 1}"),)))
            ways = ((f"da{k}", a[k]), (f"da{k}", f"z{k}")) if activation == "relu" else ((f"da{k}", a[k]),)
            lines.append(Line(f"dz{k}", back, ways))
        lines.append(Line(f"dW{k}", weights_rule(late), ((a[k - 1], f"dz{k}"),)))
        lines.append(Line(f"db{k}", biases_rule(late), ((f"dz{k}",),)))
    return lines


def one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    """(m,) class numbers -> (m, classes) float64: row i is 1 at labels[i], else 0."""
    return np.eye(classes)[labels]


def shapes(parameters: dict[str, Any], m: int) -> dict[str, tuple[int, ...]]:
    """The shape of every line of a batch of m rows, by name."""
    depth = len(parameters) // 2
    widths = {k: parameters[f"W{k}"].shape[1] for k in range(1, depth + 1)}
    found: dict[str, tuple[int, ...]] = {"loss": ()}
    for k, n in widths.items():
        found |= {f"{name}{k}": (m, n) for name in ("z", "a", "dz", "da")}
        found |= {f"dW{k}": parameters[f"W{k}"].shape, f"db{k}": (n,)}
    return found
