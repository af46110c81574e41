"""From a function on arrays to an operation on tensors.

An operation is written as a function that takes arrays and returns its value, then one vector-Jacobian product (VJP)
for each input that can have a gradient:

    @operation
    def multiply(a, b, /):
        return a * b, lambda g: g * b, lambda g: g * a

Inputs stand before the `/`, options (an axis, an index) behind it. `g` is the gradient of the output, in the output's
shape; each VJP returns the gradient of its input, in the input's shape or, where that was broadcast, the output's: a
new array, `g` itself or a view of it, and it changes neither `g` nor anything it has saved. Inputs that can have no
gradient (labels) stand last, or have None for a VJP. VJPs run only for inputs that need a gradient.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.tape import Node, held, recording
from autograd.tensor import Tensor, made, plain

Operation = Callable[..., Tensor]


def operation(compute: Callable[..., tuple[Any, ...]], name: str = "", doc: str = "") -> Operation:
    """Make `compute`, a function on arrays, an operation on tensors which is recorded for the backward pass.

    Its inputs may be tensors, arrays, numbers and lists, mixed. It raises TypeError where what has no VJP requires a
    gradient, and where an input does and the value is no array of floats. `name` and `doc` serve for a lambda.
    """
    compute.__name__ = compute.__qualname__ = name = name or compute.__name__
    compute.__doc__ = doc or compute.__doc__
    count = _count_inputs(compute)

    @functools.wraps(compute)
    def apply(*inputs: Any, **options: Any) -> Tensor:
        level, arguments = -1, []  # the highest level that a gradient flows to; what its operations compute with
        for i in inputs[:count]:
            if isinstance(i, Tensor):
                if i.node is not None and i.node.level > level and i.node.level >= recording.lowest:
                    level = i.node.level
                i = i._data
            elif not isinstance(i, np.ndarray):
                i = _array(i)
            arguments.append(i)
        if level or options or len(inputs) > len(arguments):
            arguments = [_array(_below(i, level)) for i in inputs[:count]]
            if level < 0 and not any(hasattr(a, "dtype") for a in arguments):
                arguments = [np.asarray(a) for a in arguments]  # numbers alone have no methods
            arguments += [_constant(name, value) for value in inputs[len(arguments) :]]
            options = {key: _constant(name, value) for key, value in options.items()}
        result = compute(*arguments, **options)
        if type(result) is not tuple:
            raise TypeError(f"{name} must return its value and its vector-Jacobian products: value, vjp, ...")
        value, *vjps = result
        if level < 0:
            return Tensor(value)
        parents, kept_vjps = [], []
        for i, vjp in zip(inputs, vjps):  # noqa: B905 (what stands last may have none)
            if vjp and isinstance(i, Tensor) and i.node is not None and i.node.level == level:
                parents.append(i.node)
                kept_vjps.append(vjp)
        if len(vjps) != len(inputs) or None in vjps:
            _check(name, inputs, vjps, level)
        if level == 0 or not any(isinstance(a, Tensor) for a in arguments):
            value = value if isinstance(value, np.ndarray) else held(value)
        elif not (isinstance(value, Tensor) and value.node and value.node.operation == name):
            # Made of several operations one level down; there too it shall be one step, with the rules of this
            # operation, and the VJPs, which may hold it, are to see that.
            whole = apply(*arguments, **options)
            if isinstance(value, Tensor) and not any(value is a for a in arguments):
                value._data, value.node = whole._data, whole.node
            value = whole if whole.node else whole.data
        if value.dtype.kind != "f":
            raise TypeError(f"{name} gave {value.dtype}: only floats have gradients, convert it.")
        return made(value, Node(name, tuple(parents), tuple(kept_vjps), value, level))

    return apply


def _count_inputs(compute: Callable[..., Any]) -> int | None:
    """How many arguments are inputs: those before the `/`; without one, all without a default, None for *inputs."""
    parameters = inspect.signature(compute).parameters.values()
    kinds = [p.kind for p in parameters if p.default is p.empty and p.kind != p.KEYWORD_ONLY]
    first = kinds.count(inspect.Parameter.POSITIONAL_ONLY)
    return first or (None if inspect.Parameter.VAR_POSITIONAL in kinds else len(kinds))


def _check(name: str, inputs: tuple[Any, ...], vjps: list[Any], level: int) -> None:
    """Whether every input to which a gradient flows has a VJP, and every VJP an input."""
    if len(vjps) > len(inputs):
        raise TypeError(f"{name} returned {len(vjps)} vector-Jacobian products for {len(inputs)} inputs.")
    for k, i in enumerate(inputs):
        if isinstance(i, Tensor) and i.node and i.node.level == level and (k >= len(vjps) or vjps[k] is None):
            raise TypeError(f"{name} has no gradient for input {k + 1}: give it x.numpy(), if it is a constant.")


def _below(i: Any, level: int) -> Any:
    """What an operation on that level computes with: what tensors of the level hold; those of lower levels whole."""
    while isinstance(i, Tensor) and (i.node is None or i.node.level >= level or i.node.level < recording.lowest):
        i = i._data
    return i


def _array(i: Any) -> Any:
    """A list as an array; arrays, tensors and numbers as they are, see `plain`."""
    return np.asarray(i) if isinstance(i, list | tuple) else i if isinstance(i, Tensor) else plain(i)


def _constant(name: str, option: Any) -> Any:
    if isinstance(option, Tensor) and option.node and option.node.level >= recording.lowest:
        raise TypeError(
            f"{name} takes a constant there, not what requires a gradient: give it x.numpy(), if it is one."
        )
    return plain(option)
