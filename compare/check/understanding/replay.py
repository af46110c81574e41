"""A recorded calculation, run again on something else: longer arithmetic, tensors of the engine, balls."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

import autograd
from autograd import Tensor, operation
from compare.check.recording.graph import Node, at_each_node
from compare.check.recording.operations import added_at, cast, element, placed, written
from compare.check.understanding.functions import WRITTEN


class CannotFollow(Exception):
    """Something is done to a value that this program knows no derivative of."""

    def __init__(self, node: Node, why: str) -> None:
        super().__init__(why)
        self.node = node


def constant(node: Node) -> Any:
    """The value of a node that does not depend on what is replaced: floats in float64."""
    value = node.value
    value = value.astype(np.float64) if value.dtype.kind == "f" and value.dtype != np.float64 else value
    return value if value.ndim else value.item()


def replayed(nodes: Iterable[Node], given: Mapping[Node, Any]) -> dict[Node, Any]:
    """The values of `nodes`, which are in order, when those of `given` are replaced. Raises CannotFollow."""
    values = dict(given)

    def value_of(node: Node) -> Any:
        return values[node] if node in values else constant(node)

    for node in nodes:
        if node in values or not any(parent in values for parent in node.parents):
            continue
        if node.cut or node.function is None:
            raise CannotFollow(node, "its history ends there")
        arguments, options = (at_each_node(value_of, part) for part in (node.arguments, node.options))
        try:
            value = _computed(node, arguments, options)
        except (TypeError, ValueError, IndexError) as error:  # which the engine raises, or the program's own function
            raise CannotFollow(node, f"`{node.name}` is not among the operations that can be differentiated") from error
        if getattr(value, "shape", ()) != node.shape:
            value = value.reshape(node.shape) if hasattr(value, "reshape") else np.full(node.shape, value)
        values[node] = value
    return values


def _computed(node: Node, arguments: Any, options: Any) -> Any:
    function = node.function
    assert function is not None
    if function in SPECIAL:
        return SPECIAL[function](*arguments, **options)
    if node.name in BY_NAME:
        return BY_NAME[node.name](*arguments, **options)
    if node.name in MOVES:
        return _moved(function, arguments, options)
    if node.name == "vectorized":
        return _by_differences(function, *arguments)
    options = {key: value for key, value in options.items() if key not in ("dtype", "order", "casting", "initial")}
    if options.pop("where", True) is not True:
        raise TypeError("where")
    if function is np.einsum and not isinstance(arguments[0], str):
        raise TypeError("einsum of operands that each have a list of axes")
    return function(*arguments, **options)


def _moved(function: Callable[..., Any], arguments: Any, options: Any) -> Any:
    """What only moves entries, as an index: it is done to their numbers."""
    x, rest = _array(arguments[0]), arguments[1:]
    numbers = np.arange(int(np.prod(x.shape, dtype=int))).reshape(x.shape)
    return x.reshape(-1)[function(numbers, *rest, **options)]


def _stacked(content: Any, *_: Any, **__: Any) -> Any:
    if isinstance(content, list | tuple):
        parts = [_stacked(part) for part in content]
        return np.stack(parts) if any(isinstance(part, Tensor) for part in parts) else np.asarray(parts)
    return content


def _array(content: Any) -> Any:
    """A tensor or an array: of a list, or a constant that is a Python number, too."""
    x = _stacked(content)
    return x if isinstance(x, Tensor) else np.asarray(x)


def _written(x: Any, v: Any, index: Any) -> Any:
    shape = np.shape(x)
    numbers = np.arange(int(np.prod(shape, dtype=int))).reshape(shape)
    return _placed(x, v, numbers[index])


def _placed(x: Any, v: Any, positions: Any) -> Any:
    x = _array(x)
    size = int(np.prod(x.shape, dtype=int))
    stays = np.ones(size)
    stays[positions] = 0
    last = np.zeros(size, int)  # where a place comes twice, the last one counts
    positions = np.asarray(positions)
    last[positions.reshape(-1)] = np.arange(positions.size)
    target = np.flatnonzero(stays == 0)
    source = last[target]
    kept = x.reshape(-1) * stays if not isinstance(x, np.ndarray) or np.isfinite(x).all() else _zeroed(x, stays)
    if not isinstance(v, Tensor):
        v = np.broadcast_to(v, positions.shape).reshape(-1)[source]
        added = np.zeros(size)
        added[target] = v
        return (kept + added).reshape(x.shape)
    v = np.broadcast_to(v, positions.shape).reshape(-1)[source]
    return (kept + autograd.scatter(v, (size,), target)).reshape(x.shape)


def _zeroed(x: np.ndarray, stays: np.ndarray) -> np.ndarray:
    return np.where(stays > 0, x.reshape(-1), 0.0)


def _added_at(x: Any, index: Any, v: Any) -> Any:
    x = _array(x)
    target = np.zeros(x.shape)[index].shape
    v = np.broadcast_to(v, target)
    if isinstance(v, Tensor):
        return x + autograd.scatter(v, x.shape, index)
    y = np.zeros(x.shape)
    np.add.at(y, index, v)
    return x + y


def _cast(x: Any, dtype: Any, *_: Any, **__: Any) -> Any:
    if np.dtype(dtype).kind == "f":
        return x
    return (x.numpy() if isinstance(x, Tensor) else np.asarray(x)).astype(dtype)


def _average(x: Any, axis: Any = None, weights: Any = None, **_: Any) -> Any:
    return np.mean(x, axis=axis) if weights is None else np.sum(x * weights, axis=axis) / np.sum(weights, axis=axis)


def _append(x: Any, y: Any, axis: Any = None) -> Any:
    x, y = _array(x), _array(y)
    return np.concatenate([x.reshape(-1), y.reshape(-1)]) if axis is None else np.concatenate([x, y], axis=axis)


def _inner(x: Any, y: Any) -> Any:
    return x @ np.swapaxes(y, -1, -2) if np.ndim(y) > 1 else x @ y


def _by_differences(function: Callable[..., Any], *inputs: Any) -> Any:
    """A Python function of numbers, entry by entry."""

    def plainly(*x: Any) -> Any:
        try:
            return np.asarray(function(*x), np.float64)
        except Exception as error:  # it is the learner's own, and may raise anything beside the numbers that it had
            raise TypeError("their function does not take this") from error

    def compute(*x: Any) -> Any:
        def vjp(k: int) -> Callable[[Any], Any]:
            h = 1e-6 * (1 + abs(np.asarray(x[k], float)))
            ahead, back = ([*x[:k], x[k] + s * h, *x[k + 1 :]] for s in (1, -1))
            slope = (plainly(*ahead) - plainly(*back)) / (2 * h)
            return lambda g: g * slope

        return plainly(*x), *(vjp(k) for k in range(len(x)))

    return (
        operation(lambda x: compute(x))(*inputs) if len(inputs) == 1 else operation(lambda x, y: compute(x, y))(*inputs)
    )


SPECIAL: dict[Any, Callable[..., Any]] = {
    written: _written, placed: _placed, added_at: _added_at, cast: _cast, element: lambda x, index: x[index],
    np.average: _average, np.append: _append, np.inner: _inner, np.vdot: lambda x, y: (x * y).sum(),
    np.trace: lambda x: x[np.arange(len(x)), np.arange(len(x))].sum(), np.copy: lambda x, **_: x,
    np.nan_to_num: lambda x, *_, **__: x, np.asarray: lambda x, *_, **__: x, **WRITTEN,
}  # fmt: skip
BY_NAME: dict[str, Callable[..., Any]] = {"array": _stacked, "expit": autograd.sigmoid, "relu": autograd.relu}
MOVES = {
    "moveaxis", "rollaxis", "diagonal", "atleast_1d", "atleast_2d", "atleast_3d", "split", "array_split", "hsplit",
    "vsplit", "roll", "rot90", "fliplr", "flipud", "delete", "take", "compress", "ravel", "diag",
    "sliding_window_view", "unstack", "resize",
}  # fmt: skip
