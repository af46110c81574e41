"""What is taken for a parameter, which loss is recognised, and that a wrong derivative of ours accuses nobody."""

import ast
import builtins
import dataclasses

import numpy as np
import pytest

from compare.check.examine import examine
from compare.check.judging.veto import confirmed
from compare.check.recording.source import HELPERS, rewritten
from compare.check.steps.recorder import Recorder
from compare.check.understanding.candidates import find_loss
from compare.check.understanding.known import KNOWN
from compare.check.understanding.loss import differentiate
from compare.check.understanding.matching import proportional
from compare.check.understanding.meetings import families
from compare.check.understanding.scales import is_simple, scales_of
from compare.check.understanding.step import Step

FILE = "<the learner's>"
DATA = """
import numpy as np
np.random.seed(1)
X, y = np.random.randn(12, 5), np.eye(3)[np.random.randint(3, size=12)]
def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
"""


def record(source):
    with pytest.MonkeyPatch.context() as patch, np.errstate(all="ignore"):
        for helper in HELPERS.items():
            patch.setattr(builtins, *helper, raising=False)
        recorder = Recorder(own=FILE.__eq__)
        with recorder:
            try:
                exec(compile(rewritten(ast.parse(source)), FILE, "exec"), {})
            except BaseException as end:
                if type(end).__name__ != "Enough":
                    raise
    return recorder


def training(init, forward, update):
    """A network of one hidden layer: W1 5 x 4, b1, W2 4 x 3, b2, written in a certain way."""
    lines = "\n".join("    " + line for line in (*forward.splitlines(), *update.splitlines()))
    return f"{DATA}\n{init}\nfor t in range(1, 9):\n{lines}\n"


INIT = "W1, b1, W2, b2 = np.random.randn(5, 4), np.zeros(4), np.random.randn(4, 3), np.zeros(3)"
FORWARD = """a = np.tanh(X @ W1 + b1)
d2 = (softmax(a @ W2 + b2) - y) / 12
d1 = d2 @ W2.T * (1 - a ** 2)
g1, c1, g2, c2 = X.T @ d1, d1.sum(axis=0), a.T @ d2, d2.sum(axis=0)"""
AS_LIST = """a = np.tanh(X @ W[0] + b[0])
d2 = (softmax(a @ W[1] + b[1]) - y) / 12
d1 = d2 @ W[1].T * (1 - a ** 2)
g, c = [X.T @ d1, a.T @ d2], [d1.sum(axis=0), d2.sum(axis=0)]"""
AS_DICT = """a = np.tanh(X @ p['W1'] + p['b1'])
d2 = (softmax(a @ p['W2'] + p['b2']) - y) / 12
d1 = d2 @ p['W2'].T * (1 - a ** 2)
g = {'W1': X.T @ d1, 'b1': d1.sum(axis=0), 'W2': a.T @ d2, 'b2': d2.sum(axis=0)}"""
ADAM = f"""{INIT}
P = [W1, b1, W2, b2]
m, v = [np.zeros_like(p) for p in P], [np.zeros_like(p) for p in P]"""

PROGRAMS = {
    "in place": (INIT, FORWARD, "W1 -= 0.1 * g1; b1 -= 0.1 * c1; W2 -= 0.1 * g2; b2 -= 0.1 * c2"),
    "rebound": (INIT, FORWARD, "W1 = W1 - 0.1 * g1; b1 = b1 - 0.1 * c1; W2 = W2 - 0.1 * g2; b2 = b2 - 0.1 * c2"),
    "added": (INIT, FORWARD,
              "W1 += -0.1 * g1; b1 = -0.1 * c1 + b1; W2[:] = W2 - 0.1 * g2; np.subtract(b2, c2, out=b2)"),
    "together": (INIT, FORWARD, "W1, b1, W2, b2 = [p - 0.1 * g for p, g in zip((W1, b1, W2, b2), (g1, c1, g2, c2))]"),
    "lists": ("W, b = [np.random.randn(5, 4), np.random.randn(4, 3)], [np.zeros(4), np.zeros(3)]",
              AS_LIST,
              "W = [w - 0.1 * h for w, h in zip(W, g)]; b = [w - 0.1 * h for w, h in zip(b, c)]"),
    "dicts": ("p = {'W1': np.random.randn(5, 4), 'b1': np.zeros(4), 'W2': np.random.randn(4, 3), 'b2': np.zeros(3)}",
              AS_DICT,
              "for k in p: p[k] = p[k] - 0.1 * g[k]"),
    "momentum": (f"{INIT}\nu1, e1, u2, e2 = 0 * W1, 0 * b1, 0 * W2, 0 * b2", FORWARD,
                 "u1 = 0.9 * u1 - 0.1 * g1; e1 = 0.9 * e1 - 0.1 * c1\n"
                 "u2 = 0.9 * u2 - 0.1 * g2; e2 = 0.9 * e2 - 0.1 * c2\n"
                 "W1 += u1; b1 += e1; W2 += u2; b2 += e2"),
    "Nesterov": (f"{INIT}\nP = [W1, b1, W2, b2]\nu = [np.zeros_like(p) for p in P]", FORWARD,
                 "for k, h in enumerate([g1, c1, g2, c2]):\n"
                 "    old = u[k].copy()\n"
                 "    u[k] = 0.9 * u[k] - 0.1 * h\n"
                 "    P[k] += -0.9 * old + 1.9 * u[k]"),
    "Adam": (ADAM, FORWARD,
             "for k, h in enumerate([g1, c1, g2, c2]):\n"
             "    m[k] = 0.9 * m[k] + 0.1 * h\n"
             "    v[k] = 0.999 * v[k] + 0.001 * h ** 2\n"
             "    P[k] -= 0.01 * (m[k] / (1 - 0.9 ** t)) / (np.sqrt(v[k] / (1 - 0.999 ** t)) + 1e-8)"),
    "Adam in place": (ADAM, FORWARD,
                      "for k, h in enumerate([g1, c1, g2, c2]):\n"
                      "    m[k] *= 0.9; m[k] += 0.1 * h\n"
                      "    v[k] *= 0.999; v[k] += 0.001 * h * h\n"
                      "    P[k] -= 0.01 * m[k] / (np.sqrt(v[k]) + 1e-8)"),
}  # fmt: skip
SHAPES = [(3,), (4,), (4, 3), (5, 4)]


@pytest.mark.parametrize("how", PROGRAMS)
def test_the_parameters_are_found_and_nothing_else_however_they_are_updated(how):
    recorder = record(training(*PROGRAMS[how]))
    assert recorder.complete
    assert sorted(p.versions[0].shape for p in recorder.parameters) == SHAPES


def test_one_flat_vector_is_one_parameter():
    forward = FORWARD.replace(
        "a = ", "W1, b1, W2, b2 = p[:20].reshape(5, 4), p[20:24], p[24:36].reshape(4, 3), p[36:]\na = ", 1
    )
    update = "p -= 0.1 * np.concatenate([g1.ravel(), c1, g2.ravel(), c2])"
    recorder = record(training("p = np.random.randn(39)", forward, update))
    assert [p.versions[0].shape for p in recorder.parameters] == [(39,)]


@pytest.mark.parametrize("residual", ["r = y - softmax(a @ W2 + b2)", "r = y * 1; r -= softmax(a @ W2 + b2)"])
def test_targets_from_which_an_output_is_taken_are_no_parameter(residual):
    forward = FORWARD.replace("d2 = (softmax(a @ W2 + b2) - y) / 12", f"{residual}\nd2 = -r / 12")
    recorder = record(training(INIT, forward, PROGRAMS["in place"][2]))
    assert sorted(p.versions[0].shape for p in recorder.parameters) == SHAPES


def test_data_that_is_shifted_by_its_mean_is_no_parameter():
    recorder = record(training(INIT, "X = X * 1; X -= X.mean(axis=0)\n" + FORWARD, PROGRAMS["in place"][2]))
    assert sorted(p.versions[0].shape for p in recorder.parameters) == SHAPES


def test_a_program_that_changes_nothing_has_no_parameters():
    recorder = record(training(INIT, FORWARD, "pass"))
    assert recorder.parameters == []
    assert not recorder.complete


def test_the_judged_step_begins_with_shaken_parameters():
    recorder = record(
        training(INIT.replace("np.random.randn(4, 3)", "np.zeros((4, 3))"), FORWARD, PROGRAMS["in place"][2])
    )
    assert recorder.shaken
    assert all(np.std(leaf.value) > 0.01 for leaf in recorder.leaves)


def understood(source):
    recorder = record(source)
    step = Step(recorder, [f"p{k}" for k in range(len(recorder.leaves))])
    return step, find_loss(step, families(step))[0]


LINEAR = """{data}
W, b = np.random.randn(5, {n}) * 0.3, np.zeros({n})
for _ in range(8):
    o = {output}
    d = {gradient}
    W -= 0.1 * X.T @ d
    b -= 0.1 * d.sum(axis=0)
"""
SIGN = "\ny = 2 * y - 1"
BITS = "\ny = np.random.randint(2, size=(12, 3)) * 1.0"
REAL = "\ny = np.random.randn(12, 3)"
GRADIENTS = [  # in the order of KNOWN: data, output, gradient by X @ W + b
    ("", "softmax(X @ W + b)", "(o - y) / 12"),
    (BITS, "1 / (1 + np.exp(-(X @ W + b)))", "(o - y) / 12"),
    (REAL, "np.tanh(X @ W + b)", "(o - y) * (1 - o ** 2) / 12"),
    ("", "X @ W + b", "np.exp(o) / np.exp(o).sum(axis=1, keepdims=True) - y"),
    (BITS, "X @ W + b", "1 / (1 + np.exp(-o)) - y"),
    ("", "X @ W + b - np.log(np.exp(X @ W + b).sum(axis=1, keepdims=True))", "np.exp(o) - y"),
    (REAL, "X @ W + b", "np.sign(o - y) / 12"),
    (REAL, "X @ W + b", "np.clip(o - y, -1, 1) / 12"),
    (SIGN, "X @ W + b", "np.where(o * y < 1, -y, 0.0) / 12"),
    (SIGN, "X @ W + b", "-2 * y * np.maximum(1 - o * y, 0) / 12"),
    ("", "X @ W + b", "((o - (o * y).sum(axis=1, keepdims=True) + 1 > 0) * (1 - y))\n"
     "    d = (d - y * d.sum(axis=1, keepdims=True)) / 12"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("known", "program"), list(zip(KNOWN, GRADIENTS, strict=True)), ids=lambda x: getattr(x, "name", "")
)
def test_a_known_loss_is_recognised_by_its_gradient_alone(known, program):
    data, output, gradient = program
    step, loss = understood(LINEAR.format(data=DATA + data, n=3, output=output, gradient=gradient))
    assert loss is not None
    assert loss.name == known.name
    assert len(loss.matched) == len(step.parameters) == 2


def test_the_loss_that_a_program_computes_is_the_one_that_it_follows():
    source = LINEAR.format(
        data=DATA + REAL,
        n=3,
        output="X @ W + b",
        gradient="4 * (o - y) ** 3 / 12\n    loss = ((o - y) ** 4).sum() / 12",
    )
    _, loss = understood(source)
    assert loss.node is not None
    assert loss.node.name == "divide"
    assert [m.factor for m in loss.matched.values()] == pytest.approx(
        [0.1, 0.1]
    )  # of the whole change: the learning rate


STEP = LINEAR.format(data=DATA, n=3, output="softmax(X @ W + b)", gradient="(o - y) / 12")


@pytest.fixture(scope="module")
def softmax_step():
    step, loss = understood(STEP)
    differentiate(step, loss)
    return step, loss


def test_a_right_derivative_is_confirmed(softmax_step):
    step, loss = softmax_step
    assert [confirmed(step, loss, leaf) for leaf in step.leaves] == [True, True]


@pytest.mark.parametrize(
    "wrong",
    [lambda d: 2 * d, lambda d: -d, lambda d: 0.999 * d, lambda d: d[::-1], lambda d: d + abs(d).max(), lambda d: 0 * d,
     lambda d: d * np.nan],
)  # fmt: skip
def test_a_central_difference_rejects_a_wrong_derivative(softmax_step, wrong):
    step, loss = softmax_step
    for leaf in step.leaves:
        false = dataclasses.replace(loss, derivatives={**loss.derivatives, leaf: wrong(loss.derivatives[leaf])})
        assert not confirmed(step, false, leaf)


def test_a_derivative_that_is_not_known_is_not_confirmed(softmax_step):
    step, loss = softmax_step
    assert not confirmed(step, dataclasses.replace(loss, derivatives={}), step.leaves[0])


def test_only_the_programs_own_numbers_explain_a_factor(softmax_step):
    scales = scales_of(softmax_step[0])
    for simple in (1, -1, 2, 0.5, 12, 1 / 12, 0.1, -0.1 / 12, 3):
        assert is_simple(simple, scales), simple
    for odd in (0.7310585, 1.37, 0.123456, 1.0001, 7.77):
        assert not is_simple(odd, scales), odd


def test_what_is_proportional_is_so_to_within_the_tolerance():
    x = np.array([1.0, -2.0, 3.0])
    assert proportional(-4 * x, x, 1e-12) == pytest.approx(-4)
    assert proportional(x + np.array([0, 0, 1e-3]), x, 1e-6) is None
    assert proportional(x, 0 * x, 1e-6) is None
    assert proportional(0 * x, x, 1e-6) is None
    assert proportional(x * np.inf, x, 1e-6) is None


@pytest.mark.parametrize("wrong", ["np.abs(d).sum(axis=0)", "d[:5].sum(axis=0)", "0.7310585 * np.abs(d).sum(axis=0)"])
def test_a_wrong_single_number_is_explained_by_no_factor(wrong):
    data = DATA + "\ny = np.random.randn(12, 1)"
    source = LINEAR.format(data=data, n=1, output="X @ W + b", gradient="(o - y) / 12")
    assert examine(record(source))["verdict"] == "right"
    result = examine(record(source.replace("d.sum(axis=0)", wrong)))
    assert result["verdict"] == "wrong"
    assert not next(line["holds"] for line in result["lines"] if line["line"] == "gradient of parameter 1")


SHORT = (
    DATA
    + """
W, b, y = np.random.randn(5, 3) * 0.1, np.zeros(3), np.random.randn(12, 3)
for i in range({steps}):
    d = (X @ W + b - y) / 12
    W -= 0.1 * X.T @ d
    b -= 0.1 * d.sum(axis=0)
{after}
"""
)


@pytest.mark.parametrize("steps", range(1, 8))
def test_however_soon_a_program_ends_every_parameter_of_its_last_whole_step_is_judged(steps):
    result = examine(record(SHORT.format(steps=steps, after="")))
    assert result["verdict"] == "right"
    assert len(result["lines"]) == 2


def test_where_the_last_step_breaks_off_the_one_before_is_judged():
    source = SHORT.format(steps=2, after="W -= 0.1 * X.T @ ((X @ W + b - y) / 12)")
    result = examine(record(source))
    assert (result["verdict"], len(result["lines"])) == ("right", 2)


def test_a_program_that_ends_in_the_step_to_be_judged_is_told_so():
    answers = [examine(record(SHORT.format(steps=steps, after="print(X @ W)"))) for steps in range(1, 8)]
    reasons = {answer["reason"] for answer in answers if answer["verdict"] != "right"}
    assert len(reasons) == 1
    assert "It ended in the step that was to be judged" in reasons.pop()


TWO_HEADS = (
    f"{INIT}\nV, c, r = np.random.randn(4, 1), np.zeros(1), np.random.randn(12, 1)",
    """a = np.tanh(X @ W1 + b1)
d2, dr = (softmax(a @ W2 + b2) - y) / 12, (a @ V + c - r) / 12
d1 = (d2 @ W2.T + dr @ V.T) * (1 - a ** 2)
g1, c1, g2, c2, gv, cv = X.T @ d1, d1.sum(axis=0), a.T @ d2, d2.sum(axis=0), a.T @ dr, dr.sum(axis=0)""",
    "W1 -= 0.1 * g1; b1 -= 0.1 * c1; W2 -= 0.1 * g2; b2 -= 0.1 * c2; V -= 0.1 * gv; c -= 0.1 * cv",
)


def test_two_losses_that_nobody_adds_up_are_not_judged_by_one_of_them():
    result = examine(record(training(*TWO_HEADS)))
    assert (result["verdict"], result["diagnoses"]) == ("cannot tell", [])
    assert "more than one output" in result["reason"]


def test_class_numbers_from_which_an_output_is_taken_are_no_parameter(judge_source):
    source = """
import numpy as np


class Line:
    def __init__(self, n_in):
        self.w, self.b = np.random.uniform(-1, 1, size=n_in), np.array([0.0])

    def predict(self, x):
        return 1 / (1 + np.exp(-np.dot(x, self.w) - self.b))

    def train(self, x, y, alpha):
        self.w += alpha * np.mean(((y - self.predict(x)) * x.T).T, axis=0)
        self.b += alpha * np.mean(y - self.predict(x), axis=0)
"""
    check = judge_source(source)
    assert [(line["line"], line["holds"]) for line in check.lines] == [
        ("gradient of self.w", True), ("gradient of self.b", False),
    ]  # fmt: skip
    assert [d["name"] for d in check.diagnoses] == ["updated-too-early"]
