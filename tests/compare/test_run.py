"""The main job: its verdict, its JSON, and the claims of the README on the whole of MNIST."""

import json

import numpy as np
import pytest

from compare.run import question
from compare.shared.results import ask
from compare.shared.settings import Settings
from compare.shared.training import Digits
from compare.worlds import NAMES
from manual.network import Network

PAIRS = ["manual/autograd", "manual/torch_ref", "autograd/torch_ref"]


@pytest.fixture(scope="module")
def settings(small_set):
    return Settings(data=small_set, init="he", epochs=2)


@pytest.fixture(scope="module")
def asked(settings, tmp_path_factory):
    return ask(lambda out: question.ask(settings, out), tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def answer(asked):
    return asked.answer


def test_it_holds_and_the_verdict_says_so_in_words(answer):
    assert answer.holds
    assert answer.verdict.startswith("It holds: the three compute the same gradients")


def test_gradients_are_compared_in_both_dtypes_before_and_after_training(answer):
    assert [(p.when, p.dtype) for p in answer.parity] == [
        ("before", "float32"), ("before", "float64"), ("after", "float32"), ("after", "float64"),
    ]  # fmt: skip
    for parity in answer.parity:
        assert parity.holds
        assert set(parity.checks) == set(NAMES)
        assert [row.pair for row in parity.pairs[::6]] == PAIRS
        assert [row.parameter for row in parity.pairs[:6]] == ["W1", "b1", "W2", "b2", "W3", "b3"]


def test_the_json_has_the_promised_shape(asked):
    found = json.loads(asked.files[-1].read_text())
    assert found["holds"] is True
    assert list(found["implementations"]) == list(NAMES)
    for one in found["implementations"].values():
        assert set(one) == {"test_accuracy", "seconds", "train_loss", "test_accuracy_by_epoch"}
        assert len(one["train_loss"]) == len(one["test_accuracy_by_epoch"]) == 2
        assert one["test_accuracy"] == one["test_accuracy_by_epoch"][-1]
    assert found["prediction_disagreements"] == dict.fromkeys(PAIRS, 0)
    assert 0 < found["largest_weight_difference"] < 1e-12
    assert {"pair", "parameter", "absolute", "relative", "ulp", "verdict", "dtype", "when"} <= set(found["parity"][0])
    assert {"threads", "numpy", "torch", "python", "blas"} <= set(found["environment"])
    assert [path.rpartition("/")[2] for path in found["files"]] == [
        "curves.csv", "curves.png", "curves.svg", "results.json",
    ]  # fmt: skip


def test_a_step_is_timed_by_turns_from_where_each_training_ended(answer, settings, mnist, monkeypatch):
    turns = []

    def take_turns(clocks, budget, before):
        for _ in range(2):
            for name, clock in clocks.items():
                before(name)
                turns.append(name)
                clock(1)
        return dict.fromkeys(clocks, budget)

    monkeypatch.setattr(question, "take_turns", take_turns)
    losses = []
    monkeypatch.setattr(question, "stopwatch", lambda step: lambda _: losses.append(step()))
    assert set(question.step_costs(answer.curves, settings, Digits.of(mnist, settings))) == set(NAMES)
    assert turns == [*NAMES] * 2
    assert max(losses[:3]) - min(losses[:3]) < 1e-12
    assert max(losses) < answer.curves[0].loss_by_step[0]
    assert set(answer.as_json()["step_microseconds"]) == set(NAMES)
    assert min(answer.as_json()["step_microseconds"].values()) > 0


def test_a_wrong_gradient_does_not_hold_and_its_line_is_named(settings, tmp_path, monkeypatch):
    backward = Network.backward

    def forget_the_mask(self, x, a1, a2, z3, labels):
        lines = list(backward(self, x, a1, a2, z3, labels))
        lines[8] = lines[7]  # dz1 = da1
        lines[9], lines[10] = x.T @ lines[8], lines[8].sum(axis=0)
        return tuple(lines)

    monkeypatch.setattr(Network, "backward", forget_the_mask)
    answer = ask(lambda out: question.ask(settings.with_(epochs=1), out), tmp_path).answer
    assert not answer.holds
    named = "It does not hold: before training, in float32, the line dz1 by hand is outside its bound"
    assert answer.verdict.startswith(named)
    assert not all(row["holds"] for row in answer.as_json()["parity"])


def test_finished_trainings_are_kept_when_the_run_is_stopped_after_them(settings, tmp_path, monkeypatch):
    compared = question.compare_gradients

    def stopped_after(when, *rest):
        if when == "after":
            raise KeyboardInterrupt
        return compared(when, *rest)

    monkeypatch.setattr(question, "compare_gradients", stopped_after)
    with pytest.raises(KeyboardInterrupt):
        ask(lambda out: question.ask(settings, out), tmp_path)
    assert len((tmp_path / "curves.csv").read_text().splitlines()) == 1 + 3 * settings.epochs


@pytest.fixture(scope="module")
def with_the_defaults(command, tmp_path_factory):
    return command("run", "--json", folder=tmp_path_factory.mktemp("defaults"))


@pytest.mark.slow
def test_with_the_defaults_all_three_learn_to_read_mnist_and_are_the_same_network(with_the_defaults):
    assert with_the_defaults.returncode == 0
    found = json.loads(with_the_defaults.stdout)
    assert found["holds"]
    assert found["settings"]["epochs"] == 10
    assert all(one["test_accuracy"] >= 0.97 for one in found["implementations"].values())
    assert set(found["prediction_disagreements"].values()) == {0}
    assert found["largest_weight_difference"] < 1e-12
    assert all(row["holds"] for row in found["parity"] + found["lines"])


@pytest.mark.slow
def test_on_average_over_three_seeds_the_hand_written_network_reads_at_least_97_percent(with_the_defaults, mnist):
    from compare.shared.jobs import Job

    def ignore(steps=1, status=""):
        del steps, status

    digits = Digits.of(mnist, Settings(dtype="float32"))
    found = json.loads(with_the_defaults.stdout)
    assert found["settings"]["seed"] == 0
    accuracies = [found["implementations"]["manual"]["test_accuracy"]]
    for seed in (1, 2):
        job = Job("manual", Settings(seed=seed, dtype="float32"), fast=True, looks=False)  # the same to the bit
        accuracies.append(job.run(digits, ignore).test_accuracy[-1])
    assert np.mean(accuracies) >= 0.97, accuracies
