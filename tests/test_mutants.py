"""Planted in the house's own calculus, no slip goes unnoticed: see `mutants.py`."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]
SCRIPT = [sys.executable, "tests/mutants.py"]
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="each mutant lives in a forked process")


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """One mutant of each vector-Jacobian product and statement: the process that tried them, and what it found."""
    file = tmp_path_factory.mktemp("mutants") / "outcomes.json"
    done = subprocess.run([*SCRIPT, "--sample", "--json", file], capture_output=True, text=True, cwd=HOUSE)
    assert file.exists(), done.stdout + done.stderr
    return done, json.loads(file.read_text())


def spans(file, wanted):
    """Where the wanted nodes of a file begin and end, as pairs of (line, column), with their source."""
    nodes = [node for node in ast.walk(ast.parse((HOUSE / file).read_text())) if wanted(node)]
    return [((n.lineno, n.col_offset), (n.end_lineno, n.end_col_offset), ast.unparse(n)) for n in nodes]


def is_vjp(node):
    return isinstance(node, ast.FunctionDef | ast.Lambda) and [a.arg for a in node.args.args][:1] == ["g"]


def is_line(node):
    """Of the network by hand, past what it says of its activation, which has no mutant."""
    return isinstance(node, ast.Assign | ast.AugAssign) and "ACTIVATIONS" not in ast.unparse(node)


@pytest.mark.slow
def test_every_mutant_of_the_sample_is_killed_but_for_those_listed_as_equivalent(sample):
    done, outcomes = sample
    assert done.returncode == 0, done.stdout + done.stderr
    assert {bool(outcome["killer"]) for outcome in outcomes if not outcome["equivalent"]} == {True}
    # so that they are told apart:
    assert {bool(outcome["killer"]) for outcome in outcomes if outcome["equivalent"]} == {False}


@pytest.mark.slow
def test_each_vector_jacobian_product_and_each_line_of_the_network_by_hand_is_killed_at_least_once(sample):
    places = [(outcome["file"], (outcome["line"], outcome["column"])) for outcome in sample[1] if outcome["killer"]]
    parts = {"manual/network.py": is_line}
    parts |= {str(path.relative_to(HOUSE)): is_vjp for path in (HOUSE / "autograd").glob("*.py")}
    nodes = [(file, *span) for file, wanted in parts.items() for span in spans(file, wanted)]
    assert len(nodes) > 90  # some 55 vector-Jacobian products and 40 lines
    for file, begin, end, source in nodes:
        assert any(name == file and begin <= place < end for name, place in places), f"{file}: {source}"


def test_every_mutant_that_is_listed_as_equivalent_is_one(monkeypatch):
    monkeypatch.syspath_prepend(HOUSE / "tests")
    from equivalent_mutants import EQUIVALENT
    from mutation import mutants

    files = {file for file, _, _ in EQUIVALENT}
    made = {(mutant.file, mutant.scope.name, mutant.change) for file in files for mutant in mutants(file)}
    assert not EQUIVALENT.keys() - made


def test_the_mutants_of_a_line_are_the_slips_that_can_happen_in_it(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(HOUSE / "tests")
    from mutation import mutants

    file = tmp_path / "formula.py"
    file.write_text('''def f(a, b, axis=0) -> "a + b":
    """a + b"""
    if a.ndim > 1:
        raise ValueError("a + b")
    return a.T @ b, lambda g: -g.sum(axis=axis)
''')
    assert {mutant.change for mutant in mutants(file)} == {
        "0 -> 1",
        "a.ndim > 1 -> a.ndim >= 1", "a.ndim > 1 -> a.ndim < 1", "a.ndim > 1 -> a.ndim > 2", "a.ndim > 1 -> a.ndim > 0",
        "a.ndim -> b.ndim",
        "a.T @ b -> a.T * b", "a.T @ b -> a.T", "a.T @ b -> b", "a.T @ b -> a @ b", "a.T -> b.T", "a.T @ b -> a.T @ a",
        "lambda g: -g.sum(axis=axis) -> lambda g: g", "-g.sum(axis=axis) -> g.sum(axis=axis)",
        "g.sum(axis=axis) -> g.mean(axis=axis)", "g.sum(axis=axis) -> g", "g.sum(axis=axis) -> g.sum()",
    }  # fmt: skip
