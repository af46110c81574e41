"""Operations that make many entries one: sums, extremes, and the statistics and softmax family built on them.

`axis` is None (all axes), an integer or a tuple of integers; with `keepdims` the reduced axes stay, with length 1.
In a row of the table `y` always keeps them, so that gradients broadcast against x. An axis that x has not raises
NumPy's AxisError (a ValueError); the largest of no entries raises ValueError.
"""

import numpy as np

from autograd.operation import operation
from autograd.tensor import plain


def _reduction(compute, name, doc):
    """The operation of `compute`, which takes x and `axis` and keeps the axes that it reduces."""

    def reduce(x, /, axis=None, *, keepdims=False):
        y, vjp = compute(x, axis)
        return y if keepdims else y.squeeze(axis), lambda g: vjp(g.reshape(y.shape))

    return operation(reduce, name, doc)


# fmt: off
sum = _reduction(lambda x, axis: (x.sum(axis=axis, keepdims=True), lambda g: np.broadcast_to(g, x.shape)),  # noqa: A001
    "sum", "The sum over `axis`.")
mean = _reduction(lambda x, axis: (
    y := x.mean(axis=axis, keepdims=True), lambda g: np.broadcast_to(g, x.shape) / (x.size // (y.size or 1))),
    "mean", "The mean over `axis`.")
max = _reduction(lambda x, axis: (  # noqa: A001
    y := x.max(axis=axis, keepdims=True), lambda g: g * (x == y) / (x == y).sum(axis=axis, keepdims=True)),
    "max", "The largest entry over `axis`; entries that tie share its gradient evenly, as in torch.amax.")
min = _reduction(lambda x, axis: (  # noqa: A001
    y := x.min(axis=axis, keepdims=True), lambda g: g * (x == y) / (x == y).sum(axis=axis, keepdims=True)),
    "min", "The smallest entry over `axis`; entries that tie share its gradient evenly, as in torch.amin.")
logsumexp = _reduction(lambda x, axis: (y := _logsumexp(x, axis), lambda g: g * np.exp(x - y)),
    "logsumexp", "log(sum(exp(x))) over `axis`, without overflow; -inf where no entry is finite, or there is none.")
prod = _reduction(lambda x, axis: (x.prod(axis=axis, keepdims=True), lambda g: g * _product_of_others(x, axis)),
    "prod", "The product over `axis`; an entry's derivative is the product of the others, and right among zeros too.")
# fmt: on


@operation
def var(x, /, axis=None, *, keepdims=False, ddof=0):
    """The mean squared distance from the mean over `axis`, with n - ddof for n: ddof=0 as in NumPy, PyTorch has 1."""
    y = x.var(axis=axis, keepdims=True, ddof=ddof)
    n = x.size // (y.size or 1) - ddof
    vjp = lambda g: g.reshape(y.shape) * 2 * (x - x.mean(axis=axis, keepdims=True)) / n  # noqa: E731
    return y if keepdims else y.squeeze(axis), vjp


@operation
def std(x, /, axis=None, *, keepdims=False, ddof=0):
    """The square root of `var`; where all entries are equal its derivative is 0, as in PyTorch."""
    y = x.std(axis=axis, keepdims=True, ddof=ddof)
    n = x.size // (y.size or 1) - ddof
    vjp = lambda g: g.reshape(y.shape) / _or_infinity(y) * (x - x.mean(axis=axis, keepdims=True)) / n  # noqa: E731
    return y if keepdims else y.squeeze(axis), vjp


@operation
def norm(x, /, ord=None, axis=None, *, keepdims=False):
    """The root of the sum of squares over `axis`, np.linalg.norm without `ord`; where it is 0, so is the gradient."""
    if ord not in (None, "fro") and not (ord == 2 and (x.ndim == 1 or isinstance(axis, int))):
        raise ValueError(f"norm takes no ord={ord!r} here, which means something else: write that norm out.")
    y = np.sqrt(np.square(x).sum(axis=axis, keepdims=True))
    return y if keepdims else y.squeeze(axis), lambda g: g.reshape(y.shape) * (x / _or_infinity(y))


@operation
def cumsum(x, /, axis=None):
    """The running sum along `axis`, an integer, or, with None, along the flattened array."""
    return x.cumsum(axis), lambda g: np.flip(np.flip(g, axis).cumsum(axis), axis).reshape(x.shape)


@operation
def softmax(x, /, axis=-1):
    """exp(x) / sum(exp(x)) over `axis`. The largest entry is taken off first: that cancels, and exp cannot overflow."""
    e = np.exp(x - _largest(x, axis))
    y = e / e.sum(axis=axis, keepdims=True)
    return y, lambda g: y * (g - (g * y).sum(axis=axis, keepdims=True))


@operation
def log_softmax(x, /, axis=-1):
    """log(softmax(x)) over `axis`; the logarithm is taken before the quotient, so that no log 0 arises."""
    shifted = x - _largest(x, axis)
    with np.errstate(divide="ignore"):  # the sum is 0 only where there is no entry to tell of it
        y = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return y, lambda g: g - np.exp(y) * g.sum(axis=axis, keepdims=True)


def _logsumexp(x, axis):
    peak = _largest(x, axis)
    shift = np.where(np.isfinite(peak), peak, 0)  # inf - inf would be NaN
    with np.errstate(divide="ignore", over="ignore"):  # log 0 is -inf, rightly
        return shift + np.log(np.exp(x - shift).sum(axis=axis, keepdims=True))


def _largest(x, axis):
    """The largest entry over `axis`, which stays; -inf where there is none. Taken off, it cancels: a constant."""
    return np.maximum.reduce(plain(x), axis=axis, dtype=np.result_type(x, 1.0), keepdims=True, initial=-np.inf)


def _or_infinity(y):
    return np.where(y == 0, np.inf, y)


def _product_of_others(x, axis):
    """For each entry the product of those beside it over `axis`: of what stands before and of what stands behind."""
    first = np.arange(x.ndim) if axis is None else np.arange(x.ndim)[np.atleast_1d(np.array(axis, int))]
    order = [*first, *(k for k in range(x.ndim) if k not in first)]
    moved = x.transpose(order)
    rows = moved.reshape(np.prod(moved.shape[: len(first)], dtype=int), np.prod(moved.shape[len(first) :], dtype=int))
    others = _before(rows) * np.flip(_before(np.flip(rows, 0)), 0)
    return others.reshape(moved.shape).transpose(np.argsort(order))


def _before(rows):
    """The product of all rows before each: no quotient, which zeros would spoil; in steps of 1, 2, 4, ... rows."""
    y, reach = np.concatenate([np.ones_like(rows[:1]), rows[:-1]]), 1
    while reach < len(rows):
        y, reach = y * np.concatenate([np.ones_like(rows[:reach]), y[:-reach]]), 2 * reach
    return y
