"""The reference on PyTorch's own tensors, for what `torch.compile` is given: its loss, and the gradients left by it."""

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from torch_ref.network import Network, array


def loss_on_tensors(net: Network, x: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The mean cross-entropy of x (m, fan_in) with class numbers (m,)."""
    a1 = net.activation(net.layer1(x))
    a2 = net.activation(net.layer2(a1))
    return cross_entropy(net.layer3(a2), labels)


def gradients_left(net: Network) -> dict[str, np.ndarray]:
    """What lies in `grad` now, by the parameter's name and in its shape."""
    layers = {"1": net.layer1, "2": net.layer2, "3": net.layer3}
    return {f"W{k}": array(layer.weight.grad).T for k, layer in layers.items()} | {
        f"b{k}": array(layer.bias.grad) for k, layer in layers.items()
    }
