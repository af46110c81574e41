"""Curves: three trainings that must be one, the sentences about them, and the files."""

import csv
import json

import pytest

from autograd.network import Network as Engine
from compare.curves import question
from compare.shared.differences import PairDifference, differences
from compare.shared.results import ask
from compare.shared.settings import Settings
from compare.shared.training import Curve, TrainingStopped
from compare.side_by_side.trainings import judge
from compare.worlds import NAMES


@pytest.fixture(scope="module")
def settings(small_set):
    return Settings(data=small_set, init="he", epochs=2, widths=(16, 12), batch_size=32)


@pytest.fixture(scope="module")
def asked(settings, tmp_path_factory):
    return ask(lambda out: question.ask(settings, out), tmp_path_factory.mktemp("curves"))


def test_in_float64_the_three_train_to_the_same_network(asked):
    assert asked.answer.holds
    assert all(max(pair.weights) < 1e-12 for pair in asked.answer.pairs)
    assert all(pair.disagreements == [0, 0] for pair in asked.answer.pairs)
    assert "They trained to the same network" in asked.answer.verdict


def test_by_hand_and_engine_are_equal_to_the_bit(asked):
    pair = next(pair for pair in asked.answer.pairs if pair.name == "manual/autograd")
    assert pair.weights == [0, 0, 0]


def test_the_files_hold_the_numbers_of_the_answer(asked):
    names = {path.name for path in asked.files}
    assert names == {"curves.csv", "curves.png", "curves.svg", "results.json"}
    assert all(path.stat().st_size > 0 for path in asked.files)
    rows = list(csv.DictReader(asked.files[0].read_text().splitlines()))
    assert [(row["implementation"], row["epoch"]) for row in rows] == [(n, e) for n in NAMES for e in ("1", "2")]
    assert float(rows[1]["train_loss"]) == asked.answer.curves[0].train_loss[1]
    results = json.loads((asked.files[0].parent / "results.json").read_text())
    assert results["implementations"]["torch_ref"]["test_accuracy_by_epoch"] == asked.answer.curves[2].test_accuracy
    assert results["environment"]["threads"] >= 1
    assert results["environment"]["blas"]


def test_the_same_command_gives_the_same_files_but_for_the_seconds(asked, settings, tmp_path):
    again = ask(lambda out: question.ask(settings, out), tmp_path)
    for first, second in zip(asked.files, again.files, strict=True):
        if first.name != "results.json":
            assert first.read_bytes() == second.read_bytes(), first.name


def test_one_weight_that_differs_is_seen(asked):
    changed = Curve("autograd", weights=[{n: w.copy() for n, w in ws.items()} for ws in asked.answer.curves[0].weights])
    changed.weights[1]["W2"][3, 4] += 1e-9
    (pair,) = differences([asked.answer.curves[0], changed])
    assert pair.weights == pytest.approx([0, 1e-9, 0], abs=1e-16)


@pytest.mark.parametrize(("weights", "disagreements"), [(1e-11, 0), (1e-15, 1)])
def test_trainings_that_part_in_float64_do_not_hold(asked, settings, weights, disagreements):
    pair = PairDifference(("manual", "torch_ref"), [0, weights], [0], [disagreements])
    holds, (words, _) = judge(settings, asked.answer.curves, [pair])
    assert not holds
    assert "should have trained to the same network" in words
    holds, (words, _) = judge(settings.with_(dtype="float32"), asked.answer.curves, [pair])
    assert holds
    assert "same network" not in words


def test_the_loop_as_the_chapter_prints_it_is_said_not_to_learn(small_set, tmp_path):
    settings = Settings.from_options(preset="chapter", data=small_set)
    asked = ask(lambda out: question.ask(settings, out), tmp_path)
    assert asked.answer.holds
    assert all(len(curve.loss_by_step) == 50 for curve in asked.answer.curves)
    assert all(2.29 < curve.train_loss[-1] < 2.303 for curve in asked.answer.curves)
    assert "But it does not learn: 50 steps have taken the loss from 2.30" in asked.answer.verdict


def test_the_epochs_before_a_loss_that_is_not_finite_are_kept(settings, tmp_path):
    one_step_an_epoch = settings.with_(batch_size=640, learning_rate=1e200, epochs=3)
    with pytest.raises(TrainingStopped, match=r"by hand stopped at step 2, in epoch 2"):
        ask(lambda out: question.ask(one_step_an_epoch, out), tmp_path)
    assert len((tmp_path / "curves.csv").read_text().splitlines()) == 2
    assert not (tmp_path / "results.json").exists()


def test_the_epochs_before_ctrl_c_are_kept(settings, tmp_path, monkeypatch):
    step, calls = Engine.step, []

    def interrupted(self, x, labels, learning_rate):
        calls.append(None)
        if len(calls) == 25:  # of 20 in an epoch
            raise KeyboardInterrupt
        return step(self, x, labels, learning_rate)

    monkeypatch.setattr(Engine, "step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ask(lambda out: question.ask(settings, out), tmp_path)
    kept = [line.split(",")[:2] for line in (tmp_path / "curves.csv").read_text().splitlines()[1:]]
    assert kept == [["manual", "1"], ["manual", "2"], ["autograd", "1"]]
