"""A softmax too many: its gradient in all three, what it trains, and when the claim falls."""

import numpy as np
import pytest
import torch

from autograd.losses import cross_entropy
from compare import assert_gradients_match
from compare.hidden.experiments import softmax_twice as experiment
from compare.hidden.tools.softmax_networks import Once, Twice, model
from compare.shared.initial import initial_parameters


def loss(z, labels):
    p = np.exp(z - np.max(z, axis=1, keepdims=True))
    p = p / np.sum(p, axis=1, keepdims=True)
    p = p - np.max(p, axis=1, keepdims=True)
    return -np.mean((p - np.log(np.sum(np.exp(p), axis=1, keepdims=True)))[np.arange(len(labels)), labels])


def test_its_gradient_is_that_of_softmax_and_cross_entropy_in_all_three():
    random = np.random.default_rng(0)
    z, labels = random.normal(size=(8, 10)), random.integers(0, 10, 8)
    for found in experiment.scores_gradient(z, labels).values():
        assert_gradients_match(loss, (z, labels), found)


def test_at_equal_scores_it_is_a_tenth_of_the_right_one_in_all_three():
    assert experiment.shrunk(np.zeros((4, 10)), np.arange(4)) == pytest.approx(
        {"manual": 0.1, "autograd": 0.1, "torch_ref": 0.1}, rel=1e-12
    )


def test_no_loss_is_below_the_floor_and_probabilities_that_are_right_reach_it():
    sure = np.eye(10)
    assert float(cross_entropy(sure, np.arange(10)).data) == pytest.approx(experiment.FLOOR, rel=1e-12)


def test_the_surer_the_mistake_the_smaller_its_gradient_while_the_right_one_grows():
    lengths = experiment.lengths_by_lead("float64")
    assert all(np.diff(lengths["once"]) > 0)
    assert all(np.diff(lengths["twice"]) < 0)
    assert lengths["twice"][10] < 1e-3 < 1 < lengths["once"][10]


@pytest.mark.parametrize("kind", [Once, Twice])
def test_the_network_by_hand_has_the_gradients_of_pytorchs(kind):
    start = initial_parameters((7, 128, 64, 10), "torch")
    x, labels = np.random.default_rng(3).random((12, 7)), np.arange(12) % 10
    net = model(start, twice=kind is Twice)
    loss = torch.nn.CrossEntropyLoss()(net(torch.from_numpy(x)), torch.from_numpy(labels))
    loss.backward()
    found, gradients = kind(start).gradients(x, labels)
    assert found == pytest.approx(loss.item(), rel=1e-13)
    for name, layer in (("1", net[0]), ("2", net[2]), ("3", net[4])):
        np.testing.assert_allclose(gradients[f"W{name}"].T, layer.weight.grad.numpy(), rtol=1e-9, atol=1e-16)
        np.testing.assert_allclose(gradients[f"b{name}"], layer.bias.grad.numpy(), rtol=1e-9, atol=1e-16)


def runs(*accuracies, loss=1.6, said=(), apart=1e-16):
    return [experiment.SoftmaxTraining([loss], [0.1, end], list(said), apart) for end in accuracies]


def test_each_part_of_the_claim_can_fail():
    curves = {s: {"once": runs(0.9, 0.9, 0.9), "twice": runs(0.5, 0.4, 0.6)} for s in experiment.STARTS}
    tenth = {start: dict.fromkeys(("manual", "autograd", "torch_ref"), 0.1) for start in experiment.STARTS}
    lengths = {"once": [1.0] * 21, "twice": [0.1] * 21}
    finding = experiment.judge(experiment.Measured(curves, tenth, lengths))
    assert finding.holds
    assert "50.0% instead of 90.0%" in finding.answer
    for wrong in (
        runs(0.5, 0.95, 0.6),
        runs(0.5, 0.4, 0.6, loss=1.4),
        runs(0.5, 0.4, 0.6, said=["a warning"]),
        runs(0.5, 0.4, 0.6, apart=1e-3),
    ):
        changed = {**curves, "torch": {**curves["torch"], "twice": wrong}}
        assert not experiment.judge(experiment.Measured(changed, tenth, lengths)).holds
    tenth["chapter"]["autograd"] = 0.5
    assert not experiment.judge(experiment.Measured(curves, tenth, lengths)).holds
