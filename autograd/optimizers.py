"""Optimizers: what to do with the gradients. Equal to those of `torch.optim`, step by step."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from autograd.tensor import Tensor


class Optimizer:
    """What optimizers share: parameters, a learning rate that may be changed between steps, and weight decay.

    Weight decay adds weight_decay * parameter to the gradient, that of weight_decay / 2 * (sum of the squares). Raises
    ValueError where a parameter is not a leaf that requires a gradient, or there is none.
    """

    def __init__(self, parameters: Iterable[Tensor], learning_rate: float, weight_decay: float) -> None:
        self.parameters = list(parameters)
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        leaves = [p for p in self.parameters if isinstance(p, Tensor) and p.node is not None and p.node.is_leaf]
        if not leaves or len(leaves) < len(self.parameters):
            raise ValueError(
                "An optimizer needs a list of leaves, each of them Tensor(array, requires_grad=True): of a dict, pass "
                "list(parameters.values())."
            )
        if len(set(leaves)) < len(leaves):
            raise ValueError("An optimizer would step twice along a gradient given twice: list each parameter once.")

    def zero_grad(self) -> None:
        """Forget the gradients; without this, the next `backward` adds to them."""
        for parameter in self.parameters:
            parameter.zero_grad()

    def gradients(self) -> Iterator[tuple[int, Tensor, np.ndarray]]:
        """The number, tensor and gradient, weight decay included, of each parameter that a gradient has reached."""
        for k, parameter in enumerate(self.parameters):
            gradient = parameter.grad
            if gradient is not None:
                yield k, parameter, gradient + self.weight_decay * parameter.data if self.weight_decay else gradient


class SGD(Optimizer):
    """Stochastic gradient descent; with momentum, along velocity = momentum * velocity + gradient, as in PyTorch."""

    def __init__(
        self, parameters: Iterable[Tensor], learning_rate: float, momentum: float = 0.0, weight_decay: float = 0.0
    ) -> None:
        super().__init__(parameters, learning_rate, weight_decay)
        self.momentum = momentum
        self.velocity: list[Any] = [0.0] * len(self.parameters)

    def step(self) -> None:
        """Change each parameter that has a gradient, in place."""
        for k, parameter, gradient in self.gradients():
            if self.momentum:
                self.velocity[k] = gradient = self.momentum * self.velocity[k] + gradient
            data = parameter.data
            data -= self.learning_rate * gradient


class Adam(Optimizer):
    """The mean gradient over the root of the mean square gradient (Kingma and Ba 2015, algorithm 1).

    Both are running means that forget at the rates `betas`. They start from 0 and so are too small at first, by the
    factor 1 - beta ** t after t steps.
    """

    def __init__(
        self, parameters: Iterable[Tensor], learning_rate: float = 0.001, betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8, weight_decay: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(parameters, learning_rate, weight_decay)
        self.betas, self.epsilon = betas, epsilon
        self.state: list[Any] = [(0, 0.0, 0.0)] * len(self.parameters)

    def step(self) -> None:
        """Change each parameter that has a gradient, in place."""
        beta1, beta2 = self.betas
        for k, parameter, gradient in self.gradients():
            t, mean, square = self.state[k]
            t, mean = t + 1, beta1 * mean + (1 - beta1) * gradient
            square = beta2 * square + (1 - beta2) * gradient * gradient
            self.state[k] = t, mean, square
            root = np.sqrt(square / (1 - beta2**t))
            parameter.data -= self.learning_rate * (mean / (1 - beta1**t)) / (root + self.epsilon)
