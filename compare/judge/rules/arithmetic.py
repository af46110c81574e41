"""Arithmetic, entry by entry."""

from typing import Any

import numpy as np

from compare.judge.ball import RULES, Ball
from compare.judge.rules.errors import LIBRARY, balls, known, own, root, rounded, rule

# A sigmoid is written as 1 / (1 + e^-x), hidden in x / (1 + e^-x) and in log(1 + e^x), and frameworks have the same
# derivative for all of these, from the rounded s = 1 / (1 + e): s (1 - s) for s e / (1 + e), and 1 - s for e / (1 + e).
# What this loses where 1 - s is small is allowed for; so what was divided by 1 + e is known by its notes, and e too.


@rule(np.add)
def _add(a: Any, b: Any) -> Ball:
    one, other = (a, b) if isinstance(b, Ball) else (b, a)
    is_sigmoids = not isinstance(one, Ball) and np.all(np.equal(one, 1)) and "is e^x" in other.notes
    a, b = balls(a, b)
    if (a.total is None) != (b.total is None):
        return a.total.plus(b) if b.total is None else b.total.plus(a)
    ball = rounded(a.exact + b.exact, a.worst + b.worst, root(a.likely, b.likely), a.run)
    ball.notes = {"1 + e": other} if is_sigmoids else {}
    return ball


@rule(np.subtract)
def _subtract(a: Any, b: Any) -> Ball:
    return _add(a, _negative(b))


@rule(np.multiply)
def _multiply(a: Any, b: Any) -> Ball:
    if a is b:
        return _square(a)
    a, b = balls(a, b)
    exact = a.exact * b.exact
    is_switched = a.switch or b.switch
    if is_switched and a.is_exact and b.is_exact:
        return Ball(exact, 0.0, 0.0, a.run)
    x, y = abs(a.value), abs(b.value)
    worst = a.worst * y + x * b.worst + a.worst * b.worst
    likely = root(a.likely * y, x * b.likely, a.likely * b.likely)
    for one, other, size in ((a, b, x), (b, a, y)):
        if one.notes.get("/ (1 + e)") is other:
            lost = own(a.run, LIBRARY + 2, size)
            worst, likely = worst + lost[0], root(likely, lost[1])
    if is_switched:  # nothing is rounded; where the switch is in doubt, so is all that it lets through
        return Ball(exact, known(worst), known(a.likely * y + x * b.likely + a.likely * b.likely), a.run)
    return rounded(exact, worst, likely, a.run)


@rule(np.square)
def _square(a: Ball) -> Ball:
    x = abs(a.value)
    return rounded(a.exact * a.exact, (2 * x + a.worst) * a.worst, (2 * x + a.likely) * a.likely, a.run)


@rule(np.divide)
def _divide(a: Any, b: Any) -> Ball:
    a, b = balls(a, b)
    exact, left = a.exact / b.exact, abs(b.value)
    size = abs(np.asarray(exact, np.float64))

    def passed(e: Any, f: Any) -> Any:
        return np.where(left > f, e / np.maximum(left - f, np.finfo(float).tiny), np.inf)

    worst = passed(a.worst + size * b.worst, b.worst)
    likely = passed(root(a.likely, size * b.likely), b.likely)
    e = b.notes.get("1 + e")
    if e is not None and a.notes.get("/ (1 + e)") is e:
        lost = own(a.run, LIBRARY + 2, size / np.maximum(abs(e.value), np.finfo(float).tiny))
        worst, likely = worst + lost[0], root(likely, lost[1])
    ball = rounded(exact, worst, likely, a.run)
    ball.notes = {} if e is None else {"/ (1 + e)": e}
    return ball


@rule(np.negative)
def _negative(a: Any) -> Any:
    return Ball(-a.exact, a.worst, a.likely, a.run) if isinstance(a, Ball) else -a


@rule(np.positive)
def _positive(a: Ball) -> Ball:
    return a


@rule(np.power, np.float_power)
def _power(a: Any, b: Any) -> Ball:
    if isinstance(b, Ball) and not b.worst.any():
        b = b.exact
    if isinstance(b, Ball):
        return RULES[np.exp](_multiply(b, RULES[np.log](balls(a, b)[0])))
    if np.ndim(b) == 0 and float(b) == 2:
        return _square(a)
    run, value = a.run, a.value
    exact, reach = np.power(a.exact, np.asarray(b, run.longer)), abs(value)

    def passed(e: Any) -> Any:  # the derivative at the ends, where its magnitude is largest, unless 0 lies between
        b_ = np.asarray(b, np.float64)
        low, high = np.maximum(reach - e, 0), reach + e
        slope = np.maximum(abs(b_ * low ** (b_ - (b_ != 0))), abs(b_ * high ** (b_ - (b_ != 0))))
        return np.where(e > 0, slope * e, 0.0)

    with np.errstate(divide="ignore", invalid="ignore"):
        # A number for an exponent is rounded to the run's dtype, which moves the power by its logarithm.
        exponent = balls(a, b)[1].worst * abs(np.log(reach) * np.asarray(exact, np.float64))
        exponent = np.where((reach == 0) | (np.asarray(b) == 0), 0.0, exponent)
        return rounded(exact, passed(a.worst) + exponent, passed(a.likely) + exponent, run, LIBRARY)
