"""Trainings that were watched: each cause is named where it is planted, and nothing is where it is not."""

import ast
import builtins
import linecache

import numpy as np
import pytest

from compare.check.recording.source import HELPERS, rewritten
from compare.check.surroundings import Digits
from compare.check.training.judged import CURES, EXPLANATIONS, judged_training
from compare.check.training.watch import Watch

PROGRAM = """import numpy as np
np.random.seed(0)
y = np.arange(600) % 3
x = {data}
T = np.eye(3)[y]
W1 = {first}
b1 = np.zeros(30)
W2 = {second}
b2 = np.zeros(3)

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
    "accuracy-axis": {"read": "np.resize(np.argmax(forward(x)[1], axis=0), 600)"},
}  # fmt: skip


def watched(tmp_path, **written):
    """What is told of the program, run in this process with these parts written otherwise."""
    parts = {**RIGHT, **written}
    source = PROGRAM.format(**parts)
    path = tmp_path / "network.py"
    path.write_text(source)
    linecache.checkcache()
    watch = Watch(own=str(path).__eq__)
    with pytest.MonkeyPatch.context() as patch, np.errstate(all="ignore"):
        for helper in HELPERS.items():
            patch.setattr(builtins, *helper, raising=False)
        patch.setattr(builtins, "print", lambda *_: None)
        with watch:
            exec(compile(rewritten(ast.parse(source)), str(path), "exec"), {})
        return judged_training(watch, Digits(), "cross-entropy", [float(parts["rate"])] * 4)


def test_every_cause_has_an_explanation_and_but_for_shifted_labels_a_cure():
    assert set(PLANTED) <= set(EXPLANATIONS)
    assert set(EXPLANATIONS) - set(CURES) == {"labels-shifted"}


@pytest.mark.parametrize("activation", [{}, SIGMOID, {"activation": "np.tanh(z1)", "derivative": "(1 - a1 ** 2)"}])
def test_a_right_training_is_said_to_learn_and_nothing_is_found(tmp_path, activation):
    told = watched(tmp_path, **activation)
    assert (told["verdict"], told["findings"]) == ("learns", [])
    assert told["course"]["losses"][-1] < 0.5 * told["course"]["losses"][0]


@pytest.mark.parametrize("name", PLANTED)
def test_what_keeps_a_network_from_learning_is_named(tmp_path, name):
    told = watched(tmp_path, **PLANTED[name])
    assert [f["name"] for f in told["findings"]] == [name], told
