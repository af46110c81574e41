"""The reference on PyTorch's own tensors, for what `torch.compile` is given: its loss."""

import torch
from torch.nn.functional import cross_entropy

from torch_ref.network import Network


def loss_on_tensors(net: Network, x: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The mean cross-entropy of x (m, fan_in) with class numbers (m,)."""
    a1 = net.activation(net.layer1(x))
    a2 = net.activation(net.layer2(a1))
    return cross_entropy(net.layer3(a2), labels)
