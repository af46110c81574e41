"""The scale of the initial weights."""

from dataclasses import replace

import numpy as np
import pytest

from compare.hidden.experiments import init_scale
from compare.worlds import NAMES


def measured():
    """What a network of three layers without biases would give: sizes as powers of the scale."""
    losses = {0.0001: (2.3, 2.3), 0.001: (2.3, 2.3), 0.01: (2.3, 0.4), 0.1: (2.4, 0.2), 1.0: (500.0, 2.3)}
    powers = {"z3": 3, "dW1": 2, "dW2": 2, "dW3": 2}
    return {
        scale: init_scale.Start(
            {name: {line: scale**power for line, power in powers.items()} for name in NAMES}, before, after
        )
        for scale, (before, after) in losses.items()
    }


def test_knowing_only_frequencies_costs_ln_10_for_equal_ones_and_less_for_unequal():
    assert init_scale.frequency_loss(np.arange(10)) == pytest.approx(np.log(10))
    assert init_scale.frequency_loss(np.array([0, 0, 0, 1])) == pytest.approx(0.75 * np.log(4 / 3) + 0.25 * np.log(4))


@pytest.mark.parametrize(
    ("scale", "key", "value"),
    [(0.0001, "loss_after", 1.5), (0.01, "loss_after", 2.3), (1.0, "loss_before", 3.0), (1.0, "loss_after", 0.1)],
)
def test_the_verdict_fails_when_a_training_ends_elsewhere(scale, key, value):
    found = measured()
    assert init_scale.judge(init_scale.Measured(found, 2.3)).holds
    found[scale] = replace(found[scale], **{key: value})
    assert not init_scale.judge(init_scale.Measured(found, 2.3)).holds


def test_the_verdict_fails_when_one_implementation_feels_the_scale_differently():
    found = measured()
    found[0.0001].size["torch_ref"]["dW1"] *= 1.1
    assert not init_scale.judge(init_scale.Measured(found, 2.3)).holds


def test_a_training_that_ends_without_a_finite_loss_counts_as_exploded():
    found = measured()
    found[1.0] = replace(found[1.0], loss_after=float("nan"))
    assert init_scale.judge(init_scale.Measured(found, 2.3)).holds
