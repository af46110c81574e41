"""Operations that move entries and change none; each VJP moves the gradient back.

Where NumPy gives a view (reshape, transpose, slices) the result's data is a view as well. What NumPy refuses, a shape
of another size or an axis or index out of range, raises NumPy's ValueError or IndexError.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd import tensor
from autograd.operation import operation, unbroadcast


@operation
def reshape(x, /, *shape):
    """The entries in another shape, given as one tuple or as integers; -1 stands for what is left."""
    return x.reshape(*shape), lambda g: g.reshape(x.shape)


@operation
def flatten(x, /):
    """All entries along one axis."""
    return x.reshape(-1), lambda g: g.reshape(x.shape)


@operation
def transpose(x, /, axes=None):
    """The axes in the order `axes`, a tuple; reversed with None."""
    back = None if axes is None else np.argsort([axis % x.ndim for axis in axes])
    return x.transpose(axes), lambda g: g.transpose(back)


@operation
def swapaxes(x, first, second, /):
    """Two axes in each other's place."""
    return x.swapaxes(first, second), lambda g: g.swapaxes(first, second)


@operation
def expand_dims(x, /, axis):
    """New axes of length 1, which become axis number `axis` (an integer or a tuple)."""
    return np.expand_dims(x, axis), lambda g: g.reshape(x.shape)


@operation
def squeeze(x, /, axis=None):
    """Without `axis` (an integer or a tuple; None: all that have it), which must have length 1."""
    return x.squeeze(axis), lambda g: g.reshape(x.shape)


@operation
def broadcast_to(x, /, shape):
    """Repeated along new axes in front, and along axes of length 1, to `shape`: a view that cannot be written to."""
    return np.broadcast_to(x, shape), lambda g: unbroadcast(g, x.shape)


@operation
def flip(x, /, axis=None):
    """Backwards along `axis` (an integer or a tuple; None: all)."""
    return np.flip(x, axis), lambda g: np.flip(g, axis)


@operation
def pad(x, /, width, value=0):
    """`value` added around x: `width` entries at each end, or (before, after), or one such pair for each axis."""
    pairs = np.broadcast_to(width, (x.ndim, 2))
    inside = tuple(slice(before, before + n) for (before, _), n in zip(pairs, x.shape, strict=True))
    return np.pad(x, width, constant_values=value), lambda g: g[inside]


@operation
def getitem(x, index, /):
    """x[index]: integers, slices, None, ..., masks and integer arrays, as in NumPy; entries may be taken repeatedly."""
    y = x[index]
    once = np.may_share_memory(x, y)  # slices give a view, in which no entry is there twice

    def vjp(g):
        gradient = np.zeros(x.shape, g.dtype)
        if once:
            gradient[index] = g
        else:
            np.add.at(gradient, index, g)  # not gradient[index] += g, which forgets repetitions
        return gradient

    return y, vjp


def _concatenate(*arrays, axis):
    ends = np.cumsum([array.shape[axis] for array in arrays])
    starts = ends - [array.shape[axis] for array in arrays]
    slices = map(slice, starts, ends)
    vjps = [lambda g, part=part: g.swapaxes(0, axis)[part].swapaxes(0, axis) for part in slices]
    return np.concatenate(arrays, axis), *vjps


joined = operation(_concatenate, "concatenate")


def concatenate(tensors: Iterable[Any], /, axis: int = 0) -> "tensor.Tensor":
    """One behind the other along `axis`; the other axes must agree."""
    return joined(*tensors, axis=axis)


def stack(tensors: Iterable[Any], /, axis: int = 0) -> "tensor.Tensor":
    """Side by side along a new axis; the shapes must agree."""
    return concatenate([expand_dims(x, axis) for x in tensors], axis)
