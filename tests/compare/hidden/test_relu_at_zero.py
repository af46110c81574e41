"""The derivative at exactly 0, and the zeros that are counted."""

import numpy as np

from compare.hidden.experiments import relu_at_zero
from compare.shared.training import Digits


def test_one_function_has_three_derivatives_at_0():
    expected = {"relu": 0.0, "maximum": 0.5, "clip": 1.0}
    assert relu_at_zero.on_the_engine("float32") == expected
    assert relu_at_zero.in_pytorch("float32") == expected
    assert relu_at_zero.by_hand("float32") == {"relu": 0.0}


def test_every_unit_of_a_black_picture_is_at_exactly_0_as_long_as_the_biases_are(tiny_settings, tiny, quiet):
    black = Digits(np.zeros_like(tiny.train_x), tiny.train_labels, tiny.test_x, tiny.test_labels)
    finding = relu_at_zero.judge(relu_at_zero.measure(tiny_settings, black, quiet))
    assert finding.measured["exact_zeros"]["z1"] == finding.measured["of"]["z1"]
    assert not finding.holds


def test_another_derivative_or_many_zeros_do_not_hold():
    three = {"relu": 0.0, "maximum": 0.5, "clip": 1.0}
    derivatives = {"manual": {"relu": 0.0}, "autograd": three, "torch_ref": three}
    few, many, count = {"z1": 1, "z2": 0}, {"z1": 500, "z2": 0}, {"z1": 100_000, "z2": 50_000}
    assert relu_at_zero.judge(relu_at_zero.Measured(derivatives, few, count)).holds
    assert not relu_at_zero.judge(relu_at_zero.Measured(derivatives, many, count)).holds
    assert not relu_at_zero.judge(relu_at_zero.Measured({**derivatives, "manual": {"relu": 1.0}}, few, count)).holds
    assert not relu_at_zero.judge(
        relu_at_zero.Measured({**derivatives, "torch_ref": {**three, "clip": 0.0}}, few, count)
    ).holds
