"""PyTorch's autocast on the CPU: products in bfloat16, weights and loss in float32."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def trace(
    parameters: Mapping[str, np.ndarray], x: np.ndarray, labels: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Every line of a network of ReLUs under autocast, in float32, and the dtype that each had.

    parameters: W1 (fan_in, fan_out), b1 (fan_out,), ..., float32; x (m, fan_in), float32; labels (m,).
    """
    import torch
    from torch.nn import functional

    weights = {name: torch.tensor(value.T, requires_grad=True) for name, value in parameters.items()}
    depth, tensors = len(weights) // 2, dict[str, torch.Tensor]()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        a = torch.tensor(x)
        for k in range(1, depth + 1):
            a = tensors[f"z{k}"] = functional.linear(a, weights[f"W{k}"], weights[f"b{k}"])
            if k < depth:
                a = tensors[f"a{k}"] = torch.relu(a)
        loss = functional.cross_entropy(a, torch.tensor(labels))
    for tensor in tensors.values():
        tensor.retain_grad()
    loss.backward()
    found = {name: tensor.detach() for name, tensor in tensors.items()} | {"loss": loss.detach()}
    found |= {f"d{name}": _gradient(tensor) for name, tensor in tensors.items()}
    found |= {
        f"d{name}": _gradient(weight).mT if weight.ndim == 2 else _gradient(weight) for name, weight in weights.items()
    }
    arrays = {name: np.array(tensor.float().numpy(), order="C") for name, tensor in found.items()}
    return arrays, {name: str(tensor.dtype).removeprefix("torch.") for name, tensor in found.items()}


def _gradient(tensor: "torch.Tensor") -> "torch.Tensor":
    assert tensor.grad is not None, "backward has just run"
    return tensor.grad
