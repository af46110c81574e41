import dataclasses
from fractions import Fraction

import numpy as np
import pytest

from compare.parity import exact
from compare.parity.exact import DOUBLE_DOUBLE, FLOAT64, longer_than, rounded, threaded_matmul


def test_a_run_is_never_judged_in_its_own_precision():
    assert longer_than(np.float32) is FLOAT64
    assert longer_than(np.dtype("float64")).u <= 2.0**-64


def test_where_long_double_is_double_the_judge_is_double_double(monkeypatch):
    monkeypatch.setattr(exact, "LONG_DOUBLE", dataclasses.replace(exact.LONG_DOUBLE, u=2.0**-53))
    assert longer_than(np.float64) is DOUBLE_DOUBLE


def test_other_dtypes_are_refused_by_name():
    with pytest.raises(TypeError, match="float16"):
        longer_than(np.dtype("float16"))


@pytest.mark.skipif(exact.LONG_DOUBLE.u > 2.0**-64, reason="long double is double here")
def test_the_long_double_product_is_a_product_in_long_double():
    random = np.random.default_rng(0)
    a, b = random.standard_normal((5, 30)), random.standard_normal((30, 4))
    found = threaded_matmul(a.astype(np.longdouble), b.astype(np.longdouble))
    assert found.dtype == np.longdouble
    for i, j in np.ndindex(5, 4):
        products = [Fraction(p) * Fraction(q) for p, q in zip(a[i], b[:, j], strict=True)]
        high = float(found[i, j])
        found_exactly = Fraction(high) + Fraction(float(found[i, j] - high))
        assert abs(found_exactly - sum(products)) <= 31 * Fraction(2) ** -64 * sum(map(abs, products))


@pytest.mark.parametrize("shape", [(64, 784, 128), (7, 33, 10), (784, 64, 128), (5, 1, 4), (6, 50, 1)])
def test_the_bits_of_a_long_product_do_not_depend_on_the_number_of_threads(monkeypatch, shape):
    m, n, k = shape
    random = np.random.default_rng(0)
    a, b = random.standard_normal((m, n)).astype(np.longdouble), random.standard_normal((n, k)).astype(np.longdouble)
    found = []
    for threads in (1, 2, 3, 64):
        monkeypatch.setattr(exact, "available_threads", lambda threads=threads: threads)
        found.append(threaded_matmul(a, b))
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])


@pytest.mark.parametrize("on", [exact.LONG_DOUBLE, DOUBLE_DOUBLE], ids=lambda on: on.name)
def test_rounding_gives_back_what_went_in(on):
    a = np.random.default_rng(0).standard_normal((3, 4))
    assert (rounded(on.number(a)) == a).all()
