"""Where an operation is found: under its name in the package, as a method, an operator, and in place of NumPy's.

What is public in the files of operations is an operation, so one is added in one place, where it is written. If its
first input is called x, it is a method of tensors as well; if NumPy has a function of its name, it answers for that.
"""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import elementwise, losses, products, reductions, shaping
from autograd.tensor import NUMPY, Tensor, plain

OPERATIONS: dict[str, Callable[..., Any]] = {
    name: function
    for module in (elementwise, reductions, shaping, products, losses)
    for name, function in vars(module).items()
    if getattr(function, "__module__", "") == module.__name__ and not name.startswith("_")
}

for name, function in OPERATIONS.items():
    if hasattr(np, name):
        NUMPY[getattr(np, name)] = function
    if next(iter(inspect.signature(function).parameters)) == "x":
        setattr(Tensor, name, function)

NUMPY |= {np.amax: reductions.max, np.amin: reductions.min, np.linalg.norm: reductions.norm, np.ravel: shaping.flatten}


def constant(name: str) -> Callable[..., Any]:
    """The array's own method, whose result has no gradient: plain numbers."""
    return lambda self, *inputs, **options: getattr(plain(self), name)(*map(plain, inputs), **options)


for name in ("all", "any", "argmax", "argmin", "argsort", "nonzero", "round", "__floordiv__", "__rfloordiv__"):
    setattr(Tensor, name, constant(name))


def in_place(operation: Callable[..., Tensor]) -> Callable[[Tensor, Any], Tensor]:
    """`x += y` is x = x + y, except on a leaf: x would come to stand for an inner tensor, and the leaf be lost."""

    def change(self: Tensor, other: Any) -> Tensor:
        if self.node is not None and self.node.is_leaf:
            raise RuntimeError("A leaf that requires a gradient is updated through its array: write x.data += ...")
        return operation(self, other)

    return change


for symbol, name in {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "mod": "remainder", "pow": "power",
    "matmul": "matmul",
}.items():  # fmt: skip
    # For `x + y`, for `y + x` where y is no tensor, and for `x += y`.
    setattr(Tensor, f"__{symbol}__", OPERATIONS[name])
    setattr(Tensor, f"__r{symbol}__", lambda self, other, operation=OPERATIONS[name]: operation(other, self))
    setattr(Tensor, f"__i{symbol}__", in_place(OPERATIONS[name]))

for name, method in {
    "__pos__": elementwise.positive, "__neg__": elementwise.negative, "__abs__": elementwise.abs,
    "__round__": constant("round"), "__getitem__": shaping.getitem, "dot": products.dot, "ravel": shaping.flatten,
    "T": property(shaping.transpose, doc="The tensor with its axes reversed."),
    "mT": property(lambda x: x.swapaxes(-1, -2), doc="The tensor with its last two axes exchanged."),
}.items():  # fmt: skip
    setattr(Tensor, name, method)
