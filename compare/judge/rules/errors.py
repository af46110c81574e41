"""Two ways to count rounding errors, the worst case and the likely one, and how rules are entered.

Worst case: the bounds of Higham, Accuracy and Stability of Numerical Algorithms (2nd ed.), chapter 3, with
g(n) = n u / (1 - n u); errors of inputs add up. Likely: roundings are independent errors, uniform in +- u, so each is
u / sqrt(3) of its value in root mean square; they add as roots of sums of squares, and LAMBDA times that is tolerated.
What is not independent is added as it is: a condition in doubt, a constant that is rounded once and met by all entries.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from compare.judge.ball import RULES, Ball
from compare.judge.roundoff import Arithmetic

LAMBDA = 8.0
#: exp, log, tanh and their like count as that many roundings. 1 ulp is at most 2 u relative, and the worst documented
#: errors of what NumPy and PyTorch call, for numbers that are not subnormal: Intel's SVML 4 ulp (numpy/numpy pull
#: request 19478), NumPy's float32 exp 2.52 and log 3.83 ulp (pull request 13134), SLEEF's u10 functions, which PyTorch
#: uses, 1 ulp, the C library 1 to 2 ulp.
LIBRARY = 8.0

PIECE = 2**15  # entries that are worked on at a time


def rule(*functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a function on balls as the rule of NumPy's functions; its inputs may also be arrays and numbers."""

    def enter(apply: Callable[..., Any]) -> Callable[..., Any]:
        for function in functions:
            RULES[function] = apply
        return apply

    return enter


def balls(*inputs: Any) -> tuple[Ball, ...]:
    """All inputs as balls. An array is exact; so is a number, but for its rounding to the run's dtype."""
    run = next(i.run for i in inputs if isinstance(i, Ball))
    return tuple(i if isinstance(i, Ball) else _constant(i, run) for i in inputs)


def _constant(i: Any, run: Arithmetic) -> Ball:
    exact = np.asarray(i, run.longer)
    off = np.zeros(exact.shape) if isinstance(i, np.ndarray) else abs(exact.astype(run.dtype) - exact)
    return Ball(exact, off, off, run, switch=np.asarray(i).dtype == bool)


def own(run: Arithmetic, n: float, size: Any) -> tuple[Any, Any]:
    """What n roundings of values of that size can do, (worst, likely); to a 0 that nothing has led to, nothing."""
    underflow = n * run.tiny * (np.asarray(size) > 0)
    return run.g(n) * size + underflow, LAMBDA * run.likely_u * math.sqrt(n / 3) * size + underflow


def root(*errors: Any) -> Any:
    """Independent errors together; their squares may under- or overflow."""
    with np.errstate(over="ignore", under="ignore"):
        total = np.sqrt(sum(np.square(error) for error in errors))
    usual = (total > 2.0**-500) & (total < 2.0**500)  # hypot is right everywhere, and five times as slow
    return total if np.all(usual) else functools.reduce(np.hypot, errors)


def length(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The root of the sum of squares, which may themselves under- or overflow."""
    largest = np.max(x, axis=axis, keepdims=True, initial=0.0)
    scale = np.where((largest > 0) & np.isfinite(largest), largest, 1.0)
    total = np.sqrt(np.sum(np.square(x / scale), axis=axis, keepdims=True)) * scale
    return total if keepdims else total.squeeze(axis) if axis is not None else total.reshape(())


def pieces(shape: tuple[int, ...]) -> list[Any]:
    """Rows of an array of that shape, a few at a time, so that all that is made of them stays in the cache."""
    size = math.prod(shape)
    if size <= PIECE:
        return [...] if size else []
    rows = max(1, PIECE * shape[0] // size)
    return [slice(start, start + rows) for start in range(0, shape[0], rows)]


def piecewise(f: Callable[..., tuple[Any, ...]], *arrays: Any) -> tuple[np.ndarray, ...]:
    """f, entry by entry, of arrays that fit the first one, in pieces; f takes as many and gives arrays of float64."""
    shape = np.shape(arrays[0])
    parts = pieces(shape)
    if len(parts) < 2:
        return f(*arrays)
    found: list[np.ndarray] = []
    for part in parts:
        results = f(*(x[part] if np.ndim(x) == len(shape) and len(x) == shape[0] else x for x in arrays))
        found = found or [np.empty(shape) for _ in results]
        for whole, piece in zip(found, results, strict=True):
            whole[part] = piece
    return tuple(found)


def rounded(exact: Any, worst: Any, likely: Any, run: Arithmetic, n: float = 1) -> Ball:
    """The ball of a value whose inputs were off by `worst` and `likely`, and which is rounded n times itself."""
    size = abs(np.asarray(exact, np.float64)) + worst
    w, _ = own(run, n, np.where(np.isfinite(size), size, 0.0))
    _, l = own(run, n, abs(np.asarray(exact, np.float64)))  # noqa: E741
    return Ball(exact, known(worst + w), known(root(likely, l)), run)


def shortened(ball: Ball, n: float = 1) -> Ball:
    """The ball after n roundings to the short format of what goes into products and comes out of them, if there is one.

    What fits that format already, as one that came out of a product does, is not rounded.
    """
    u = ball.run.short_u
    if not u:
        return ball
    fits = np.zeros(ball.shape, bool)
    if ball.is_exact:
        mantissa, _ = np.frexp(ball.value)
        fits = mantissa / (2 * u) % 1 == 0 if n == 1 else fits
    size = np.where(fits, 0.0, abs(ball.value) + ball.worst)
    likely = LAMBDA * u * math.sqrt(n / 3) * np.where(fits, 0.0, abs(ball.value))
    return Ball(ball.exact, known(ball.worst + n * u * size), known(root(ball.likely, likely)), ball.run, ball.switch)


def known(error: Any) -> Any:
    """0 times an infinite error is not a number; nothing is known there, so the error is infinite."""
    return np.where(np.isnan(error), np.inf, error)
