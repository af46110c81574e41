"""The exercises: questions without answers, answers with parity, and numbers that can be found again."""

import csv
import json
import subprocess
import sys
from functools import partial

import pytest

from autograd.network import Network as Engine
from compare.exercises import depth, question, width
from compare.exercises.answer import FILES
from compare.exercises.trained import Plan, Training, median, steps_to, train_all
from compare.shared.dataset import load_mnist
from compare.shared.errors import BadInput
from compare.shared.results import ask
from compare.shared.settings import Settings
from compare.shared.threads import use_threads
from compare.shared.training import Curve, Digits, epoch_batches, network, train
from compare.worlds import NAMES
from manual.deep import DeepNetwork

CONFIGURATIONS = {
    1: {((128, 64), "relu"), ((128, 64), "sigmoid")},
    2: {((128, 64), "relu"), ((128, 64, 32), "relu")},
    3: {(hidden, "relu") for hidden in width.WIDTHS},
}


@pytest.fixture(autouse=True)
def _one_thread():
    with use_threads(1):
        yield


def ignore(steps=1, status=""):
    del steps, status


@pytest.fixture(scope="module")
def settings(small_set):
    return Settings(data=small_set, dtype="float32", threads=1, batch_size=32)


@pytest.fixture(scope="module")
def answers(settings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exercises")
    return {n: ask(partial(question.ask, n, settings, 1), folder) for n in FILES}


def test_without_a_number_come_the_questions_and_no_answer(tmp_path):
    command = [sys.executable, "-m", "compare", "exercises", "--json", "--data", "nowhere"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True)
    listed = json.loads(done.stdout)["exercises"]
    assert [one["exercise"] for one in listed] == [1, 2, 3]
    assert all(one["question"].endswith("?") for one in listed)
    assert all(one["answer"] is None and one["runs"] == [] for one in listed)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_answer_has_the_promised_shape_and_stands_in_its_file(answers, number):
    found = json.loads((answers[number].files[-1]).read_text())
    assert {"exercise", "question", "answer", "holds", "runs"} <= set(found)
    assert found["exercise"] == number
    assert found["answer"] == answers[number].answer.answer
    keys = {"implementation", "seed", "hidden", "activation", "init", "test_accuracy", "parameters"}
    assert all(keys <= set(run) for run in found["runs"])
    names = {path.name for path in answers[number].files}
    assert names >= {f"exercise-{number}.{kind}" for kind in ("csv", "png", "svg", "json")}


@pytest.mark.parametrize("number", [1, 2, 3])
def test_parity_holds_in_every_configuration_and_one_is_trained_in_all_three(answers, number):
    answer = answers[number].answer
    assert answer.holds
    assert {(a.settings.widths, a.settings.activation) for a in answer.agreements} == CONFIGURATIONS[number]
    for agreement in answer.agreements:
        layers = len(agreement.settings.widths) + 1
        assert agreement.lines == (6 * layers - 1) * len(NAMES) * 2 * 2  # in two dtypes, before and after
        assert 0 < agreement.bound_used <= 1
    trained = [
        tuple(run.curve.implementation for run in answer.runs if run.settings == agreement.settings)
        for agreement in answer.agreements
    ]
    assert sorted(trained, key=len) == [("manual",)] * (len(trained) - 1) + [NAMES]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_every_configuration_is_trained_by_hand_for_three_seeds(answers, number):
    for hidden, activation in CONFIGURATIONS[number]:
        seeds = [
            run.settings.seed
            for run in answers[number].answer.runs
            if run.curve.implementation == "manual"
            and (run.settings.widths, run.settings.activation, run.settings.init) == (hidden, activation, "chapter")
        ]
        assert seeds == [0, 1, 2]


def test_a_bug_in_the_deep_network_alone_is_found_in_the_third_layer_exercise_and_named(
    settings, tmp_path, monkeypatch
):
    backward = DeepNetwork.backward

    def forget_a_transpose(self, a, scores, labels):
        lines = backward(self, a, scores, labels)
        return {**lines, "dW3": lines["dW3"][::-1].copy()}

    monkeypatch.setattr(DeepNetwork, "backward", forget_a_transpose)
    answer = ask(lambda out: question.ask(2, settings, 1, out), tmp_path).answer
    assert not answer.holds
    assert "the line dW3 by hand, in float32, is outside its bound" in answer.answer
    assert [a.settings.widths for a in answer.agreements if a.wrong] == [(128, 64, 32)]


def test_the_step_at_which_a_level_is_reached_can_be_found_again_from_the_start(small_set, settings):
    easy = settings.with_(init="he", epochs=4)
    digits = Digits.of(load_mnist(small_set), easy)
    curve = Curve("manual")
    train(curve, easy, digits, ignore)
    level = curve.test_accuracy[0] + 0.01
    found = steps_to(level, Training(easy, curve), digits, every=3)
    accuracies = []
    net = network("manual", easy, digits)
    for epoch in range(1, 5):
        for batch in epoch_batches(easy, len(digits.train_x), epoch):
            net.step(digits.train_x[batch], digits.train_labels[batch], easy.learning_rate)
            accuracies.append((net.predict(digits.test_x) == digits.test_labels).mean())
    begun = 20 * ((found - 1) // 20)
    assert 0 < begun < found  # not in the first epoch: the weights in between must be the right ones
    assert accuracies[found - 1] >= level
    assert all(accuracy < level for accuracy in accuracies[begun + 2 : found - 1 : 3])
    assert all(accuracy < level for accuracy in accuracies[19:begun:20])
    assert steps_to(1.01, Training(easy, curve), digits) is None


def test_the_answers_numbers_are_those_of_the_runs(answers):
    first = answers[3].answer.runs[0]
    assert first.parameters == 784 * 128 + 128 + 128 * 64 + 64 + 64 * 10 + 10
    of_size = [run.accuracy for run in width.by_hand(answers[3].answer.runs, (32, 16))]
    middle = sorted(of_size)[1]
    assert median(width.by_hand(answers[3].answer.runs, (32, 16))) == middle
    (table,) = answers[3].answer.conclusion.tables
    (row,) = [row for row in table.rows if row[0] == "32, 16"]
    assert row[1:] == ("25,818", *(f"{accuracy:.2%}" for accuracy in (middle, *of_size)))


@pytest.mark.parametrize(
    ("two", "three", "words"),
    [
        ((0.95, 0.96, 0.95), (0.98, 0.99, 0.98), ": better, by more than another seed would change it."),
        ((0.95, 0.97, 0.96), (0.96, 0.96, 0.97), ": no better than another seed would make it."),
        ((0.95, 0.97, 0.96), (0.94, 0.95, 0.95), ": worse with every seed."),
    ],
)
def test_a_third_layer_is_called_better_only_beyond_the_spread_of_the_seeds(settings, two, three, words):
    def run(hidden, accuracy, init):
        return Training(settings.with_(widths=hidden, init=init), Curve("manual", test_accuracy=[accuracy]))

    runs = [
        run(hidden, accuracy, init)
        for init in depth.INITS
        for hidden, accuracies in zip(depth.DEPTHS, (two, three), strict=True)
        for accuracy in accuracies
    ]
    assert depth.conclude(runs, None).answer.count(words) == 2


def test_ctrl_c_keeps_the_trainings_that_are_finished(settings, tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Engine, "step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ask(lambda out: question.ask(1, settings, 1, out), tmp_path)
    kept = list(csv.DictReader((tmp_path / "exercise-1.csv").read_text().splitlines()))
    assert [(row["implementation"], row["activation"]) for row in kept] == [("manual", "relu"), ("manual", "sigmoid")]


def test_an_exercise_that_is_not_there_is_refused(settings, tmp_path):
    with pytest.raises(BadInput, match="There is no exercise 4"):
        ask(lambda out: question.ask(4, settings, None, out), tmp_path)


@pytest.mark.slow
def test_on_the_whole_of_mnist_a_third_layer_waits_three_epochs_and_32_and_16_units_still_read_96_percent(mnist):
    base = Settings(dtype="float32", threads=1)
    digits = Digits.of(mnist, base)
    runs = []
    plans = [Plan(base.with_(widths=hidden), ("manual",)) for hidden in ((128, 64, 32), (32, 16))]
    train_all(plans, digits, runs, ignore)
    third, narrow = runs
    assert third.curve.test_accuracy[:3] == [0.1135] * 3
    assert depth.waiting(third) == 3
    assert third.accuracy == pytest.approx(0.970, abs=0.01)
    assert narrow.accuracy == pytest.approx(0.964, abs=0.01)
