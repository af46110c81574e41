from fractions import Fraction

import numpy as np
import pytest

from compare.judge import longer
from compare.judge.longer import exact_matmul, threaded_matmul


def exactly(number):
    high = float(number)
    return Fraction(high) + Fraction(float(number - high))


@pytest.mark.skipif(np.finfo(np.longdouble).eps > 2.0**-63, reason="long double is double here")
def test_the_long_double_product_is_a_product_in_long_double():
    random = np.random.default_rng(0)
    a, b = random.standard_normal((5, 30)), random.standard_normal((30, 4))
    found = threaded_matmul(a.astype(np.longdouble), b.astype(np.longdouble))
    assert found.dtype == np.longdouble
    for i, j in np.ndindex(5, 4):
        products = [Fraction(p) * Fraction(q) for p, q in zip(a[i], b[:, j], strict=True)]
        assert abs(exactly(found[i, j]) - sum(products)) <= 31 * Fraction(2) ** -64 * sum(map(abs, products))


@pytest.mark.parametrize("shape", [(64, 784, 128), (7, 33, 10), (784, 64, 128), (5, 1, 4), (6, 50, 1)])
def test_the_bits_of_a_long_product_do_not_depend_on_the_number_of_threads(monkeypatch, shape):
    m, n, k = shape
    random = np.random.default_rng(0)
    a, b = random.standard_normal((m, n)).astype(np.longdouble), random.standard_normal((n, k)).astype(np.longdouble)
    found = []
    for threads in (1, 2, 3, 64):
        monkeypatch.setattr(longer, "available_threads", lambda threads=threads: threads)
        found.append(threaded_matmul(a, b))
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])


@pytest.mark.skipif(np.finfo(np.longdouble).eps > 2.0**-63, reason="long double is double here")
def test_a_product_in_slices_is_as_close_as_it_says_and_closer_than_a_run_can_be(monkeypatch):
    monkeypatch.setattr(longer, "LARGE", 0)
    random = np.random.default_rng(0)
    a = random.standard_normal((3, 2500)) * 10.0 ** random.uniform(-2, 2, (3, 2500))
    b = random.standard_normal((2500, 2)) * 10.0 ** random.uniform(-2, 2, (2500, 2))
    found, off = exact_matmul(a.astype(np.longdouble), b.astype(np.longdouble))
    assert isinstance(off, np.ndarray)
    for i, j in np.ndindex(3, 2):
        products = [Fraction(p) * Fraction(q) for p, q in zip(a[i], b[:, j], strict=True)]
        rounded = 4 * Fraction(2) ** -64 * sum(map(abs, products))  # the three chunks are added up in long double
        assert abs(exactly(found[i, j]) - sum(products)) <= Fraction(off[i, j]) + rounded
        assert off[i, j] <= 2.0**-50 * float(sum(map(abs, products)))


@pytest.mark.parametrize("entry", [np.inf, 1e-200, 1e200])
def test_what_slices_could_lose_is_multiplied_in_long_double(monkeypatch, entry):
    monkeypatch.setattr(longer, "LARGE", 0)
    a, b = np.full((2, 3), 1.5, np.longdouble), np.full((3, 2), 2.0, np.longdouble)
    a[0, 0] = entry
    found, off = exact_matmul(a, b)
    assert off == 0
    np.testing.assert_array_equal(found, threaded_matmul(a, b))
