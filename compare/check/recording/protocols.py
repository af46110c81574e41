"""NumPy's two protocols, read: which function of which inputs is asked for, and where its result goes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from compare.check.recording.array import RecordedArray
from compare.check.recording.operations import at, on_a_copy

REDUCTIONS: dict[Any, Any] = {np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min,
              np.logical_and: np.all, np.logical_or: np.any}  # fmt: skip
#: What says nothing of the values, or shows them: no node is made of it.
WITHOUT_NODE = {
    "shape", "ndim", "size", "array_repr", "array_str", "array2string", "may_share_memory", "shares_memory", "allclose",
    "array_equal", "result_type", "can_cast", "iscomplexobj", "isrealobj", "min_scalar_type", "common_type", "savetxt",
    "save", "savez", "savez_compressed", "isscalar",
}  # fmt: skip
MAKES = {"zeros_like", "ones_like", "empty_like", "full_like"}  # anew, whatever stands in what it is given
WRITES = {"copyto": 0, "put": 0, "place": 0, "putmask": 0, "fill_diagonal": 0, "put_along_axis": 0}


@dataclass(frozen=True)
class Call:
    """A function to call, with inputs and options. out: where NumPy is to put the result.

    target: the array that it changes in place; the function gives what that holds then.
    """

    function: Callable[..., Any]
    inputs: tuple[Any, ...]
    options: dict[str, Any] = field(default_factory=dict)
    out: Any = None
    target: Any = None


def call_of_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Call:
    """What `__array_ufunc__` asks for."""
    out = options.pop("out", None)
    if method == "at":
        return Call(at(ufunc), inputs[1:], target=inputs[0])
    if method == "reduce" and ufunc in REDUCTIONS:
        axis = options.pop("axis", inputs[1] if len(inputs) > 1 else 0)
        options = {key: value for key, value in options.items() if value is not np._NoValue}
        if ufunc not in (np.add, np.multiply):
            options.pop("dtype", None)
        return Call(REDUCTIONS[ufunc], inputs[:1], {"axis": axis} | options, out)
    if method == "accumulate" and ufunc is np.add:
        return Call(np.cumsum, inputs[:1], {"axis": options.get("axis", 0)}, out)
    if method == "outer":
        a, b = (np.asarray(i) if not isinstance(i, RecordedArray) else i for i in inputs)
        return Call(ufunc, (a.reshape(a.shape + (1,) * b.ndim), b), options, out)
    return Call(ufunc if method == "__call__" else getattr(ufunc, method), inputs, options, out)


def call_of_function(function: Any, inputs: tuple[Any, ...], options: dict[str, Any]) -> Call:
    """What `__array_function__` asks for, where it is neither without a node nor makes an array anew."""
    if function.__name__ in WRITES:
        return Call(on_a_copy(function), inputs[1:], options, target=inputs[0])
    out = options.pop("out", None)
    return Call(function, inputs, options, None if out is None else (out,))
