"""A correct three-layer network as a table of its lines, for `planted_bugs.py` to replace one, and its data.

Each line is a function of the values so far, under the names of the chapter. They are written once more here, and as
plainly as can be, so that a planted bug and the line that it replaces can be read side by side.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

RATE = 10.0  # of the update that some bugs make too early: large, so that it shows

#: x, y (one-hot), labels, m, W1 b1 ..., every line so far; `after`: the parameters after a step; `before`: the
#: gradients of the step before
Values = SimpleNamespace
Lines = dict[str, Callable[[Values], np.ndarray]]


def softmax(z: np.ndarray) -> np.ndarray:
    """Row by row, (m, k) -> (m, k)."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def log_softmax(z: np.ndarray) -> np.ndarray:
    """Row by row, (m, k) -> (m, k)."""
    shifted = z - z.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + e^-z), elementwise."""
    return np.asarray(1 / (1 + np.exp(-z)))


RELU_NETWORK: Lines = {
    "z1": lambda v: v.x @ v.W1 + v.b1,
    "a1": lambda v: np.maximum(v.z1, 0),
    "z2": lambda v: v.a1 @ v.W2 + v.b2,
    "a2": lambda v: np.maximum(v.z2, 0),
    "z3": lambda v: v.a2 @ v.W3 + v.b3,
    "loss": lambda v: -(v.y * log_softmax(v.z3)).sum() / v.m,
    "dz3": lambda v: (softmax(v.z3) - v.y) / v.m,
    "dW3": lambda v: v.a2.T @ v.dz3,
    "db3": lambda v: v.dz3.sum(axis=0),
    "da2": lambda v: v.dz3 @ v.W3.T,
    "dz2": lambda v: v.da2 * (v.z2 > 0),
    "dW2": lambda v: v.a1.T @ v.dz2,
    "db2": lambda v: v.dz2.sum(axis=0),
    "da1": lambda v: v.dz2 @ v.W2.T,
    "dz1": lambda v: v.da1 * (v.z1 > 0),
    "dW1": lambda v: v.x.T @ v.dz1,
    "db1": lambda v: v.dz1.sum(axis=0),
}
SIGMOID_NETWORK: Lines = RELU_NETWORK | {
    "a1": lambda v: sigmoid(v.z1),
    "a2": lambda v: sigmoid(v.z2),
    "dz2": lambda v: v.da2 * v.a2 * (1 - v.a2),
    "dz1": lambda v: v.da1 * v.a1 * (1 - v.a1),
}


@dataclass(frozen=True)
class Case:
    """Data on which a bug can show: parameters W1 b1 ... of three layers, x (m, fan_in), labels (m,), an activation."""

    parameters: dict[str, np.ndarray]
    x: np.ndarray
    labels: np.ndarray
    activation: str

    @property
    def lines(self) -> Lines:
        """The correct network for this data."""
        return SIGMOID_NETWORK if self.activation == "sigmoid" else RELU_NETWORK


def cases(seed: int = 0) -> dict[str, Case]:
    """The data by name, all of it float64.

    plain: relu, and as many rows as hidden units, so that a transposed or wrongly summed array still fits; sigmoid: the
    same with sigmoid; exact zeros: one image is black and the first biases are 0, so that z1 is exactly 0 there; large
    scores: in the ten thousands, and far apart from row to row; a million: W1 has a million entries.
    """
    plain = _random_case((20, 12, 12, 10), 12, "relu", seed)
    black, unbiased = plain.x.copy(), plain.parameters | {"b1": np.zeros(12)}
    black[0] = 0
    large = plain.parameters | {"W3": plain.parameters["W3"] * 20000}
    return {
        "plain": plain,
        "sigmoid": _random_case((20, 12, 12, 10), 12, "sigmoid", seed),
        "exact zeros": Case(unbiased, black, plain.labels, "relu"),
        "large scores": Case(large, plain.x, plain.labels, "relu"),
        "a million": _random_case((1000, 1000, 12, 10), 4, "relu", seed),
    }


def _random_case(sizes: tuple[int, ...], m: int, activation: str, seed: int) -> Case:
    random = np.random.default_rng(seed)
    parameters = {}
    for k in range(1, len(sizes)):
        parameters[f"W{k}"] = random.standard_normal(sizes[k - 1 : k + 1]) / np.sqrt(sizes[k - 1])
        parameters[f"b{k}"] = random.standard_normal(sizes[k])
    return Case(parameters, random.random((m, sizes[0])), random.integers(0, sizes[-1], m), activation)


@np.errstate(all="ignore")  # a planted bug may overflow: that is for the check to find, not for NumPy
def trace(case: Case, lines: Lines) -> dict[str, np.ndarray]:
    """Every line's value by name, each computed from those before it."""
    y = np.eye(case.parameters["b3"].size)[case.labels]
    v = SimpleNamespace(x=case.x, y=y, labels=case.labels, m=len(case.x), **case.parameters)
    if lines is not case.lines:
        gradients = trace(case, case.lines)
        v.after = SimpleNamespace(**{p: a - RATE * gradients[f"d{p}"] for p, a in case.parameters.items()})
        other = Case(case.parameters, case.x[::-1], case.labels, case.activation)
        v.before = SimpleNamespace(**trace(other, case.lines))
    for name, line in lines.items():
        setattr(v, name, np.asarray(line(v)))
    return {name: getattr(v, name) for name in lines}
