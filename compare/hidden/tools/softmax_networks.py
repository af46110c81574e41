"""Networks whose softmax is taken once or twice, by hand and in PyTorch: what `softmax_twice` trains."""

import warnings
from typing import TYPE_CHECKING

import numpy as np

from compare.hidden.tools.batches import batches
from compare.shared.settings import Settings
from manual.functions import softmax
from manual.network import Network
from manual.preallocated import PreallocatedNetwork, Workspace

if TYPE_CHECKING:
    from torch import nn

    from compare.shared.training import Digits

Parameters = dict[str, np.ndarray]


class Once(PreallocatedNetwork):
    """The network with its arrays made once, whose step takes half as long as PyTorch's."""

    def accuracy(self, x: np.ndarray, labels: np.ndarray) -> float:
        """The share of these images, x (m, fan_in), whose largest score is that of their label, 0 to 1."""
        return float((Network(self.parameters()).predict(x) == labels).mean())


class Twice(Once):
    """The same, but the loss is given p = softmax(z3) for scores, and takes the softmax of it itself.

    The largest of p is the largest of z3, so `accuracy` is that of either.
    """

    def loss_and_dz3(self, w: Workspace, m: int) -> np.floating:
        """As in `PreallocatedNetwork`: through the loss to p, and through softmax's own Jacobian to z3."""
        p = softmax(w.z3)
        q = np.exp(p)
        total = q.sum(axis=1, keepdims=True)
        dp = q / total
        dp.reshape(-1)[w.chosen] -= 1
        dp /= m
        np.multiply(p, dp - (p * dp).sum(axis=1, keepdims=True), out=w.dz3)
        return np.add.reduce(np.log(total[:, 0]) - p.reshape(-1)[w.chosen])


def model(parameters: Parameters, twice: bool) -> "nn.Sequential":
    """The plain network, from these weights W1 (fan_in, fan_out), b1 ...; with `twice` it ends in a softmax."""
    import torch

    from torch_ref import plain

    net = plain.network()
    net[0] = torch.nn.Linear(*parameters["W1"].shape)  # other sets have other images
    net = net.to(torch.from_numpy(parameters["W1"]).dtype)
    names = {"0.weight": "W1", "0.bias": "b1", "2.weight": "W2", "2.bias": "b2", "4.weight": "W3", "4.bias": "b3"}
    net.load_state_dict({key: torch.tensor(parameters[name].T) for key, name in names.items()})
    return torch.nn.Sequential(*net, torch.nn.Softmax(dim=1)) if twice else net


def beside_pytorch(
    kind: type[Once], start: Parameters, settings: Settings, digits: "Digits", steps: int
) -> tuple[float, list[str]]:
    """The first steps by hand and of `torch_ref/plain.py`, in float64 from these weights: how far their losses differ.

    And what PyTorch has to say: warnings and exceptions, after which there are no more steps.
    """
    import torch

    start = {name: value.astype(np.float64) for name, value in start.items()}
    by_hand, net = kind(start), model(start, twice=kind is Twice)
    criterion = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=settings.learning_rate)
    apart, said = 0.0, []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            for images, labels in batches(settings, digits, steps):
                x = images.astype(np.float64)
                optimizer.zero_grad()
                loss = criterion(net(torch.from_numpy(x)), torch.from_numpy(labels))
                loss.backward()
                optimizer.step()
                apart = max(apart, abs(loss.item() - by_hand.step(x, labels, settings.learning_rate)))
        except Exception as error:  # that there is none is what is claimed
            said.append(str(error))
    return apart, said + [str(w.message) for w in caught]
