"""Operations that move entries and change none; each VJP moves the gradient back.

Where NumPy gives a view (reshape, transpose, slices) the result's data is a view as well. What NumPy refuses, a shape
of another size or an axis or index out of range, raises NumPy's ValueError or IndexError.
"""

import functools

import numpy as np

from autograd.operation import operation
from autograd.tensor import plain

# fmt: off
# A table: the entries moved, the gradient moved back, the name and what it means.
copy = operation(lambda x: (x.copy(), lambda g: g), "copy", "The same entries in memory of their own.")
flatten = operation(lambda x: (x.reshape(-1), lambda g: g.reshape(x.shape)), "flatten", "All entries along one axis.")
reshape = operation(lambda x, /, *shape: (x.reshape(*shape), lambda g: g.reshape(x.shape)), "reshape",
    "The entries in another shape, given as one tuple or as integers; -1 stands for what is left.")
swapaxes = operation(lambda x, /, axis1, axis2: (x.swapaxes(axis1, axis2), lambda g: g.swapaxes(axis1, axis2)),
    "swapaxes", "Two axes in each other's place.")
expand_dims = operation(lambda x, /, axis: (np.expand_dims(x, axis), lambda g: g.reshape(x.shape)), "expand_dims",
    "New axes of length 1, which become axis number `axis` (an integer or a tuple).")
squeeze = operation(lambda x, /, axis=None: (x.squeeze(axis), lambda g: g.reshape(x.shape)), "squeeze",
    "Without `axis` (an integer or a tuple; None: all that have it), which must have length 1.")
broadcast_to = operation(lambda x, /, shape: (np.broadcast_to(x, shape), lambda g: g), "broadcast_to",
    "Repeated along new axes in front, and along axes of length 1, to `shape`: a view that cannot be written to.")
flip = operation(lambda x, /, axis=None: (np.flip(x, axis), lambda g: np.flip(g, axis)), "flip",
    "Backwards along `axis` (an integer or a tuple; None: all).")
getitem = operation(lambda x, /, index: (x[index], lambda g: scatter(g, x.shape, index)), "getitem",
    "x[index]: slices, None, ..., integers, masks and integer arrays, as in NumPy; entries may be taken repeatedly.")
_cast = operation(lambda x, *, dtype: (x.astype(dtype), lambda g: g), "astype")
# fmt: on


@operation
def scatter(x, /, shape, index):
    """Zeros of that shape to which x is added at `index`, where it may come repeatedly: the transpose of `getitem`."""
    if hasattr(x, "scattered"):  # an array of another kind, which knows how
        return x.scattered(shape, index), lambda g: g[index]
    y = np.zeros(shape, x.dtype)
    if np.may_share_memory(y, y[index]):  # slices give a view, in which no entry is there twice
        y[index] = plain(x)
    else:
        np.add.at(y, index, plain(x))  # not y[index] += x, which forgets repetitions
    return y, lambda g: g[index]


@operation
def transpose(x, /, axes=None):
    """The axes in the order `axes`, a tuple; reversed with None."""
    back = None if axes is None else np.argsort([axis % x.ndim for axis in axes])
    return x.transpose(axes), lambda g: g.transpose(back)


@operation
def pad(x, /, pad_width, mode="constant", *, constant_values=0):
    """Constants around x: `pad_width` entries at each end, or (before, after), or one such pair for each axis."""
    if mode != "constant":
        raise ValueError(f"Only mode='constant' has a gradient here, not {mode!r}: take the entries by their index.")
    pairs = np.broadcast_to(pad_width, (x.ndim, 2))
    inside = tuple(slice(before, before + n) for (before, _), n in zip(pairs, x.shape, strict=True))
    return np.pad(x, pad_width, constant_values=constant_values), lambda g: g[inside]


@functools.partial(operation, name="concatenate")
def _joined(*arrays, axis):
    ends = np.cumsum([array.shape[axis] for array in arrays])
    slices = map(slice, ends - [array.shape[axis] for array in arrays], ends)
    vjps = [lambda g, part=part: g.swapaxes(0, axis)[part].swapaxes(0, axis) for part in slices]
    return np.concatenate(arrays, axis), *vjps


# What follows is made of the operations above.
def astype(x, /, dtype):
    """The entries in another dtype; as integers or truth values, which have no gradient, a plain array."""
    return _cast(x, dtype=dtype) if np.dtype(dtype).kind == "f" else plain(x).astype(dtype)


def concatenate(tensors, /, axis=0):
    """One behind the other along `axis`; the other axes must agree."""
    return _joined(*tensors, axis=axis)


def stack(tensors, /, axis=0):
    """Side by side along a new axis; the shapes must agree."""
    return concatenate([expand_dims(x, axis) for x in tensors], axis)


def vstack(tensors, /):
    """One below the other; vectors are rows."""
    return concatenate([reshape(x, (1, -1)) if np.ndim(x) < 2 else x for x in tensors])


def hstack(tensors, /):
    """Side by side, along the second axis, or the only one."""
    tensors = [reshape(x, -1) if np.ndim(x) == 0 else x for x in tensors]
    return concatenate(tensors, axis=min(np.ndim(tensors[0]) - 1, 1))


def take(x, /, indices, axis=None):
    """The entries at `indices` along `axis`; of the flattened array, with None."""
    return getitem(flatten(x), indices) if axis is None else getitem(x, (*[slice(None)] * (axis % np.ndim(x)), indices))


def repeat(x, /, repeats, axis=None):
    """Each entry along `axis` (None: of the flattened array) `repeats` times, a number for all or one for each."""
    return take(x, np.repeat(np.arange(np.size(x) if axis is None else np.shape(x)[axis]), repeats), axis)


def tile(x, /, reps):
    """The whole of x laid out `reps` times, a number or one for each axis."""
    return take(x, np.tile(np.arange(np.size(x)).reshape(np.shape(x)), reps))
