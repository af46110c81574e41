"""The network by hand for any number of layers: `network.py` with its lines folded into two loops.

The exercises need it (a third hidden layer, narrow layers). Shapes and names are those of `network.py`.
"""

import numpy as np

from manual.functions import ACTIVATIONS, cross_entropy, softmax


class DeepNetwork:
    """As many layers as `parameters` has pairs W1 b1, W2 b2, ...; the arrays are copied.

    `activation`, "relu" or "sigmoid", serves every hidden layer. Raises KeyError for a name that is not there.
    """

    def __init__(self, parameters: dict[str, np.ndarray], activation: str = "relu") -> None:
        self.depth = len(parameters) // 2
        self.W = {k: parameters[f"W{k}"].copy() for k in range(1, self.depth + 1)}
        self.b = {k: parameters[f"b{k}"].copy() for k in range(1, self.depth + 1)}
        self.activation, self.activation_derivative = ACTIVATIONS[activation]

    def parameters(self) -> dict[str, np.ndarray]:
        """The parameters by name, as copies, layer after layer."""
        layers = range(1, self.depth + 1)
        return {f"{name}{k}": array[k].copy() for k in layers for name, array in (("W", self.W), ("b", self.b))}

    def forward(self, x: np.ndarray) -> tuple[dict[int, np.ndarray], dict[int, np.ndarray]]:
        """z and a of each layer, by its number; a0 is x, and the last layer has scores z but no a."""
        z, a = {}, {0: x}
        for k in range(1, self.depth):
            z[k] = a[k - 1] @ self.W[k] + self.b[k]
            a[k] = self.activation(z[k])
        z[self.depth] = a[self.depth - 1] @ self.W[self.depth] + self.b[self.depth]
        return z, a

    def backward(self, a: dict[int, np.ndarray], scores: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
        """The chain rule, from the loss down: dz, dW and db of each layer and da of each hidden one, by name."""
        m = len(labels)
        y = np.eye(scores.shape[1], dtype=scores.dtype)[labels]
        lines = {}
        dz = (softmax(scores) - y) / m
        for k in range(self.depth, 0, -1):
            lines[f"dz{k}"] = dz
            lines[f"dW{k}"] = a[k - 1].T @ dz
            lines[f"db{k}"] = dz.sum(axis=0)
            if k > 1:
                da = dz @ self.W[k].T
                dz = da * self.activation_derivative(a[k - 1])
                lines[f"da{k - 1}"] = da
        return lines

    def logits(self, x: np.ndarray) -> np.ndarray:
        """Scores (m, 10): the last z, before the softmax."""
        z, _ = self.forward(x)
        return z[self.depth]

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Class numbers (m,): where the score is largest."""
        return self.logits(x).argmax(axis=1)

    def loss(self, x: np.ndarray, labels: np.ndarray) -> float:
        """Mean cross-entropy over the m rows, in nats."""
        return float(cross_entropy(self.logits(x), labels))

    def gradients(self, x: np.ndarray, labels: np.ndarray) -> tuple[float, dict[str, np.ndarray]]:
        """The loss and its derivative with respect to each parameter, under the parameter's name and in its shape."""
        z, a = self.forward(x)
        d = self.backward(a, z[self.depth], labels)
        loss = cross_entropy(z[self.depth], labels)
        return float(loss), {f"{name}{k}": d[f"d{name}{k}"] for k in range(1, self.depth + 1) for name in "Wb"}

    def step(self, x: np.ndarray, labels: np.ndarray, learning_rate: float) -> float:
        """One step of stochastic gradient descent; the loss before it."""
        loss, d = self.gradients(x, labels)
        for k in range(1, self.depth + 1):
            self.W[k] -= learning_rate * d[f"W{k}"]
            self.b[k] -= learning_rate * d[f"b{k}"]
        return loss

    def trace(self, x: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
        """Every line of the calculation by name, forward and backward."""
        z, a = self.forward(x)
        hidden = {name: array for k in range(1, self.depth) for name, array in ((f"z{k}", z[k]), (f"a{k}", a[k]))}
        scores = z[self.depth]
        loss = np.asarray(cross_entropy(scores, labels))
        return {**hidden, f"z{self.depth}": scores, "loss": loss, **self.backward(a, scores, labels)}
