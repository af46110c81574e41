"""Sums, and how far rounding takes them.

The likely error of a sum of n products knows its data, after the idea of Higham and Mary (2020): with Q = sum a^2 b^2
and S its exact value,

    tau = LAMBDA u / sqrt(3) sqrt(2 Q + n (S^2 / 3 + Q / 6)).
"""

import functools
import math
from typing import Any

import numpy as np

from compare.judge.ball import Ball
from compare.judge.roundoff import Arithmetic
from compare.judge.rules.errors import LAMBDA, known, length, own, root, rule, shortened

FEW = 30  # terms at most, of which the likely error covers any sum


def probable(run: Arithmetic, n: int, total: Any, length_: Any, products: bool) -> Any:
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


@rule(np.sum)
def _sum(a: Ball, axis: Any = None, keepdims: bool = False) -> Ball:
    add = functools.partial(np.sum, axis=axis, keepdims=keepdims)
    exact, worst = add(a.exact), add(a.worst)
    n = a.size // (np.size(exact) or 1)
    total, norm = np.asarray(exact, np.float64), functools.partial(length, axis=axis, keepdims=keepdims)
    if a.switch:
        return Ball(exact, worst, add(a.likely), a.run)
    tau = probable(a.run, n, total, norm(abs(a.value)), products=False)
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
