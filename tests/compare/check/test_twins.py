"""A right program and its wrong twin, one line apart: the one is never accused, the other never passes.

The small scripts of which every beginner writes one, in what they differ in: how the data lies, whether the error is
output - target or target - output, the rule of the update, and what the bias of the output is.
"""

import ast
import builtins
import itertools

import numpy as np
import pytest

from compare.check.examine import examine
from compare.check.recording import Recorder
from compare.check.recording.source import HELPERS, rewritten

FILE = "<a twin>"
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
LAYOUTS = {"rows": ROWS, "columns": COLUMNS}


def written(layout, residual="O - T", rule="in place", uphill="", **other):
    """The program, and the numbers of its lines by their names. uphill: the parameters whose updates have a wrong sign.

    other: parts of the program, in place of those of its layout.
    """
    parts = LAYOUTS[layout] | other
    before, update = RULES[rule]
    downhill = "-" if residual == "O - T" else "+"
    lines = {"import": "import numpy as np, random; np.random.seed(3)", "data": parts["data"], "start": parts["start"]}
    lines |= {"bias": f"c = {parts['bias']}", "n": "n = 0"}
    lines |= {f"state of {p}": before.format(p=p) for p in "VcWb"}
    lines |= {"for": parts.get("for", "for epoch in range(60):")}
    inside = {"count": "n += 1", "forward": parts["forward"], "error": f"E = {residual}", "back": parts["back"]}
    inside |= {"gradients": parts["gradients"]}
    inside |= {p: update.format(p=p, s={"-": "+", "+": "-"}[downhill] if p in uphill else downhill) for p in "VcWb"}
    lines |= {name: f"    {line}" for name, line in inside.items()}
    return "\n".join(lines.values()) + "\n", {name: number for number, name in enumerate(lines, start=1)}


def judged(source):
    with pytest.MonkeyPatch.context() as patch, np.errstate(all="ignore"):
        for helper in HELPERS.items():
            patch.setattr(builtins, *helper, raising=False)
        recorder = Recorder(own=FILE.__eq__)
        try:
            with recorder:
                exec(compile(rewritten(ast.parse(source)), FILE, "exec"), {})
        except BaseException as end:
            if type(end).__name__ != "Enough":
                raise
        return examine(recorder)


def named(result):
    return [(d["name"], d["source_line"]) for d in result["diagnoses"]]


SCRIPTS = list(itertools.product(LAYOUTS, ("O - T", "T - O"), RULES))


@pytest.mark.parametrize(("layout", "residual", "rule"), SCRIPTS)
def test_no_sign_of_an_error_is_wrong_where_the_update_has_the_other(layout, residual, rule):
    source, _ = written(layout, residual, rule)
    result = judged(source)
    assert (result["verdict"], named(result), len(result["lines"])) == ("right", [], 4), source


@pytest.mark.parametrize(("layout", "residual", "rule"), SCRIPTS)
@pytest.mark.parametrize("uphill", "Vcb")
def test_one_parameter_that_moves_uphill_is_named_at_its_update(layout, residual, rule, uphill):
    source, line = written(layout, residual, rule, uphill)
    assert named(judged(source)) == [("sign-flipped", line[uphill])], source


@pytest.mark.parametrize(("layout", "residual", "rule"), SCRIPTS)
def test_where_all_move_uphill_the_sign_is_wrong_and_nothing_else(layout, residual, rule):
    source, _ = written(layout, residual, rule, "VcWb")
    assert [name for name, _ in named(judged(source))] == ["sign-flipped"], source
