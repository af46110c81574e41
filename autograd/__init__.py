"""A tiny reverse-mode automatic differentiation engine on NumPy arrays. `README.md` says how to read it."""
# ruff: noqa: A004, I001 (sum, max, min and abs are named as in NumPy; Tensor comes first, as operations need it)
# fmt: off

from autograd.tensor import Tensor
from autograd.elementwise import (
    abs, add, clip, cos, divide, exp, log, log1p, maximum, minimum, multiply, negative, power, relu, sigmoid, sin,
    softplus, sqrt, subtract, tanh, where,
)
from autograd.graph import graph, graphviz
from autograd.losses import cross_entropy, mse_loss, nll_loss
from autograd.network import Network
from autograd.operation import operation, unbroadcast
from autograd.optimizers import SGD, Adam
from autograd.products import einsum, matmul
from autograd.reductions import (
    cumsum, log_softmax, logsumexp, max, mean, min, prod, softmax, std, sum, var,
)
from autograd.shaping import (
    broadcast_to, concatenate, expand_dims, flatten, flip, getitem, pad, reshape, squeeze, stack, swapaxes, transpose,
)
from autograd.tape import no_grad

__all__ = [
    "SGD", "Adam", "Network", "Tensor", "abs", "add", "broadcast_to", "clip", "concatenate", "cos", "cross_entropy",
    "cumsum", "divide", "einsum", "exp", "expand_dims", "flatten", "flip", "getitem", "graph", "graphviz", "log",
    "log1p", "log_softmax", "logsumexp", "matmul", "max", "maximum", "mean", "min", "minimum", "mse_loss", "multiply",
    "negative", "nll_loss", "no_grad", "operation", "pad", "power", "prod", "relu", "reshape", "sigmoid", "sin",
    "softmax", "softplus", "sqrt", "squeeze", "stack", "std", "subtract", "sum", "swapaxes", "tanh", "transpose",
    "unbroadcast", "var", "where",
]
