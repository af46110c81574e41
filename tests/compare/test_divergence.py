"""Divergence: a planted flip is found and proven, what no flip explains is not excused, float64 stays near rounding.

Differences are planted in one of two trainings: by a nudge of its weights before the first step, or by a kick of one
bias after a step.
"""

import csv
import json
import math

import numpy as np
import pytest

from autograd.network import Network as Engine
from compare.divergence import lockstep as lockstep_module
from compare.divergence import question
from compare.divergence.lockstep import find_flips, lockstep, pairs_of
from compare.divergence.replay import replay
from compare.shared.dataset import load_mnist
from compare.shared.errors import BadInput
from compare.shared.results import ask
from compare.shared.settings import Settings
from compare.shared.training import Curve, Digits, TrainingStopped, epoch_batches, network, train
from compare.worlds import build

NO_ADVANCE = lambda *_: None  # noqa: E731


@pytest.fixture(scope="module")
def settings(small_set):
    return Settings(data=small_set, init="he", widths=(16, 12), batch_size=32, threads=1)


@pytest.fixture(scope="module")
def digits(settings):
    return Digits.of(load_mnist(settings.data), settings)


@pytest.fixture(scope="module")
def quiet(settings, tmp_path_factory):
    """All three in float64, for two epochs and a bit."""
    return ask(
        lambda out: question.ask(settings, "manual,autograd,torch_ref", 45, out), tmp_path_factory.mktemp("quiet")
    )


@pytest.fixture
def undrawn(monkeypatch):
    """Leave out the figure, which takes longer than the steps."""
    monkeypatch.setattr(question, "save_growths", lambda *_: None)


class Kicked:
    """A network of which one bias of the scores moves by kick(step) after that step."""

    def __init__(self, net, kick):
        self.net, self.kick, self.steps = net, kick, 0
        self.parameters, self.trace = net.parameters, net.trace

    def step(self, x, labels, learning_rate):
        loss = self.net.step(x, labels, learning_rate)
        self.steps += 1
        self.net.b3[0] += self.kick(self.steps)
        return loss


def kicked_by_hand(monkeypatch, kick):
    def build_one(name, settings, digits):
        net = network(name, settings, digits)
        return Kicked(net, kick) if name == "manual" else net

    monkeypatch.setattr(lockstep_module, "network", build_one)


def nudged_around_a_kink(monkeypatch, settings, digits, layer, row=5, gap=2e-9):
    """Start the trainings with weights that put one unit just below 0 by hand and just above 0 elsewhere.

    Of the units of the layer, it is the one that has the largest |da| for that row of the first batch. Gives the
    unit and the image.
    """
    batch = next(epoch_batches(settings, len(digits.train_x), 1))
    trace = network("manual", settings, digits).trace(digits.train_x[batch], digits.train_labels[batch])
    unit = int(abs(trace[f"da{layer}"][row]).argmax())
    z = trace[f"z{layer}"][row, unit]

    def build_one(name, settings, digits):
        parameters = network(name, settings, digits).parameters()
        parameters[f"b{layer}"][unit] += -z + (-gap / 2 if name == "manual" else gap / 2)
        return build(name, parameters, settings.activation)

    monkeypatch.setattr(lockstep_module, "network", build_one)
    return unit, int(batch[row])


@pytest.mark.parametrize("layer", [1, 2])
def test_a_planted_flip_is_named_and_proven(settings, digits, tmp_path, monkeypatch, layer):
    unit, image = nudged_around_a_kink(monkeypatch, settings, digits, layer)
    asked = ask(lambda out: question.ask(settings, "manual,torch_ref", 3, out), tmp_path)
    found = asked.answer.as_json()
    event = found["first_event"]
    assert (event["step"], event["layer"], event["unit"], event["image"]) == (1, layer, unit, image)
    assert event["label"] == digits.train_labels[image]
    assert event["preactivations"]["manual"] == pytest.approx(-1e-9, rel=1e-3)
    assert event["preactivations"]["torch_ref"] == pytest.approx(1e-9, rel=1e-3)
    assert event["difference_before"] == pytest.approx(2e-9)
    assert event["difference_after"] > 1e-5
    assert event["repeated_as_it_was"] == pytest.approx(event["difference_after"], rel=1e-6)
    assert event["repeated_in_agreement"] == pytest.approx(2e-9, rel=0.5)
    assert event["proven"] is asked.answer.holds is found["holds"] is True
    assert "rounding has put a ReLU on in the one and off in the other" in asked.answer.verdict
    assert f"In layer {layer}, unit {unit}, for training image {image:,}" in " ".join(found["reasons"])
    assert "off in the one and on in the other" in " ".join(found["reasons"])


@pytest.mark.usefixtures("undrawn")
def test_what_a_flip_alone_does_not_make_is_not_put_down_to_it(settings, digits, tmp_path, monkeypatch):
    nudged_around_a_kink(monkeypatch, settings, digits, 1)
    nudged = lockstep_module.network

    def build_one(name, settings, digits):
        net = nudged(name, settings, digits)
        return Kicked(net, lambda _: 0.1) if name == "manual" else net

    monkeypatch.setattr(lockstep_module, "network", build_one)
    asked = ask(lambda out: question.ask(settings, "manual,torch_ref", 2, out), tmp_path)
    assert asked.answer.growths[0].first_jump.flips
    assert not asked.answer.holds
    assert asked.answer.verdict.startswith("It does not hold.")
    assert "But it does not hold: the step, repeated by hand" in " ".join(asked.answer.account.reasons)


@pytest.mark.usefixtures("undrawn")
def test_a_jump_without_a_flip_does_not_hold_and_is_no_event(settings, tmp_path, monkeypatch):
    kicked_by_hand(monkeypatch, lambda step: 1e-12 if step == 7 else 0)
    asked = ask(lambda out: question.ask(settings, "manual,torch_ref", 9, out), tmp_path)
    found = asked.answer.as_json()
    assert found["first_event"] is None
    assert found["unexplained_jump_at_step"] == 7
    assert not asked.answer.holds
    assert "something else" in asked.answer.verdict


@pytest.mark.usefixtures("undrawn")
def test_a_difference_that_outgrows_rounding_without_a_jump_does_not_hold(settings, tmp_path, monkeypatch):
    grown = [2.0**-53 * 1.9**step for step in range(40)]
    kicked_by_hand(monkeypatch, lambda step: grown[step] - grown[step - 1] * (step > 1))
    asked = ask(lambda out: question.ask(settings, "manual,autograd", 20, out), tmp_path)
    assert asked.answer.growths[0].first_jump is None
    assert asked.answer.growths[0].rounding_used > 1
    assert not asked.answer.holds
    assert "without a jump" in asked.answer.verdict


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(("activation", "learning_rate"), [("relu", 0.5), ("sigmoid", 30.0)])
def test_a_step_so_large_that_it_magnifies_the_difference_is_no_jump(
    settings, tmp_path, monkeypatch, activation, learning_rate
):
    def build_one(name, settings, digits):
        parameters = network(name, settings, digits).parameters()
        parameters["W1"] += 1e-9 * (name == "manual")
        return build(name, parameters, settings.activation)

    monkeypatch.setattr(lockstep_module, "network", build_one)
    large = settings.with_(activation=activation, learning_rate=learning_rate)
    asked = ask(lambda out: question.ask(large, "manual,torch_ref", 1, out), tmp_path)
    (growth,) = asked.answer.growths
    assert growth.difference_by_step[0] > 5e-9
    assert growth.flip_steps == []
    assert growth.first_jump is None


def test_in_float64_no_relu_flips_and_the_difference_stays_near_rounding(quiet):
    by_name = {growth.name: growth for growth in quiet.answer.growths}
    assert list(by_name) == ["manual/autograd", "manual/torch_ref", "autograd/torch_ref"]
    assert quiet.answer.holds
    assert not any(growth.flip_steps or growth.first_jump for growth in quiet.answer.growths)
    assert not any(by_name["manual/autograd"].difference_by_step)
    assert 0 < by_name["manual/torch_ref"].difference_by_step[-1] < 1e-14
    assert "bit-identical" in quiet.answer.verdict
    in_pytorch, on_the_engine = quiet.answer.account.reasons
    assert "No ReLU was on in one and off in the other." in in_pytorch
    assert on_the_engine == "The networks on the engine and in PyTorch differ by just as much at every step."


def test_the_json_has_the_first_pair_at_the_top_and_every_pair_below(quiet):
    found = json.loads((quiet.files[-1]).read_text())
    assert (found["pair"], found["dtype"], found["steps"]) == ("manual/autograd", "float64", 45)
    assert found["first_event"] is None
    assert found["difference_by_step"] == [0] * 45
    assert [pair["pair"] for pair in found["pairs"]] == [growth.name for growth in quiet.answer.growths]
    assert found["pairs"][1]["difference_by_step"] == quiet.answer.growths[1].difference_by_step


@pytest.mark.usefixtures("undrawn")
def test_of_three_the_pair_that_jumps_first_in_their_order_is_the_main_one(settings, tmp_path, monkeypatch):
    kicked_by_hand(monkeypatch, lambda step: 1e-12 if step == 2 else 0)
    asked = ask(lambda out: question.ask(settings, "torch_ref,autograd,manual", 3, out), tmp_path)
    assert asked.answer.as_json()["pair"] == "torch_ref/manual"


@pytest.mark.usefixtures("undrawn")
def test_a_sigmoid_has_no_event_and_the_answer_says_why(settings, tmp_path):
    asked = ask(lambda out: question.ask(settings.with_(activation="sigmoid"), "manual,torch_ref", 5, out), tmp_path)
    assert asked.answer.holds
    assert asked.answer.as_json()["first_event"] is None
    assert "has no kink" in asked.answer.account.reasons[-1]


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(("init", "learning_rate", "seed"), [("he", 10.0, 0), ("he", 10.0, 2), ("chapter", 20.0, 2)])
def test_large_steps_of_a_sigmoid_magnify_the_difference_and_nothing_else_made_it(
    settings, tmp_path, init, learning_rate, seed
):
    large = settings.with_(activation="sigmoid", init=init, learning_rate=learning_rate, seed=seed)
    asked = ask(lambda out: question.ask(large, "manual,torch_ref", 60, out), tmp_path)
    (growth,) = asked.answer.growths
    assert growth.difference_by_step[-1] > 10 * growth.difference_by_step[0] > 0
    assert growth.first_jump is None
    assert asked.answer.holds


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("learning_rate", [100.0, 300.0])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_rounding_of_gradients_that_a_large_step_brings_in_is_no_jump(settings, tmp_path, dtype, learning_rate):
    changed = settings.with_(learning_rate=learning_rate, dtype=dtype, widths=(128, 64), seed=2)
    found = ask(lambda out: question.ask(changed, "manual,torch_ref", 5, out), tmp_path)
    first = found.answer.growths[0].difference_by_step[0]
    stored = 4 * float(np.finfo(dtype).eps) / 2  # of weights that He's start leaves below 1
    assert first > stored  # more than storing the weights can leave, so that this is a case in question
    assert found.answer.holds


def traces(z, da):
    """Of two networks with one hidden layer that differ in z alone."""
    return [{"z1": np.array(each), "da1": np.array(da), "z2": np.zeros((2, 10))} for each in z]


def test_the_flip_with_the_largest_gradient_comes_first_and_one_without_gradient_is_none():
    a, b = traces(([[1.0, -1, 3], [1, 0, -1]], [[-1.0, -2, 0], [-1, 1e-9, -3]]), [[0.1, 9, 0], [0, -0.3, 9]])
    first, second, *more = find_flips(a, b, np.array([50, 40]))
    assert (first.layer, first.unit, first.image, first.preactivations, first.upstream) == (1, 1, 40, (0, 1e-9), 0.3)
    assert (second.unit, second.image, second.upstream) == (0, 50, 0.1)
    # for image 50, unit 2 (from 3 to 0) is on in one only, and so is unit 0 for image 40: their da is 0
    assert more == []


@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
@pytest.mark.parametrize("hidden", [(16, 12), (9, 8, 7)])
def test_a_step_repeated_by_hand_with_its_own_relus_is_that_step(settings, digits, hidden, activation):
    net = network("torch_ref", settings.with_(widths=hidden, activation=activation), digits)
    x, labels, before = digits.train_x[:20], digits.train_labels[:20], net.parameters()
    repeated = replay(before, net.trace(x, labels), x, labels, 0.3, activation)
    net.step(x, labels, 0.3)
    for name, value in net.parameters().items():
        assert np.abs(value - before[name]).max() > 1e-4
        assert np.abs(value - repeated[name]).max() < 1e-15


def test_lockstep_trains_as_the_other_commands_do(settings, digits, monkeypatch):
    nets = {}

    def kept(name, settings, digits):
        nets[name] = network(name, settings, digits)
        return nets[name]

    monkeypatch.setattr(lockstep_module, "network", kept)
    lockstep(pairs_of(["manual", "autograd"]), settings, digits, 40, NO_ADVANCE)
    curve = Curve("manual")
    train(curve, settings.with_(epochs=2), digits, NO_ADVANCE)
    for name, value in curve.weights[-1].items():
        np.testing.assert_array_equal(nets["manual"].parameters()[name], value)


def test_the_same_command_gives_the_same_files(settings, digits, tmp_path, monkeypatch):
    nudged_around_a_kink(monkeypatch, settings, digits, 2)
    answers = [ask(lambda out: question.ask(settings, "manual,torch_ref", 4, out), tmp_path / name) for name in "ab"]
    assert [path.name for path in answers[0].files] == [
        "divergence.csv", "divergence.png", "divergence.svg", "results.json",
    ]  # fmt: skip
    for first, second in zip(*(asked.files[:3] for asked in answers), strict=True):
        assert first.read_bytes() == second.read_bytes(), first.name
    rows = list(csv.DictReader(answers[0].files[0].read_text().splitlines()))
    assert [float(row["manual/torch_ref"]) for row in rows] == answers[0].answer.growths[0].difference_by_step


def test_the_steps_before_ctrl_c_are_kept(settings, tmp_path, monkeypatch):
    step, calls = Engine.step, []

    def interrupted(self, x, labels, learning_rate):
        calls.append(None)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return step(self, x, labels, learning_rate)

    monkeypatch.setattr(Engine, "step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ask(lambda out: question.ask(settings, "autograd,torch_ref", 9, out), tmp_path)
    assert len((tmp_path / "divergence.csv").read_text().splitlines()) == 1 + 3
    assert (tmp_path / "divergence.png").exists()
    assert not (tmp_path / "results.json").exists()


def test_a_loss_that_is_not_finite_stops_it_and_the_steps_before_are_kept(settings, tmp_path):
    with pytest.raises(TrainingStopped, match=r"by hand stopped at step 2, in epoch 1.* is z1"):
        ask(lambda out: question.ask(settings.with_(learning_rate=1e308), "manual,torch_ref", 9, out), tmp_path)
    assert len((tmp_path / "divergence.csv").read_text().splitlines()) == 1 + 1


@pytest.mark.parametrize("pair", ["manual", "manual,manual", "manual,jax", "", "manual,autograd,torch_ref,manual"])
def test_what_is_no_pair_is_refused_with_the_names(settings, tmp_path, pair):
    with pytest.raises(BadInput, match="manual, autograd, torch_ref"):
        ask(lambda out: question.ask(settings, pair, 9, out), tmp_path)


def test_no_steps_are_refused(settings, tmp_path):
    with pytest.raises(BadInput, match="--steps is 0"):
        ask(lambda out: question.ask(settings, "manual,torch_ref", 0, out), tmp_path)


def test_the_typical_growth_leaves_out_where_there_is_nothing_to_divide_by(quiet):
    assert quiet.answer.growths[0].typical_growth is None
    assert math.isclose(quiet.answer.growths[1].typical_growth, 1, rel_tol=0.2)
