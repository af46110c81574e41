"""The column by hand, read from the source of `manual/network.py`."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from compare.worlds.columns.column import GIVEN, Column, Kept, address
from manual.network import Network


def column(
    lines: Sequence[str], parameters: Mapping[str, np.ndarray], x: np.ndarray, labels: np.ndarray, activation: str
) -> Column:
    """Each line's statement. A forward line keeps those arrays that the backward lines which undo it read."""
    trace = Network(dict(parameters), activation).trace(x, labels)
    forward_values = {name: value for name, value in trace.items() if not name.startswith("d")}
    arrays = {"x": x, "labels": labels, **parameters, **forward_values}
    forward, backward = _statements(Network.forward), _statements(Network.backward)
    statements = {**_statements(Network.gradients), **forward, **backward}

    def kept_by(line: str) -> tuple[Kept, ...]:
        undo = [backward[f"d{name}"] for name in _reads(statements[line]) if f"d{name}" in backward]
        wanted = dict.fromkeys(name for statement in undo for name in _reads_in_the_end(statement, backward, lines))
        return tuple(
            Kept(name, arrays[name].nbytes, address(arrays[name]), name in GIVEN) for name in wanted if name in arrays
        )

    return Column(
        {line: (ast.unparse(statements[line]),) for line in lines},
        {line: kept_by(line) for line in lines if line not in backward},
    )


def _statements(method: Callable[..., Any]) -> dict[str, ast.Assign]:
    """The assignments in a method to one name each, by that name."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(method)))
    assignments = [node for node in ast.walk(tree) if isinstance(node, ast.Assign)]
    return {a.targets[0].id: a for a in assignments if isinstance(a.targets[0], ast.Name)}


def _reads(statement: ast.Assign) -> list[str]:
    """The names that a statement reads; self.W1 is W1."""
    names = []
    for node in ast.walk(statement.value):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            names.append(node.attr)
        elif isinstance(node, ast.Name):
            names.append(node.id)
    return names


def _reads_in_the_end(statement: ast.Assign, backward: dict[str, ast.Assign], lines: Sequence[str]) -> list[str]:
    """The same, where what the backward pass computes on the way and is no line itself (a3, y, m) is looked through."""
    names = []
    for name in _reads(statement):
        on_the_way = name in backward and name not in lines
        names += _reads_in_the_end(backward[name], backward, lines) if on_the_way else [name]
    return names
