"""From a function on arrays to an operation on tensors.

An operation is written as a function that takes arrays and returns its value, then one vector-Jacobian product (VJP)
for each input that can have a gradient:

    @operation
    def multiply(a, b, /):
        return a * b, lambda g: unbroadcast(g * b, a.shape), lambda g: unbroadcast(g * a, b.shape)

`g` is the gradient of the output, in the output's shape; each VJP returns the gradient of its input, in the input's
shape: a new array, `g` itself or a view of it, and it changes neither `g` nor anything it has saved. Inputs that can
have no gradient (labels, an axis) stand last, or have None for a VJP. VJPs run only for inputs that need a gradient.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import tensor  # the module: tensors are made of operations and operations make tensors
from autograd.tape import Node, recording

Operation = Callable[..., "tensor.Tensor"]


def operation(compute: Callable[..., tuple[Any, ...]], name: str = "", doc: str = "") -> Operation:
    """Make `compute`, a function on arrays, an operation on tensors which is recorded for the backward pass.

    Its inputs may be tensors, arrays and numbers, mixed. It raises TypeError where an input requires a gradient and
    the value is not of a floating-point dtype. `name` and `doc` serve where `compute` is a lambda.
    """
    compute.__name__, compute.__doc__ = name or compute.__name__, doc or compute.__doc__

    @functools.wraps(compute)
    def apply(*inputs: Any, **options: Any) -> "tensor.Tensor":
        Tensor = tensor.Tensor  # only now, since operations are made before tensors
        value, *vjps = compute(*[i.data if isinstance(i, Tensor) else plain(i) for i in inputs], **options)
        result = Tensor(value)
        if recording.on:
            parents, kept_vjps = [], []
            for i, vjp in zip(inputs, vjps):  # noqa: B905 (the inputs without a VJP stand last)
                if vjp and isinstance(i, Tensor) and i.node:
                    parents.append(i.node)
                    kept_vjps.append(vjp)
            if parents:
                if result.data.dtype.kind != "f":
                    raise TypeError(f"{compute.__name__} gave {result.dtype}: only floats have gradients, convert it.")
                result.node = Node(compute.__name__, tuple(parents), tuple(kept_vjps), result.data)
        return result

    return apply


def plain(i: Any) -> Any:
    """What an operation computes with: the array in a tensor, anything else as it is.

    NumPy's functions return float64 and integer scalars where Python has a float and an int. They count as Python's
    here and so change no dtype: a float32 tensor divided by np.sqrt(2.0) stays float32.
    """
    if isinstance(i, tensor.Tensor):
        return i.data
    return i.item() if isinstance(i, (np.float64, np.integer)) else i


def unbroadcast(g: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Undo broadcasting: sum `g` over the axes along which an array of that shape was repeated.

    Each repetition of an entry contributes to the gradient of that entry; the transpose of repeating is summing.
    """
    if g.shape == shape:
        return g
    if g.ndim > len(shape):
        g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    stretched = tuple(axis for axis, n in enumerate(shape) if n != g.shape[axis])
    return g.sum(axis=stretched, keepdims=True) if stretched else g
