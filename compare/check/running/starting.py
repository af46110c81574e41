"""Parameters for functions that are given them, of a program in which nothing that runs makes any."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from compare.check.recording.session import session
from compare.check.running.roles import normal, roles

WEIGHT, BIAS = re.compile(r"(w|weights?|theta)(?![a-z]*bias)\w*"), re.compile(r"b\d*|b(?!a)\w*|bias\w*")
NUMBERED = re.compile(r"(w|weights?|theta|b|bias(es)?)\d+")  # an argument of its own


def names_wanted(functions: Iterable[Any]) -> tuple[type | None, list[str]]:
    """The names of the parameters that they read, and in what: a dict, a list, or None for each in its argument."""
    found: dict[type | None, list[str]] = {dict: [], list: [], None: []}
    for function in functions:
        arguments = list(inspect.signature(function).parameters)
        found[None] += [name for name in arguments if NUMBERED.fullmatch(normal(name))]
        for kind, name in _read_from(function, {name for name in arguments if "params" in roles(name)}):
            found[kind].append(name)
    for held_in, read in found.items():
        names = list(dict.fromkeys(read))
        weights = [name for name in names if WEIGHT.fullmatch(normal(name))]
        if weights and all(name in weights or BIAS.fullmatch(normal(name)) for name in names):
            return held_in, names
    return None, []


def _read_from(function: Any, holders: set[str]) -> Iterator[tuple[type, str]]:
    """The constant keys with which any of these is indexed, and the names that one is taken apart into."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return
    nodes = [n for n in ast.walk(tree) if isinstance(n, ast.Subscript | ast.Assign)]
    for node in sorted(nodes, key=lambda n: (n.lineno, n.col_offset)):
        if not (isinstance(node.value, ast.Name) and node.value.id in holders):
            continue
        if isinstance(node, ast.Subscript):
            if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
                yield dict, node.slice.value
        elif isinstance(node.targets[0], ast.Tuple | ast.List):
            yield from ((list, part.id) for part in node.targets[0].elts if isinstance(part, ast.Name))


def made_up(names: list[str], sizes: list[int], columns: bool, random: np.random.Generator) -> dict[str, Any]:
    """An array for each of the names: weights from one size to the next, each with the bias of its number or place."""
    weights, biases = (_in_order([n for n in names if bool(WEIGHT.fullmatch(normal(n))) == w]) for w in (True, False))
    made: dict[str, Any] = {}
    for k, name in enumerate(weights):
        fan_in, fan_out = sizes[k], sizes[k + 1]
        values = (random.random((fan_in, fan_out)) - 0.5) * 3 / np.sqrt(fan_in)
        made[name] = session.leaf(np.ascontiguousarray(values.T) if columns else values, "rand")
    for k, name in enumerate(biases):
        width = sizes[min(k + 1 + len(weights) - len(biases), len(weights))]
        same = [n for n in weights if _number(n) == _number(name) is not None]
        if same:
            width = made[same[0]].shape[0 if columns else 1]
        made[name] = session.leaf((random.random((width, 1) if columns else width) - 0.5) * 0.1, "rand")
    return {name: made[name] for name in names}


def how_many(names: list[str]) -> int:
    """The weights among them."""
    return sum(bool(WEIGHT.fullmatch(normal(name))) for name in names)


def _number(name: str) -> int | None:
    digits = re.search(r"\d+", name)
    return int(digits[0]) if digits else None


def _in_order(names: list[str]) -> list[str]:
    """By their numbers, or as they are read where one has none."""
    numbers = [_number(name) for name in names]
    if any(n is None for n in numbers):
        return names
    return sorted(names, key=lambda name: _number(name) or 0)
