"""Operations that make many entries one: sums, extremes, and the statistics and softmax family built on them.

`axis` is None (all axes), an integer or a tuple of integers; with `keepdims` the reduced axes stay, with length 1.
Within an operation `y` always keeps them, so that `g.reshape(y.shape)` broadcasts against x. An axis that x has not
raises NumPy's AxisError (a ValueError); the largest of no entries raises ValueError.
"""

from typing import Any

import numpy as np

from autograd.operation import operation


@operation
def sum(x, /, axis=None, keepdims=False):  # noqa: A001
    """The sum over `axis`."""
    y = x.sum(axis=axis, keepdims=True)
    return reduced(y, axis, keepdims), lambda g: np.broadcast_to(g.reshape(y.shape), x.shape)


@operation
def mean(x, /, axis=None, keepdims=False):
    """The mean over `axis`."""
    y = x.mean(axis=axis, keepdims=True)
    n = x.size // (y.size or 1)
    return reduced(y, axis, keepdims), lambda g: np.broadcast_to(g.reshape(y.shape), x.shape) / n


@operation
def var(x, /, axis=None, keepdims=False, ddof=0):
    """The mean squared distance from the mean over `axis`, with n - ddof for n: ddof=0 as in NumPy, PyTorch has 1."""
    y = x.var(axis=axis, keepdims=True, ddof=ddof)
    n = x.size // (y.size or 1) - ddof
    return reduced(y, axis, keepdims), lambda g: g.reshape(y.shape) * 2 * (x - x.mean(axis=axis, keepdims=True)) / n


@operation
def std(x, /, axis=None, keepdims=False, ddof=0):
    """The square root of `var`; where all entries are equal its derivative is 0, as in PyTorch."""
    y = x.std(axis=axis, keepdims=True, ddof=ddof)
    n = x.size // (y.size or 1) - ddof

    def vjp(g):
        return g.reshape(y.shape) / np.where(y == 0, np.inf, y) * (x - x.mean(axis=axis, keepdims=True)) / n

    return reduced(y, axis, keepdims), vjp


@operation
def max(x, /, axis=None, keepdims=False):  # noqa: A001
    """The largest entry over `axis`; entries that tie share its gradient evenly, as in torch.amax."""
    y = x.max(axis=axis, keepdims=True)
    return reduced(y, axis, keepdims), lambda g: g.reshape(y.shape) * (x == y) / (x == y).sum(axis=axis, keepdims=True)


@operation
def min(x, /, axis=None, keepdims=False):  # noqa: A001
    """The smallest entry over `axis`; entries that tie share its gradient evenly, as in torch.amin."""
    y = x.min(axis=axis, keepdims=True)
    return reduced(y, axis, keepdims), lambda g: g.reshape(y.shape) * (x == y) / (x == y).sum(axis=axis, keepdims=True)


@operation
def prod(x, /, axis=None, keepdims=False):
    """The product over `axis`. An entry's derivative is the product of the others, and right among zeros too."""
    y = x.prod(axis=axis, keepdims=True)

    def vjp(g):
        zero = x == 0
        factor = np.where(zero, 1, x)
        others = factor.prod(axis=axis, keepdims=True) / factor
        zeros_beside = zero.sum(axis=axis, keepdims=True) - zero
        return g.reshape(y.shape) * np.where(zeros_beside == 0, others, 0)

    return reduced(y, axis, keepdims), vjp


@operation
def cumsum(x, /, axis=None):
    """The running sum along `axis`, an integer, or, with None, along the flattened array."""
    return x.cumsum(axis), lambda g: np.flip(np.flip(g, axis).cumsum(axis), axis).reshape(x.shape)


@operation
def logsumexp(x, /, axis=None, keepdims=False):
    """log(sum(exp(x))) over `axis`, without overflow; -inf where no entry is finite, or there is none."""
    peak = largest(x, axis)
    shift = np.where(np.isfinite(peak), peak, 0)  # inf - inf would be NaN
    with np.errstate(divide="ignore", over="ignore"):  # log 0 is -inf, rightly
        y = shift + np.log(np.exp(x - shift).sum(axis=axis, keepdims=True))
    return reduced(y, axis, keepdims), lambda g: g.reshape(y.shape) * np.exp(x - y)


@operation
def softmax(x, /, axis=-1):
    """exp(x) / sum(exp(x)) over `axis`. The largest entry is taken off first: that cancels, and exp cannot overflow."""
    e = np.exp(x - largest(x, axis))
    y = e / e.sum(axis=axis, keepdims=True)
    return y, lambda g: y * (g - (g * y).sum(axis=axis, keepdims=True))


@operation
def log_softmax(x, /, axis=-1):
    """log(softmax(x)) over `axis`; the logarithm is taken before the quotient, so that no log 0 arises."""
    shifted = x - largest(x, axis)
    with np.errstate(divide="ignore"):  # the sum is 0 only where there is no entry to tell of it
        y = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return y, lambda g: g - np.exp(y) * g.sum(axis=axis, keepdims=True)


def reduced(y: np.ndarray, axis: Any, keepdims: bool) -> np.ndarray:
    """`y` without the axes that were reduced, unless they are to stay."""
    return y if keepdims else y.squeeze(axis)


def largest(x: np.ndarray, axis: Any) -> np.ndarray:
    """The largest entry over `axis`, which stays, as a floating-point number; -inf where there is none."""
    return np.maximum.reduce(x, axis=axis, dtype=np.result_type(x, 1.0), keepdims=True, initial=-np.inf)
