"""How often right sums are called wrong: in each order of addition, on data of several kinds, by three tests."""

import numpy as np
import pytest

from compare.judge.ball import Ball
from compare.judge.roundoff import Arithmetic
from compare.judge.rules import LAMBDA
from compare.judge.verdict import judged

RUN = Arithmetic.of(np.float32)


def recursive(terms):
    return np.add.accumulate(terms)[-1]


def pairwise(terms):
    while len(terms) > 1:
        terms = np.concatenate([terms[:-1:2] + terms[1::2], terms[len(terms) // 2 * 2 :]])
    return terms[0]


def kahan(terms):
    total, lost = np.zeros_like(terms[0]), np.zeros_like(terms[0])
    for term in terms:
        step = term - lost
        new = total + step
        lost, total = (new - total) - step, new
    return total


def in_order_of(key):
    return lambda terms: recursive(np.take_along_axis(terms, np.argsort(key(terms), axis=0), axis=0))


ORDERS = {
    "recursive": recursive,
    "reversed": lambda terms: recursive(terms[::-1]),
    "random": lambda terms: recursive(np.random.default_rng(5).permutation(terms)),
    "pairwise": pairwise,
    "blocked": lambda terms: recursive(np.stack([recursive(part) for part in np.array_split(terms, len(terms) // 16)])),
    "Kahan": kahan,
    "ascending": in_order_of(abs),
    "descending": in_order_of(lambda terms: -abs(terms)),
    "positive first": in_order_of(lambda terms: -terms),
}
CONSPIRING = {"positive first"}  # all its steps go one way


def draw(kind, n, random):
    """a (n, 24) and dz (n, 20), whose product over the rows is a line."""
    a, dz = random.standard_normal((n, 24)), random.standard_normal((n, 20))
    if kind == "positive":
        a, dz = abs(a), abs(dz)
    if kind == "pixels":
        a = np.where(random.random((n, 24)) < 0.2, np.rint(255 * random.random((n, 24))) / 255, 0)
    if kind == "scales":
        dz = dz * 10.0 ** random.uniform(-4, 0, (n, 1))
    return a.astype(np.float32), dz.astype(np.float32)


@pytest.fixture(scope="module")
def verdicts():
    """By order, for each line: (bound_used, probable_used, slope_sigma)."""
    found = {order: [] for order in ORDERS}
    for n in (64, 1024):
        for kind in ("normal", "positive", "pixels", "scales"):
            for seed in range(3):
                a, dz = draw(kind, n, np.random.default_rng(seed))
                ball = Ball.given(a, RUN).T @ Ball.given(dz, RUN)
                terms = a[:, :, None] * dz[:, None]
                for order, add in ORDERS.items():
                    v = judged("dW", add(terms), ball, together=True)
                    found[order].append((v.bound_used, v.probable_used, v.slope_sigma))
    return {order: np.array(lines) for order, lines in found.items()}


@pytest.mark.parametrize("order", ORDERS)
def test_the_worst_case_calls_no_order_wrong(verdicts, order):
    assert verdicts[order][:, 0].max() <= 1


@pytest.mark.parametrize("order", sorted(set(ORDERS) - CONSPIRING))
def test_the_likely_error_and_the_slope_call_no_usual_order_wrong(verdicts, order):
    assert verdicts[order][:, 1].max() <= 1
    assert verdicts[order][:, 2].max() <= LAMBDA


def test_a_common_factor_that_no_entry_shows_is_seen_in_the_slope():
    a, dz = draw("pixels", 20_000, np.random.default_rng(0))
    ball = Ball.given(a, RUN).T @ Ball.given(dz, RUN)
    for factor in (200_000 / 199_999, 1 - 5e-6):  # one example in so many is missing, say
        verdict = judged("dW", a.T @ (dz * np.float32(factor)), ball, together=True)
        assert max(verdict.bound_used, verdict.probable_used) < 1
        assert verdict.answer == "not rounding"
        assert f"{1 + verdict.slope:.10g} times what they should be" in verdict.fault
        assert verdict.slope == pytest.approx(factor - 1, rel=0.05)
    right = judged("dW", a.T @ dz, ball, together=True)
    assert right.slope_sigma < 1
