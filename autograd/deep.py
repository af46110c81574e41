"""The network on the engine for any number of layers: `network.py` with its lines folded into one loop.

The exercises need it (a third hidden layer, narrow layers). Shapes and names are those of `network.py`.
"""

import numpy as np

from autograd.losses import cross_entropy
from autograd.network import ACTIVATIONS, array, parameter
from autograd.optimizers import SGD
from autograd.tape import no_grad
from autograd.tensor import Tensor


class DeepNetwork:
    """As many layers as `parameters` has pairs W1 b1, W2 b2, ...; the arrays are copied.

    `activation`, "relu" or "sigmoid", serves every hidden layer. Raises KeyError for a name that is not there.
    """

    def __init__(self, parameters: dict[str, np.ndarray], activation: str = "relu") -> None:
        self.depth = len(parameters) // 2
        self.W = {k: parameter(parameters[f"W{k}"]) for k in range(1, self.depth + 1)}
        self.b = {k: parameter(parameters[f"b{k}"]) for k in range(1, self.depth + 1)}
        self.activation = ACTIVATIONS[activation]
        self.optimizer = SGD([*self.W.values(), *self.b.values()], learning_rate=0.1)

    def parameters(self) -> dict[str, np.ndarray]:
        """The parameters by name, as copies, layer after layer."""
        layers = range(1, self.depth + 1)
        return {f"{name}{k}": leaf[k].data.copy() for k in layers for name, leaf in (("W", self.W), ("b", self.b))}

    def forward(self, x: np.ndarray) -> tuple[dict[int, Tensor], dict[int, Tensor]]:
        """z and a of each layer, by its number; a0 is x, and the last layer has scores z but no a."""
        z, a = {}, {0: Tensor(x)}
        for k in range(1, self.depth):
            z[k] = a[k - 1] @ self.W[k] + self.b[k]
            a[k] = self.activation(z[k])
        z[self.depth] = a[self.depth - 1] @ self.W[self.depth] + self.b[self.depth]
        return z, a

    def logits(self, x: np.ndarray) -> np.ndarray:
        """Scores (m, 10): the last z, before the softmax."""
        with no_grad():
            z, _ = self.forward(x)
        return z[self.depth].data

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Class numbers (m,): where the score is largest."""
        return self.logits(x).argmax(axis=1)

    def loss(self, x: np.ndarray, labels: np.ndarray) -> float:
        """Mean cross-entropy over the m rows, in nats."""
        with no_grad():
            z, _ = self.forward(x)
            return cross_entropy(z[self.depth], labels).item()

    def gradients(self, x: np.ndarray, labels: np.ndarray) -> tuple[float, dict[str, np.ndarray]]:
        """The loss and its derivative with respect to each parameter, under the parameter's name and in its shape."""
        self.optimizer.zero_grad()
        z, _ = self.forward(x)
        loss = cross_entropy(z[self.depth], labels)
        loss.backward()
        layers = range(1, self.depth + 1)
        return loss.item(), {
            f"{name}{k}": array(leaf[k].grad) for k in layers for name, leaf in (("W", self.W), ("b", self.b))
        }

    def step(self, x: np.ndarray, labels: np.ndarray, learning_rate: float) -> float:
        """One step of stochastic gradient descent; the loss before it."""
        self.optimizer.learning_rate = learning_rate
        self.optimizer.zero_grad()
        z, _ = self.forward(x)
        loss = cross_entropy(z[self.depth], labels)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def trace(self, x: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
        """Every line of the calculation by name, forward and backward."""
        self.optimizer.zero_grad()
        z, a = self.forward(x)
        hidden = range(1, self.depth)
        for line in [*z.values(), *(a[k] for k in hidden)]:
            line.retain_grad()
        loss = cross_entropy(z[self.depth], labels)
        loss.backward()
        lines = {name: line.data for k in hidden for name, line in ((f"z{k}", z[k]), (f"a{k}", a[k]))}
        lines |= {f"z{self.depth}": z[self.depth].data, "loss": loss.data}
        for k in range(self.depth, 0, -1):
            lines[f"dz{k}"] = array(z[k].grad)
            lines[f"dW{k}"] = array(self.W[k].grad)
            lines[f"db{k}"] = array(self.b[k].grad)
            if k > 1:
                lines[f"da{k - 1}"] = array(a[k - 1].grad)
        return lines
