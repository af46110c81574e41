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

from compare.judge.ball import RULES, Arithmetic, Ball

LAMBDA = 8.0
#: exp, log, tanh and their like count as that many roundings: the worst documented errors are about 4 ulp, see
#: `parity/bounds.py`.
LIBRARY = 8.0

Errors = Any  # (worst, likely), or one of them


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
    """What n roundings of values of that size can do, (worst, likely)."""
    return run.g(n) * size + n * run.tiny, LAMBDA * run.u * math.sqrt(n / 3) * size + n * run.tiny


def root(*errors: Any) -> Any:
    """Independent errors together."""
    return np.sqrt(functools.reduce(np.add, [error * error for error in errors]))


def rounded(exact: Any, worst: Any, likely: Any, run: Arithmetic, n: float = 1) -> Ball:
    """The ball of a value whose inputs were off by `worst` and `likely`, and which is rounded n times itself."""
    size = abs(np.asarray(exact, np.float64)) + worst
    w, _ = own(run, n, np.where(np.isfinite(size), size, 0.0))
    _, l = own(run, n, abs(np.asarray(exact, np.float64)))  # noqa: E741
    return Ball(exact, known(worst + w), known(root(likely, l)), run)


def known(error: Any) -> Any:
    """0 times an infinite error is not a number; nothing is known there, so the error is infinite."""
    return np.where(np.isnan(error), np.inf, error)
