"""`Tensor`: an array and, where a gradient is wanted, the node that says how the array was made."""

import operator
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import elementwise, products, reductions, shaping
from autograd.operation import plain
from autograd.tape import Node, backward


def operators(operation: Callable[..., "Tensor"]) -> tuple[Callable[..., "Tensor"], ...]:
    """The three methods behind an operator: for `x + y`, for `y + x` where y is no tensor, and for `x += y`.

    The third is the first again, except on a leaf: x would come to stand for an inner tensor, and the leaf be lost.
    """

    def in_place(self: "Tensor", other: Any) -> "Tensor":
        if self.node is not None and self.node.is_leaf:
            raise RuntimeError("A leaf that requires a gradient is updated through its array: write x.data += ...")
        return operation(self, other)

    return operation, lambda self, other: operation(other, self), in_place


def comparison(compare: Callable[[Any, Any], Any]) -> Callable[["Tensor", Any], np.ndarray]:
    """Entry by entry, as a plain array of truth values: a step has no gradient worth recording."""
    return lambda self, other: compare(self.data, plain(other))


class Tensor:
    """An array that can be differentiated.

    `data` is a NumPy array (what is not one becomes one; an array is held, not copied). With `requires_grad=True` the
    tensor is a leaf: `backward` on anything computed from it adds to its `grad`, a plain array of its shape and dtype.
    Raises TypeError where an array of integers is to have a gradient.

    The graph holds the arrays themselves, not copies. Writing into `x.data` before `backward` has run therefore
    changes what the VJPs see, and the gradient is wrong without a word, as it is with PyTorch's `.data`. Do it between
    one backward and the next forward, as optimizers do. Giving `x.data` another array leaves a live graph as it was.
    """

    __slots__ = ("data", "node", "__weakref__")
    __array_ufunc__ = None  # so that `array * tensor` asks the tensor, and does not make an array of objects

    def __init__(self, data: Any, requires_grad: bool = False) -> None:
        self.data: np.ndarray = data.data if isinstance(data, Tensor) else np.asarray(data)
        self.node: Node | None = None
        if requires_grad:
            if self.data.dtype.kind != "f":
                raise TypeError(f"Only floats can require a gradient, not {self.data.dtype}: use data.astype(float).")
            self.node = Node("leaf", (), (), self.data)

    @property
    def requires_grad(self) -> bool:
        """Whether a gradient can flow to this tensor."""
        return self.node is not None

    @property
    def grad(self) -> np.ndarray | None:
        """The gradient that `backward` has added up here, or None. It may be changed, to clip it: x.grad *= 0.1."""
        return self.node.grad if self.node else None

    @grad.setter
    def grad(self, gradient: Any) -> None:
        if self.node is None:
            raise RuntimeError("This tensor requires no gradient, so it cannot be given one.")
        self.node.grad = None if gradient is None else self._gradient(gradient)

    def _gradient(self, gradient: Any) -> np.ndarray:
        """A copy of the gradient as an array, once it is known to fit this tensor."""
        copy = np.array(plain(gradient), self.dtype if isinstance(gradient, (int, float)) else None)
        if copy.shape != self.shape:
            raise ValueError(f"The gradient has the shape {copy.shape}, the tensor {self.shape}: make them equal.")
        if copy.dtype != self.dtype:
            raise TypeError(f"The gradient is {copy.dtype}, the tensor {self.dtype}: convert it with astype.")
        return copy

    shape = property(lambda self: self.data.shape, doc="The length of each axis, a tuple.")
    ndim = property(lambda self: self.data.ndim, doc="The number of axes.")
    size = property(lambda self: self.data.size, doc="The number of entries.")
    dtype = property(lambda self: self.data.dtype, doc="NumPy's type of the entries.")
    T = property(shaping.transpose, doc="The tensor with its axes reversed.")

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
        if gradient is None:
            if self.size != 1:
                raise RuntimeError(f"The shape is {self.shape}: make it one number with sum(), or pass a gradient.")
            gradient = np.ones_like(self.data)
        backward(self.node, self._gradient(gradient), retain_graph)

    def retain_grad(self) -> None:
        """Keep the gradient of this tensor too in the next `backward`, though it is not a leaf."""
        if self.node is None:
            raise RuntimeError("This tensor requires no gradient, so there is none to retain.")
        self.node.keeps_grad = True

    def zero_grad(self) -> None:
        """Forget the gradient."""
        if self.node is not None:
            self.node.grad = None

    def detach(self) -> "Tensor":
        """The same data outside the graph."""
        return Tensor(self.data)

    def numpy(self) -> np.ndarray:
        """The data: the array itself, not a copy."""
        return self.data

    def item(self) -> Any:
        """The one number in this tensor, as a Python number. Raises ValueError where it has not one entry."""
        return self.data.item()

    def argmax(self, axis: Any = None, keepdims: bool = False) -> Any:
        """Where the largest entry is (the first of them), as plain integers."""
        return self.data.argmax(axis, keepdims=keepdims)

    if not TYPE_CHECKING:  # by NumPy's annotations, array @ tensor would be an array

        def __array__(self, dtype=None, copy=None):
            if self.node is not None:
                raise TypeError("NumPy would end the gradient here: use this package's operation, or mean x.numpy().")
            return np.array(self.data, dtype, copy=copy)

    def __repr__(self) -> str:
        made = "" if self.node is None else ", requires_grad=True" if self.node.is_leaf else f", {self.node.operation}"
        return repr(self.data).replace("array", "Tensor").replace("\n", "\n ")[:-1] + made + ")"

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator["Tensor"]:
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        return bool(self.data)

    def __float__(self) -> float:
        return float(self.item())

    __hash__ = object.__hash__
    __eq__, __ne__ = comparison(operator.eq), comparison(operator.ne)  # type: ignore[assignment]
    __lt__, __le__ = comparison(operator.lt), comparison(operator.le)
    __gt__, __ge__ = comparison(operator.gt), comparison(operator.ge)

    __neg__, __abs__, __getitem__ = elementwise.negative, elementwise.abs, shaping.getitem
    __add__, __radd__, __iadd__ = operators(elementwise.add)
    __sub__, __rsub__, __isub__ = operators(elementwise.subtract)
    __mul__, __rmul__, __imul__ = operators(elementwise.multiply)
    __truediv__, __rtruediv__, __itruediv__ = operators(elementwise.divide)
    __pow__, __rpow__, __ipow__ = operators(elementwise.power)
    __matmul__, __rmatmul__, __imatmul__ = operators(products.matmul)

    abs, exp, log, log1p = elementwise.abs, elementwise.exp, elementwise.log, elementwise.log1p
    sqrt, sin, cos, tanh = elementwise.sqrt, elementwise.sin, elementwise.cos, elementwise.tanh
    sigmoid, relu, softplus, clip = elementwise.sigmoid, elementwise.relu, elementwise.softplus, elementwise.clip
    sum, mean, max, min = reductions.sum, reductions.mean, reductions.max, reductions.min
    prod, var, std, cumsum = reductions.prod, reductions.var, reductions.std, reductions.cumsum
    logsumexp, softmax, log_softmax = reductions.logsumexp, reductions.softmax, reductions.log_softmax
    reshape, flatten, transpose, swapaxes = shaping.reshape, shaping.flatten, shaping.transpose, shaping.swapaxes
    expand_dims, squeeze, broadcast_to = shaping.expand_dims, shaping.squeeze, shaping.broadcast_to
    flip, pad = shaping.flip, shaping.pad
