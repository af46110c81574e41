"""A large batch taken in slices, the gradients of which add up: what frameworks call gradient accumulation.

It takes no new operation, because `backward` adds to what a leaf has. Only the tape of one slice is alive at a time,
so memory no longer grows with the batch, and what one operation leaves is still in the processor's cache when the next
one fetches it. Up to SLICE rows every bit is that of `network.py`; beyond, the sums over the rows are in another order.
"""

import numpy as np

from autograd import network
from autograd.losses import cross_entropy

SLICE = 1024  # rows


class SlicedNetwork(network.Network):
    """The network of `network.py`, whose gradients and steps take a batch a slice at a time."""

    def gradients(self, x: np.ndarray, labels: np.ndarray) -> tuple[float, dict[str, np.ndarray]]:
        """The loss and its derivative with respect to each parameter, under the parameter's name and in its shape."""
        loss = self.accumulate(x, labels)
        leaves = {"W1": self.W1, "b1": self.b1, "W2": self.W2, "b2": self.b2, "W3": self.W3, "b3": self.b3}
        return loss, {name: network.array(leaf.grad) for name, leaf in leaves.items()}

    def step(self, x: np.ndarray, labels: np.ndarray, learning_rate: float) -> float:
        """One step of stochastic gradient descent; the loss before it."""
        loss = self.accumulate(x, labels)
        self.optimizer.learning_rate = learning_rate
        self.optimizer.step()
        return loss

    def accumulate(self, x: np.ndarray, labels: np.ndarray) -> float:
        """Leave in each `grad` the derivative of the mean loss over all rows; the loss."""
        self.optimizer.zero_grad()
        mean_loss = 0.0
        for start in range(0, len(x), SLICE):
            rows = slice(start, start + SLICE)
            *_, z3 = self.forward(x[rows])
            loss = cross_entropy(z3, labels[rows])
            share = len(z3.data) / len(x)  # the derivative of the whole mean with respect to the slice's
            loss.backward(share)
            mean_loss += share * loss.item()
        return mean_loss
