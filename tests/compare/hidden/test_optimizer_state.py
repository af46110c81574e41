"""Optimizer state: arrays are counted as they are, and an optimizer that goes another way is seen."""

import numpy as np
import pytest

from autograd.optimizers import SGD, Adam
from compare.hidden.experiments import optimizer_state as experiment
from compare.shared.initial import initial_parameters

STEPS = 12


@pytest.fixture
def start():
    return initial_parameters((9, 6, 5, 4), "he", dtype="float64")


def data():
    random = np.random.default_rng(0)
    return [(random.random((8, 9)), random.integers(0, 4, 8)) for _ in range(STEPS)]


@pytest.mark.parametrize(("name", "arrays"), experiment.HIDDEN_ARRAYS.items())
def test_both_keep_the_same_arrays_and_take_the_same_steps(start, name, arrays):
    found = experiment.race(name, start, data())
    assert found.arrays == {"autograd": arrays, "torch_ref": arrays}
    size = sum(value.nbytes for value in start.values())
    assert found.bytes["autograd"] == arrays * size
    assert found.bytes["torch_ref"] - arrays * size in range(len(start) * 8)  # Adam counts its steps
    assert found.allowed_used <= 1
    assert len(found.difference_by_step) == STEPS


@pytest.mark.parametrize("name", ["SGD with momentum", "Adam"])
def test_an_optimizer_that_is_a_little_different_is_outside_what_rounding_allows(start, monkeypatch, name):
    kind = Adam if name == "Adam" else SGD
    right = kind.step

    def a_little_more(self):
        self.learning_rate *= 1 + 1e-9
        right(self)

    monkeypatch.setattr(kind, "step", a_little_more)
    found = {name: experiment.race(name, start, data()) for name in experiment.HIDDEN_ARRAYS}
    assert found[name].allowed_used > 1
    assert not experiment.judge(experiment.Measured(found, 1, "float64")).holds
