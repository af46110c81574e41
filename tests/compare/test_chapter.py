"""The chapter's loop, taken at its word: why it does not learn, and what rescues it."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from compare.curves import question
from compare.curves.chapter import question as chapter
from compare.curves.chapter.answer import WINDOW, Change
from compare.shared.dataset import pixels
from compare.shared.differences import PairDifference
from compare.shared.jobs import Job
from compare.shared.results import ask
from compare.shared.settings import Settings
from compare.shared.threads import use_threads
from compare.shared.training import Digits
from compare.side_by_side.trainings import judge
from compare.worlds import NAMES
from manual.preallocated import PreallocatedNetwork


def ignore(steps=1, status=""):
    del steps, status


@pytest.fixture(scope="module")
def asked(small_set, tmp_path_factory):
    settings = Settings.from_options(preset="chapter", data=small_set, dtype="float32", threads=1)
    return ask(lambda out: question.ask(settings, out), tmp_path_factory.mktemp("chapter"))


def test_the_closer_look_is_for_the_chapters_own_loop_and_network():
    printed = Settings.from_options(preset="chapter")
    assert chapter.is_the_chapters_loop(printed)
    assert chapter.is_the_chapters_loop(printed.with_(seed=7, dtype="float32", threads=2))
    for change in ({"epochs": 51}, {"init": "he"}, {"batch_size": 64}, {"widths": (128,)}, {"init_scale": 0.1}):
        assert not chapter.is_the_chapters_loop(printed.with_(**change))


def test_every_tenth_epoch_is_told_for_each_implementation(asked):
    assert list(asked.answer.chapter.lines) == list(NAMES)
    for curve, lines in zip(asked.answer.curves, asked.answer.chapter.lines.values(), strict=True):
        assert [epoch for epoch, _, _ in lines] == [1, 10, 20, 30, 40, 50]
        assert lines[-1] == (50, curve.train_loss[-1], curve.test_accuracy[-1])


def test_the_json_keeps_the_keys_of_curves_and_adds_the_chapter(asked):
    found = json.loads((asked.files[0].parent / "results.json").read_text())
    assert {"holds", "verdict", "settings", "implementations", "prediction_disagreements", "files"} <= set(found)
    assert set(found["chapter"]) == {"lines", "changes", "next_chapter", "signal", "bound_used"}
    assert {path.name for path in asked.files} >= {"curves.png", "plateau.png", "plateau.svg"}


def test_at_the_chapters_weights_every_layer_shrinks_the_signal_and_at_hes_none_does(asked):
    small, he = asked.answer.chapter.signal.values()
    for later, earlier in (("a2", "a1"), ("z3", "a2"), ("dz2", "dz3"), ("dz1", "dz2")):
        assert small[later] / small[earlier] < 0.2
        assert 0.3 < he[later] / he[earlier] < 3


def test_gradients_of_the_signal_are_those_of_one_image(asked):
    # softmax finds all ten classes equally likely: (1 - 1/10)^2 once and (1/10)^2 nine times, averaged
    expected = math.sqrt((0.9**2 + 9 * 0.1**2) / 10)
    assert asked.answer.chapter.signal["chapter"]["dz3"] == pytest.approx(expected, rel=1e-2)


def test_each_change_is_what_its_title_says_and_the_reasons_tell_all_of_them(asked):
    printed, *changes = asked.answer.chapter.changes
    assert printed.losses == asked.answer.curves[0].loss_by_step
    rate, he, batches, he_rate, batches_rate = changes
    assert [c.steps for c in changes] == [50, 50, 100, 50, 100]
    assert [c.learning_rate for c in changes] == [0.1, 0.01, 0.01, 0.1, 0.1]
    assert rate.first_loss == printed.first_loss != he.first_loss == he_rate.first_loss
    assert batches.first_loss == batches_rate.first_loss
    for change in changes:
        assert f"{change.title}: {change.test_accuracy:.2%}" in " ".join(asked.answer.reasons)


def test_the_changes_are_trained_with_gradients_within_their_bounds_and_wrong_ones_would_not_hold(
    asked, mnist, monkeypatch
):
    assert 0 < asked.answer.chapter.bound_used <= 1
    assert asked.answer.chapter.holds
    backpropagate = PreallocatedNetwork.backpropagate_slice

    def forget_the_second_slice(self, x, labels, m, d):
        loss = backpropagate(self, x, labels, m, d)
        if d is self.d_of_slice:
            self.d_slice[:] = 0
        return loss

    images = pixels(mnist.train_images[: chapter.GRADIENT_ROWS], "float32"), mnist.train_labels[: chapter.GRADIENT_ROWS]
    start = Settings(dtype="float32", init="he")
    assert chapter.fast_bound_used(start, *images) <= 1
    monkeypatch.setattr(PreallocatedNetwork, "backpropagate_slice", forget_the_second_slice)
    assert chapter.fast_bound_used(start, *images) > 1
    assert not replace(asked.answer.chapter, bound_used=1.1).holds


def test_ctrl_c_during_the_changes_keeps_the_loops_as_printed(small_set, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(PreallocatedNetwork, "step", interrupted)
    settings = Settings.from_options(preset="chapter", data=small_set, dtype="float32")
    with pytest.raises(KeyboardInterrupt):
        ask(lambda out: question.ask(settings, out), tmp_path)
    assert len((tmp_path / "curves.csv").read_text().splitlines()) == 1 + 3 * 50


def test_he_and_a_larger_rate_rescue_the_loop_even_on_a_small_set(asked):
    assert asked.answer.chapter.changes[4].test_accuracy > 0.6 > 0.2 > asked.answer.chapter.changes[0].test_accuracy


def test_the_end_of_a_plateau_is_where_the_mean_of_a_window_falls_below_it():
    losses = [2.3] * 100 + [1.0] * 100
    change = Change("", 0.1, 2.3, 1.0, 0.9, losses)
    means = [np.mean(losses[i - WINDOW : i]) for i in range(WINDOW, 201)]
    expected = next(i for i, mean in enumerate(means) if mean < 0.95 * math.log(10)) + WINDOW
    assert change.left_plateau == expected
    assert Change("", 0.1, 2.3, 2.3, 0.1, [2.3] * 60).left_plateau is None


@pytest.mark.parametrize("steps", [0, 1, 10, WINDOW - 1])
def test_fewer_steps_than_a_window_tell_of_no_end_of_the_plateau(steps):
    assert Change("", 0.1, 2.3, 2.3, 0.1, [2.3] * steps).left_plateau is None


def test_the_next_chapters_weights_are_pytorchs_own_and_its_random_state_is_left_alone():
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    weights = chapter.torch_default_weights((784, 128, 64, 10), 3)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(3)
    layer = torch.nn.Linear(784, 128)
    assert np.array_equal(weights["W1"], layer.weight.detach().numpy().T)
    assert np.array_equal(weights["b1"], layer.bias.detach().numpy())
    assert [w.shape for w in weights.values()] == [(784, 128), (128,), (128, 64), (64,), (64, 10), (10,)]


@pytest.mark.parametrize(("weights", "disagreements", "alone"), [(6e-9, 0, True), (6e-9, 1, False), (1e-3, 0, False)])
def test_in_float32_a_flip_is_blamed_only_for_more_than_rounding_leaves(asked, weights, disagreements, alone):
    pair = PairDifference(("manual", "torch_ref"), [0, weights], [0], [disagreements])
    _, (_, reasons) = judge(asked.answer.settings, asked.answer.curves, [pair])
    words = " ".join(reasons)
    assert ("rounding alone" in words) is alone
    assert ("rounding soon switches a ReLU on" in words) is not alone


@pytest.mark.slow
def test_on_the_whole_of_mnist_the_loop_as_printed_stays_at_11_35_percent(mnist):
    settings = Settings.from_options(preset="chapter", dtype="float32")
    job = Job("manual", settings, fast=True, looks=False)
    with use_threads(1):  # other tests run beside it, and a second thread would spin
        curve = job.run(Digits.of(mnist, settings), ignore)
    assert f"{curve.train_loss[0]:.4f} {curve.train_loss[-1]:.4f}" == "2.3027 2.3025"
    assert curve.test_accuracy == [0.1135]
