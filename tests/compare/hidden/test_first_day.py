"""The first day's mistakes: what each does to the weights, and when the claim falls."""

import copy

import pytest
import torch

from compare.hidden.experiments import first_day as experiment
from compare.hidden.experiments import first_day_mistakes as mistakes


@pytest.fixture
def start():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(6, 5), torch.nn.ReLU(), torch.nn.Linear(5, 10))


@pytest.fixture
def data():
    random = torch.Generator().manual_seed(1)
    return [(torch.rand(8, 6, generator=random), torch.arange(8)) for _ in range(5)]


def changed(training, start, data):
    """Whether each of the layers' weights differs afterwards from what it was before."""
    before = copy.deepcopy(start.state_dict())
    after = training(start, data, 0.1).state_dict()
    return {name: not torch.equal(value, before[name]) for name, value in after.items()}


def test_the_right_training_changes_every_weight_and_those_that_learn_nothing_none(start, data):
    assert all(changed(mistakes.right, copy.deepcopy(start), data).values())
    for mistake in experiment.LEARN_NOTHING:
        assert not any(changed(experiment.TRAININGS[mistake], copy.deepcopy(start), data).values()), mistake


def test_what_is_detached_leaves_the_layers_below_it_as_they_were(start, data):
    assert changed(mistakes.hidden_detached, start, data) == {
        "0.weight": False, "0.bias": False, "2.weight": True, "2.bias": True,
    }  # fmt: skip


@pytest.mark.parametrize("mistake", experiment.REFUSED)
def test_what_is_said_to_be_refused_raises(start, data, mistake):
    with pytest.raises(RuntimeError):
        experiment.TRAININGS[mistake](start, data, 0.1)


def test_one_hot_floats_give_the_gradients_of_class_numbers(start, data):
    other = copy.deepcopy(start)
    mistakes.right(start, data, 0.1)
    experiment.TRAININGS[experiment.FINE](other, data, 0.1)
    for name, value in start.state_dict().items():
        torch.testing.assert_close(value, other.state_dict()[name], rtol=0, atol=1e-6)


def test_each_part_of_the_claim_can_fail():
    def run(after, *warnings):
        return [experiment.Trained(0.1, after, [*warnings])]

    refused = {mistake: experiment.RefusedTraining("RuntimeError: no") for mistake in experiment.REFUSED}
    trained = {mistake: run(0.9) for mistake in experiment.TRAININGS if mistake not in refused}
    trained |= {mistake: run(0.1) for mistake in experiment.LEARN_NOTHING} | {experiment.LESS: run(0.5)}
    assert experiment.judge(experiment.Measured(trained, refused)).holds
    wrong = {
        experiment.LESS: run(0.9), experiment.FINE: run(0.5), experiment.LEARN_NOTHING[1]: run(0.2),
        experiment.LEARN_NOTHING[0]: run(0.1, "look out"),
    }  # fmt: skip
    for mistake, found in wrong.items():
        assert not experiment.judge(experiment.Measured({**trained, mistake: found}, refused)).holds, mistake
    for mistake in experiment.REFUSED[:2]:
        others = {other: one for other, one in refused.items() if other != mistake}
        for after in (0.9, 0.1):
            assert not experiment.judge(experiment.Measured({**trained, mistake: run(after)}, others)).holds, mistake


def test_the_outcomes_stand_in_the_order_of_the_trainings():
    refused = {mistake: experiment.RefusedTraining("no") for mistake in experiment.REFUSED}
    trained = {m: [experiment.Trained(0.1, 0.2, [])] for m in experiment.TRAININGS if m not in refused}
    found = experiment.Measured(trained, refused).as_json()
    assert list(found) == list(experiment.TRAININGS)
    assert found[experiment.REFUSED[0]] == [{"refused": "no"}]
    assert found["no mistake"] == [{"before": 0.1, "after": 0.2, "warnings": []}]
