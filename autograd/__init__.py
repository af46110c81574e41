"""A tiny reverse-mode automatic differentiation engine on NumPy arrays. `README.md` says how to read it."""
# ruff: noqa: F403 (whatever is public in the files of operations is an operation, see methods.py)

from autograd.differentiate import grad, hessian_vector_product, jacobian, jvp, value_and_grad, vjp
from autograd.elementwise import *
from autograd.graph import graph, graphviz
from autograd.losses import *
from autograd.methods import OPERATIONS
from autograd.network import Network
from autograd.operation import operation
from autograd.optimizers import SGD, Adam
from autograd.products import *
from autograd.reductions import *
from autograd.shaping import *
from autograd.tape import no_grad, unbroadcast
from autograd.tensor import Tensor

__all__ = [
    "SGD", "Adam", "Network", "Tensor", "grad", "graph", "graphviz", "hessian_vector_product", "jacobian", "jvp",
    "no_grad", "operation", "unbroadcast", "value_and_grad", "vjp", *OPERATIONS,
]  # fmt: skip


def __dir__() -> list[str]:
    return sorted(__all__)
