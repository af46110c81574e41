"""Optimizers: what to do with the gradients."""

from collections.abc import Iterable

from autograd.tensor import Tensor


class SGD:
    """Stochastic gradient descent: parameter -= learning_rate * gradient."""

    def __init__(self, parameters: Iterable[Tensor], learning_rate: float) -> None:
        self.parameters = list(parameters)
        self.learning_rate = learning_rate

    def zero_grad(self) -> None:
        """Forget the gradients; without this, the next `backward` adds to them."""
        for parameter in self.parameters:
            parameter.zero_grad()

    def step(self) -> None:
        """Change each parameter that has a gradient, in place."""
        for parameter in self.parameters:
            if parameter.grad is not None:
                parameter.data -= self.learning_rate * parameter.grad
