"""What a signature sees: the exact values around one line, by the names that its formula uses."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from compare.check.judging import Judgement

Array = np.ndarray


@dataclass
class View:
    """A line of a judged trial. k: its layer; everything float64, rows are images, W is (fan_in, fan_out).

    expected: what the line should be; found: what it is; before: the same line in the trial before, on the same
    object; stale: parameters that the object has held before, None where there are none.
    """

    judgement: Judgement
    name: str
    expected: Array
    found: Array
    before: Array | None = None
    stale: list[dict[str, Array]] = field(default_factory=list)

    def __post_init__(self) -> None:
        step = self.judgement.step(self.name)
        self.kind, self.k = step.kind, step.layer
        trial = self.judgement.trial
        self.L, self.m, self.rate = trial.depth, len(trial.x), trial.learning_rate
        self.classes = trial.parameters[f"b{self.L}"].size
        self.activation = self.judgement.convention.activation
        #: what this line divides by, under the code's own convention
        at = self.judgement.convention.mean_at
        here = {"last": "dz", "dW": "dW", "db": "dW", "update": "update"}.get(self.kind)
        self.mean = self.m if at == here else 1

    def line(self, kind: str, k: int) -> Array:
        """A line by kind and layer; a0 is x."""
        if kind == "a" and k == 0:
            return self.judgement.values["x"].value
        if f"{kind}{k}" not in self.judgement.values:
            raise LookupError(f"{kind}{k}")
        return self.judgement.values[f"{kind}{k}"].value

    def after(self, name: str) -> Array:
        """A parameter after the run's step: as it was seen, or else as the step should make it."""
        after = self.judgement.trial.after
        if after is not None:
            return after[name].astype(np.float64)
        step = self.rate * self.line("d" + name[0], int(name[1:]))
        return np.asarray(self.judgement.values[name].value - step)

    def __getattr__(self, name: str) -> Any:
        """W, b, z, a, da, dz, dW of this layer; `_in` the layer below, `_up` the one above; x and y."""
        if name in ("x", "y"):
            return self.judgement.values[name].value
        kind, _, where = name.partition("_")
        if kind not in ("W", "b", "z", "a", "da", "dz", "dW", "db") or where not in ("", "in", "up"):
            raise AttributeError(name)
        return self.line(kind, self.k + {"": 0, "in": -1, "up": 1}[where])


def derivative(activation: str, a: Array) -> Array:
    """f'(z) from a = f(z)."""
    if activation == "sigmoid":
        return np.asarray(a * (1 - a))
    return np.asarray(1 - a * a) if activation == "tanh" else np.asarray((a > 0) * 1.0)


def activated(activation: str, z: Array) -> Array:
    """f(z)."""
    return (
        sigmoid(z) if activation == "sigmoid" else np.asarray(np.tanh(z) if activation == "tanh" else np.maximum(z, 0))
    )


def softmax(z: Array, axis: int = 1, shift: Array | float | None = None) -> Array:
    """e^z / sum e^z along an axis; the shift is its own maximum unless given."""
    e = np.exp(z - (z.max(axis=axis, keepdims=True) if shift is None else shift))
    return np.asarray(e / e.sum(axis=axis, keepdims=True))


def relu(z: Array) -> Array:
    """max(z, 0)."""
    return np.maximum(z, 0)


def sigmoid(z: Array) -> Array:
    """1 / (1 + e^-z)."""
    return np.asarray(1 / (1 + np.exp(-z)))
