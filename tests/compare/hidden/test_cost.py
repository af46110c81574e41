"""The parts of a step's time."""

import numpy as np
import pytest

from compare.hidden.experiments import cost
from compare.shared.initial import initial_parameters
from compare.worlds import NAMES
from manual.network import Network


def test_the_parts_add_up_to_the_step_and_the_calls_are_counted_once():
    seconds = cost.split(step=10.0, bookkeeping=3.0, products=5.0, calls=1.0)
    assert seconds == cost.StepTime(step=10.0, products=4.0, arithmetic=3.0, bookkeeping=3.0)
    assert sum(seconds.shares.values()) == pytest.approx(1)


def test_the_eight_products_are_those_of_the_step_in_numpy_and_in_torch():
    start = initial_parameters((20, 8, 6, 10), "he")
    random = np.random.default_rng(0)
    x, labels = random.random((5, 20)), random.integers(0, 10, 5)
    d = Network(start).trace(x, labels)
    z1, z2, z3 = (d[f"z{k}"] - start[f"b{k}"] for k in (1, 2, 3))
    expected = [z1, z2, z3, d["dW3"], d["da2"], d["dW2"], d["da1"], d["dW1"]]
    of_weights = (3, 5, 7)  # which torch keeps as (fan_out, fan_in)
    for products in (cost.products_in_numpy, cost.products_in_torch):
        for i, (found, wanted) in enumerate(zip(products(start, x, labels)(), expected, strict=True)):
            if products is cost.products_in_torch and i in of_weights:
                found = found.T
            np.testing.assert_allclose(found, wanted, atol=1e-14)


def test_the_verdict_fails_where_bookkeeping_does_not_shrink_with_the_batch():
    def table(bookkeeping):
        return {m: {name: cost.split(100.0, share, 60.0, 1.0) for name in NAMES} for m, share in bookkeeping.items()}

    assert cost.judge(cost.Measured(table({1: 30.0, 64: 20.0, 1024: 5.0}))).holds
    assert not cost.judge(cost.Measured(table({1: 4.0, 64: 4.0, 1024: 5.0}))).holds
    assert not cost.judge(cost.Measured(table({1: 90.0, 64: 80.0, 1024: 70.0}))).holds
