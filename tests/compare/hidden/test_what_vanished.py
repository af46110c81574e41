"""What vanished: lines are counted as a reader would count them, and each is put to the right purpose."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

import autograd.network
import manual.network
import torch_ref.network
from compare.hidden.experiments import what_vanished as experiment
from compare.hidden.tools.source_lines import PARTS, behind, in_network
from compare.shared.initial import initial_parameters

TOY = '''
"""A network and its library in one."""
from library import helper


class Network:
    def __init__(self, parameters):
        """Not counted."""
        self.W = parameters["W"]  # counted

        # not counted
        self.optimizer = helper(
            3,
        )

    def backward(self, x):
        """Not counted."""
        a = helper(x)

        return a

    def unused(self, x):
        self.optimizer.step()

    def step(self, x):
        d = self.backward(x)
        self.W -= d
        return 0
'''
LIBRARY = '''
def helper(x):
    """Not counted."""
    # not counted
    return deeper(
        x
    )


def deeper(x):
    return (lambda y: y)(x)


def unused(x):
    return x
'''


@pytest.fixture
def toy(tmp_path, monkeypatch):
    (tmp_path / "library.py").write_text(LIBRARY)
    (tmp_path / "toy.py").write_text(TOY)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "library", raising=False)
    spec = importlib.util.spec_from_file_location("toy", tmp_path / "toy.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_comments_docstrings_blank_lines_and_what_no_step_reaches_are_not_counted(toy):
    assert {part: len(lines) for part, lines in in_network(toy).items()} == {
        "initial weights": 1, "backward pass": 3, "update": 4,
    }  # fmt: skip


def test_behind_a_line_are_the_functions_that_run_for_it_with_their_lines(toy):
    ran = behind(lambda: toy.Network({"W": 3}).step(1), toy, Path(toy.__file__).parent)
    names = {name.split(".", 1)[1]: len(lines) for name, lines in ran["backward pass"].items()}
    assert names == {"library.helper": 3, "library.deeper": 1, "library.deeper.<lambda>": 1}
    assert ran["update"] == ran["backward pass"]
    assert ran["initial weights"] == {}


@pytest.fixture(scope="module")
def counts():
    random = np.random.default_rng(0)
    x, labels, found = random.random((6, 5)), random.integers(0, 3, 6), {}
    for network in (manual.network, autograd.network, torch_ref.network):

        def run(network=network):
            network.Network(initial_parameters((5, 4, 3, 3))).step(x, labels, 0.1)

        run()
        found[network.__name__.partition(".")[0]] = experiment.count(run, network)
    return found


def test_the_functions_behind_are_the_ones_that_do_the_work(counts):
    def functions(name, part):
        return counts[name][part].functions

    assert functions("manual", "backward pass") == ["manual.functions.softmax", "manual.functions.relu_derivative"]
    assert {"autograd.tape.backward", "autograd.products.matmul.vjp_a"} <= set(functions("autograd", "backward pass"))
    assert "autograd.optimizers.SGD.step" in functions("autograd", "update")
    assert "torch.optim.sgd.SGD.step" in functions("torch_ref", "update")
    assert "torch.nn.modules.linear.Linear.reset_parameters" in functions("torch_ref", "initial weights")
    finding = experiment.judge(experiment.Measured(counts, 6))
    assert finding.holds
    assert "lines by hand, 1 on the engine with" in finding.answer


@pytest.mark.parametrize("part", PARTS)
def test_a_count_that_refutes_the_claim_does_not_hold(counts, part):
    other = {**counts, "torch_ref": {**counts["torch_ref"], part: experiment.LineCounts(9, 0, [])}}
    assert not experiment.judge(experiment.Measured(other, 6)).holds
