"""Functions of NumPy's that the engine has no operation for, written with those that it has."""

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np


def _select(conditions: Any, choices: Any, default: Any = 0) -> Any:
    for condition, choice in zip(reversed(conditions), reversed(choices), strict=True):
        default = np.where(condition, choice, default)
    return default


def _piecewise(x: Any, conditions: Any, functions: Any) -> Any:
    else_ = functions[len(conditions)] if len(functions) > len(conditions) else 0
    choices = [f(x) if callable(f) else f for f in [*functions[: len(conditions)], else_]]
    return _select(conditions, choices[:-1], choices[-1])


def _choose(which: Any, choices: Any, **_: Any) -> Any:
    return _select([which == k for k in range(len(choices))], list(choices))


def _block(part: Any) -> Any:
    def depth(part: Any) -> int:
        return 1 + depth(part[0]) if isinstance(part, list) else 0

    if not isinstance(part, list):
        return part
    return np.concatenate([_block(inner) for inner in part], axis=-depth(part))


def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    if isinstance(axes, int):
        axes = range(a.ndim - axes, a.ndim), range(axes)
    summed = [[k % x.ndim for k in np.atleast_1d(list(along) if np.ndim(along) else along)]
              for x, along in zip((a, b), axes, strict=True)]  # fmt: skip
    kept = [[k for k in range(x.ndim) if k not in along] for x, along in zip((a, b), summed, strict=True)]
    shape = [*(a.shape[k] for k in kept[0]), *(b.shape[k] for k in kept[1])]
    length = int(np.prod([a.shape[k] for k in summed[0]], dtype=int))
    left = np.transpose(a, (*kept[0], *summed[0])).reshape(-1, length)
    right = np.transpose(b, (*summed[1], *kept[1])).reshape(length, -1)
    return (left @ right).reshape(tuple(shape))


def _log_sum_exp(x: Any, axis: int = 0, keepdims: bool = False, **_: Any) -> Any:
    return np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))


WRITTEN: dict[Any, Callable[..., Any]] = {
    np.select: _select, np.piecewise: _piecewise, np.choose: _choose, np.block: _block, np.tensordot: _tensordot,
    np.linalg.multi_dot: lambda arrays, **_: reduce(np.matmul, arrays), np.fmax: np.maximum, np.fmin: np.minimum,
    np.hypot: lambda x, y: np.sqrt(x * x + y * y), np.cbrt: lambda x: np.sign(x) * np.abs(x) ** (1 / 3),
    np.nansum: np.sum, np.nanmean: np.mean, np.logaddexp.reduce: _log_sum_exp,
}  # fmt: skip
