"""What stands beside a network and says nothing of its gradients: with it the right pass, and the wrong are named.

An accuracy from a second forward pass, a bias that a batch norm takes away, an average of gradients in a form of its
own. In each script one line is right, and may be written wrong.
"""

import pytest

SOFTMAX = """import numpy as np
np.random.seed(2)
X, T = np.random.randn(12, 3), np.eye(4)[np.random.randint(4, size=12)]
W, b, V, c = np.random.randn(3, 5), np.zeros(5), np.random.randn(5, 4), np.zeros(4)
mV, mc, mW, mb = 0 * V, 0 * c, 0 * W, 0 * b
def forward(x):
    h = np.tanh(x @ W + b)
    e = np.exp(h @ V + c)
    return h, e / e.sum(axis=1, keepdims=True)
for epoch in range(30):
    h, p = forward(X)
    d = (p - T) / 12
    u = d @ V.T * (1 - h ** 2)
    gV, gc, gW, gb = h.T @ d, d.sum(axis=0), X.T @ u, u.sum(axis=0)
    V -= 0.2 * gV
    c -= 0.2 * gc
    W -= 0.2 * gW
    b -= 0.2 * gb
"""


def named(result):
    return [(d["name"], d["source_line"]) for d in result["diagnoses"]]


ACCURACY = [
    "accuracy = np.mean(forward(X)[1].argmax(axis=1) == T.argmax(axis=1))",
    "accuracy = np.mean((forward(X)[1] > 0.5) == T)",
    "right = sum(forward(X)[1].argmax(1) == T.argmax(1)); print(100 * right / 12)",
]


@pytest.mark.parametrize("line", ACCURACY)
def test_an_accuracy_from_a_second_forward_pass_hides_no_mistake(judge_script, line):
    right = SOFTMAX.replace("    d = (p", f"    {line}\n    d = (p")
    assert judge_script(right)["verdict"] == "right"
    (mistake,) = named(judge_script(right.replace(" * (1 - h ** 2)", "")))
    assert mistake in [("mask-missing", 14), ("mask-missing", 15)]  # where it is missing, or where it is missed


#: How a running average of a gradient g is kept in m, and the same with a slip: a form, the slip, its name.
AVERAGES = {
    "sum": ("{m} = 0.9 * {m} + 0.1 * {g}", "{m} = -0.9 * {m} + 0.1 * {g}", "momentum-sign"),
    "towards": ("{m} += (1 - 0.9) * ({g} - {m})", "{m} += (1 - 0.9) * ({g} - 15 * {m})", "momentum-sign"),
    "away": ("{m} -= 0.1 * ({m} - {g})", "{m} -= 0.1 * (15 * {m} - {g})", "momentum-sign"),
    "kept whole": ("{m} = 0.9 * {m} + 0.1 * {g}", "{m} = {m} + 0.1 * {g}", "not-reset"),
}


@pytest.mark.parametrize("how", AVERAGES)
def test_an_average_of_gradients_is_one_however_it_is_written(judge_script, how):
    right, wrong, name = AVERAGES[how]
    of = "VcWb"
    update = "".join(f"    m{p}_; {p} -= 0.2 * m{p}\n" for p in of)
    script = SOFTMAX[: SOFTMAX.index("    V -= ")] + update

    def written(form):
        source = script
        for p in of:
            source = source.replace(f"m{p}_", form.format(m=f"m{p}", g=f"g{p}"))
        return judge_script(source)

    result = written(right)
    assert (result["verdict"], len(result["lines"])) == ("right", 4)
    assert named(written(wrong)) == [(name, line) for line in (15, 16, 17, 18)]


#: Where Nesterov's rule takes the gradient, and how a parameter then moves, with a velocity m.
AHEAD = {
    "sum": ("{p} + 0.9 * m{p}", "m{p} = 0.9 * m{p} - 0.05 * g{p}; {p} += m{p}"),
    "difference": ("{p} - 0.9 * m{p}", "m{p} = 0.9 * m{p} + 0.05 * g{p}; {p} -= m{p}"),
}


@pytest.mark.parametrize("how", AHEAD)
@pytest.mark.parametrize("kept", [True, False])
def test_a_velocity_with_which_one_looks_ahead_is_no_parameter(judge_script, how, kept):
    point, update = AHEAD[how]
    places = {p: point.format(p=p) for p in "WbVc"}
    if kept:  # under a name of its own
        script = SOFTMAX.replace(
            "    h, p = forward(X)", "".join(f"    {p}_ = {places[p]}\n" for p in "WbVc") + "    h, p = forward(X)"
        )
        places = {p: f"{p}_" for p in "WbVc"}
    else:
        script = SOFTMAX
    script = script.replace("x @ W + b", f"x @ ({places['W']}) + ({places['b']})")
    script = script.replace("h @ V + c", f"h @ ({places['V']}) + ({places['c']})")
    script = script.replace("d @ V.T", f"d @ ({places['V']}).T")
    updates = "".join(f"    {update.format(p=p)}\n" for p in "VcWb")
    script = script[: script.index("    V -= ")] + updates
    result = judge_script(script)
    assert (result["verdict"], len(result["lines"]), result["notes"]) == ("right", 4, [])
    wrong = judge_script(
        script.replace(updates.splitlines()[0], updates.splitlines()[0].replace("05 * gV", "05 * -gV"))
    )
    assert [name for name, _ in named(wrong)] == ["sign-flipped"]


NORMED = """import numpy as np
np.random.seed(2)
X, T = np.random.randn(12, 3), np.random.randn(12, 2)
W, b, scale, shift = np.random.randn(3, 5), np.zeros(5), np.ones(5), np.zeros(5)
V, c = np.random.randn(5, 2), np.zeros(2)
for epoch in range(30):
    z = X @ W + b
    root = np.sqrt(z.var(axis=0) + 1e-5)
    n = (z - z.mean(axis=0)) / root
    h = np.tanh(n * scale + shift)
    d = (h @ V + c - T) / 12
    u = d @ V.T * (1 - h ** 2)
    w = u * scale
    a = (w - w.mean(axis=0) - n * (w * n).mean(axis=0)) / root
    for p, g in ((V, h.T @ d), (c, d.sum(axis=0)), (scale, (u * n).sum(axis=0)), (shift, u.sum(axis=0)),
                 (W, X.T @ a), (b, a.sum(axis=0))):
        p -= 0.1 * g
"""


SHORT = "X, T, W, b, scale, shift, V, c = (q.astype('float32') for q in (X, T, W, b, scale, shift, V, c))\n"


@pytest.mark.parametrize("before", ["", SHORT], ids=["float64", "float32"])
def test_a_bias_that_a_batch_norm_takes_away_is_named_and_spoils_nothing(judge_script, before):
    right = NORMED.replace("for epoch", f"{before}for epoch", 1)
    result = judge_script(right)
    assert (result["verdict"], len(result["lines"])) == ("right", 5)
    assert ["has no effect on the loss" in note for note in result["notes"]] == [True]
    wrong = judge_script(right.replace("(u * n).sum(axis=0)", "(u * z).sum(axis=0)"))
    assert wrong["verdict"] == "wrong"


def test_a_softmax_over_the_whole_batch_is_named(judge_script):
    wrong = judge_script(SOFTMAX.replace("e.sum(axis=1, keepdims=True)", "e.sum()"))
    assert named(wrong) == [("softmax-axis", 9)]


STAYS = """import numpy as np
np.random.seed(2)
W, b, V, c = np.random.randn(3, 2), np.random.randn(3, 1), np.random.randn(2, 3), np.zeros((2, 1))
for epoch in range(30):
    x, t = np.random.randn(2, {examples}), np.random.randn(2, {examples})
    h = np.tanh(W @ x + b)
    d = (V @ h + c - t) / {examples}
    u = V.T @ d * (1 - h ** 2)
    {gradients}
    V -= 0.1 * d @ h.T
    {update}
    W -= 0.1 * u @ x.T
"""
GRADIENTS = "gc = d.sum(axis=1, keepdims=True); gb = u.sum(axis=1, keepdims=True)"


@pytest.mark.parametrize("examples", [1, 20])
def test_a_bias_whose_gradient_is_computed_and_not_used_is_named_each_for_itself(judge_script, examples):
    def judged(gradients, update):
        result = judge_script(STAYS.format(examples=examples, gradients=gradients, update=update))
        return result["verdict"], [(d["name"], d["explanation"].split()[3]) for d in result["diagnoses"]]

    assert judged(GRADIENTS, "c -= 0.1 * gc; b -= 0.1 * gb") == ("right", [])
    c, b = (("never-updated", name) for name in "cb")
    assert judged(GRADIENTS, "c -= 0.1 * gc") == ("wrong", [b])
    assert judged(GRADIENTS, "pass") == ("wrong", [c, b])
    if examples == 1:  # the error is the gradient
        assert judged("pass", "pass") == ("wrong", [c, b])


def test_a_bias_of_which_no_gradient_is_computed_is_said_to_stay(judge_script):
    result = judge_script(
        STAYS.format(examples=20, gradients="gc = d.sum(axis=1, keepdims=True)", update="c -= 0.1 * gc")
    )
    assert (result["verdict"], len(result["lines"])) == ("right", 3)
    (note,) = result["notes"]
    assert note.startswith("b, used in line 6 of ")
    assert note.endswith(" never changes: it is not learned.")


OUT_OF_SIGHT = """import numpy as np
def c(x):
    return np.frombuffer(np.ascontiguousarray(x).tobytes()).reshape(x.shape)
np.random.seed(2)
X, T = np.random.randn(12, 3), np.random.randn(12, 2)
S, W, V, seen = np.ones(3), np.random.randn(3, 5), np.random.randn(5, 2), np.zeros(2)
for epoch in range(30):
    h = np.tanh((X * {use}) @ W)
    d = (h @ V - T) / 12
    u = d @ V.T * (1 - h ** 2)
    gS = ((u @ W.T) * X).sum(axis=0)
    seen += d.sum(axis=0)
    V -= 0.1 * h.T @ d
    W -= 0.1 * (X * {use}).T @ u
    S -= 0.1 * {use}
"""


def test_what_no_recording_can_follow_is_not_said_to_be_right(judge_script):
    result = judge_script(OUT_OF_SIGHT.replace("S -= 0.1 * {use}", "S -= 0.1 * c(gS)").format(use="c(S)"))
    assert result["verdict"] == "right"
    assert {line["line"].split()[-1]: line["complaint"] for line in result["lines"]} == {
        "V": "", "W": "", "S": "not judged",
    }  # fmt: skip
    result = judge_script(OUT_OF_SIGHT.replace("S -= 0.1 * {use}", "S -= 0.1 * gS").format(use="S"))
    assert [line["complaint"] for line in result["lines"]] == [""] * 3
