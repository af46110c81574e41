"""Each mistake that has a name: planted, it is called by that name at its line; without it, nothing is said."""

import pytest

from compare.check.saying.signatures import EXPLANATIONS

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

#: Three layers as wide as the inputs, and every update in its place.
DEEP = """import numpy as np
rng = np.random.RandomState(0)
X, T = rng.rand(12, 6), np.eye(3)[rng.randint(3, size=12)]
W1, W2, W3 = rng.randn(6, 6) * 0.6, rng.randn(6, 6) * 0.6, rng.randn(6, 3) * 0.6
b1, b2, b3 = np.full(6, 0.1), np.full(6, 0.1), np.zeros(3)
for k in range(8):
    z1 = X @ W1 + b1
    a1 = np.where(z1 > 0, z1, 0.1 * z1)
    z2 = a1 @ W2 + b2
    a2 = np.where(z2 > 0, z2, 0.1 * z2)
    e = np.exp(a2 @ W3 + b3)
    p = e / e.sum(axis=1, keepdims=True)
    dz3 = (p - T) / len(X)
    dW3 = a2.T @ dz3
    db3 = dz3.sum(axis=0)
    da2 = dz3 @ W3.T
    dz2 = da2 * np.where(z2 > 0, 1, 0.1)
    dW2 = a1.T @ dz2
    db2 = dz2.sum(axis=0)
    da1 = dz2 @ W2.T
    dz1 = da1 * np.where(z1 > 0, 1, 0.1)
    dW1 = X.T @ dz1
    db1 = dz1.sum(axis=0)
    W1 -= 0.1 * dW1
    W2 -= 0.1 * dW2
    W3 -= 0.1 * dW3
    b1 -= 0.1 * db1
    b2 -= 0.1 * db2
    b3 -= 0.1 * db3
"""
#: Weights alone, of one shape, each with a velocity.
MOMENTUM = """import numpy as np
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
#: A layer that something goes past.
PAST = """import numpy as np
rng = np.random.RandomState(0)
X, T = rng.rand(12, 6), rng.rand(12, 6)
W1, W2, W3 = rng.randn(6, 6) * 0.4, rng.randn(6, 6) * 0.4, rng.randn(6, 6) * 0.4
for k in range(8):
    h = X @ W1
    a = np.tanh(h @ W2)
    d3 = ((h + a) @ W3 - T) / len(X)
    g3 = (h + a).T @ d3
    da = d3 @ W3.T
    d2 = da * (1 - a ** 2)
    g2 = h.T @ d2
    dh = d2 @ W2.T + da
    g1 = X.T @ dh
    W1 -= 0.1 * g1
    W2 -= 0.1 * g2
    W3 -= 0.1 * g3
"""
ADAM = """import numpy as np
rng = np.random.RandomState(0)
X, T = rng.rand(12, 6), np.eye(3)[rng.randint(3, size=12)]
W, m, v = rng.randn(6, 3) * 0.4, np.zeros((6, 3)), np.zeros((6, 3))
for t in range(1, 9):
    e = np.exp(X @ W)
    g = X.T @ (e / e.sum(axis=1, keepdims=True) - T) / len(X)
    m = 0.9 * m + (1 - 0.9) * g
    v = 0.999 * v + (1 - 0.999) * g ** 2
    m_hat = m / (1 - 0.9 ** t)
    v_hat = v / (1 - 0.999 ** t)
    W -= 0.1 * m_hat / (np.sqrt(v_hat) + 1e-8)
"""
#: One example after the other, and their gradients added up.
SAMPLES = """import numpy as np
rng = np.random.RandomState(0)
X, T = rng.rand(4, 6), np.eye(3)[rng.randint(3, size=4)]
W1, W2 = rng.randn(5, 6) * 0.4, rng.randn(3, 5) * 0.4
for k in range(8):
    g1, g2 = np.zeros((5, 6)), np.zeros((3, 5))
    for x, t in zip(X, T):
        a = np.tanh(W1 @ x)
        y = W2 @ a
        d2 = (y - t) / len(X)
        d1 = W2.T @ d2 * (1 - a ** 2)
        g2 += np.outer(d2, a)
        g1 += np.outer(d1, x)
    W1 -= 0.1 * g1
    W2 -= 0.1 * g2
"""
#: A penalty on the weights is in the loss.
PENALTY = """import numpy as np
rng = np.random.RandomState(0)
X, T = rng.rand(12, 6), np.eye(3)[rng.randint(3, size=12)]
W1, W2 = rng.randn(6, 6) * 0.4, rng.randn(6, 3) * 0.4
for k in range(8):
    a = np.tanh(X @ W1)
    e = np.exp(a @ W2)
    p = e / e.sum(axis=1, keepdims=True)
    loss = -(T * np.log(p)).sum() / 12 + 0.15 * (np.sum(W1 ** 2) + np.sum(W2 ** 2))
    d2 = (p - T) / 12
    g2 = a.T @ d2 + 0.3 * W2
    d1 = d2 @ W2.T * (1 - a ** 2)
    g1 = X.T @ d1 + 0.3 * W1
    W1 -= 0.1 * g1
    W2 -= 0.1 * g2
"""
SQUARE = [("X, T = rng.rand(12, 6)", "X, T = rng.rand(6, 6)"), ("size=12", "size=6"),
          (".rand(12, 6) < 0.7", ".rand(6, 6) < 0.7")]  # fmt: skip
NARROW = [("W1, W2, W3 = rng.randn(6, 6) * 0.6, rng.randn(6, 6) * 0.6, rng.randn(6, 3) * 0.6",
           "W1, W2, W3 = rng.randn(6, 6) * 0.6, rng.randn(6, 5) * 0.6, rng.randn(5, 3) * 0.6"),
          ("np.full(6, 0.1), np.full(6, 0.1)", "np.full(6, 0.1), np.full(5, 0.1)")]  # fmt: skip
RELU = [("np.where(z1 > 0, z1, 0.1 * z1)", "np.maximum(z1, 0)"),
        ("np.where(z2 > 0, z2, 0.1 * z2)", "np.maximum(z2, 0)"),
        ("np.where(z1 > 0, 1, 0.1)", "(z1 > 0)"), ("np.where(z2 > 0, 1, 0.1)", "(z2 > 0)")]  # fmt: skip
#: name: the program that is right, and what is written for what; the last change is the line that is to be named.
PLANTED = {
    "normalisation-constant": (SCRIPT, [("(dz - dz.mean(axis=0) - z * (dz * z).mean(axis=0)) / sd", "dz / sd")]),
    "dropout-mask-missing": (SCRIPT, [("    dt = da * keep / 0.7\n", ""), ("dz = dt *", "dz = da *")]),
    "activation-of-gradient": (SCRIPT, [("dz = dt * (1 - np.tanh(z) ** 2)", "dz = 1 - np.tanh(dt) ** 2")]),
    "derivative-of-another-activation": (SCRIPT, [("(1 - np.tanh(z) ** 2)", "(z > 0)")]),
    "derivative-of-wrong-argument": (SCRIPT, [("(1 - np.tanh(z) ** 2)", "(1 - z ** 2)")]),
    "derivative-wrong": (SCRIPT, [("(1 - np.tanh(z) ** 2)", "np.cos(z)")]),
    "penalty-missing": (PENALTY, [("g1 = X.T @ d1 + 0.3 * W1", "g1 = X.T @ d1"), (" + 0.3 * W2", ""),
                                  ("g2 = a.T @ d2", "g2 = a.T @ d2")]),
    "use-missing": (PAST, [("dh = d2 @ W2.T + da", "dh = d2 @ W2.T")]),
    "mask-missing": (DEEP, [("da1 * np.where(z1 > 0, 1, 0.1)", "da1"), ("da1 = dz2 @ W2.T", "da1 = dz2 @ W2.T")]),
    "product-for-matrix-product": (SCRIPT, [*SQUARE, ("dW1 = X.T @ dh", "dW1 = X.T * dh")]),
    "matrix-product-for-product": (DEEP, [("(12, 6)", "(6, 6)"), ("size=12", "size=6"),
                                          ("dz2 = da2 *", "dz2 = da2 @")]),
    "reference-not-copy": (SCRIPT, [("    W2 -= lr * dW2\n", ""),
                                    ("    da = ds @ W2.T\n", "    W2 -= lr * dW2\n    da = ds @ old.T\n")]),
    "updated-too-early": (SCRIPT, [("    W2 -= lr * dW2\n", ""),
                                   ("    da = ds @ W2.T\n", "    W2 -= lr * dW2\n    da = ds @ W2.T\n")]),
    "overwritten-in-place": (DEEP, [("    z2 = a1", "    np.copyto(z1, a1 + 1)\n    z2 = a1"),
                                    ("np.copyto(z1, a1 + 1)", "np.copyto(z1, a1 + 1)")]),
    "gradient-for-weight": (SCRIPT, [("da = ds @ W2.T", "da = ds @ dW2.T")]),
    "activation-of-wrong-layer": (DEEP, [*NARROW, ("dW2 = a1.T @ dz2", "dW2 = X.T @ dz2")]),
    "transposed": (DEEP, [("da1 = dz2 @ W2.T", "da1 = dz2 @ W2")]),
    "mask-wrong-layer": (DEEP, [*RELU, ("dz1 = da1 * (z1 > 0)", "dz1 = da1 * (z2 > 0)")]),
    "slope-differs": (DEEP, [("np.where(z1 > 0, 1, 0.1)", "np.where(z1 > 0, 1, 0.2)")]),
    "bias-gradient-from": (SCRIPT, [("db2 = ds.sum(axis=0)", "db2 = dW2.sum(axis=0)")]),
    "axis-wrong": (SCRIPT, [("db2 = ds.sum(axis=0)", "db2 = ds.sum()")]),
    "sum-missing": (SCRIPT, [("b2 -= lr * db2", "b2 = b2 - lr * db2"), ("db2 = ds.sum(axis=0)", "db2 = ds"),
                             ("range(8)", "range(1)"), ("ds = (p - T) / m", "ds = (p - T) / m")]),
    "not-reset": (DEEP, [("for k in", "dW3 = np.zeros((6, 3))\nfor k in"),
                         ("dW3 = a2.T @ dz3", "dW3 = dW3 + a2.T @ dz3")]),
    "penalty-factor": (SCRIPT, [("dW2 = a.T @ ds", "dW2 = a.T @ ds - 0.1 * W2")]),
    "extra-derivative": (SCRIPT, [("ds = (p - T) / m", "ds = (p - T) * p * (1 - p) / m")]),
    "loss-gradient-mismatch": (SCRIPT, [("ds = (p - T) / m", "ds = (p - T) * p / m")]),
    "softmax-axis": (SCRIPT, [("e.sum(axis=1, keepdims=True)", "e.sum(axis=0, keepdims=True)")]),
    "one-hot-scrambled": (SCRIPT, [("X, T = rng.rand(12, 6), np.eye(3)[rng.randint(3, size=12)]",
                                    "X = rng.rand(12, 6)\nT = np.eye(3)[rng.randint(3, size=12)].T.reshape(12, 3)")]),
    "sign-flipped": (SCRIPT, [("dW2 = a.T @ ds", "dW2 = -a.T @ ds")]),
    "mean-missing": (SCRIPT, [("dW2 = a.T @ ds", "dW2 = a.T @ (p - T)")]),
    "mean-twice": (SCRIPT, [("dW2 = a.T @ ds", "dW2 = a.T @ ds / m")]),
    "mean-over-features": (SCRIPT, [("dW2 = a.T @ ds", "dW2 = a.T @ (p - T) / n"),
                                    ("    m = len(X)\n", "    m = len(X)\n    n = X.shape[1]\n")]),
    "scaled-by-constant": (SCRIPT, [("dW2 = a.T @ ds", "dW2 = 3 * a.T @ ds")]),
    "learning-rate-in-gradient": (SCRIPT, [("dW2 = a.T @ ds", "dW2 = lr * a.T @ ds")]),
    "unexplained": (SCRIPT, [("dW2 = a.T @ ds", "dW2 = a.T @ np.sin(9 * ds)")]),
    "order-of-gradients": (MOMENTUM, [("v1 = 0.9 * v1 + g1", "v1 = g1"), ("v2 = 0.9 * v2 + g2", "v2 = g2"),
                                      ("W2 -= 0.1 * v2", "W2 -= 0.1 * v1")]),
    "shared-velocity": (MOMENTUM, [("W2 -= 0.1 * v2", "W2 -= 0.1 * v1"), ("v2 = 0.9 * v2 + g2", "v1 = 0.9 * v1 + g2")]),
    "momentum-sign": (MOMENTUM, [("v2 = 0.9 * v2 + g2", "v2 = -0.9 * v2 + g2")]),
    "adam-without-powers": (ADAM, [("v / (1 - 0.999 ** t)", "v / (1 - 0.999)"),
                                   ("m / (1 - 0.9 ** t)", "m / (1 - 0.9)")]),
    "last-sample-only": (SAMPLES, [("g1 += np.outer(d1, x)", "g1 = np.outer(d1, x)")]),
    "integer-dtype": (SCRIPT, [("W2 -= lr * dW2", "W2 = (W2 - lr * dW2).astype(int)"),
                               ("W2, b2 = rng.randn(6, 3) * 0.4", "W2, b2 = (rng.randn(6, 3) * 4).astype(int)")]),
    "never-updated": (SCRIPT, [("    b2 -= lr * db2\n", ""), ("W2 -= lr * dW2", "W2 -= lr * dW2")]),
    "not-finite": (SCRIPT, [("np.exp(s - s.max(axis=1, keepdims=True))", "np.exp(s + 800)")]),
}  # fmt: skip


def written(source, changes):
    """A program with some of it written otherwise."""
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    return source


RIGHT = {
    "normalised": SCRIPT, "square": written(SCRIPT, SQUARE), "deep": DEEP, "narrow": written(DEEP, NARROW),
    "relu": written(DEEP, RELU), "momentum": MOMENTUM, "adam": ADAM, "samples": SAMPLES, "past": PAST,
    "penalty": PENALTY,
}  # fmt: skip


def test_every_mistake_that_has_a_name_is_planted():
    assert set(PLANTED) == set(EXPLANATIONS)


@pytest.mark.parametrize("program", RIGHT)
def test_nothing_is_said_of_a_program_without_the_mistake(judge_script, program):
    result = judge_script(RIGHT[program])
    assert (result["verdict"], result["diagnoses"]) == ("right", [])


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_mistake_is_called_by_its_name_at_its_line(judge_script, name):
    source, changes = PLANTED[name]
    changed = changes[-1][1].strip().splitlines()[-1].strip()
    result = judge_script(written(source, changes))
    assert result["verdict"] == "wrong"
    assert result["diagnoses"][0]["name"] == name, [(d["name"], d["text"]) for d in result["diagnoses"]]
    assert changed in result["diagnoses"][0]["text"]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("dW2 = a1.T @ dz2", "dW2 = X.T @ dz2"), ("dW1 = X.T @ dz1", "dW1 = X.T @ dz2"),
     ("dW3 = a2.T @ dz3", "dW3 = a1.T @ dz3"), ("dW1 = X.T @ dz1", "dW1 = a1.T @ dz1")],
)  # fmt: skip
def test_where_all_layers_are_as_wide_a_product_of_another_layer_is_blamed_itself_and_not_the_error_in_it(
    judge_script, right, wrong
):
    result = judge_script(written(DEEP, [(right, wrong)]))
    assert [(d["name"], d["text"]) for d in result["diagnoses"]] == [("activation-of-wrong-layer", wrong)]
