"""What a wrong gradient looks like: the right one with a slip that has a name.

Only what explains every entry, to within rounding, is said; a factor is never fitted to a single number.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from compare.judge.ball import Ball
from compare.judge.verdict import Verdict

#: How far a gradient with a slip may be from the right one with that slip, in tolerances: it is rounded once more.
SLACK = 4.0


def slip(verdict: Verdict, found: np.ndarray, ball: Ball, argument: Any, inputs: Sequence[Any]) -> str:
    """A sentence that explains a wrong array, or "". argument: the array it is the gradient by; inputs: all of f's."""
    found, exact = np.asarray(found, np.float64), ball.value
    if not np.isfinite(found).all():
        return f"It has {np.count_nonzero(~np.isfinite(found)):,} entries that are not finite."
    if exact.any() and not found.any():
        return "It is zero everywhere: nothing arrived, or it was reset before it was read."
    if found.ndim == 2 and found.shape[0] == found.shape[1] and _fits(ball, found.T):
        return "It is the transpose of the right one."
    if found.size > 1 and exact.any():
        factor = float((found * exact).sum() / (exact * exact).sum())
        if factor and _fits(ball, found / factor):
            return _factor(factor, verdict, inputs)
        if argument is not None and np.any(argument):
            part = float(((found - exact) * argument).sum() / np.square(argument, dtype=float).sum())
            penalty = part * np.asarray(argument, float)
            if _fits(ball, found - penalty, np.abs(penalty) * 1e-6):
                return f"It is the right one plus {part:.3g} times the argument itself: a penalty on its square, say."
        if found.ndim == 2 and _fits(ball, _reordered(found, exact)):
            return "It has the right rows in another order."
    return ""


def _fits(ball: Ball, mended: np.ndarray, rounding: Any = 0.0) -> bool:
    tolerance = SLACK * np.minimum(ball.worst, ball.likely) + rounding + 1e-12 * abs(ball.value).max(initial=0.0)
    return bool((abs(mended - ball.value) <= tolerance).all())


def _factor(factor: float, verdict: Verdict, inputs: Sequence[Any]) -> str:
    if abs(factor + 1) < 1e-3:
        return "It is the right one with the other sign."
    lengths = sorted({n for i in inputs for n in np.shape(i) if n > 1})
    for n in lengths:
        if abs(factor / n - 1) < 1e-5:
            return f"It is the right one times {n}, which is the length of an axis: a sum, where f takes the mean?"
        if abs(factor * n - 1) < 1e-5:
            return f"It is the right one divided by {n}, which is the length of an axis: a mean, where f takes the sum?"
        if n > 2 and abs(factor * (n - 1) / n - 1) < min(max(1e-7, verdict.power), 0.1 / n**2):
            return f"It is the right one times {n} / {n - 1}: one example is missing from the mean."
    return f"It is the right one times {factor:.8g}." if f"{factor:.8g}" != "1" else ""


def _reordered(found: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """The rows of `found` in the order in which `exact` has them, as far as one number for each row can tell."""
    along = np.random.default_rng(0).standard_normal(found.shape[1])
    rows = np.empty_like(found)
    rows[np.argsort(exact @ along)] = found[np.argsort(found @ along)]
    return rows
