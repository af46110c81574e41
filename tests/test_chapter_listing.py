"""The chapter's printed network is the one that this project builds three times; the bridge's table says how."""

import ast
import importlib.util
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from compare import assert_gradients_match
from compare.worlds import NAMES, build

HOUSE = Path(__file__).parents[1]
LISTING = HOUSE / "tests" / "chapter.py"
BY_HAND = [HOUSE / "manual" / name for name in ("network.py", "functions.py")]
PARAMETERS = ("W1", "b1", "W2", "b2", "W3", "b3")


def chapter():
    spec = importlib.util.spec_from_file_location("chapter", LISTING)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.NeuralNetwork()


def variables_of(function, *arguments):
    """Call it, and give its variables by name as they are when it returns."""
    found = {}

    def look(frame, event, _):
        if event == "return" and frame.f_code is function.__code__:
            found.update(frame.f_locals)

    sys.setprofile(look)
    try:
        function(*arguments)
    finally:
        sys.setprofile(None)
    return found


@pytest.fixture
def batch():
    """Weights as the chapter begins but larger, so that no line is nearly 0; 32 images at random, and labels."""
    np.random.seed(0)
    network = chapter()
    start = {name: 10 * getattr(network, name) for name in PARAMETERS}
    return start, np.random.random((32, 784)), np.random.randint(0, 10, 32)


def backward(start, x, labels, learning_rate):
    """The chapter's network from these weights after one step, and the variables of its `backward`."""
    network = chapter()
    for name, value in start.items():
        setattr(network, name, value.copy())
    network.forward(x)
    return network, variables_of(network.backward, x, np.eye(10)[labels], learning_rate)


def test_the_printed_lines_and_the_gradients_of_the_three_are_right_to_within_rounding(batch):
    start, x, labels = batch
    network, lines = backward(start, x, labels, 0)
    forward = {name: getattr(network, name) for name in ("z1", "a1", "z2", "a2", "z3")}
    nine = {name: value for name, value in lines.items() if re.fullmatch("d[zWb][123]", name)}
    assert len(nine) == 9
    assert_gradients_match({**forward, **nine}, start, x, labels, mean_at="dW")  # it divides by m in dW and db
    for name in NAMES:
        _, found = build(name, start).gradients(x, labels)
        assert_gradients_match(found, start, x, labels)


def test_the_one_line_of_the_chapter_that_became_two_gives_the_same_from_z2_as_by_hand_from_a2(batch):
    start, x, labels = batch
    network, _ = backward(start, x, labels, 0)
    trace = build("manual", start).trace(x, labels)
    np.testing.assert_array_equal(network.z2 > 0, trace["a2"] > 0)
    np.testing.assert_array_equal(trace["da2"] * (network.z2 > 0), trace["dz2"])


def test_one_step_of_it_is_one_step_by_hand(batch):
    start, x, labels = batch
    after, lines = backward(start, x, labels, 0.01)
    by_hand = build("manual", start)
    by_hand.step(x, labels, 0.01)
    for name, value in by_hand.parameters().items():
        np.testing.assert_array_equal(getattr(after, name), start[name] - 0.01 * lines[f"d{name}"])
        np.testing.assert_allclose(getattr(after, name), value, rtol=0, atol=1e-15)


def assignments(path, function):
    """Names that a function assigns to in its own scope, in their order."""
    definition = next(n for n in ast.walk(ast.parse(path.read_text())) if getattr(n, "name", "") == function)
    return [
        n.targets[0].id for n in definition.body if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name)
    ]


def test_the_chapter_has_nine_lines_of_backward_and_by_hand_has_two_more():
    nine = ["dz3", "dW3", "db3", "dz2", "dW2", "db2", "dz1", "dW1", "db1"]
    assert [name for name in assignments(LISTING, "backward") if name.startswith("d")] == nine
    by_hand = [n for n in assignments(BY_HAND[0], "backward") if n.startswith("d")]
    assert [name for name in by_hand if name not in nine] == ["da2", "da1"]
    assert [name for name in by_hand if name in nine] == nine


def test_every_piece_of_code_in_the_bridges_table_stands_in_the_file_above_its_column():
    text = (HOUSE / "docs" / "bridge.md").read_text()
    rows = re.findall(r"^\| (`.*) \| (.*) \| .* \|$", text, re.MULTILINE)
    sources = [LISTING.read_text(), "".join(path.read_text() for path in BY_HAND)]
    assert len(rows) == 6
    for row in rows:
        for cell, source in zip(row, sources, strict=True):
            for code in re.findall(r"`([^`]+)`", cell):
                assert code in source, code
