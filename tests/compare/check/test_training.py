"""Trainings that were watched: each cause is named where it is planted, and nothing is where it is not."""

import ast
import builtins
import linecache

import numpy as np
import pytest

from compare.check.recording.source import HELPERS, rewritten
from compare.check.surroundings import Digits
from compare.check.training import findings
from compare.check.training.batch import Batch
from compare.check.training.findings import CAUSES, weights
from compare.check.training.judged import judged_training
from compare.check.training.watch import TrainingWatch

DATA = Digits()
PROGRAM = """import numpy as np
np.random.seed(0)
y = {labels}
x = {data}
T = {targets}
W1 = {first}
b1 = np.zeros(30)
W2 = {second}
b2 = np.zeros(W2.shape[1])

def forward(a0):
    z1 = a0 @ W1 + b1
    a1 = {activation}
    z2 = a1 @ W2 + b2
    e = np.exp(z2 - z2.max(axis=1, keepdims=True))
    return a1, e / e.sum(axis=1, keepdims=True)

for step in range({steps}):
    rows = {rows}
    a0, t = x[rows], T[rows]
    a1, p = forward(a0)
    dz2 = (p - t) / len(t)
    dz1 = (dz2 @ W2.T) * {derivative}
    W2 -= {rate} * a1.T @ dz2
    b2 -= {rate} * dz2.sum(axis=0)
    W1 -= {rate} * a0.T @ dz1
    b1 -= {rate} * dz1.sum(axis=0)
    if step % 100 == 99:
        print("accuracy", np.mean({read} == y))
"""
RIGHT = {
    "labels": "np.arange(600) % 3",
    "targets": "np.eye(3)[y]",
    "data": "np.random.rand(600, 16) * 0.6 + np.eye(3, 16)[y] * 0.4",
    "first": "np.random.randn(16, 30) * np.sqrt(2 / 16)",
    "second": "np.random.randn(30, 3) * np.sqrt(2 / 30)",
    "activation": "np.maximum(z1, 0)",
    "derivative": "(a1 > 0)",
    "steps": "1500",
    "rows": "np.random.randint(0, 600, 30)",
    "rate": "0.3",
    "read": "np.argmax(forward(x)[1], axis=1)",
}
SIGMOID = {"activation": "1 / (1 + np.exp(-z1))", "derivative": "a1 * (1 - a1)"}
#: The digits of the set, and what they need.
DIGITS = {
    "labels": "digits.train_labels[:600].astype(int)",
    "data": "digits.train_images[:600].reshape(600, 784) / 255",
    "targets": "np.eye(10)[y]",
    "first": "np.random.randn(784, 30) * np.sqrt(2 / 784)",
    "second": "np.random.randn(30, 10) * np.sqrt(2 / 30)",
    "steps": "400",
}
HARD = "np.random.rand(600, 16) * 0.9 + np.eye(3, 16)[y] * 0.1"
#: What is written otherwise, by the name of what it is.
PLANTED = {
    "inputs-empty": {"data": "(np.random.rand(600, 16) * 0.9).astype(int)"},
    "inputs-not-scaled": {"data": "(np.random.rand(600, 16) * 0.6 + np.eye(3, 16)[y] * 0.4) * 255"},
    "same-batch": {"rows": "np.arange(10)", "steps": "8000"},
    "batches-miss-most": {"rows": "np.random.randint(0, 60, 30)", "steps": "4000"},
    "weights-zero": {"first": "np.zeros((16, 30))", "second": "np.zeros((30, 3))"},
    "weights-equal": {"first": "np.full((16, 30), 0.1)", "second": "np.full((30, 3), 0.1)"},
    "weights-too-large": {**SIGMOID, "first": "np.random.randn(16, 30) * 400", "second": "np.random.randn(30, 3) * 400",
                          "steps": "200"},
    "weights-all-positive": {**SIGMOID, "first": "np.random.rand(16, 30) * 10", "second": "np.random.rand(30, 3) * 90"},
    "weights-too-small": {"first": "np.random.randn(16, 30) * 1e-4", "second": "np.random.randn(30, 3) * 1e-4",
                          "steps": "150"},
    "learning-rate-too-small": {"rate": "1e-7", "steps": "400"},
    "learning-rate-too-large": {"rate": "3e3"},
    "too-few-steps": {"data": HARD, "rate": "1.0", "steps": "100"},
    "images-and-labels-apart": {**DIGITS, "targets": "np.eye(10)[y[np.random.permutation(600)]]"},
    "labels-shifted": {**DIGITS, "targets": "np.eye(10)[(y + 1) % 10]"},
    "accuracy-axis": {"read": "np.resize(np.argmax(forward(x)[1], axis=0), 600)"},
}  # fmt: skip


#: Eight layers of sigmoids, from weights of the usual size.
DEEP = """import numpy as np
np.random.seed(0)
y = np.arange(600) % 3
x, T = np.random.rand(600, 16), np.eye(3)[y]
W = [np.random.randn(a, b) / np.sqrt(a) for a, b in zip([16] + 7 * [10], 7 * [10] + [3])]
for step in range(40):
    rows = np.random.randint(0, 600, 30)
    a = [x[rows]]
    for w in W[:-1]:
        a.append(1 / (1 + np.exp(-(a[-1] @ w))))
    z = a[-1] @ W[-1]
    e = np.exp(z - z.max(axis=1, keepdims=True))
    d = (e / e.sum(axis=1, keepdims=True) - T[rows]) / 30
    for k in range(7, -1, -1):
        g = a[k].T @ d
        if k:
            d = (d @ W[k].T) * a[k] * (1 - a[k])
        W[k] -= 0.3 * g
"""


def watched(tmp_path, **written):
    """What is told of the program, run in this process with these parts written otherwise."""
    parts = {**RIGHT, **written}
    return watched_source(tmp_path, PROGRAM.format(**parts), [float(parts["rate"])] * 4)


def watched_source(tmp_path, source, rates):
    """What is told of a program that is run in this process."""
    path = tmp_path / "network.py"
    path.write_text(source)
    linecache.checkcache()
    watch = TrainingWatch(own=str(path).__eq__)
    with pytest.MonkeyPatch.context() as patch, np.errstate(all="ignore"):
        for helper in HELPERS.items():
            patch.setattr(builtins, *helper, raising=False)
        patch.setattr(builtins, "print", lambda *_: None)
        with watch:
            exec(compile(rewritten(ast.parse(source)), str(path), "exec"), {"digits": DATA})
        return judged_training(watch, DATA, "cross-entropy", rates)


def test_every_cause_is_planted_and_but_for_shifted_labels_has_a_cure():
    assert {*PLANTED, "gradients-vanish"} == set(CAUSES)
    assert {name for name, cause in CAUSES.items() if not cause.cure} == {"labels-shifted"}


TANH = {"activation": "np.tanh(z1)", "derivative": "(1 - a1 ** 2)"}


@pytest.mark.parametrize("written", [{}, SIGMOID, TANH, DIGITS], ids=["relu", "sigmoid", "tanh", "digits"])
def test_a_right_training_is_said_to_learn_and_nothing_is_found(tmp_path, written):
    told = watched(tmp_path, **written)
    assert (told["verdict"], told["findings"]) == ("learns", [])
    assert told["course"]["losses"][-1] < 0.5 * told["course"]["losses"][0]


@pytest.mark.parametrize("name", PLANTED)
def test_what_keeps_a_network_from_learning_is_named(tmp_path, name):
    told = watched(tmp_path, **PLANTED[name])
    assert [f["name"] for f in told["findings"]] == [name], told


def test_what_is_evaluated_between_two_steps_is_taken_for_no_batch(tmp_path):
    source = PROGRAM.format(**{**RIGHT, **PLANTED["same-batch"], "steps": "1000"})
    after_each = source.replace("if step % 100 == 99", "if True")
    assert [f["name"] for f in watched_source(tmp_path, after_each, [0.3] * 4)["findings"]] == ["same-batch"]


def test_a_gradient_that_shrinks_on_the_way_down_is_named_where_nothing_helps(tmp_path, monkeypatch):
    monkeypatch.setattr(findings, "CHANGES", (weights.vanishing,))
    told = watched_source(tmp_path, DEEP, [0.3] * 8)
    assert [f["name"] for f in told["findings"]] == ["gradients-vanish"], told
    shallow = DEEP.replace("7 * [10]", "2 * [10]").replace("range(7, -1, -1)", "range(2, -1, -1)")
    assert watched_source(tmp_path, shallow, [0.3] * 3)["verdict"] == "cannot tell"


@pytest.mark.parametrize("missing", [NameError, AttributeError])
def test_a_name_of_ours_that_is_missing_fails_loudly_and_what_their_operations_raise_does_not(
    tmp_path, monkeypatch, missing
):
    def raises(error):
        def gradients(*_):
            raise error

        monkeypatch.setattr(Batch, "gradients", gradients)
        return watched_source(tmp_path, DEEP, [])

    assert raises(ValueError("operands could not be broadcast"))["verdict"] == "cannot tell"
    with pytest.raises(missing):
        raises(missing("nonesuch"))
