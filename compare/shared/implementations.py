"""The three implementations behind one contract."""

import importlib
from typing import Protocol

import numpy as np

from compare.shared.errors import BadInput
from compare.shared.ours import NAMES, check_is_ours

__all__ = ["NAMES", "PAIRS", "TITLES", "Network", "build"]

PAIRS = (("manual", "autograd"), ("manual", "torch_ref"), ("autograd", "torch_ref"))

#: What a person calls them.
TITLES = {"manual": "by hand", "autograd": "engine", "torch_ref": "PyTorch"}


class Network(Protocol):
    """What all three offer. x (m, fan_in) in the dtype of the parameters; labels (m,), class numbers as int64."""

    def parameters(self) -> dict[str, np.ndarray]: ...  # noqa: D102
    def logits(self, x: np.ndarray) -> np.ndarray: ...  # noqa: D102
    def predict(self, x: np.ndarray) -> np.ndarray: ...  # noqa: D102
    def loss(self, x: np.ndarray, labels: np.ndarray) -> float: ...  # noqa: D102
    def gradients(self, x: np.ndarray, labels: np.ndarray) -> tuple[float, dict[str, np.ndarray]]: ...  # noqa: D102
    def step(self, x: np.ndarray, labels: np.ndarray, learning_rate: float) -> float: ...  # noqa: D102
    def trace(self, x: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]: ...  # noqa: D102


def build(name: str, parameters: dict[str, np.ndarray], activation: str = "relu") -> Network:
    """The network of that implementation: `network.py`'s for three layers, `deep.py`'s for any other number.

    name: one of NAMES. Raises BadInput where a parameter is not finite, or where Python finds another package of
    that name first.
    """
    for parameter, value in parameters.items():
        if not np.isfinite(value).all():
            raise BadInput(
                f"The parameter {parameter} holds a value that is not finite, so nothing can be computed. Where a "
                f"training made it so, try a smaller --learning-rate or --init-scale."
            )
    check_is_ours(name)
    network: Network
    if len(parameters) == 6:
        network = importlib.import_module(f"{name}.network").Network(parameters, activation)
    else:
        network = importlib.import_module(f"{name}.deep").DeepNetwork(parameters, activation)
    return network
