"""The mistakes of `first-day`, each a training of `nn.Sequential` in which it is made."""

import functools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import nn
    from torch.optim import SGD

    Data = Iterable[tuple["torch.Tensor", "torch.Tensor"]]
    Step = Callable[["nn.Sequential", SGD, torch.Tensor, torch.Tensor], None]
    Training = Callable[["nn.Sequential", Data, float], "nn.Sequential"]


def over_the_data(step: "Step") -> "Training":
    """The training that takes that step for each batch, with an optimizer of the model's parameters."""

    @functools.wraps(step)
    def training(model: "nn.Sequential", data: "Data", rate: float) -> "nn.Sequential":
        import torch

        optimizer = torch.optim.SGD(model.parameters(), lr=rate)
        for x, labels in data:
            step(model, optimizer, x, labels)
        return model

    return training


def _loss(scores: "torch.Tensor", labels: "torch.Tensor") -> "torch.Tensor":
    import torch

    return torch.nn.functional.cross_entropy(scores, labels)


@over_the_data
def right(model: "nn.Sequential", optimizer: "SGD", x: "torch.Tensor", labels: "torch.Tensor") -> None:
    """The training of `torch_ref/plain.py`."""
    optimizer.zero_grad()
    _loss(model(x), labels).backward()
    optimizer.step()


@over_the_data
def zeroed_late(model: "nn.Sequential", optimizer: "SGD", x: "torch.Tensor", labels: "torch.Tensor") -> None:
    """`zero_grad` between `backward` and `step`."""
    _loss(model(x), labels).backward()
    optimizer.zero_grad()
    optimizer.step()


@over_the_data
def stepped_early(model: "nn.Sequential", optimizer: "SGD", x: "torch.Tensor", labels: "torch.Tensor") -> None:
    """`step` before `backward`."""
    optimizer.zero_grad()
    loss = _loss(model(x), labels)
    optimizer.step()
    loss.backward()


@over_the_data
def hidden_detached(model: "nn.Sequential", optimizer: "SGD", x: "torch.Tensor", labels: "torch.Tensor") -> None:
    """`.detach()` (or `.data`) on the first hidden layer: below it nothing learns."""
    optimizer.zero_grad()
    a1 = model[:2](x).detach()
    _loss(model[2:](a1), labels).backward()
    optimizer.step()


@over_the_data
def scores_detached(model: "nn.Sequential", optimizer: "SGD", x: "torch.Tensor", labels: "torch.Tensor") -> None:
    """`.detach()` on the scores: nothing is left to differentiate."""
    optimizer.zero_grad()
    _loss(model(x).detach(), labels).backward()
    optimizer.step()


def replaced(model: "nn.Sequential", data: "Data", rate: float) -> "nn.Sequential":
    """The optimizer made first, then a model with other weights."""
    import copy

    import torch

    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    model = copy.deepcopy(model)
    for x, labels in data:
        optimizer.zero_grad()
        _loss(model(x), labels).backward()
        optimizer.step()
    return model


def _with(change: "Callable[[torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]") -> "Training":
    """The right training, on changed data."""
    return lambda model, data, rate: right(model, (change(x, labels) for x, labels in data), rate)


def _one_hot(labels: "torch.Tensor") -> "torch.Tensor":
    import torch

    return torch.nn.functional.one_hot(labels, 10)


#: What is wrong, in words, and a training with it. The first one is right.
TRAININGS: "dict[str, Training]" = {
    "no mistake": right,
    "zero_grad between backward and step": zeroed_late,
    "step before backward": stepped_early,
    "optimizer made before the weights were replaced": replaced,
    "a1.detach(), or a1.data": hidden_detached,
    "scores.detach(), or scores.data": scores_detached,
    "labels as floats: 3.0": _with(lambda x, labels: (x, labels.float())),
    "labels one-hot, floats": _with(lambda x, labels: (x, _one_hot(labels).to(x.dtype))),
    "labels one-hot, integers": _with(lambda x, labels: (x, _one_hot(labels))),
    "images in float64, weights in float32": _with(lambda x, labels: (x.double(), labels)),
}
REFUSED = (
    "scores.detach(), or scores.data",
    "labels as floats: 3.0",
    "labels one-hot, integers",
    "images in float64, weights in float32",
)
LEARN_NOTHING = (
    "zero_grad between backward and step",
    "step before backward",
    "optimizer made before the weights were replaced",
)
LESS, FINE = "a1.detach(), or a1.data", "labels one-hot, floats"
