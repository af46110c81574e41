"""A tiny reverse-mode automatic differentiation engine on NumPy arrays."""

from autograd.tensor import Tensor  # first: the operations are made from it

# isort: split
from autograd.elementwise import add, relu, sigmoid
from autograd.losses import cross_entropy
from autograd.network import Network
from autograd.optimizers import SGD
from autograd.products import matmul
from autograd.tape import no_grad

__all__ = ["SGD", "Network", "Tensor", "add", "cross_entropy", "matmul", "no_grad", "relu", "sigmoid"]
