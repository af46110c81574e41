"""`Tensor`: an array and, where a gradient is wanted, the node that says how the array was made."""

from typing import Any

import numpy as np

from autograd.tape import Node, backward


class Tensor:
    """An array that can be differentiated.

    `data` is a NumPy array (what is not one becomes one; an array is held, not copied). With `requires_grad=True` the
    tensor is a leaf: `backward` on anything computed from it adds to its `grad`, a plain array of its shape and dtype.
    Raises TypeError where an array of integers is to have a gradient.
    """

    __slots__ = ("data", "node", "__weakref__")
    __array_ufunc__ = None  # so that `array * tensor` asks the tensor, and does not make an array of objects

    def __init__(self, data: Any, requires_grad: bool = False) -> None:
        self.data: np.ndarray = data.data if isinstance(data, Tensor) else np.asarray(data)
        self.node: Node | None = None
        if requires_grad:
            if not np.issubdtype(self.data.dtype, np.floating):
                raise TypeError(
                    f"Only tensors of floating-point numbers can require a gradient, and this one holds "
                    f"{self.data.dtype}. Convert it first: Tensor(data.astype(float), requires_grad=True)."
                )
            self.node = Node("leaf", (), (), self.data)

    @property
    def requires_grad(self) -> bool:
        """Whether a gradient can flow to this tensor."""
        return self.node is not None

    @property
    def grad(self) -> np.ndarray | None:
        """The gradient that `backward` has added up here, or None."""
        return self.node.grad if self.node else None

    def backward(self, gradient: Any = None, retain_graph: bool = False) -> None:
        """Add the gradient of this tensor by each leaf it was computed from to that leaf's `grad`.

        gradient: the derivative of some final scalar by this tensor, in its shape and dtype; 1 for a scalar.
        retain_graph: keep the graph for another run; else it is freed on the way.
        Raises RuntimeError where nothing requires a gradient, the graph was freed before, or a tensor that is not
        a scalar is given no gradient; ValueError for a gradient of another shape, TypeError for one of another dtype.
        """
        if self.node is None:
            raise RuntimeError("This tensor depends on nothing that requires a gradient, so there is none to compute.")
        if gradient is None:
            if self.data.size != 1:
                raise RuntimeError(
                    f"backward() without a gradient starts from a single number, and this tensor has the shape "
                    f"{self.data.shape}. Reduce it first, with sum() or mean(), or pass the gradient of its shape."
                )
            gradient = np.ones_like(self.data)
        else:
            gradient = np.array(gradient.data if isinstance(gradient, Tensor) else gradient)
            if gradient.shape != self.data.shape:
                raise ValueError(f"The gradient has the shape {gradient.shape}, the tensor {self.data.shape}.")
            if gradient.dtype != self.data.dtype:
                raise TypeError(f"The gradient is {gradient.dtype}, the tensor {self.data.dtype}.")
        backward(self.node, gradient, retain_graph)

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

    def item(self) -> float:
        """The one number in this tensor, as a Python number."""
        return self.data.item()

    def __add__(self, other: Any) -> "Tensor":
        return elementwise.add(self, other)

    def __radd__(self, other: Any) -> "Tensor":
        return elementwise.add(other, self)

    def __matmul__(self, other: Any) -> "Tensor":
        return products.matmul(self, other)

    def __rmatmul__(self, other: Any) -> "Tensor":
        return products.matmul(other, self)


# Last, because the operations need Tensor and its operators need the operations.
from autograd import elementwise, products  # noqa: E402
