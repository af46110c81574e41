"""Where 1/m goes."""

import numpy as np
import pytest

from compare.hidden.experiments import mean_or_sum
from compare.hidden.tools.reductions import GRADIENTS, by_hand
from compare.shared.initial import initial_parameters
from compare.shared.settings import Settings
from compare.worlds import build

START = initial_parameters((20, 8, 6, 10), "he")


def batch(m):
    random = np.random.default_rng(0)
    return random.random((m, 20)), random.integers(0, 10, m)


@pytest.mark.parametrize("name", mean_or_sum.WORLDS)
def test_the_gradients_of_the_mean_are_the_networks_own_and_those_of_the_sum_m_times_as_large(name):
    x, labels = batch(60)
    own = build(name, START).gradients(x, labels)[1]
    mean, total = (GRADIENTS[name](START, x, labels, reduction) for reduction in ("mean", "sum"))
    for parameter, gradient in own.items():
        np.testing.assert_allclose(mean[parameter], gradient, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(total[parameter], 60 * gradient, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", mean_or_sum.WORLDS)
def test_dividing_by_a_power_of_two_changes_no_bit_wherever_it_is_done_and_by_another_number_some(name):
    changed = {m: mean_or_sum.entries_changed(mean_or_sum.steps(name, START, *batch(m), 0.1)) for m in (60, 64)}
    assert changed[64] == 0
    assert changed[60] > 0.1


def test_a_step_in_which_one_place_forgets_the_division_is_outside_its_bound():
    x, labels = batch(60)
    steps = mean_or_sum.steps("manual", START, x, labels, 0.1)
    settings = Settings(widths=(8, 6))
    assert max(mean_or_sum.bound_used(steps, START, x, labels, settings).values()) < 1
    steps["each dW"] = {name: 0.1 * d for name, d in by_hand(START, x, labels, "sum").items()}
    used = mean_or_sum.bound_used(steps, START, x, labels, settings)
    assert used["each dW"] > 1e6
    assert used["dz3"] < 1


@pytest.mark.parametrize(
    ("changes", "holds"),
    [
        ({}, True),
        ({"used": {"manual": {"dz3": 0.1, "each dW": 2.0}}}, False),
        ({"changed": {"manual": {60: 0.4, 64: 0.01}}}, False),
        ({"norms": {16: 1.0, 64: 2.0, 256: 4.0}}, False),  # the mean's gradient grows with the batch
        ({"norms": {16: 1.0, 64: 0.2, 256: 0.05}}, False),  # the sum's does not
    ],
)
def test_the_verdict_follows_the_measurement(changes, holds):
    measured = {
        "used": {"manual": {"dz3": 0.1, "each dW": 0.2}},
        "changed": {"manual": {60: 0.4, 64: 0.0}},
        "norms": {16: 1.0, 64: 0.8, 256: 0.7},
        "ends": {"mean": {16: 0.5, 256: 0.4}, "sum": {16: 0.9, 256: float("nan")}},
    }
    assert mean_or_sum.judge(mean_or_sum.Measured(**{**measured, **changes}, learning_rate=0.1)).holds is holds
