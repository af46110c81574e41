"""The common bugs, by their stable names: for rows and columns, one to three hidden layers, float32 and float64."""

import itertools

import pytest


def bugs(columns, L):
    """name: (line, statement, other lines replaced) for a network of L layers, mean taken in dz."""
    batch, classes = (1, 0) if columns else (0, 1)
    k = L - 1  # the last hidden layer
    a, z = f"self.a{k}", f"self.z{k}"
    dW = f"dz{L} @ {a}.T" if columns else f"{a}.T @ dz{L}"
    da = f"self.W{L}.T @ dz{L}" if columns else f"dz{L} @ self.W{L}.T"
    total = f"dz{L}.sum(axis={batch}, keepdims={columns})"
    here = {
        "mean-missing": (f"dz{L}", f"dz{L} = output - y"),
        "mean-twice": (f"dW{L}", f"dW{L} = {dW} / m"),
        "sign-flipped": (f"dz{L}", f"dz{L} = (y - output) / m"),
        "axis-wrong": (f"db{L}", f"db{L} = dz{L}.sum(axis={classes}, keepdims={columns})"),
        "mask-missing": (f"dz{k}", f"dz{k} = da{k} * 1"),
        "mask-not-strict": (f"dz{k}", f"dz{k} = da{k} * ({z} >= 0)"),
        "updated-too-early": (f"da{k}", f"self.W{L} -= lr * dW{L}; da{k} = {da}"),
        "accumulated": (f"dW{L}", f"self.total = self.total + {dW}; dW{L} = self.total"),
        "softmax-axis": (f"a{L}", f"self.a{L} = softmax(self.z{L}, axis={batch})"),
        "softmax-overflow": (
            f"a{L}", f"self.a{L} = np.exp(self.z{L}) / np.exp(self.z{L}).sum(axis={classes}, keepdims=True)"),
        "onehot-shifted": (f"dz{L}", f"dz{L} = (output - np.roll(y, 1, axis={classes})) / m"),
        "bias-not-updated": (f"b{L} update", "pass"),
        "gradient-updated-instead": (f"dW{L}", f"dW{L} = {dW}; dW{L} -= lr * self.W{L}"),
        "sigmoid-derivative-of-wrong-argument": (f"dz{k}", f"dz{k} = da{k} * {z} * (1 - {z})"),
        "loss-gradient-mismatch": (f"dz{L}", f"dz{L} = 2 * (output - y) * output * (1 - output) / m"),
        "scaled-by-constant": (f"dW{L}", f"dW{L} = 0.5 * ({dW})"),
        "learning-rate-in-gradient": (f"db{L}", f"db{L} = lr * {total}"),
        "transposed": (f"dW{L}", f"dW{L} = {dW.replace('.T', '')}"),
    }  # fmt: skip
    if L > 2:
        here["mask-wrong-layer"] = ("dz2", "dz2 = da2 * (self.z1 > 0)")
    return here


CASES = [
    (name, columns, L, "float32" if (i + L) % 2 else "float64")
    for columns, L in itertools.product((False, True), (2, 3, 4))
    for i, name in enumerate(bugs(columns, L))
]


@pytest.mark.parametrize(("name", "columns", "L", "dtype"), CASES)
def test_a_common_bug_is_named_on_its_own_line(write_network, judge_source, name, columns, L, dtype):
    line, statement = bugs(columns, L)[name]
    replaced = {line: statement}
    if name == "updated-too-early":
        replaced[f"W{L} update"] = "pass"
    if dtype == "float32":  # and insists on it
        first = "self.W1 @ x.astype(np.float32)" if columns else "x.astype(np.float32) @ self.W1"
        replaced["z1"] = f"self.z1 = ({first} + self.b1).astype(np.float32)"
        replaced["W1 update"] = "self.W1 -= (lr * dW1).astype(np.float32)"
    source = write_network(
        (*(20, 12, 12, 12)[:L], 10), "sigmoid" if name.startswith("sigmoid") else "relu", columns, dtype,
        replaced=replaced, extra="self.total = 0",
    )  # fmt: skip
    check = judge_source(source)
    assert f"judged in {dtype}" in check.found_out
    first = check.diagnoses[0]
    assert (first.line, first.name) == (line, name)
    if name != "bias-not-updated":  # a line that is not there has no number; its neighbour is shown
        assert statement in source.splitlines()[first.place.line - 1]
    assert len(check.diagnoses) == 1, [(d.name, d.line) for d in check.diagnoses]


@pytest.mark.parametrize("columns", [False, True])
def test_float32_in_the_middle_of_float64_is_named(write_network, judge_source, columns):
    product = "dz2.astype(np.float32) @ self.a1.T" if columns else "self.a1.T @ dz2.astype(np.float32)"
    check = judge_source(write_network(columns=columns, replaced={"dW2": f"dW2 = {product}"}))
    assert [(d.name, d.line) for d in check.diagnoses] == [("dtype-lost", "dW2")]


def test_several_bugs_are_reported_one_below_the_other_each_as_if_those_above_were_mended(write_network, judge_source):
    replaced = {"dz3": "dz3 = (y - output) / m", "dz2": "dz2 = da2", "db1": "db1 = dz1.sum(axis=0) / m"}
    check = judge_source(write_network(replaced=replaced))
    found = [(d.line, d.name) for d in check.diagnoses]
    assert found == [("dz3", "sign-flipped"), ("dz2", "mask-missing"), ("db1", "mean-twice")]


HIDDEN = """
import numpy as np

class Network:
    def __init__(self):
        self.W1, self.b1 = np.random.randn(20, 12), np.zeros(12)
        self.W2, self.b2 = np.random.randn(12, 13), np.zeros(13)
        self.W3, self.b3 = np.random.randn(13, 10), np.zeros(10)

    def forward(self, x):
        self.keep = [np.maximum(x @ self.W1 + self.b1, 0)]
        self.keep.append(np.maximum(self.keep[0] @ self.W2 + self.b2, 0))
        e = np.exp(self.keep[1] @ self.W3 + self.b3)
        return e / e.sum(axis=1, keepdims=True) if e.max() < 1e300 else safe(self.keep[1] @ self.W3 + self.b3)

    def backward(self, x, y, output, lr):
        up = (output - y) / len(x)
        middle = (up @ self.W3.T) * (self.keep[1] > 0)
        down = (middle @ self.W2.T) * (self.keep[0] > 0)
        self.W3, self.b3 = self.W3 - lr * self.keep[1].T @ up, self.b3 - lr * up.sum(axis=0)
        self.W2, self.b2 = self.W2 - lr * self.keep[0].T @ middle, self.b2 - lr * middle.sum(axis=0)
        self.W1, self.b1 = self.W1 - lr * x.T @ down, self.b1 - lr * down.sum(axis=0)

def safe(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
"""


@pytest.mark.parametrize(
    ("right", "wrong", "line", "name"),
    [
        ("self.keep[0].T @ middle", "self.keep[0].T @ middle", None, None),
        ("up = (output - y) / len(x)", "up = output - y", "dz3", "mean-missing"),
        ("(self.keep[1] > 0)", "1", "dz2", "mask-missing"),
        ("middle.sum(axis=0)", "middle.sum(axis=0) * 0", "b2 update", "bias-not-updated"),
        ("self.keep[0].T @ middle", "-self.keep[0].T @ middle", "dW2", "sign-flipped"),
    ],
)
def test_without_any_name_to_go_by_gradients_come_back_from_the_change_of_the_weights(
    judge_source, right, wrong, line, name
):
    assert right in HIDDEN
    check = judge_source(HIDDEN.replace(right, wrong))
    assert {"dW1", "dW2", "dW3", "db1", "db2", "db3"} <= {v.name for v in check.lines}
    assert [(d.line, d.name) for d in check.diagnoses] == ([] if line is None else [(line, name)])


@pytest.mark.parametrize("bug", ["dz2 = da2 * (self.z2 > 0)", "dz2 = da2"])
def test_the_corrected_line_is_in_the_learners_own_names_and_layout(write_network, judge_source, bug):
    for columns, wanted in ((False, "dW2 = self.a1.T @ dz2"), (True, "dW2 = dz2 @ self.a1.T")):
        check = judge_source(write_network(columns=columns, replaced={"dz2": bug, "dW2": "dW2 = 2 * " + wanted[6:]}))
        assert check.diagnoses[-1].corrected == wanted
        assert check.diagnoses[-1].evidence.startswith("found = 2 x expected")
