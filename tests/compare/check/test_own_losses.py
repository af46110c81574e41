"""A program that computes its loss is held against that, and the loss that it means is named, epsilon or not."""

import pytest


def named(result):
    return [(d["name"], d["source_line"]) for d in result["diagnoses"]]


FOURTH_POWER = """import numpy as np
np.random.seed(2)
X, T = np.random.randn(12, 3), np.random.randn(12, 2)
W, b, V, c = np.random.randn(3, 5), np.zeros(5), np.random.randn(5, 2), np.zeros(2)
for epoch in range(30):
    h = np.tanh(X @ W + b)
    o = h @ V + c
    loss = np.sum((o - T) ** 4)
    d = 4 * (o - T) ** 3
    u = d @ V.T * (1 - h ** 2)
    V -= 0.01 * h.T @ d
    c -= 0.01 * d.sum(axis=0)
    W -= 0.01 * X.T @ u
    b -= 0.01 * u.sum(axis=0)
"""


def test_a_loss_that_one_parameter_follows_does_not_go_before_the_one_that_is_computed(judge_script):
    assert judge_script(FOURTH_POWER)["verdict"] == "right"
    wrong = FOURTH_POWER.replace("4 * (o - T) ** 3", "o - T")
    wrong = judge_script(wrong.replace("d.sum(axis=0)", "d.sum()").replace("(1 - h ** 2)", "(1 - h)"))
    assert named(wrong) == [("loss-gradient-mismatch", 9), ("derivative-wrong", 10), ("axis-wrong", 12)]


GATES = """import numpy as np
np.random.seed(2)
xs, ts = [np.random.rand(3) for _ in range(4)], [-0.5, 0.2, 0.1, -0.4]
P = {k: np.random.randn(5, 8) for k in "ifog"}
Q = {k: np.zeros(5) for k in "ifog"}
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
def slope(s):
    return s * (1 - s)
for epoch in range(30):
    h, c, kept, loss = np.zeros(5), np.zeros(5), [], 0.0
    for x, t in zip(xs, ts):
        v, before = np.hstack((x, h)), c
        i, f, o = (sigmoid(P[k] @ v + Q[k]) for k in "ifo")
        g = np.tanh(P["g"] @ v + Q["g"])
        c = g * i + before * f
        h = o * np.tanh(c)
        loss = loss + (h[0] - t) ** 2
        kept.append((v, before, i, f, o, g, c, h, t))
    gP, gQ = {k: 0 * P[k] for k in P}, {k: 0 * Q[k] for k in Q}
    eh, ec = np.zeros(5), np.zeros(5)
    for v, before, i, f, o, g, c, h, t in reversed(kept):
        e = np.zeros(5)
        e[0] = 2 * (h[0] - t)
        e += eh
        dc = o * e * (1 - np.tanh(c) ** 2) + ec
        do = np.tanh(c) * e
        d = {"i": slope(i) * (g * dc), "f": slope(f) * (before * dc), "o": slope(o) * do, "g": (1 - g * g) * (i * dc)}
        s = np.zeros_like(v)
        for k in "ifog":
            gP[k] += np.outer(d[k], v)
            gQ[k] += d[k]
            s += P[k].T @ d[k]
        eh, ec = s[3:], dc * f
    for k in "ifog":
        P[k] -= 0.1 * gP[k]
        Q[k] -= 0.1 * gQ[k]
"""


@pytest.mark.parametrize(("right", "wrong"), [(" * (1 - np.tanh(c) ** 2)", ""), ("np.tanh(c) * e", "c * e")])
def test_the_share_of_one_sample_in_a_gradient_is_not_taken_for_that_of_another_parameter(judge_script, right, wrong):
    assert judge_script(GATES)["verdict"] == "right"
    result = judge_script(GATES.replace(right, wrong))
    assert result["verdict"] == "wrong"
    assert "order-of-gradients" not in [name for name, _ in named(result)]


EMBEDDED = """import numpy as np
np.random.seed(0)
W, V = np.random.uniform(-1, 1, (15, 10)), np.random.uniform(-1, 1, (10, 15))
loss = 0
for epoch in range(60):
    i, t = np.random.randint(15, size=2)
    y = np.zeros(15)
    y[t] = 1
    h = W[i]
    e = np.exp(h @ V)
    p = e / e.sum()
    {loss}
    d = p - y
    gV = np.outer(h, d)
    gW = V @ d
    W[i] -= 0.025 * gW
    V -= 0.025 * gV
"""


@pytest.mark.parametrize("loss", ["loss -= np.log(p[t] + 1e-7)", "loss -= np.log(p[t] + 1e-6)", "loss -= np.log(p[t])"])
def test_an_epsilon_in_the_loss_makes_no_error_at_the_output_wrong(judge_script, loss):
    source = EMBEDDED.format(loss=loss)
    right = judge_script(source)
    assert (right["verdict"], right["understood"]["loss"], right["understood"]["reduction"]) == (
        "right", "cross-entropy", "sum",
    )  # fmt: skip
    assert [at for _, at in named(judge_script(source.replace("V @ d", "V @ p")))] == [15]
    assert [at for _, at in named(judge_script(source.replace("outer(h, d)", "outer(h, p)")))] == [14]


DECAYED = """import numpy as np
np.random.seed(2)
X, T = np.random.randn(12, 3), np.eye(4)[np.random.randint(4, size=12)]
P = [np.random.randn(3, 5), np.random.randn(5, 5), np.random.randn(5, 4)]
for epoch in range(30):
    h = np.tanh(X @ P[0])
    k = np.tanh(h @ P[1])
    e = np.exp(k @ P[2])
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.sum(T * np.log(p + 1e-7)) / 12 + 0.005 * sum(np.sum(W ** 2) for W in P)
    d = (p - T) / 12
    u = d @ P[2].T * (1 - k ** 2)
    w = u @ P[1].T * (1 - h ** 2)
    for W, g in zip(P, (X.T @ w, h.T @ u, k.T @ d)):
        W -= 0.1 * (g + 0.01 * W)
"""


def test_an_epsilon_beside_a_penalty_makes_no_right_line_wrong(judge_script):
    assert judge_script(DECAYED)["verdict"] == "right"
    found = named(judge_script(DECAYED.replace("(1 - k ** 2)", "1")))
    assert [at for _, at in found] in ([12], [14]), found
