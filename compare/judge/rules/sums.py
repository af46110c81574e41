"""Sums, and sums of products.

The likely error of a sum of n products knows its data, after the idea of Higham and Mary (2020): with Q = sum a^2 b^2
and S its exact value,

    tau = LAMBDA u / sqrt(3) sqrt(2 Q + n (S^2 / 3 + Q / 6)).
"""

import functools
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from compare.judge.ball import Arithmetic, Ball, Magnitudes
from compare.judge.longer import exact_matmul
from compare.judge.rules.errors import LAMBDA, balls, known, length, own, root, rule, shortened


def _probable(run: Arithmetic, n: int, total: Any, length_: Any, products: bool) -> Any:
    """tau of a sum of n terms, or products; length_: the root of Q, the sum of their squares."""
    sums = max(n - 1, 0)
    inside = root(math.sqrt(2 * products + sums / 6) * length_, math.sqrt(sums / 3) * abs(total))
    return LAMBDA * run.likely_u / math.sqrt(3) * inside


def in_order(run: Arithmetic, terms: np.ndarray, axis: Any, tau: Any) -> float:
    """By how much tau is too small for these terms, as a factor.

    Terms that are alike round alike, and all one way: added up one after the other, as NumPy does along all axes but
    the last, they err by more than independent roundings can. So it is tried: twice what the sum in the run's own
    arithmetic, in the order of the terms, errs at its worst entry must be within.
    """
    if np.size(terms) <= FEW * np.size(tau):
        return 1.0
    axes = tuple(range(terms.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    rows = np.moveaxis(terms, axes, range(len(axes))).reshape(-1, np.size(tau)).astype(run.dtype)
    error = abs(np.add.accumulate(rows)[-1] - rows.sum(axis=0, dtype=run.longer))
    part = error.astype(np.float64) / np.where(tau > 0, tau, np.inf).reshape(-1)
    return float(max(1.0, 2 * part.max(initial=0.0)))


FEW = 30  # terms at most, of which the likely error covers any sum
SOME = 64


@rule(np.sum)
def _sum(a: Ball, axis: Any = None, keepdims: bool = False) -> Ball:
    add = functools.partial(np.sum, axis=axis, keepdims=keepdims)
    exact, worst = add(a.exact), add(a.worst)
    n = a.size // (np.size(exact) or 1)
    total, norm = np.asarray(exact, np.float64), functools.partial(length, axis=axis, keepdims=keepdims)
    if a.switch:
        return Ball(exact, worst, add(a.likely), a.run)
    tau = _probable(a.run, n, total, norm(abs(a.value)), products=False)
    likely = root(norm(a.likely), tau * in_order(a.run, a.value, axis, tau))
    own_worst = a.run.g(n - 1) * add(abs(a.value) + a.worst) + n * a.run.tiny
    return shortened(Ball(exact, known(worst + own_worst), known(likely + n * a.run.tiny), a.run))


@rule(np.mean)
def _mean(a: Ball, axis: Any = None, keepdims: bool = False) -> Ball:
    total = _sum(a, axis, keepdims)
    n = a.size // (total.size or 1)
    mean = Ball(total.exact / n, total.worst / n, total.likely / n, a.run)
    worst, likely = own(a.run, 2, abs(mean.value) + mean.worst)[0], 4 * a.run.likely_u * abs(mean.value)
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


@dataclass(frozen=True)
class Total:
    """A sum of n products before it is rounded to one number, so that a term can join it (`rules.arithmetic`).

    size: the largest that the products' magnitudes can add up to; length: the root of Q; inherited: the
    (worst, likely) that comes from the inputs; underflow: what flushing subnormal inputs and products to zero can do.
    """

    exact: Any
    n: int
    size: np.ndarray
    length: np.ndarray
    inherited: tuple[Any, Any]
    underflow: Any
    run: Arithmetic
    alike: float = 1.0  # what `in_order` says of some of its entries

    def rounded(self) -> Ball:
        """Their sum, in any order (Higham 3.1): each meets its own rounding and at most n - 1 of the sums'."""
        worst, likely = self.inherited
        tau = self.alike * _probable(self.run, self.n, np.asarray(self.exact, np.float64), self.length, products=True)
        worst, likely = worst + self.run.g(self.n) * self.size + 2 * self.underflow, root(likely, tau) + self.underflow
        ball = shortened(Ball(self.exact, known(worst), known(likely), self.run))
        ball.total = self
        return ball

    def plus(self, b: Ball) -> Ball:
        """Their sum and b: as the last term, after the sum was rounded, or anywhere among the products."""
        b = shortened(b)
        run, B, e = self.run, b.value, b.worst
        exact, S = self.exact + b.exact, np.asarray(self.exact, np.float64)
        flushed = np.where(abs(B) < run.tiny, abs(B), 0.0)
        worst = self.inherited[0] + e + run.g(self.n + 1) * (self.size + abs(B) + e) + 2 * self.underflow + flushed
        # Partial sums run from 0 to S and then to S + B, or from B to S + B: their mean square, at most.
        partial = np.maximum(root(B + S / 2, S / math.sqrt(12)), abs(S) / math.sqrt(3))
        rounds = root(math.sqrt(2 + self.n / 6) * self.length, math.sqrt(self.n) * partial, S + B)
        rounds = rounds * LAMBDA * run.likely_u / math.sqrt(3) * self.alike
        likely = root(self.inherited[1], b.likely, rounds) + self.underflow + flushed
        # in a short format, the sum and it with b are rounded, or both at once
        return shortened(Ball(exact, known(worst), known(likely), run), 2)


@rule(np.matmul, np.dot)
def _matmul(a: Any, b: Any) -> Ball:
    a, b = (shortened(i) for i in balls(a, b))
    is_kept = a.kept is not None and b.kept is not None and "leaf" in b.kept
    if not is_kept:
        return _products(a, b).rounded()
    assert a.kept is not None, "it was looked at"
    _, total = a.kept.setdefault(id(b), (b, None))
    if total is None:
        a.kept[id(b)] = b, (total := _products(a, b))
    return total.rounded()


def _products(a: Ball, b: Ball) -> Total:
    run, n = a.run, a.shape[-1]
    sizes = a.magnitudes(), b.magnitudes()
    x, y = (one.size for one in sizes)
    product, judge_errs = exact_matmul(a.exact, b.exact)
    size, worst, likely = x @ y, judge_errs, 0.0
    with np.errstate(invalid="ignore", over="ignore"):
        if not a.is_exact:
            worst, likely = worst + a.worst @ y, root(likely, _length_of_products(a.likely, y))
        if not b.is_exact:
            worst, likely = worst + x @ b.worst, root(likely, _length_of_products(x, b.likely))
        if not (a.is_exact or b.is_exact):
            worst = worst + a.worst @ b.worst
            likely = root(likely, _length_of_products(a.likely, b.likely))
        reach = size if a.is_exact and b.is_exact else (x + a.worst) @ (y + b.worst)
        underflow = _underflow(run, *sizes)
        inherited = worst, root(likely, judge_errs)
        moderate = all(one.are_moderate for one in sizes)
        long = np.sqrt(sizes[0].squares @ sizes[1].squares) if moderate else _length_of_products(x, y)
        total = Total(product, n, reach, long, inherited, underflow, run)
        return replace(total, alike=_alike(total, a, b)) if a.ndim == b.ndim == 2 and n > FEW else total


def _alike(total: Total, a: Ball, b: Ball) -> float:
    """`in_order` of SOME entries of a product of matrices, evenly spread."""
    rows, columns = np.unravel_index(np.linspace(0, total.length.size - 1, SOME).astype(int), total.length.shape)
    terms = a.value[rows].T.astype(total.run.dtype) * b.value[:, columns].astype(total.run.dtype)
    sums, long = np.asarray(total.exact, np.float64)[rows, columns], total.length[rows, columns]
    return in_order(total.run, terms, 0, _probable(total.run, total.n, sums, long, products=True))


def _length_of_products(x: np.ndarray, y: np.ndarray) -> Any:
    """The root of x^2 @ y^2, where the squares may under- or overflow."""
    rows, columns = x.max(axis=-1, keepdims=True), y.max(axis=-2 if y.ndim > 1 else -1, keepdims=True)
    rows, columns = (np.where((i > 0) & np.isfinite(i), i, 1.0) for i in (rows, columns))
    total = np.sqrt(np.square(x / rows) @ np.square(y / columns))
    if y.ndim == 1:  # as one column, which leaves no axis
        return total * rows[..., 0] * columns[0]
    return total * rows * columns if x.ndim > 1 else total * rows[0] * columns[..., 0, :]


def _underflow(run: Arithmetic, x: Magnitudes, y: Magnitudes) -> Any:
    """What flushing to zero can do to x @ y: inputs that are subnormal, and products that are."""
    lost: Any = 0.0
    if x.smallest < run.tiny:
        lost = lost + np.where(x.size < run.tiny, x.size, 0.0) @ y.size
    if y.smallest < run.tiny:
        lost = lost + x.size @ np.where(y.size < run.tiny, y.size, 0.0)
    if x.smallest * y.smallest < run.tiny:
        lost = lost + 2 * run.tiny * ((x.size > 0).astype(np.float64) @ (y.size > 0))
    return lost


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
    squares = np.sqrt(k * product(*map(np.square, size)))
    tau = _probable(run, n, np.asarray(exact, np.float64), squares, products=True)
    underflow = (n + k) * run.tiny
    worst = worst + run.g(n + k) * product(*reach) + underflow
    return Ball(exact, known(worst), known(root(np.sqrt(likely), tau) + underflow), run)
