"""`Tensor`: an array and, where a gradient is wanted, the node that says how the array was made."""

import functools
import inspect
import operator
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.tape import Node, backward, held

NUMPY: dict[Any, Callable[..., Any]] = {}  # which operation stands for which of NumPy's functions: see methods.py

#: NumPy's functions that are constant between jumps, or ask for no values: given tensors, they give plain arrays.
CONSTANT = {
    "all", "allclose", "any", "argmax", "argmin", "argsort", "argwhere", "around", "array_equal", "ceil",
    "count_nonzero", "empty_like", "equal", "floor", "floor_divide", "full_like", "greater", "greater_equal",
    "heaviside", "isclose", "isfinite", "isinf", "isnan", "less", "less_equal", "logical_and", "logical_not",
    "logical_or", "logical_xor", "may_share_memory", "ndim", "nonzero", "not_equal", "ones_like", "result_type", "rint",
    "round", "shape", "shares_memory", "sign", "signbit", "size", "trunc", "zeros_like",
}  # fmt: skip
REDUCE = {np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min}


def plain(i: Any) -> Any:
    """What NumPy computes with: the array in a tensor, anything else as it is.

    NumPy's functions return float64 and integer scalars where Python has a float and an int. They count as Python's
    here and so change no dtype: a float32 tensor divided by np.sqrt(2.0) stays float32.
    """
    while isinstance(i, Tensor):
        i = i._data
    return i.item() if isinstance(i, (np.float64, np.integer)) else i


def made(value: Any, node: Node) -> "Tensor":
    """The tensor of a node: around an array or, above level 0, around a tensor of the level below."""
    tensor = object.__new__(Tensor)
    tensor._data, tensor.node = value, node
    return tensor


def comparison(compare: Callable[[Any, Any], Any]) -> Callable[["Tensor", Any], np.ndarray]:
    """Entry by entry, as a plain array of truth values: a step has no gradient worth recording."""
    return lambda self, other: compare(plain(self), plain(other))


class Tensor:
    """An array that can be differentiated. NumPy's functions take it as well: `np.exp(tensor)` is an operation.

    `data` is a NumPy array (what is not one becomes one; an array is held, not copied). With `requires_grad=True` the
    tensor is a leaf: `backward` on anything computed from it adds to its `grad`, a plain array of its shape and dtype.
    Raises TypeError where an array of integers is to have a gradient, or `data` is a tensor that has one.

    The graph holds the arrays themselves, not copies. Writing into `x.data` before `backward` has run therefore
    changes what the VJPs see, and the gradient is wrong without a word, as it is with PyTorch's `.data`. Do it between
    one backward and the next forward, as optimizers do. Giving `x.data` another array leaves a live graph as it was.
    """

    __slots__ = ("_data", "node", "__weakref__")
    base = None  # a tensor is never written to, so whose memory it has makes no difference

    def __init__(self, data: Any, requires_grad: bool = False) -> None:
        if isinstance(data, Tensor) and data.node:
            raise TypeError("A tensor of a tensor would end the gradient here: use it as it is, or mean x.detach().")
        self._data: Any = held(plain(data))
        self.node: Node | None = None
        if requires_grad:
            if self.dtype.kind != "f":
                raise TypeError(f"Only floats can require a gradient, not {self.dtype}: use data.astype(float).")
            self.node = Node("leaf", (), (), self._data)

    requires_grad = property(lambda self: self.node is not None, doc="Whether a gradient can flow to this tensor.")
    shape = property(lambda self: self._data.shape, doc="The length of each axis, a tuple.")
    ndim = property(lambda self: self._data.ndim, doc="The number of axes.")
    size = property(lambda self: self._data.size, doc="The number of entries.")
    dtype = property(lambda self: self._data.dtype, doc="NumPy's type of the entries.")

    @property
    def data(self) -> np.ndarray:
        """The array; within `grad`, where tensors are made of tensors, the tensor of the level below."""
        return self._data

    @data.setter
    def data(self, data: Any) -> None:
        array = held(plain(data))
        if self.node and (array.shape, array.dtype) != (self.node.shape, self.node.dtype):
            raise ValueError(
                f"The graph knows this tensor as {self.node.dtype} {self.node.shape}, not {array.dtype} {array.shape}: "
                "make a new leaf, Tensor(array, requires_grad=True)."
            )
        self._data = array

    @property
    def grad(self) -> np.ndarray | None:
        """The gradient that `backward` has added up here, or None. It may be changed, to clip it: x.grad *= 0.1."""
        return self.node.grad if self.node else None

    @grad.setter
    def grad(self, gradient: Any) -> None:
        self._recorded("to be given").grad = None if gradient is None else self._gradient(gradient)

    def backward(self, gradient: Any = None, retain_graph: bool = False) -> None:
        """Add the gradient of this tensor by each leaf it was computed from to that leaf's `grad`.

        gradient: the derivative of some final scalar by this tensor, in its shape and dtype (a plain number serves
        for any dtype); 1 for a scalar.
        retain_graph: keep the graph for another run; else it is freed on the way.
        Raises RuntimeError where nothing requires a gradient, the graph was freed before, or a tensor that is not
        a scalar is given no gradient; ValueError for a gradient of another shape, TypeError for one of another dtype.
        """
        if self.node is None:
            raise RuntimeError(
                "Nothing was recorded: make leaves with requires_grad=True and compute outside no_grad()."
            )
        if self.node.level:
            raise RuntimeError(
                "This tensor was made within grad, which walks back itself: use grad or vjp again there."
            )
        if gradient is None:
            if self.size != 1:
                raise RuntimeError(f"The shape is {self.shape}: make it one number with sum(), or pass a gradient.")
            gradient = np.ones(self.shape, self.dtype)
        backward(self.node, self._gradient(gradient), retain_graph)

    def _gradient(self, gradient: Any) -> np.ndarray:
        """A copy of the gradient as an array, once it is known to fit this tensor."""
        copy = np.array(plain(gradient), self.dtype if isinstance(gradient, (int, float)) else None)
        if copy.shape != self.shape:
            raise ValueError(f"The gradient has the shape {copy.shape}, the tensor {self.shape}: make them equal.")
        if copy.dtype != self.dtype:
            raise TypeError(f"The gradient is {copy.dtype}, the tensor {self.dtype}: convert it with astype.")
        return copy

    def _recorded(self, use: str) -> Node:
        if self.node is None:
            raise RuntimeError(f"This tensor requires no gradient, so there is none {use}.")
        return self.node

    def retain_grad(self) -> None:
        """Keep the gradient of this tensor too in the next `backward`, though it is not a leaf."""
        self._recorded("to retain").keeps_grad = True

    def zero_grad(self) -> None:
        """Forget the gradient."""
        if self.node is not None:
            self.node.grad = None

    def detach(self) -> "Tensor":
        """The same data outside the graph."""
        return Tensor(plain(self))

    def numpy(self) -> np.ndarray:
        """The data: the array itself, not a copy."""
        return plain(self)

    def item(self) -> Any:
        """The one number in this tensor, as a Python number. Raises ValueError where it has not one entry."""
        return self._data.item()

    def __reduce__(self) -> tuple[Any, ...]:
        if self.node and (self.node.level or not self.node.is_leaf):
            raise TypeError("The history of a tensor is not copied or stored: take x.detach(), or the leaves.")
        return Tensor, (self._data, self.requires_grad), None if self.grad is None else (None, {"grad": self.grad})

    def __repr__(self) -> str:
        made = "" if self.node is None else ", requires_grad=True" if self.node.is_leaf else f", {self.node.operation}"
        return repr(plain(self)).replace("array", "Tensor").replace("\n", "\n ")[:-1] + made + ")"

    def __format__(self, specification: str) -> str:
        return format(self.item(), specification) if specification else str(self)

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator["Tensor"]:
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        return bool(plain(self))

    def __float__(self) -> float:
        if self.node is not None:
            raise TypeError("A float would end the gradient here: compute with the tensor, or mean x.item().")
        return float(self.item())

    __hash__ = object.__hash__
    __eq__, __ne__ = comparison(operator.eq), comparison(operator.ne)  # type: ignore[assignment]
    __lt__, __le__ = comparison(operator.lt), comparison(operator.le)
    __gt__, __ge__ = comparison(operator.gt), comparison(operator.ge)

    if TYPE_CHECKING:  # what methods.py adds; by NumPy's annotations, array @ tensor would be an array
        __array__ = __reversed__ = None

        def __getattr__(self, name: str) -> Any: ...

        def _operation(self, *others: Any) -> "Tensor": ...

        __neg__ = __getitem__ = __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _operation
        __truediv__ = __rtruediv__ = __pow__ = __rpow__ = __matmul__ = __rmatmul__ = _operation
    else:

        def __array__(self, dtype=None, copy=None):
            if self.node is not None:
                raise TypeError("NumPy would end the gradient here: use np.stack on tensors, or mean x.numpy().")
            return np.array(self._data, dtype, copy=copy)

        def __array_ufunc__(self, ufunc, method, *inputs, **options):
            if method == "__call__":
                return NUMPY[ufunc](*inputs) if ufunc in NUMPY and not options else _answer(ufunc, inputs, options)
            if method == "reduce" and ufunc in REDUCE:  # its axis is 0, where that of np.sum is None
                axis = inputs[1] if len(inputs) > 1 else 0
                return _answer(REDUCE[ufunc], inputs[:1], {"axis": axis} | options)
            raise _refusal(f"numpy.{ufunc.__name__}.{method}")

        def __array_function__(self, function, types, inputs, options):
            return _answer(function, inputs, options)


def _answer(function: Any, inputs: Any, options: dict[str, Any]) -> Any:
    """For one of NumPy's functions, given tensors: an operation, plain arrays, or an error that says what to do."""
    name = f"{getattr(function, '__module__', None) or 'numpy'}.{getattr(function, '__name__', function)}"
    if options.get("out") is not None:
        raise TypeError(f"{name} with out= would write into an array that keeps no history: use what it returns.")
    if function.__name__ in CONSTANT or (function is np.where and len(inputs) == 1):
        return function(*map(plain, inputs), **{key: plain(value) for key, value in options.items()})
    if function not in NUMPY:
        raise _refusal(name)
    for option in options.keys() - _parameters(NUMPY[function]):
        raise TypeError(f"{name} takes no {option}= where it has a tensor: leave it out, or write it with operations.")
    return NUMPY[function](*inputs, **options)


def _refusal(name: str) -> TypeError:
    return TypeError(
        f"{name} is none of this package's operations: write it with those that are, add it with @operation, or give "
        "it x.numpy(), if it is a constant."
    )


@functools.cache
def _parameters(operation: Callable[..., Any]) -> frozenset[str]:
    return frozenset(inspect.signature(operation).parameters)
