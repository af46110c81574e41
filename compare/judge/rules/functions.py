"""Functions of one variable, and the logarithm of a sum of two exponentials."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from compare.judge.ball import RULES, Ball
from compare.judge.rules.errors import LIBRARY, balls, known, own, root, rounded, rule

# Functions of one variable: the value, and how far it moves where its argument moves by e.


def smooth(function: Any, roundings: float, moves: Callable[[np.ndarray, Any], Any]) -> None:
    """Enter the rule of a function, which errs by `roundings` of its own."""

    def apply(a: Ball) -> Ball:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            x = a.value
            ball = rounded(function(a.exact), moves(x, a.worst), moves(x, a.likely), a.run, roundings)
            if function is np.exp:
                ball.notes = {"is e^x": True}  # for 1 / (1 + e^x), see `arithmetic.py`
            return ball

    RULES[function] = apply


def _up_to(slope: Callable[[np.ndarray], Any]) -> Callable[[np.ndarray, Any], Any]:
    """How far a function moves whose derivative grows towards larger arguments."""
    return lambda x, e: slope(x + e) * e


def _where_positive(moves: Callable[[np.ndarray, Any], Any]) -> Callable[[np.ndarray, Any], Any]:
    return lambda x, e: np.where(e == 0, 0.0, np.where(x > e, moves(x, np.minimum(e, abs(x))), np.inf))


def _tangent_moves(x: np.ndarray, e: Any) -> Any:
    t, s = abs(np.tan(x)), np.tan(np.minimum(e, 1.0))  # tan(x + e) = (t + s) / (1 - t s), up to the pole
    return np.where((e < 1) & (t * s < 1), s * (1 + t * t) / np.maximum(1 - t * s, np.finfo(float).tiny), np.inf)


smooth(np.exp, LIBRARY, lambda x, e: np.exp(x) * np.expm1(e))
smooth(np.exp2, LIBRARY, lambda x, e: np.exp2(x) * np.expm1(e * math.log(2)))
smooth(np.expm1, LIBRARY, lambda x, e: np.exp(x) * np.expm1(e))
smooth(np.log, LIBRARY, _where_positive(lambda x, e: -np.log1p(-e / x)))
smooth(np.log2, LIBRARY, _where_positive(lambda x, e: -np.log1p(-e / x) / math.log(2)))
smooth(np.log10, LIBRARY, _where_positive(lambda x, e: -np.log1p(-e / x) / math.log(10)))
smooth(np.log1p, LIBRARY, lambda x, e: np.where(e == 0, 0.0, np.where(1 + x > e, -np.log1p(-e / (1 + x)), np.inf)))
smooth(np.sqrt, 1, lambda x, e: np.where(e == 0, 0.0, np.minimum(np.sqrt(e), e / np.sqrt(np.maximum(x, 0)))))
smooth(np.sin, LIBRARY, lambda x, e: np.minimum(abs(np.cos(x)) * e + e * e / 2, 2.0))
smooth(np.cos, LIBRARY, lambda x, e: np.minimum(abs(np.sin(x)) * e + e * e / 2, 2.0))
smooth(np.tan, LIBRARY, _tangent_moves)
smooth(np.tanh, LIBRARY, lambda x, e: np.minimum((1 - np.tanh(np.maximum(abs(x) - e, 0)) ** 2) * e, 2.0))
smooth(np.arctan, LIBRARY, lambda x, e: e / (1 + np.maximum(abs(x) - e, 0) ** 2))
smooth(np.sinh, LIBRARY, lambda x, e: np.cosh(abs(x) + e) * e)
smooth(np.cosh, LIBRARY, lambda x, e: np.sinh(abs(x) + e) * e)


@rule(np.abs)
def _abs(a: Ball) -> Ball:
    return Ball(abs(a.exact), a.worst, a.likely, a.run)


@rule(np.sign)
def _sign(a: Ball) -> Ball:
    def doubt(e: Any) -> Any:
        return np.where((abs(a.value) <= e) & (e > 0), 2.0, 0.0)

    return Ball(np.sign(a.exact), doubt(a.worst), doubt(a.likely), a.run, switch=True)


@rule(np.logaddexp)
def _logaddexp(a: Any, b: Any) -> Ball:
    a, b = balls(a, b)
    exact = np.logaddexp(a.exact, b.exact)
    p = np.exp(a.value - np.asarray(exact, np.float64))
    # max(a, b) + log1p(exp(-|a - b|)): the two may cancel, so they are rounded as what they are.
    size = np.maximum(abs(a.value), abs(b.value)) + math.log(2)
    worst, likely = own(a.run, 2 * LIBRARY, size)
    inherited = root(p * a.likely, (1 - p) * b.likely)
    return Ball(exact, known(np.maximum(a.worst, b.worst) + worst), known(root(inherited, likely)), a.run)
