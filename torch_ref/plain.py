"""The network of the next chapter, as everybody writes it in PyTorch: float32, PyTorch's own initial weights.

Nothing here is for the comparison's sake; `network.py` is this network with names, NumPy arrays and given weights.
"""

from collections.abc import Iterable

import torch
from torch import nn


def network() -> nn.Sequential:
    """784 -> 128 -> 64 -> 10: images (m, 784) in float32 to scores (m, 10). No softmax: it is part of the loss."""
    return nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))


def train(
    model: nn.Module, batches: Iterable[tuple[torch.Tensor, torch.Tensor]], epochs: int = 10, learning_rate: float = 0.1
) -> None:
    """Stochastic gradient descent on the mean cross-entropy; batches: a DataLoader of images and class numbers."""
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    for _ in range(epochs):
        for images, labels in batches:
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()


def accuracy(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    """The share of the images, 0 to 1, that are classified correctly."""
    with torch.no_grad():
        return (model(images).argmax(dim=1) == labels).float().mean().item()
