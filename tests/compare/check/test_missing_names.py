"""A name of the check's own that does not exist is told, and never taken for what a learner's program did."""

import builtins
import os

import numpy as np
import pytest

from compare.check.recording.session import Session
from compare.check.recording.source import HELPERS, rewritten
from compare.check.running.clock import Clock
from compare.check.running.data import Data
from compare.check.running.driver import drive
from compare.check.running.failure import is_ours
from compare.check.running.program import read_program
from compare.check.saying import signatures
from compare.check.steps.recorder import Recorder
from compare.check.understanding import replay
from compare.judge.ball import RULES

SCRIPT = """import numpy as np
np.random.seed(0)
X, T = np.random.rand(12, 4), np.random.rand(12, 3)
W, V = np.random.randn(4, 5) * 0.5, np.random.randn(5, 3) * 0.5
for k in range(8):
    a = np.tanh(X @ W).copy()
    d = a @ V - T
    loss = 0.5 * (d ** 2).sum()
    dV = a.T @ d
    dW = X.T @ (d @ V.T * (1 - a ** 2))
    V -= 0.01 * dV
    W -= 0.01 * dW
"""


def reads_a_name_that_is_not_there(*_, **__):
    return np.no_such_name


def test_the_script_is_right_as_it_is(judge_script):
    assert judge_script(SCRIPT)["verdict"] == "right"


def test_an_operation_that_is_run_again_by_a_missing_name_is_not_one_that_cannot_be_followed(judge_script, monkeypatch):
    monkeypatch.setitem(replay.SPECIAL, np.copy, reads_a_name_that_is_not_there)
    with pytest.raises(AttributeError, match="no_such_name"):
        judge_script(SCRIPT)


def test_a_rule_for_rounding_that_reads_a_missing_name_is_not_one_that_is_missing(judge_script, monkeypatch):
    monkeypatch.setitem(RULES, np.tanh, reads_a_name_that_is_not_there)
    with pytest.raises(AttributeError, match="no_such_name"):
        judge_script(SCRIPT)


@pytest.mark.parametrize("at", range(len(signatures.SIGNATURES)))
def test_a_signature_that_reads_a_missing_name_is_not_one_that_does_not_fire(judge_script, monkeypatch, at):
    before, after = signatures.SIGNATURES[:at], signatures.SIGNATURES[at:]
    asked = tuple(lambda wrong, one=one: one(wrong) and None for one in before)  # none of them answers
    monkeypatch.setattr(signatures, "SIGNATURES", (*asked, lambda wrong: wrong.no_such_name, *after))
    with pytest.raises(AttributeError, match="no_such_name"):
        judge_script(SCRIPT.replace("(1 - a ** 2)", "(1 - a)"))


NETWORK = """import numpy as np
class Network:
    def __init__(self, inputs, outputs):
        self.W = np.random.randn(inputs, outputs)
    def train(self, X, y, lr):
        self.W -= lr * X.T @ (X @ self.W - y)
"""


def driven(path, source):
    path.write_text(source)
    clock = Clock(lambda _: os._exit(1))
    request = {"seed": 0, "name": None}
    with clock.limit(20.0), np.errstate(all="ignore"):
        return drive(read_program(path), request, clock, lambda: Recorder(own=str(path).__eq__), rewritten)


@pytest.fixture(autouse=True)
def _helpers(monkeypatch):
    for name, helper in HELPERS.items():
        monkeypatch.setattr(builtins, name, helper, raising=False)


@pytest.mark.parametrize(("holder", "name"), [(Data, "note_widths"), (Data, "of"), (Session, "_store"), (np, "eye")])
def test_what_the_check_lacks_while_it_drives_a_program_is_not_the_programs_error(tmp_path, monkeypatch, holder, name):
    assert driven(tmp_path / "right.py", NETWORK).recorder is not None
    monkeypatch.delattr(holder, name)
    with pytest.raises(AttributeError):
        driven(tmp_path / "again.py", NETWORK)


@pytest.mark.parametrize("line", ["self.no_such_name", "np.no_such_name", "X.no_such_name", "no_such_name",
                                  "float(X.sum()).dot(X)", "X.sum().no_such_name()"])  # fmt: skip
def test_what_the_program_lacks_is_its_own_error(tmp_path, line):
    source = NETWORK.replace("        self.W -=", f"        {line}\n        self.W -=")
    error = driven(tmp_path / "net.py", source).error
    assert isinstance(error, AttributeError | NameError)
    assert not is_ours(error)
