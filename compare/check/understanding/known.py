"""The losses that are known by their formula."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import autograd
from autograd import Tensor

CROSS, BINARY, SQUARED = "cross-entropy", "binary cross-entropy", "squared error"


@dataclass(frozen=True)
class Known:
    """A loss. output: what the output is then; fits: can it be of such an output o and target t, of one shape?

    formula: (o, t) -> the sum over all entries.
    """

    name: str
    output: str
    formula: Callable[[Any, Any], Any]
    fits: Callable[[np.ndarray, np.ndarray], bool]


def _adds_up(x: np.ndarray, near: float) -> int | None:
    """The last axis along which non-negative entries add up to 1, if there is one."""
    if not (x >= 0).all():
        return None
    axes = reversed(range(x.ndim))
    return next((axis for axis in axes if x.shape[axis] > 1 and abs(x.sum(axis) - 1).max() < near), None)


def _axis(t: np.ndarray) -> int:
    axis = _adds_up(t, 1e-6)
    assert axis is not None
    return axis


def _multiclass_hinge(o: Any, t: Any) -> Any:
    right = (o * t).sum(axis=_axis(t), keepdims=True)
    return (np.maximum(o - right + 1, 0) * (1 - t)).sum()


def _huber(o: Any, t: Any) -> Any:
    near = abs((o.numpy() if isinstance(o, Tensor) else o) - t) < 1
    return np.where(near, 0.5 * np.square(o - t), np.abs(o - t) - 0.5).sum()


def _from_scores(o: Any, t: Any) -> Any:
    return (np.log(np.exp(o).sum(axis=_axis(t))) - (o * t).sum(axis=_axis(t))).sum()


def _probabilities(o: np.ndarray, t: np.ndarray) -> bool:
    return _adds_up(o, 1e-4) is not None and bool((o > 0).all()) and t.shape == o.shape


def _inside(o: np.ndarray, t: np.ndarray) -> bool:
    return bool((o > 0).all() and (o < 1).all() and np.isfinite(t).all())


def _anything(o: np.ndarray, t: np.ndarray) -> bool:
    return o.shape == t.shape


def _distribution(o: np.ndarray, t: np.ndarray) -> bool:
    return o.shape == t.shape and _adds_up(t, 1e-6) is not None


def _between(o: np.ndarray, t: np.ndarray) -> bool:
    return o.shape == t.shape and bool(((t >= 0) & (t <= 1)).all())


def _logarithms(o: np.ndarray, t: np.ndarray) -> bool:
    return o.shape == t.shape and bool((o <= 0).all())


def _signs(o: np.ndarray, t: np.ndarray) -> bool:
    return o.shape == t.shape and bool((abs(t) == 1).all())


def _one_hot(o: np.ndarray, t: np.ndarray) -> bool:
    return _distribution(o, t) and bool(((t == 0) | (t == 1)).all())


KNOWN = (
    Known(CROSS, "softmax", lambda o, t: -(t * np.log(o)).sum(), _probabilities),
    Known(BINARY, "sigmoid", lambda o, t: -(t * np.log(o) + (1 - t) * np.log(1 - o)).sum(), _inside),
    Known(SQUARED, "", lambda o, t: 0.5 * np.square(o - t).sum(), _anything),
    Known(CROSS, "scores", _from_scores, _distribution),
    Known(BINARY, "scores", lambda o, t: (autograd.softplus(o) - o * t).sum(), _between),
    Known(CROSS, "log-softmax", lambda o, t: -(o * t).sum(), _logarithms),
    Known("absolute error", "", lambda o, t: np.abs(o - t).sum(), _anything),
    Known("Huber loss", "", _huber, _anything),
    Known("hinge loss", "scores", lambda o, t: np.maximum(1 - o * t, 0).sum(), _signs),
    Known("squared hinge loss", "scores", lambda o, t: np.square(np.maximum(1 - o * t, 0)).sum(), _signs),
    Known("multiclass hinge loss", "scores", _multiclass_hinge, _one_hot),
)
