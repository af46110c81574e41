"""The arrays that a function keeps alive in its closure: so the engine's VJPs keep what the backward pass needs."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np


def held_arrays(function: Callable[..., Any]) -> Iterator[tuple[str, np.ndarray]]:
    """The arrays in a function's closure, in the tuples there and in the closures of the functions there.

    Each with the name of the variable that holds it; an array that is held twice is given twice.
    """
    for variable, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        yield from _in_variable(variable, cell.cell_contents)


def _in_variable(variable: str, content: Any) -> Iterator[tuple[str, np.ndarray]]:
    if isinstance(content, np.ndarray):
        yield variable, content
    elif isinstance(content, tuple):
        for part in content:
            yield from _in_variable(variable, part)
    elif hasattr(content, "__closure__"):
        yield from held_arrays(content)
