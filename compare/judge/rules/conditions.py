"""Conditions, and what depends on them: where rounding may decide which way it goes, both are inside."""

import functools
from typing import Any

import numpy as np

from compare.judge.ball import RULES, Ball
from compare.judge.rules.errors import LAMBDA, balls, rule


def _turned(distance: Any, likely: Any) -> Any:
    """LAMBDA standard deviations of a condition that rounding may turn round: it is off by 1 with a probability p.

    With `likely` as LAMBDA standard deviations of what is compared, p is at most e^(-k^2 / 2) / 2, k standard
    deviations from the turning point. One that has turned is within in any case.
    """
    k = LAMBDA * distance / np.where(likely > 0, likely, 1.0)
    return np.maximum(1.0, LAMBDA * np.sqrt(0.5) * np.exp(-k * k / 4))


def _condition(compare: Any, *, tie_is_in_doubt: bool = True) -> None:
    def apply(a: Any, b: Any) -> Ball:
        is_left = None if isinstance(a, Ball) and isinstance(b, Ball) else isinstance(a, Ball)
        a, b = balls(a, b)
        exact = compare(a.held, b.held)
        if a.is_exact and b.is_exact and a.run.ties is None:
            return Ball(exact, 0.0, 0.0, a.run, switch=True)
        distance = abs(np.asarray(a.exact - b.exact, np.float64))

        def in_doubt(e: Any) -> Any:
            return (distance <= e) & (e > 0) & (tie_is_in_doubt | (distance > 0))

        likely = a.likely + b.likely
        if a.run.ties is not None and is_left is not None and compare is not np.not_equal:
            above = compare in (np.greater, np.greater_equal) if is_left else compare in (np.less, np.less_equal)
            exact = np.where(distance == 0, compare is not np.equal and above == bool(a.run.ties), exact)
        doubt = np.where(in_doubt(a.worst + b.worst), 1.0, 0.0)
        return Ball(exact, doubt, np.where(in_doubt(likely), _turned(distance, likely), 0.0), a.run, switch=True)

    RULES[compare] = apply


for _compare in (np.greater, np.greater_equal, np.less, np.less_equal, np.not_equal):
    _condition(_compare)
_condition(np.equal, tie_is_in_doubt=False)  # what is equal is so for a reason: a maximum, and the entry that it is


def _connective(connect: Any, decides: bool) -> None:
    """decides: what settles it alone, whatever the other side is."""

    def apply(a: Any, b: Any) -> Ball:
        a, b = balls(a, b)

        def doubt(e: Any, f: Any) -> Any:
            open_a, open_b = (((i.exact != 0) != decides) | (d > 0) for i, d in ((a, e), (b, f)))
            return np.maximum(np.where(open_b, e, 0.0), np.where(open_a, f, 0.0))

        exact = connect(a.exact != 0, b.exact != 0)
        return Ball(exact, doubt(a.worst, b.worst), doubt(a.likely, b.likely), a.run, switch=True)

    RULES[connect] = apply


for _connect, _decides in (
    (np.bitwise_and, False), (np.logical_and, False), (np.bitwise_or, True), (np.logical_or, True)
):  # fmt: skip
    _connective(_connect, _decides)


@rule(np.invert, np.logical_not)
def _not(a: Ball) -> Ball:
    return Ball(a.exact == 0, a.worst, a.likely, a.run, switch=True)


@rule(np.where)
def _where(c: Any, a: Any, b: Any) -> Ball:
    a, b, c = balls(a, b, c) if isinstance(c, Ball) else (*balls(a, b), c)
    if not isinstance(c, Ball):
        choose = functools.partial(np.where, c)
        return Ball(choose(a.exact, b.exact), choose(a.worst, b.worst), choose(a.likely, b.likely), a.run)
    on, distance = c.exact != 0, abs(np.asarray(a.exact - b.exact, np.float64))

    def either(doubt: Any, e: Any, f: Any) -> Any:
        return np.where(doubt > 0, np.maximum(e, f) + doubt * distance, np.where(on, e, f))

    worst, likely = either(c.worst, a.worst, b.worst), either(c.likely, a.likely, b.likely)
    return Ball(np.where(on, a.exact, b.exact), worst, likely, a.run)


@rule(np.maximum)
def _maximum(a: Any, b: Any) -> Ball:
    a, b = balls(a, b)
    exact = np.maximum(a.held, b.held)
    if a.is_exact and b.is_exact:
        return Ball(exact, 0.0, 0.0, a.run)
    lead = np.asarray(a.exact - b.exact, np.float64)

    def either(e: Any, f: Any) -> Any:
        return np.where(lead > e + f, e, np.where(-lead > e + f, f, np.maximum(e, f)))

    return Ball(exact, either(a.worst, b.worst), either(a.likely, b.likely), a.run)


@rule(np.minimum)
def _minimum(a: Any, b: Any) -> Any:
    negative = RULES[np.negative]
    return negative(_maximum(negative(a), negative(b)))


@rule(np.clip)
def _clip(a: Ball, low: Any = None, high: Any = None) -> Ball:
    a = a if low is None else _maximum(a, low)
    return a if high is None else _minimum(a, high)
