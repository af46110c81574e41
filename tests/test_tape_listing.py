"""The lines that a reader types are a tape: they find the engine's gradients, and those of the drawing."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from autograd import Tensor
from compare.hidden.experiments import used_twice

LISTING = Path(__file__).parents[1] / "docs" / "tape.py"


@pytest.fixture
def typed(capsys):
    """What the listing defines; what it prints is dropped."""
    found = runpy.run_path(str(LISTING))
    capsys.readouterr()
    return found


def test_it_is_short_enough_to_type():
    body = LISTING.read_text().partition("class ")[2].splitlines()
    assert len([line for line in body if line.strip()]) <= 26


def test_it_prints_the_gradients_that_the_drawing_shows(capsys):
    runpy.run_path(str(LISTING))
    words = capsys.readouterr().out.replace(";", "").replace("gradients:", "").split()
    printed = dict(zip(words[::2], map(float, words[1::2]), strict=True))
    expected = used_twice.on_the_engine(**used_twice.EXAMPLE)
    assert printed.pop("loss") == used_twice.forward(**used_twice.EXAMPLE, relu=abs)["loss"]
    assert printed == {name: expected[name] for name in printed}
    assert set(printed) == {"h", "v", "b", "w", "x"}


@pytest.mark.parametrize("seed", range(20))
def test_on_random_graphs_its_gradients_are_those_of_the_engine(typed, seed):
    random = np.random.default_rng(seed)
    begin = random.normal(size=3)
    numbers = [typed["Number"](float(value)) for value in begin]
    leaves = [Tensor(np.asarray(value), requires_grad=True) for value in begin]
    tensors = list(leaves)
    for _ in range(12):  # each step takes any two of those before, so that many are used more than once
        i, j, kind = random.integers(0, len(numbers)), random.integers(0, len(numbers)), random.integers(0, 3)
        for made in (numbers, tensors):
            a, b = made[i], made[j]
            made.append(a + b if kind == 0 else a * b if kind == 1 else (a + b).relu())
    for made in (numbers, tensors):
        made[-1].backward()
    for number, leaf in zip(numbers, leaves, strict=False):
        expected = 0.0 if leaf.grad is None else float(leaf.grad)
        assert number.grad == pytest.approx(expected, rel=1e-12, abs=1e-300)
