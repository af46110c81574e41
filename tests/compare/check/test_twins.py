"""A right program and its wrong twin, one line apart: the one is never accused, the other never passes.

The small scripts of which every beginner writes one, in what they differ in: how the data lies, whether the error is
output - target or target - output, the rule of the update, and what the bias of the output is.
"""

import itertools

import pytest

#: What is made before the first step, and the update, of a parameter p; s: the sign with which it goes downhill.
RULES = {
    "in place": ("", "{p} {s}= 0.01 * g{p}"),
    "rebound": ("", "{p} = {p} {s} 0.01 * g{p}"),
    "momentum": ("v{p} = 0 * {p}", "v{p} = 0.9 * v{p} + 0.01 * g{p}; {p} {s}= v{p}"),
    "momentum with its sign": ("v{p} = 0 * {p}", "v{p} = 0.9 * v{p} {s} 0.01 * g{p}; {p} = {p} + v{p}"),
    "averaged": ("v{p} = 0 * {p}", "v{p} = 0.9 * v{p} + 0.1 * g{p}; {p} {s}= 0.01 * v{p}"),
    "RMSProp": ("s{p} = 0 * {p}",
                "s{p} = 0.9 * s{p} + 0.1 * g{p} ** 2; {p} {s}= 0.01 * g{p} / (np.sqrt(s{p}) + 1e-8)"),
    "Adam": ("v{p}, s{p} = 0 * {p}, 0 * {p}",
             "v{p} = 0.9 * v{p} + 0.1 * g{p}; s{p} = 0.99 * s{p} + 0.01 * g{p} * g{p}; "
             "{p} {s}= 0.01 * v{p} / (1 - 0.9 ** n) / (np.sqrt(s{p} / (1 - 0.99 ** n)) + 1e-8)"),
}  # fmt: skip
ROWS = {
    "data": "X, T = np.random.randn(20, 3), np.random.randn(20, 1)",
    "start": "W, b, V = np.random.randn(3, 4), np.zeros((1, 4)), np.random.randn(4, 1)",
    "bias": "np.zeros((1, 1))",
    "forward": "H = np.tanh(X @ W + b); O = H @ V + c",
    "back": "D = E @ V.T * (1 - H ** 2)",
    "gradients": "gV = H.T @ E; gc = E.sum(0, keepdims=True); gW = X.T @ D; gb = D.sum(0, keepdims=True)",
}
COLUMNS = {
    "data": "X, T = np.random.randn(3, 20), np.random.randn(1, 20)",
    "start": "W, b, V = np.random.randn(4, 3), np.zeros((4, 1)), np.random.randn(1, 4)",
    "bias": "np.zeros((1, 1))",
    "forward": "H = np.tanh(W @ X + b); O = V @ H + c",
    "back": "D = V.T @ E * (1 - H ** 2)",
    "gradients": "gV = E @ H.T; gc = E.sum(1, keepdims=True); gW = D @ X.T; gb = D.sum(1, keepdims=True)",
}
ONE = {  # one sample at a time, as arrays of the sizes of the layers
    "data": "X, T = np.random.randn(20, 3), np.random.rand(20) > 0.5",
    "start": "W, b, V = np.random.randn(4, 3), np.zeros(4), np.random.randn(4)",
    "bias": "np.zeros(1)",
    "for": "for x, O_wanted in list(zip(X, T)) * 3:",
    "forward": "H = np.tanh(W.dot(x) + b); O = 1 / (1 + np.exp(-(np.dot(V, H) + c))); T = 1.0 * O_wanted",
    "back": "D = E * V * (1 - H ** 2)",
    "gradients": "gV = E * H; gc = E; gW = D[:, None] * x[None, :]; gb = D",
}
LAYOUTS = {"rows": ROWS, "columns": COLUMNS, "one sample": ONE}


def written(layout, residual="O - T", rule="in place", uphill="", **other):
    """The program, and the numbers of its lines by their names. uphill: the parameters whose updates have a wrong sign.

    other: parts of the program, in place of those of its layout.
    """
    parts = LAYOUTS[layout] | other
    before, update = RULES[rule]
    downhill = "+" if residual.startswith("T") else "-"
    lines = {"import": "import numpy as np, random; np.random.seed(3)", "data": parts["data"], "start": parts["start"]}
    lines |= {"bias": f"c = {parts['bias']}", "n": "n = 0"}
    lines |= {f"state of {p}": before.format(p=p) for p in "VcWb"}
    lines |= {"for": parts.get("for", "for epoch in range(60):")}
    inside = {"count": "n += 1", "forward": parts["forward"], "error": f"E = {residual}", "back": parts["back"]}
    inside |= {"gradients": parts["gradients"]}
    inside |= {p: update.format(p=p, s={"-": "+", "+": "-"}[downhill] if p in uphill else downhill) for p in "VcWb"}
    lines |= {name: f"    {line}" for name, line in inside.items()}
    return "\n".join(lines.values()) + "\n", {name: number for number, name in enumerate(lines, start=1)}


@pytest.fixture
def judged(judge_script):
    return judge_script


def named(result):
    return [(d["name"], d["source_line"]) for d in result["diagnoses"]]


SCRIPTS = list(itertools.product(LAYOUTS, ("O - T", "T - O"), RULES))


@pytest.mark.parametrize(("layout", "residual", "rule"), SCRIPTS)
def test_no_sign_of_an_error_is_wrong_where_the_update_has_the_other(judged, layout, residual, rule):
    source, _ = written(layout, residual, rule)
    result = judged(source)
    assert (result["verdict"], named(result), len(result["lines"])) == ("right", [], 4), source


@pytest.mark.parametrize(("layout", "residual", "rule"), SCRIPTS)
@pytest.mark.parametrize("uphill", "Vcb")
def test_one_parameter_that_moves_uphill_is_named_at_its_update(judged, layout, residual, rule, uphill):
    source, line = written(layout, residual, rule, uphill)
    assert named(judged(source)) == [("sign-flipped", line[uphill])], source


@pytest.mark.parametrize(("layout", "residual", "rule"), SCRIPTS)
def test_where_all_move_uphill_the_sign_is_wrong_and_nothing_else(judged, layout, residual, rule):
    source, _ = written(layout, residual, rule, "VcWb")
    assert [name for name, _ in named(judged(source))] == ["sign-flipped"], source


#: How a bias of the output may begin that no array stands for.
NUMBERS = ["0", "0.0", "np.random.randn()", "random.random()"]


@pytest.mark.parametrize(
    ("layout", "bias", "rule"), list(itertools.product(LAYOUTS, NUMBERS, ("in place", "momentum")))
)
def test_a_bias_that_begins_as_a_python_number_is_judged_with_the_others(judged, layout, bias, rule):
    result = judged(written(layout, rule=rule, bias=bias)[0])
    assert (result["verdict"], named(result), len(result["lines"])) == ("right", [], 4)
    source, line = written(layout, rule=rule, bias=bias, uphill="c")
    assert named(judged(source)) == [("sign-flipped", line["c"])], source


@pytest.mark.parametrize(("layout", "rule"), list(itertools.product(LAYOUTS, ("rebound", "averaged", "Adam"))))
def test_three_times_the_gradient_of_a_single_number_is_no_gradient_of_it(judged, layout, rule):
    gradients = LAYOUTS[layout]["gradients"].replace("gc = ", "gc = 3 * ")
    source, line = written(layout, rule=rule, gradients=gradients)
    assert named(judged(source)) == [("scaled-by-constant", line["gradients"])], source


@pytest.mark.parametrize(("layout", "rule"), list(itertools.product(LAYOUTS, ("in place", "momentum", "Adam"))))
def test_a_derivative_that_is_missing_is_found_in_one_line_and_nothing_else_beside_it(judged, layout, rule):
    back = LAYOUTS[layout]["back"].replace("(1 - H ** 2)", "1.0")
    source, line = written(layout, rule=rule, back=back)
    found = [at for _, at in named(judged(source))]
    assert found in ([line["back"]], [line["gradients"]]), source  # where it is missing, or where it is missed


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_output_with_a_constant_in_it_is_held_against_its_targets_as_it_is(judged, layout):
    forward = LAYOUTS[layout]["forward"].replace("+ c", "+ c + 0.5")
    assert judged(written(layout, forward=forward)[0])["verdict"] == "right"


@pytest.mark.parametrize("activation", ["np.maximum(H @ V + c + 1, 0)", "np.clip(H @ V + c + 1, 0, 9)"])
def test_an_output_that_a_relu_gives_is_held_against_its_targets_as_it_is(judged, activation):
    forward = f"H = np.tanh(X @ W + b); O = {activation}"
    right = written("rows", forward=forward, residual="(O - T) * (O > 0)")[0]
    assert judged(right)["verdict"] == "right"
    assert judged(right.replace("(O - T) * (O > 0)", "O - T"))["verdict"] != "right"


@pytest.mark.parametrize(("rule", "number"), [("averaged", "0.1"), ("Adam", "0.01")])
def test_a_learning_rate_may_be_the_share_of_a_running_average(judged, rule, number):
    assert f"{number} * g" in RULES[rule][1]
    source, _ = written("rows", rule=rule)
    assert named(judged(source.replace("= 0.01 * v", f"= {number} * v"))) == []


@pytest.mark.parametrize(
    ("rule", "update"), [("in place", "SGD, learning rate 0.01"), ("RMSProp", "RMSProp or Adagrad"), ("Adam", "Adam")]
)
def test_a_rule_is_called_by_its_name(judged, rule, update):
    assert judged(written("rows", rule=rule)[0])["understood"]["update"] == update


LINE = """import numpy as np
np.random.seed(1)
x = np.random.randn(30)
y = 2.5 * x + 0.7 + 0.1 * np.random.randn(30)
{start}
for {loop}:
    o = w * x + b
    e = o - y
    w = w - 0.05 * {of_w}
    b = b - 0.05 * {of_b}
"""
STRAIGHT = {
    "all": {"loop": "i in range(80)", "of_w": "np.mean(e * x)", "of_b": "np.mean(e)"},
    "one sample": {"loop": "x, y in list(zip(x, y))", "of_w": "e * x", "of_b": "e"},
}


@pytest.mark.parametrize(
    "start", ["w, b = 0.0, 0", "w, b = np.zeros(1), np.zeros(1)", "w = np.random.randn(); b = 0.5"]
)
@pytest.mark.parametrize("how", STRAIGHT)
def test_a_straight_line_of_two_numbers_is_judged(judged, start, how):
    right = LINE.format(start=start, **STRAIGHT[how])
    result = judged(right)
    assert (result["verdict"], len(result["lines"])) == ("right", 2)
    uphill = judged(right.replace("b = b - ", "b = b + "))
    assert [(d["name"], d["source_line"], d["corrected"]) for d in uphill["diagnoses"]] == [
        ("sign-flipped", 10, right.splitlines()[9].strip())
    ]
    of_b = STRAIGHT[how]["of_b"]
    for wrong in (f"3 * {of_b}", "np.mean(abs(e))" if how == "all" else "e * e"):
        assert judged(right.replace(f"0.05 * {of_b}\n", f"0.05 * {wrong}\n"))["verdict"] != "right"


LISTED = """import numpy as np
np.random.seed(1)
inputs, wanted = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]]), [0, 1, 1, 0]
W, V = np.random.randn(3, 4), np.random.randn(4)
for epoch in range(20):
    for x, t in zip(inputs, wanted):
        h = np.tanh(x @ W)
        o = 1 / (1 + np.exp(-np.dot(h, V)))
        e = t - o
        d = e * o * (1 - o)
        g = d * V * (1 - h ** 2)
        V += 0.5 * d * h
        W += 0.5 * np.outer(x, g)
"""


def test_targets_in_a_list_of_numbers_are_targets(judged):
    assert judged(LISTED)["verdict"] == "right"
    assert named(judged(LISTED.replace("V += 0.5", "V -= 0.5"))) == [("sign-flipped", 12)]
    assert [at for _, at in named(judged(LISTED.replace(" * (1 - h ** 2)", "")))] == [11]


TOO_EARLY = """import numpy as np
np.random.seed(1)
X, T = np.random.randn(9, 3), np.random.rand(9, 2)
W, V = np.random.randn(3, 4), np.random.randn(4, 2)
for epoch in range(20):
    h = np.tanh(X @ W)
    o = 1 / (1 + np.exp(-(h @ V)))
    e = o - T
    d = e * o * (1 - o)
    V -= 0.3 * h.T @ d
    W -= 0.3 * X.T @ ({error} @ V.T * (1 - h ** 2))
"""


def test_a_corrected_line_is_offered_only_where_it_is_right(judged):
    one, two = (judged(TOO_EARLY.format(error=error))["diagnoses"] for error in ("d", "e"))
    assert [d["name"] for d in one + two] == ["updated-too-early"] * 2
    assert one[0]["corrected"].endswith("(before V is updated)")
    assert two[0]["corrected"] == ""
    assert "something else is missing" in two[0]["explanation"]


def test_a_line_that_is_right_for_one_parameter_is_not_to_be_turned_for_another(judged):
    source, line = written("one sample", uphill="c")
    result = judged(source)
    assert named(result) == [("sign-flipped", line["c"])]
    assert result["diagnoses"][0]["corrected"] == "c -= 0.01 * gc"


DECAY = """import numpy as np
np.random.seed(0)
X = np.random.randn(20, 4)
y = (X[:, 0] > 0) * 1.0
w = np.random.randn(4)
b = {start}
for i in range(60):
    p = 1 / (1 + np.exp(-(X @ w + b)))
    {loss}
    d = (p - y) / 20
    w -= 0.1 * (X.T @ d + {decay} * w)
    b -= 0.1 * np.sum(d)
"""
THEIRS = "loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)) + 0.15 * np.sum(w ** 2)"


@pytest.mark.parametrize("start", ["0.0", "np.zeros(1)"])
def test_a_penalty_in_the_line_of_the_update_is_a_part_of_it_and_as_large_as_the_loss_says(judged, start):
    for loss in (THEIRS, "pass"):
        result = judged(DECAY.format(start=start, loss=loss, decay="0.3"))
        assert (result["verdict"], len(result["lines"])) == ("right", 2)
        assert result["understood"]["update"].startswith("SGD, learning rate 0.1")
    for decay in ("0.6", "-0.3"):
        assert named(judged(DECAY.format(start=start, loss=THEIRS, decay=decay))) == [("penalty-factor", 11)]
    assert judged(DECAY.format(start=start, loss="pass", decay="-0.3"))["verdict"] != "right"


MARGIN = """import numpy as np
np.random.seed(0)
X = np.random.randn(40, 3)
y = np.where(X @ np.array([1.0, -2.0, 0.5]) + 0.3 > 0, 1, -1)
w, b = np.zeros(3), 0
for epoch in range(20):
    for x, t in zip(X, y):
        if t * (np.dot(w, x) + b) < 1:
            w = w {sign} 0.05 * t * x
            b = b + 0.05 * t
"""


@pytest.mark.parametrize("sign", "+-")
def test_a_margin_is_no_loss_and_a_bias_that_labels_alone_change_is_no_target(judged, sign):
    result = judged(MARGIN.format(sign=sign))
    assert result["verdict"] == "cannot tell" or (sign == "+" and not result["diagnoses"] and result["notes"])


def test_weights_that_are_changed_by_something_else_than_a_gradient_are_not_passed_over(judged):
    gradients = ROWS["gradients"].replace("gW = X.T @ D", "gW = 1.0 * W")
    result = judged(written("rows", gradients=gradients)[0])
    assert result["verdict"] == "cannot tell"
    assert result["reason"].startswith("W is changed")
