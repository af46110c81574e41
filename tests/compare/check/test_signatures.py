"""Each mistake that has a name: planted, it is called by that name at its line; without it, nothing is said."""

import pytest

SCRIPT = """import numpy as np
rng = np.random.RandomState(0)
X, T = rng.rand(12, 6), np.eye(3)[rng.randint(3, size=12)]
W1, b1 = rng.randn(6, 6) * 0.4, np.zeros(6)
W2, b2 = rng.randn(6, 3) * 0.4, np.zeros(3)
lr = 0.1

def step():
    global W1, b1, W2, b2
    m = len(X)
    h = X @ W1 + b1
    mu, sd = h.mean(axis=0), h.std(axis=0)
    z = (h - mu) / sd
    keep = np.random.RandomState(3).rand(12, 6) < 0.7
    a = np.tanh(z) * keep / 0.7
    s = a @ W2 + b2
    e = np.exp(s - s.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    loss = -(T * np.log(p)).sum() / m
    old = W2
    ds = (p - T) / m
    dW2 = a.T @ ds
    db2 = ds.sum(axis=0)
    da = ds @ W2.T
    dt = da * keep / 0.7
    dz = dt * (1 - np.tanh(z) ** 2)
    dh = (dz - dz.mean(axis=0) - z * (dz * z).mean(axis=0)) / sd
    dW1 = X.T @ dh
    db1 = dh.sum(axis=0)
    W2 -= lr * dW2
    b2 -= lr * db2
    W1 -= lr * dW1
    b1 -= lr * db1

for k in range(8):
    step()
"""
#: name: what is written for what, and a word of the line that is to be named.
PLANTED = {
    "normalisation-constant": [("dh = (dz - dz.mean(axis=0) - z * (dz * z).mean(axis=0)) / sd", "dh = dz / sd")],
    "dropout-mask-missing": [("    dt = da * keep / 0.7\n", ""), ("dz = dt *", "dz = da *")],
    "activation-of-gradient": [("dz = dt * (1 - np.tanh(z) ** 2)", "dz = 1 - np.tanh(dt) ** 2")],
    "derivative-of-another-activation": [("(1 - np.tanh(z) ** 2)", "(z > 0)")],
    "derivative-of-wrong-argument": [("(1 - np.tanh(z) ** 2)", "(1 - z ** 2)")],
    "product-for-matrix-product": [("np.zeros(6)", "np.zeros(6)"), ("da = ds @ W2.T", "da = ds @ W2.T"),
                                   ("X, T = rng.rand(12, 6)", "X, T = rng.rand(6, 6)"), ("size=12", "size=6"),
                                   (".rand(12, 6) < 0.7", ".rand(6, 6) < 0.7"), ("dW1 = X.T @ dh", "dW1 = X.T * dh")],
    "reference-not-copy": [("    W2 -= lr * dW2\n", ""),
                           ("    da = ds @ W2.T\n", "    W2 -= lr * dW2\n    da = ds @ old.T\n")],
    "gradient-for-weight": [("da = ds @ W2.T", "da = ds @ dW2.T")],
    "bias-gradient-from": [("db2 = ds.sum(axis=0)", "db2 = dW2.sum(axis=0)")],
    "extra-derivative": [("ds = (p - T) / m", "ds = (p - T) * p * (1 - p) / m")],
}  # fmt: skip


def test_the_right_script_is_right(judge_script):
    result = judge_script(SCRIPT)
    assert (result["verdict"], result["diagnoses"]) == ("right", [])


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_mistake_is_called_by_its_name_at_its_line(judge_script, name):
    source = SCRIPT
    for old, new in PLANTED[name]:
        assert old in source
        source = source.replace(old, new)
    changed = PLANTED[name][-1][1].strip().splitlines()[-1].strip()
    result = judge_script(source)
    assert result["verdict"] == "wrong"
    assert result["diagnoses"][0]["name"] == name, [(d["name"], d["text"]) for d in result["diagnoses"]]
    assert changed in result["diagnoses"][0]["text"]


TWO_ALIKE = """import numpy as np
rng = np.random.RandomState(0)
X, T = rng.rand(12, 6), rng.rand(12, 6)
W1, W2 = rng.randn(6, 6) * 0.4, rng.randn(6, 6) * 0.4
v1, v2 = np.zeros((6, 6)), np.zeros((6, 6))
for k in range(8):
    a = np.tanh(X @ W1)
    d2 = (a @ W2 - T) / len(X)
    g2 = a.T @ d2
    g1 = X.T @ (d2 @ W2.T * (1 - a ** 2))
    v1 = 0.9 * v1 + g1
    W1 -= 0.1 * v1
    v2 = 0.9 * v2 + g2
    W2 -= 0.1 * v2
"""


def test_one_velocity_for_two_parameters_is_named_and_two_are_right(judge_script):
    right = judge_script(TWO_ALIKE)
    assert (right["verdict"], right["diagnoses"]) == ("right", [])
    shared = judge_script(TWO_ALIKE.replace("v2 = 0.9 * v2", "v1 = 0.9 * v1").replace("0.1 * v2", "0.1 * v1"))
    assert [(d["name"], d["text"]) for d in shared["diagnoses"]] == [("shared-velocity", "v1 = 0.9 * v1 + g2")]
