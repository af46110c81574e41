"""Derivatives of functions: `grad` and what follows from it. They nest, so that there are derivatives of derivatives.

`grad(f)` runs f on tensors of a level of its own, above all that are there. What such a tensor holds is what was
passed: an array, or a tensor of a lower level. So the VJPs of the upper level compute with tensors of the lower one
and, without knowing it, record themselves: the gradient has a history, which whoever stands below can differentiate.
As each level takes apart its own tensors alone, variables are never confused, as in d/dx (x d/dy (x + y)).
"""

import functools
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.tape import Node, gradients, held, recording
from autograd.tensor import Tensor, made, plain

Function = Callable[..., Any]
Argument = int | tuple[int, ...]  # the position of an array of floats among a function's inputs, or several

_levels = itertools.count(1)


def vjp(f: Function, *inputs: Any, argument: Argument = 0) -> tuple[Any, Callable[[Any], Any]]:
    """The value of f at the inputs, and the function that takes the gradient of the value to that of the argument.

    Several arguments have a tuple of gradients. Values and gradients are arrays, or tensors where inputs are tensors
    that require a gradient; they are zeros where f does not depend on the argument. Raises TypeError for integers.
    """
    level, outside, replaced, leaves = next(_levels), recording.lowest, list(inputs), []
    recording.lowest = min(level, outside)  # within no_grad, nothing below this level is recorded
    try:
        for k in (argument,) if isinstance(argument, int) else argument:
            held = _floats(plain(inputs[k]) if outside > level else inputs[k], f"argument {k}")
            leaves.append(Node("leaf", (), (), held, level))
            replaced[k] = made(held, leaves[-1])
        y = f(*replaced)
    finally:
        recording.lowest = outside
    root = y.node if isinstance(y, Tensor) and y.node and y.node.level == level else None
    value = y.data if root else _floats(y, "the value")

    def pullback(gradient: Any) -> Any:
        above = gradient if isinstance(gradient, Tensor) and gradient.node else np.array(plain(gradient), value.dtype)
        if above.shape != value.shape:
            raise ValueError(f"The gradient has the shape {above.shape}, the value {value.shape}: make them equal.")
        found = gradients(root, above, retain_graph=True) if root else {}
        result = tuple(found[leaf] if leaf in found else np.zeros(leaf.shape, leaf.dtype) for leaf in leaves)
        return result[0] if isinstance(argument, int) else result

    return value, pullback


def value_and_grad(f: Function, argument: Argument = 0) -> Function:
    """From f, whose value is one number, to the function that returns the value and its gradient, as `vjp` does."""

    @functools.wraps(f)
    def both(*inputs: Any, **options: Any) -> tuple[Any, Any]:
        value, pullback = vjp(functools.partial(f, **options), *inputs, argument=argument)
        if value.size != 1:
            raise ValueError(f"The value has the shape {value.shape}: make it one number with sum(), or use jacobian.")
        return value, pullback(np.ones(value.shape))

    return both


def grad(f: Function, argument: Argument = 0) -> Function:
    """From f, whose value is one number, to the function that returns its gradient, as `vjp` does."""
    return functools.wraps(f)(lambda *inputs, **options: value_and_grad(f, argument)(*inputs, **options)[1])


def jvp(f: Function, inputs: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
    """The value of f, and its derivative along the tangents, one for each input: a pullback of the pullback."""
    value, pullback = vjp(f, *inputs, argument=tuple(range(len(inputs))))
    return value, grad(lambda above: _inner(pullback(above), tangents))(np.zeros(value.shape, value.dtype))


def hessian_vector_product(f: Function, argument: Argument = 0) -> Function:
    """From f to the function of its inputs and, last, a vector v like the argument, that returns H v.

    H, (n, n) for n entries, has the second derivatives of f; it is never made.
    """
    return lambda *inputs: grad(lambda *x: _inner(grad(f, argument)(*x), inputs[-1]), argument)(*inputs[:-1])


def jacobian(f: Function, argument: Argument = 0) -> Function:
    """From f to the function that returns all derivatives, in the shape of f's value and then that of the argument."""

    def matrix(*inputs: Any) -> Any:
        value, pullback = vjp(f, *inputs, argument=argument)
        units = np.eye(max(value.size, 1), value.size)  # one row of nothing, where there is no entry
        rows = [pullback(unit.reshape(value.shape)) for unit in units]
        columns = [rows] if isinstance(argument, int) else zip(*rows, strict=True)
        result = tuple(np.stack(column)[: value.size].reshape(value.shape + column[0].shape) for column in columns)
        return result[0] if isinstance(argument, int) else result

    return matrix


def _floats(x: Any, what: str) -> Any:
    x = x if isinstance(x, Tensor) and x.node else held(plain(x))
    if x.dtype.kind != "f":
        raise TypeError(f"Only floats have gradients, and {what} is {x.dtype}: use astype(float).")
    return x


def _inner(a: Any, b: Any) -> Any:
    """The sum of all products of entries, over the arrays of two tuples, or of two arrays, of the same shapes."""
    a, b = (a, b) if isinstance(a, tuple) else ((a,), (b,))
    if [np.shape(x) for x in a] != [np.shape(y) for y in b]:
        raise ValueError(
            f"Vectors of the shapes {[np.shape(x) for x in a]} are needed, not {[np.shape(y) for y in b]}."
        )
    return sum((x * y).sum() for x, y in zip(a, b, strict=True))
