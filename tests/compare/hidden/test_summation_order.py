"""The order of a sum, and its last bits."""

from dataclasses import replace

import numpy as np
import pytest

from compare.hidden.experiments import summation_order


@pytest.fixture(scope="module", params=["float32", "float64"])
def table(request):
    random = np.random.default_rng(0)
    x, dz = random.random((500, 7)).astype(request.param), random.standard_normal((500, 9)).astype(request.param)
    found = summation_order.in_every_order(x, dz)
    found["a term missing"] = found["by hand"] - np.multiply.outer(x[0], dz[0])
    return summation_order.against_exact(found, x, dz), request.param


def test_every_order_is_within_both_bounds_and_a_sum_that_lacks_a_term_is_not(table):
    orders = dict(table[0])
    missing = orders.pop("a term missing")
    assert missing.bound_used > 1
    assert max(one.bound_used for one in orders.values()) <= max(one.probable_used for one in orders.values()) < 1


def test_reversed_rows_change_bits_and_the_engine_has_those_by_hand(table):
    orders = table[0]
    assert min(orders[f"{name}, rows reversed"].changed for name in ("by hand", "engine", "PyTorch")) > 0
    assert orders["engine"].changed == orders["by hand"].changed == 0


def test_the_verdict_fails_when_an_order_leaves_its_bound_or_nothing_changes(table):
    orders, dtype = table
    right = {name: one for name, one in orders.items() if name != "a term missing"}
    assert summation_order.judge(summation_order.Measured({500: right}, dtype)).holds
    assert not summation_order.judge(summation_order.Measured({500: orders}, dtype)).holds
    unmoved = replace(right["PyTorch, rows reversed"], changed=0.0)
    assert not summation_order.judge(
        summation_order.Measured({500: right | {"PyTorch, rows reversed": unmoved}}, dtype)
    ).holds
