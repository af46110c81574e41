"""Nests of arrays: those in the attributes, dicts and lists of a program's objects."""

from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from compare.check.running.roles import normal


def arrays_in(
    part: Any, name: str = "", depth: int = 5, seen: set[int] | None = None
) -> Iterator[tuple[str, np.ndarray]]:
    """The arrays of floats in attributes, dicts and lists, with the name that is nearest to each."""
    seen = set() if seen is None else seen
    if isinstance(part, np.ndarray):
        if part.dtype.kind == "f" and part.ndim:
            yield normal(name), part
        return
    if depth == 0 or id(part) in seen:
        return
    seen.add(id(part))
    if isinstance(part, dict):
        items = [(str(key) if isinstance(key, str) else f"{name}{key}", value) for key, value in part.items()]
    elif isinstance(part, list | tuple):
        items = [(f"{name}{k}", value) for k, value in enumerate(part[:100])]
    elif hasattr(part, "__dict__") and not isinstance(part, type | ModuleType | FunctionType):
        items = list(vars(part).items())
    else:
        return
    for key, value in items:
        yield from arrays_in(value, key, depth - 1, seen)


def alike(a: Any, b: Any) -> bool:
    """Are these nests of arrays of the same form?"""
    if isinstance(b, np.ndarray):
        return isinstance(a, np.ndarray) and a.shape == b.shape
    if isinstance(b, dict):
        return isinstance(a, dict) and a.keys() == b.keys()
    return isinstance(b, list | tuple) and type(a) is type(b) and len(a) == len(b) and all(map(alike, a, b))
