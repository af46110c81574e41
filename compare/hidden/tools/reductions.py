"""The gradients of the mean loss and of the summed loss, as each implementation itself forms them."""

import numpy as np

from autograd.network import Network as EngineNetwork
from compare.worlds import AUTOGRAD, MANUAL, TORCH_REF, world
from manual.functions import softmax
from manual.network import Network as ManualNetwork

Parameters = dict[str, np.ndarray]


def by_hand(start: Parameters, x: np.ndarray, labels: np.ndarray, reduction: str) -> Parameters:
    """The backward pass of manual/network.py, with the division by m or without."""
    net = ManualNetwork(start)
    if reduction == "mean":
        return net.gradients(x, labels)[1]
    _, a1, _, a2, z3 = net.forward(x)
    dz3 = softmax(z3) - np.eye(z3.shape[1], dtype=z3.dtype)[labels]
    dz2 = dz3 @ net.W3.T * net.activation_derivative(a2)
    dz1 = dz2 @ net.W2.T * net.activation_derivative(a1)
    return {
        "W1": x.T @ dz1, "b1": dz1.sum(axis=0),
        "W2": a1.T @ dz2, "b2": dz2.sum(axis=0),
        "W3": a2.T @ dz3, "b3": dz3.sum(axis=0),
    }  # fmt: skip


def engine(start: Parameters, x: np.ndarray, labels: np.ndarray, reduction: str) -> Parameters:
    """The engine's, from its own sum and mean over the rows."""
    net = EngineNetwork(start)
    *_, z3 = net.forward(x)
    losses = -z3.log_softmax(axis=1)[np.arange(len(labels)), labels]
    getattr(losses, reduction)().backward()
    return world(AUTOGRAD).gradients_left(net)


def pytorch(start: Parameters, x: np.ndarray, labels: np.ndarray, reduction: str) -> Parameters:
    """PyTorch's, from its own `reduction`."""
    import torch

    from torch_ref.network import Network as TorchNetwork

    net = TorchNetwork(start)
    *_, z3 = net.forward(x)
    torch.nn.functional.cross_entropy(z3, torch.from_numpy(labels), reduction=reduction).backward()
    return world(TORCH_REF).gradients_left(net)


GRADIENTS = {MANUAL: by_hand, AUTOGRAD: engine, TORCH_REF: pytorch}
