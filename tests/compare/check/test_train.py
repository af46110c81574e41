"""--train: right gradients, and yet it does not learn; each reason is told from the others by what heals it."""

from pathlib import Path

import numpy as np
import pytest

from compare.check import child, question
from compare.check import train as training
from compare.check.apart import Answer

RIGHT = (
    (Path(__file__).parent / "examples" / "right.py")
    .read_text()
    .replace("hidden1=128, hidden2=64", "hidden1=32, hidden2=16")
)
TRAIN = """

def train(network, x, y, epochs=2, batch_size=32, lr=0.1):
    x = x / 255
    for _ in range(epochs):
        order = np.random.permutation(len(x))
        x, y = x[order], y[order]
        for i in range(0, len(x), batch_size):
            output = network.forward(x[i : i + batch_size])
            network.backward(x[i : i + batch_size], y[i : i + batch_size], output, lr)
"""
HE = RIGHT.replace("hidden1) * 0.01", "hidden1) * np.sqrt(2 / inputs)").replace(
    "hidden2) * 0.01", "hidden2) * np.sqrt(2 / hidden1)"
)


@pytest.fixture
def train_source(tmp_path, monkeypatch, mnist):
    """Check a source text with --train, in this process and on few steps."""

    def in_this_process(file, name, *, seed, time_limit, train=None):
        del time_limit
        result = child.Result(tmp_path)
        content = child.judge_file(file, {"class": name, "seed": seed, "train": train}, result)
        return Answer(content, result.arrays)

    def run(source):
        path = tmp_path / f"network{len(list(tmp_path.iterdir()))}.py"
        path.write_text(source)
        return question.answer(str(path), train=True)

    monkeypatch.setattr(question, "run_in_child", in_this_process)
    monkeypatch.setattr(training, "run_in_child", in_this_process)
    monkeypatch.setattr(training, "load_mnist", lambda _: mnist)
    monkeypatch.setattr(training, "STEPS", 150)
    monkeypatch.setattr(training, "IMAGES", 1920)
    return run


def reasons(check):
    return [finding.name for finding in check.training.findings]


def test_a_network_that_learns_learns_as_the_reference_does(train_source):
    check = train_source(HE + TRAIN)
    assert check.holds
    losses = check.training.losses
    assert losses["yours"] == pytest.approx(losses["reference, as yours"], rel=1e-6)
    assert losses["yours"] < training.LEARNT
    assert "it learns" in check.verdict


@pytest.mark.parametrize(
    ("change", "reason", "evidence"),
    [
        (("np.sqrt(2 / ", "1e-4 * ("), "weights-too-small", "ln 10 = 2.3026"),
        (("np.sqrt(2 / inputs)", "5.0"), "weights-too-large", "the scores spread by"),
        (("lr=0.1", "lr=1e-5"), "learning-rate-too-small", "With 1e-05 the reference gets to"),
        (("lr=0.1", "lr=50.0"), "learning-rate-too-large", "With 50 the reference gets to"),
        (("x = x / 255", "x = x * 1.0"), "pixels-not-scaled", "the largest pixel that forward was given is 255"),
        (("x, y = x[order], y[order]", "x = x[order]"), "labels-shuffled", "came with another image's label"),
        (("network.backward(", "str("), "update-forgotten", "and backward never"),
    ],
    ids=lambda value: value if isinstance(value, str) and "-" in value and " " not in value else "",
)
def test_what_keeps_it_from_learning_is_named_with_evidence(train_source, change, reason, evidence):
    source = HE + TRAIN
    assert change[0] in source
    check = train_source(source.replace(*change))
    assert check.faults == []
    assert reasons(check) == [reason]
    assert evidence in check.training.findings[0].evidence
    assert not check.holds
    assert reason in check.verdict


def test_weights_that_never_move_are_an_update_forgotten(train_source):
    source = HE.replace("def backward(self, x, y, output, lr):", "def backward(self, x, y, output):").replace(
        "-= lr *", "-= 0 *"
    )
    check = train_source(source)
    assert reasons(check) == ["update-forgotten"]


def test_wrong_gradients_come_first(train_source):
    check = train_source(HE.replace("dz3 = output - y", "dz3 = y - output"))
    assert check.training is None
    assert "mend these first" in check.notes[-1]


def test_another_image_size_is_said(train_source):
    from compare.shared.errors import BadInput

    with pytest.raises(BadInput, match="takes 20 pixels, and the images of MNIST have 784"):
        train_source(HE.replace("inputs=784", "inputs=20"))


def test_the_pattern_of_an_image_is_the_same_however_it_is_scaled():
    from compare.check.training_run import _pattern

    image = np.array([0, 3, 0, 255.0])
    assert _pattern(image) == _pattern(image / 255) == _pattern((image - 30) / 70)
    assert _pattern(image) != _pattern(image[::-1])
