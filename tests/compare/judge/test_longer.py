from fractions import Fraction

import numpy as np
import pytest

from compare.judge.longer import TERMS, Extent, exact_block, exact_matmul

is_longer = pytest.mark.skipif(np.finfo(np.longdouble).eps > 2.0**-63, reason="long double is double here")


def exactly(number):
    high = float(number)
    return Fraction(high) + Fraction(float(number - high))


def draw(shape, spread, bits):
    """Numbers of several magnitudes, with as many bits as the dtype has."""
    random = np.random.default_rng(0)
    x = random.standard_normal(shape) * 10.0 ** random.uniform(-spread, spread, shape)
    return x if bits == 53 else x.astype(np.longdouble) / 3


def products(a, b, i, j):
    return [exactly(p) * exactly(q) for p, q in zip(a[i], b[:, j], strict=True)]


@is_longer
@pytest.mark.parametrize("bits", [53, 64])
@pytest.mark.parametrize("n", [1, 7, TERMS])
@pytest.mark.parametrize("spread", [0, 4])
def test_a_block_is_as_close_as_it_says_and_a_thousand_times_closer_than_a_run_can_be(n, spread, bits):
    a, b = draw((3, n), spread, bits), draw((n, 2), spread, bits)
    a[1] = 0  # which errs by nothing
    found, off = exact_block(a, b, np.longdouble, True)
    assert found.dtype == np.longdouble
    for i, j in np.ndindex(3, 2):
        terms = products(a, b, i, j)
        largest = Fraction(float(abs(a[i]).max() * abs(b[:, j]).max()))
        assert abs(exactly(found[i, j]) - sum(terms)) <= Fraction(off[i, j]) + Fraction(2) ** -64 * abs(sum(terms))
        assert off[i, j] <= n * 2.0**-63 * largest


@is_longer
def test_a_whole_product_is_one_in_long_double():
    a, b = draw((5, 1000), 0, 53), draw((1000, 4), 0, 53)
    found = exact_matmul(a, b, np.longdouble)
    for i, j in np.ndindex(5, 4):
        terms = products(a, b, i, j)
        assert abs(exactly(found[i, j]) - sum(terms)) <= 4 * Fraction(2) ** -60 * max(map(abs, terms))


@pytest.mark.parametrize("entry", [np.inf, 1e-200, 1e200])
def test_what_could_be_lost_is_multiplied_in_long_double(entry):
    a, b = np.full((2, 3), 1.5), np.full((3, 2), 2.0)
    a[0, 0] = entry
    assert not Extent.of(a).is_usual
    found, off = exact_block(a, b, np.longdouble, False)
    assert off == 0
    np.testing.assert_array_equal(found, a.astype(np.longdouble) @ b.astype(np.longdouble))


def test_a_shorter_run_is_multiplied_in_float64():
    a, b = draw((3, 5), 0, 53), draw((5, 2), 0, 53)
    found, off = exact_block(a, b, np.float64, True)
    assert found.dtype == np.float64
    assert off == 0
    np.testing.assert_array_equal(found, a @ b)
