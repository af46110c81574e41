"""From a function on arrays to an operation on tensors.

An operation is written as a function that takes arrays and returns its value, then one vector-Jacobian product (VJP)
for each input that can have a gradient:

    @operation
    def multiply(a, b):
        return a * b, lambda g: unbroadcast(g * b, a), lambda g: unbroadcast(g * a, b)

`g` is the gradient of the output, in the output's shape; each VJP returns the gradient of its input, in the input's
shape: a new array, `g` itself or a view of it, and it changes neither `g` nor anything it has saved.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.tape import Node, recording
from autograd.tensor import Tensor


def operation(compute: Callable[..., tuple[Any, ...]]) -> Callable[..., Tensor]:
    """Make `compute`, a function on arrays, an operation on tensors which is recorded for the backward pass."""

    @functools.wraps(compute)
    def apply(*inputs: Any, **options: Any) -> Tensor:
        arrays = [i.data if isinstance(i, Tensor) else i for i in inputs]
        value, *vjps = compute(*arrays, **options)
        result = Tensor(value)
        if recording.on:
            pairs = zip(inputs, vjps, strict=False)  # inputs without a VJP (labels, an axis) stand last
            edges = [(i.node, vjp) for i, vjp in pairs if isinstance(i, Tensor) and i.node is not None]
            if edges:
                parents, kept_vjps = zip(*edges, strict=True)
                result.node = Node(compute.__name__, parents, kept_vjps, result.data)
        return result

    return apply


def unbroadcast(g: np.ndarray, a: np.ndarray) -> np.ndarray:
    """Undo broadcasting: sum `g` over the axes along which `a` was repeated, so that it has the shape of `a`.

    Each repetition of an entry contributes to the gradient of that entry; the transpose of repeating is summing.
    """
    if g.shape == a.shape:
        return g
    added = g.ndim - a.ndim
    stretched = tuple(i + added for i, n in enumerate(a.shape) if n == 1 and g.shape[i + added] != 1)
    return g.sum(axis=(*range(added), *stretched)).reshape(a.shape)
