from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compare.parity.bounds import LIBRARY, Rounding, ScoresBound, probable_g
from compare.parity.exact import FLOAT64
from compare.parity.lines import ACTIVATIONS, LOSS, one_hot, scores_rule

R = Rounding.of(np.float32, FLOAT64)
U = 2.0**-24


def in_order(products):
    total = np.float32(0)
    for product in products:
        total = total + product
    return total


def in_pairs(products):
    while len(products) > 1:
        if len(products) % 2:
            products = np.append(products, np.float32(0))
        products = products[::2] + products[1::2]
    return products[0]


@given(st.lists(st.floats(-1e10, 1e10, width=32), min_size=1, max_size=200), st.integers(0, 2**32))
def test_a_sum_in_any_order_is_within_its_bound(values, seed):
    a = np.array(values, dtype=np.float32)
    b = np.random.default_rng(seed).standard_normal(len(a)).astype(np.float32)
    exact = sum(Fraction(float(p)) * Fraction(float(q)) for p, q in zip(a, b, strict=True))
    bound = R.sum(len(a), abs(a).astype(np.float64) @ abs(b).astype(np.float64))
    for add in (in_order, in_pairs, lambda products: in_order(products[::-1])):
        assert abs(Fraction(float(add(a * b))) - exact) <= Fraction(float(bound))


def test_the_bound_of_a_sum_is_reached_so_it_could_not_be_smaller():
    n = 1000
    terms = np.array([1] + [U] * (n - 1), dtype=np.float32)  # each u is lost: half an ulp, rounded to even
    error = float(terms.astype(np.float64).sum() - in_order(terms))
    assert 0.99 < error / R.sum(n, terms.astype(np.float64).sum()) <= 1


def test_g_is_highams_and_infinite_where_nothing_can_be_said():
    n = 784
    assert R.g(n) == pytest.approx(n * U / (1 - n * U) + n * 2.0**-53, rel=1e-12, abs=0)
    assert R.g(2.0**24) == np.inf
    assert (R.g(np.array([1.0, 2.0**25])) == [R.g(1.0), np.inf]).all()


def test_the_probabilistic_bound_is_smaller_for_long_sums_only():
    assert probable_g(784, U, 8192) < 0.4 * R.g(784)
    assert probable_g(10, U, 640) > R.g(10)


@pytest.mark.parametrize(("function", "low", "high"), [(np.exp, -80, 80), (np.log, 1e-30, 1e30), (np.tanh, -9, 9)])
def test_library_functions_err_by_less_than_eight_roundings(function, low, high):
    x = np.geomspace(low, high, 200_001) if low > 0 else np.linspace(low, high, 200_001)
    x = x.astype(np.float32)
    exact = function(x.astype(np.float64))
    assert (abs(function(x) - exact) <= LIBRARY * U * abs(exact)).all()


def test_the_sigmoid_is_within_its_bound_by_either_formula_over_its_whole_range():
    z = np.linspace(-110, 110, 100_001).astype(np.float32)
    rule, _ = ACTIVATIONS["sigmoid"]
    exact, bound = rule.exact(FLOAT64, z.astype(np.float64)), rule.bound(R, z.astype(np.float64))
    e = np.exp(-abs(z))
    with np.errstate(over="ignore"):
        formulas = {"as written": 1 / (1 + np.exp(-z)), "without overflow": np.where(z >= 0, 1, e) / (1 + e)}
    for name, found in formulas.items():
        assert found.dtype == np.float32
        assert (abs(found - exact) <= bound).all(), name


def softmax_routes(z):
    """Probabilities and their logarithms in float32, by every route that people take."""
    largest = z.max(axis=1, keepdims=True)
    shifted = z - largest
    e = np.exp(shifted)
    total = e.sum(axis=1, keepdims=True)
    direct = e / total
    after_shift = shifted - np.log(total)
    log_sum_exp = z - (largest + np.log(total))
    unshifted = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    return {
        "direct": (direct, np.log(direct)),
        "log-softmax": (np.exp(after_shift), after_shift),
        "log-sum-exp": (np.exp(log_sum_exp), log_sum_exp),
        "unshifted": (unshifted, np.log(unshifted)),
    }


@given(st.integers(0, 2**32), st.sampled_from([0.01, 1.0, 5.0, 15.0]), st.floats(-30, 30), st.integers(1, 40))
def test_softmax_and_loss_are_within_their_bounds_by_every_route(seed, scale, offset, m):
    random = np.random.default_rng(seed)
    z = (random.standard_normal((m, 10)) * scale + offset).astype(np.float32)
    y = one_hot(random.integers(0, 10, m), 10).astype(np.float32)
    as_float64 = z.astype(np.float64), y.astype(np.float64)
    gradient, loss = scores_rule(divide=True), LOSS
    exact_gradient, exact_loss = gradient.exact(FLOAT64, *as_float64), loss.exact(FLOAT64, *as_float64)
    gradient_bound, loss_bound = gradient.bound(R, *as_float64), loss.bound(R, *as_float64)
    one = np.float32(1)
    for route, (p, log_p) in softmax_routes(z).items():
        found = {
            "divided": (p - y) / np.float32(m),
            "multiplied": (p - y) * (one / np.float32(m)),
            "multiplied first": p * (one / np.float32(m)) - y * (one / np.float32(m)),
        }
        for way, value in found.items():
            assert value.dtype == np.float32
            assert (abs(value - exact_gradient) <= gradient_bound).all(), (route, way)
        assert abs(-(log_p * y).sum(axis=1).mean() - exact_loss) <= loss_bound, route


def test_a_mean_over_many_rows_may_be_summed_in_order():
    m = 20_000
    z, y = np.full((m, 10), 0.25, dtype=np.float32), one_hot(np.zeros(m, dtype=int), 10)
    each = np.full(m, np.log(10.0), dtype=np.float32)
    found = in_order(each) / np.float32(m)
    error = abs(float(found) - float(LOSS.exact(FLOAT64, z.astype(np.float64), y)))
    assert 100 * U < error <= LOSS.bound(R, z.astype(np.float64), y)


def test_the_bound_of_the_scores_gradient_is_a_few_hundred_ulp_at_most_at_usual_scores():
    z = np.random.default_rng(0).standard_normal((64, 10)) * 3
    bound = ScoresBound.of(R, z).gradient(R, one_hot(np.zeros(64, dtype=int), 10), 64)
    assert (bound * 64 < 200 * U).all()
