"""Sums, and sums of products.

The likely error of a sum of n products knows its data, after the idea of Higham and Mary (2020): with Q = sum a^2 b^2
and S its exact value,

    tau = LAMBDA u / sqrt(3) sqrt(2 Q + n (S^2 / 3 + Q / 6)).
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from compare.judge.ball import Arithmetic, Ball
from compare.judge.rules.errors import LAMBDA, balls, known, own, root, rule


def _probable(run: Arithmetic, n: int, total: Any, squares: Any, products: bool) -> Any:
    """tau of a sum of n terms, or products, whose squares add up to `squares`."""
    inside = (2 * squares if products else 0.0) + max(n - 1, 0) * (total * total / 3 + squares / 6)
    return LAMBDA * run.u / math.sqrt(3) * np.sqrt(inside)


@rule(np.sum)
def _sum(a: Ball, axis: Any = None, keepdims: bool = False) -> Ball:
    add = functools.partial(np.sum, axis=axis, keepdims=keepdims)
    exact, worst = add(a.exact), add(a.worst)
    n = a.size // (np.size(exact) or 1)
    total, squares = np.asarray(exact, np.float64), add(np.square(a.value))
    if a.switch:
        return Ball(exact, worst, add(a.likely), a.run)
    likely = root(np.sqrt(add(np.square(a.likely))), _probable(a.run, n, total, squares, products=False))
    own_worst = a.run.g(n - 1) * add(abs(a.value) + a.worst) + n * a.run.tiny
    return Ball(exact, known(worst + own_worst), known(likely + n * a.run.tiny), a.run)


@rule(np.mean)
def _mean(a: Ball, axis: Any = None, keepdims: bool = False) -> Ball:
    total = _sum(a, axis, keepdims)
    n = a.size // (total.size or 1)
    mean = Ball(total.exact / n, total.worst / n, total.likely / n, a.run)
    worst, likely = own(a.run, 2, abs(mean.value) + mean.worst)[0], 4 * a.run.u * abs(mean.value)
    return Ball(mean.exact, mean.worst + worst, mean.likely + likely, a.run)  # 1 / n is one constant for all entries


@rule(np.max, np.amax)
def _max(a: Ball, axis: Any = None, keepdims: bool = False) -> Ball:
    most = functools.partial(np.max, axis=axis, keepdims=keepdims)
    return Ball(most(a.exact), most(a.worst), most(a.likely), a.run)


@rule(np.cumsum)
def _cumsum(a: Ball, axis: Any = None) -> Ball:
    exact, n = np.cumsum(a.exact, axis), a.size if axis is None else a.shape[axis]
    worst = np.cumsum(a.worst, axis) + a.run.g(n) * np.cumsum(abs(a.value) + a.worst, axis)
    return Ball(exact, worst, np.cumsum(a.likely, axis) + worst, a.run)


def _products(run: Arithmetic, n: int, multiply: Callable[..., Any], a: Ball, b: Ball) -> Ball:
    """A sum of n products, `multiply` of two arrays; `tiny` where an input that is subnormal may be flushed to 0."""
    x, y, e, f = abs(a.value), abs(b.value), a.worst, b.worst
    product = functools.partial(_finite_product, multiply)
    exact, squares = multiply(a.exact, b.exact), product(x * x, y * y)
    worst = product(e, y) + product(x, f) + product(e, f)
    underflow = run.tiny * (product(np.ones_like(x), y) + product(x, np.ones_like(y)) + 2 * n)
    worst = worst + run.g(n) * product(x + e, y + f) + 2 * underflow
    e, f = a.likely, b.likely
    inherited = product(e * e, y * y) + product(x * x, f * f) + product(e * e, f * f)
    tau = _probable(run, n, np.asarray(exact, np.float64), squares, products=True)
    return Ball(exact, known(worst), known(np.sqrt(inherited + tau * tau) + underflow), run)


def _finite_product(multiply: Callable[..., Any], a: Any, b: Any) -> Any:
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray(multiply(a, b), np.float64) if a.any() and b.any() else np.asarray(multiply(a * 0.0, b * 0.0))


@rule(np.matmul, np.dot)
def _matmul(a: Any, b: Any) -> Ball:
    a, b = balls(a, b)
    return _products(a.run, a.shape[-1], _exact_matmul, a, b)


def _exact_matmul(a: np.ndarray, b: np.ndarray) -> Any:
    """a @ b; in long double, which no BLAS knows, along rows that lie in one piece, shared among threads."""
    if a.dtype == np.longdouble and a.ndim == b.ndim == 2 and len(a):
        from compare.parity.exact import threaded_matmul

        return threaded_matmul(a, b)
    return a @ b


@rule(np.einsum)
def _einsum(subscripts: str, *operands: Any, optimize: Any = True) -> Ball:
    """Of several factors, an error of one meets the others where they are largest; n terms of k factors round n + k."""
    del optimize
    items = balls(*operands)
    run, k = items[0].run, len(items)
    inputs, _, output = subscripts.partition("->")
    lengths = {
        a: n for term, i in zip(inputs.split(","), items, strict=True) for a, n in zip(term, i.shape, strict=True)
    }
    n = math.prod(length for letter, length in lengths.items() if letter not in output)
    product = functools.partial(np.einsum, subscripts)
    exact = product(*[i.exact for i in items])
    size, reach = [abs(i.value) for i in items], [abs(i.value) + i.worst for i in items]
    far = [abs(i.value) + i.likely for i in items]
    worst = sum(product(*reach[:j], items[j].worst, *size[j + 1 :]) for j in range(k))
    likely = sum(product(*map(np.square, [*far[:j], items[j].likely, *size[j + 1 :]])) for j in range(k))
    tau = _probable(run, n, np.asarray(exact, np.float64), k * product(*map(np.square, size)), products=True)
    underflow = (n + k) * run.tiny
    worst = worst + run.g(n + k) * product(*reach) + underflow
    return Ball(exact, known(worst), known(root(np.sqrt(likely), tau) + underflow), run)
