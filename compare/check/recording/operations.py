"""Functions for what a program writes as a statement: x[i], x[i] = v, np.add.at(x, i, v). Nodes have them as theirs."""

from collections.abc import Callable
from typing import Any

import numpy as np


def element(x: Any, index: Any) -> Any:
    """x[index]."""
    return x[index]


def written(x: Any, v: Any, index: Any) -> Any:
    """x with v at an index, as in x[index] = v. Where an index comes twice, the last one counts."""
    y = np.array(x)
    y[index] = v
    return y


def placed(x: Any, v: Any, positions: np.ndarray) -> Any:
    """x with the entries of v at these positions of its flattened entries."""
    y = np.array(x)
    y.reshape(-1)[positions] = v
    return y


def cast(x: Any, dtype: Any) -> Any:
    """x in another dtype."""
    return x.astype(dtype)


def added_at(x: Any, index: Any, v: Any) -> Any:
    """x with v added at an index, as by np.add.at: where an index comes twice, both count."""
    y = np.array(x)
    np.add.at(y, index, v)
    return y


def at(ufunc: Any) -> Callable[..., Any]:
    """The function for ufunc.at(x, index, ...)."""
    return added_at if ufunc is np.add else on_a_copy(ufunc.at)


def on_a_copy(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that gives what another would make of an array in its place."""

    def copied(x: Any, *inputs: Any, **options: Any) -> Any:
        y = np.array(x)
        function(y, *inputs, **options)
        return y

    copied.__name__ = function.__name__
    return copied


def over(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of an array besides, whose entries stay where `where` is false."""

    def written_over(before: Any, *inputs: Any, **options: Any) -> Any:
        return function(*inputs, **options, out=np.array(before))

    written_over.__name__ = function.__name__
    return written_over


def part(function: Callable[..., Any], k: int) -> Callable[..., Any]:
    """The k-th of the results of a function."""

    def result(*inputs: Any, **options: Any) -> Any:
        return function(*inputs, **options)[k]

    result.__name__ = function.__name__
    return result
