"""The Python float that remembers where it came from, so that a history goes on through `float(x)`."""

from collections.abc import Callable
from typing import Any

import numpy as np

from compare.check.recording import observer
from compare.check.recording.graph import NUMBER, Node


class RecordedNumber(float):
    """A float with the node whose value it is."""

    node: Node

    def __new__(cls, value: float, node: Node) -> "RecordedNumber":
        """A number, and the node whose value it is."""
        number = super().__new__(cls, value)
        number.node = node
        node.made_by = NUMBER
        return number

    def __reduce__(self) -> Any:
        return float, (float(self),)

    def __copy__(self) -> "RecordedNumber":
        return self

    def __deepcopy__(self, memo: Any) -> "RecordedNumber":
        return self

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return observer.current.ufunc(ufunc, method, inputs, options)


def _operator(function: Callable[..., Any], swapped: bool) -> Any:
    return lambda self, other: function(other, self) if swapped else function(self, other)


for _name, _function in {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.divide, "pow": np.power, "mod": np.remainder,
}.items():  # fmt: skip
    setattr(RecordedNumber, f"__{_name}__", _operator(_function, False))
    setattr(RecordedNumber, f"__r{_name}__", _operator(_function, True))
RecordedNumber.__neg__ = lambda self: np.negative(self)  # type: ignore[method-assign]
RecordedNumber.__abs__ = lambda self: np.abs(self)  # type: ignore[method-assign]
