import decimal
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from compare.parity import double_double as dd
from compare.parity.double_double import DoubleDouble

numbers = st.floats(-1e100, 1e100).filter(lambda a: a == 0 or abs(a) > 1e-100)


def exactly(number):
    return Fraction(float(number.high)) + Fraction(float(number.low))


@given(numbers, numbers)
def test_two_sum_and_two_product_lose_nothing(a, b):
    s, e = dd.two_sum(a, b)
    assert Fraction(s) + Fraction(e) == Fraction(a) + Fraction(b)
    p, e = dd.two_product(a, b)
    assert Fraction(p) + Fraction(e) == Fraction(a) * Fraction(b)


@given(numbers, numbers, numbers.filter(bool))
def test_each_operator_is_right_to_a_hundred_bits(a, b, c):
    x = DoubleDouble(a) + b  # a number with two parts
    for found, exact in (
        (x + c, exactly(x) + Fraction(c)),
        (x - c, exactly(x) - Fraction(c)),
        (c - x, Fraction(c) - exactly(x)),
        (x * c, exactly(x) * Fraction(c)),
        (x / c, exactly(x) / Fraction(c)),
    ):
        scale = max(abs(exact), abs(exactly(x)) * Fraction(2) ** -10)  # where x - c cancels, x counts
        assert abs(exactly(found) - exact) <= scale * Fraction(2) ** -100


def test_matmul_keeps_its_promise_where_float64_keeps_no_digit():
    random = np.random.default_rng(0)
    a = random.standard_normal((3, 40)) * 10.0 ** random.integers(-8, 8, (3, 40))
    b = random.standard_normal((40, 2))
    a[:, 20:], b[20:] = a[:, :20], -b[:20] * (1 + 2.0**-50)  # halves that nearly cancel
    found = dd.matmul(DoubleDouble(a), DoubleDouble(b))
    float64_errs = 0.0
    for i, j in np.ndindex(3, 2):
        products = [Fraction(p) * Fraction(q) for p, q in zip(a[i], b[:, j], strict=True)]
        exact, magnitude = sum(products), sum(map(abs, products))
        assert abs(exactly(found[i, j]) - exact) <= 40 * Fraction(2) ** -85 * magnitude
        float64_errs = max(float64_errs, float(abs(Fraction((a @ b)[i, j]) - exact) / abs(exact)))
    assert float64_errs > 1e-3


@given(st.floats(-650, 700))
def test_exp_is_right_to_95_bits(x):
    with decimal.localcontext(prec=60):
        exact = Fraction(decimal.Decimal(x).exp())
    assert abs(exactly(dd.exp(DoubleDouble(x))) - exact) <= exact * Fraction(2) ** -95


@given(st.floats(1e-250, 1e250))
def test_log_is_right_to_95_bits(x):
    with decimal.localcontext(prec=60):
        exact = Fraction(decimal.Decimal(x).ln())
    assert abs(exactly(dd.log(DoubleDouble(x))) - exact) <= max(abs(exact), 1) * Fraction(2) ** -95


@given(st.floats(-40, 40).filter(lambda x: abs(x) > 1e-300) | st.floats(-1e-3, 1e-3).filter(lambda x: abs(x) > 1e-9))
def test_tanh_is_right_to_85_bits_near_zero_too(x):
    with decimal.localcontext(prec=700 if abs(x) < 1e-20 else 80):
        t = (-2 * decimal.Decimal(x)).exp()
        exact = Fraction((1 - t) / (1 + t))
    assert abs(exactly(dd.tanh(DoubleDouble(x))) - exact) <= abs(exact) * Fraction(2) ** -85


def test_exp_leaves_float64_at_both_ends_as_float64_does():
    assert dd.exp(DoubleDouble(-5000.0)).high == 0
    with np.errstate(over="ignore", invalid="ignore"):
        assert not np.isfinite(dd.exp(DoubleDouble(5000.0)).high)


def test_sums_along_each_axis_are_those_of_the_exact_numbers():
    a = np.array([[1.0, 2.0**-60], [2.0**-70, -1.0]])
    found = DoubleDouble(a)
    assert [exactly(n) for n in (found.sum(axis=0)[0], found.sum(axis=0)[1])] == [
        1 + Fraction(2) ** -70,
        Fraction(2) ** -60 - 1,
    ]
    assert exactly(found.sum()) == Fraction(2) ** -60 + Fraction(2) ** -70
    assert found.sum(axis=1, keepdims=True).shape == (2, 1)


def test_a_number_as_large_as_they_come_is_split_without_a_loss():
    for a in (1e301, 1.7e308, np.array([1.0, -1.5e308])):
        high, low = dd.split(a)
        assert np.isfinite(high).all()
        assert np.all(high + low == a)
    p, e = dd.two_product(1.7e308, 0.3)
    assert Fraction(float(p)) + Fraction(float(e)) == Fraction(1.7e308) * Fraction(0.3)
