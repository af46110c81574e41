"""Shape errors: each outcome is what really happened, and the claim counts them."""

from dataclasses import replace

import numpy as np
import pytest

import manual.network
from compare.hidden.experiments import shape_errors as experiment
from compare.shared.initial import initial_parameters


@pytest.fixture(scope="module")
def outcomes():
    random = np.random.default_rng(0)
    x, labels = random.random((8, 9), np.float32), random.integers(0, 5, 8)
    parameters = initial_parameters((9, 12, 8, 5), "he", dtype="float32")
    _, right = manual.network.Network(parameters).gradients(x, labels)
    cases = experiment.mistakes(parameters, x, labels) | {"none": (parameters, x, labels)}
    return {
        mistake: {n: experiment.outcome(n, case, right) for n in experiment.WORLDS} for mistake, case in cases.items()
    }


def kinds(outcomes, mistake):
    return [outcomes[mistake][name].kind for name in experiment.WORLDS]


def test_no_mistake_passes_and_is_right_in_all_three(outcomes):
    assert kinds(outcomes, "none") == ["right"] * 3


def test_each_mistake_meets_the_fate_that_the_code_gives_it(outcomes):
    assert len(outcomes) == 10 + 1
    assert kinds(outcomes, "W2 transposed") == ["refused"] * 3
    assert kinds(outcomes, "one-hot labels (m, 10)") == ["refused", "refused", "right"]
    assert kinds(outcomes, "labels as a column (m, 1)") == ["late", "refused", "refused"]
    assert kinds(outcomes, "one label for the batch") == ["wrong", "refused", "refused"]
    assert kinds(outcomes, "images in float64") == ["right", "right", "refused"]
    assert kinds(outcomes, "a label of -1") == ["wrong", "refused", "refused"]
    assert kinds(outcomes, "a label of -100") == ["refused", "refused", "wrong"]


def test_an_error_is_told_with_the_line_that_ran_and_the_file_that_raised(outcomes):
    found = outcomes["W2 transposed"]
    assert found["manual"].at == found["autograd"].at == "z2 = a1 @ self.W2 + self.b2"
    assert found["manual"].own
    assert found["manual"].file == "manual/network.py"
    assert not found["autograd"].own
    assert found["autograd"].file == "autograd/products.py"
    assert outcomes["batch axis lost: x (784,)"]["torch_ref"].at == "loss.backward()"


def test_if_pytorch_let_as_many_pass_as_by_hand_the_claim_would_not_hold(outcomes):
    outcomes = {mistake: found for mistake, found in outcomes.items() if mistake != "none"}
    assert experiment.judge(experiment.Measured(outcomes)).holds
    other = {}
    for mistake, found in outcomes.items():
        by_hand = found["manual"]
        alike = replace(by_hand, own=False) if isinstance(by_hand, experiment.RefusedAt) else by_hand
        other[mistake] = {**found, "torch_ref": alike}
    assert not experiment.judge(experiment.Measured(other)).holds
