"""The network of the chapter, by hand: 784 -> 128 -> 64 -> 10, every line of its backward pass written out.

Read it beside `autograd/network.py` and `torch_ref/network.py`: the same methods in the same order. What they lack
is what an engine, or a framework, takes over: here it is `backward`, the arrays that `forward` must keep for it,
and the six updates in `step`.

Shapes: x is (m, fan_in), one image a row, in the dtype of the parameters; labels are class numbers, (m,). W is
(fan_in, fan_out), b is (fan_out,), z and a are (m, fan_out). dW3 is short for the derivative of the mean loss with
respect to W3, and so for every name that begins with a d. (The chapter divides by m in each dW and db; dividing once,
in dz3, gives the same six gradients and makes the lines in between derivatives of the mean loss too.)
"""

import numpy as np

from manual.functions import ACTIVATIONS, cross_entropy, softmax


class Network:
    """Three layers, from a dict of float32 or float64 arrays W1 b1 W2 b2 W3 b3, which are copied.

    `activation`, "relu" or "sigmoid", serves both hidden layers. Raises KeyError for a name that is not there.
    """

    def __init__(self, parameters: dict[str, np.ndarray], activation: str = "relu") -> None:
        self.W1, self.b1 = parameters["W1"].copy(), parameters["b1"].copy()
        self.W2, self.b2 = parameters["W2"].copy(), parameters["b2"].copy()
        self.W3, self.b3 = parameters["W3"].copy(), parameters["b3"].copy()
        self.activation, self.activation_derivative = ACTIVATIONS[activation]

    def parameters(self) -> dict[str, np.ndarray]:
        """The six parameters by name, as copies."""
        return {
            "W1": self.W1.copy(), "b1": self.b1.copy(),
            "W2": self.W2.copy(), "b2": self.b2.copy(),
            "W3": self.W3.copy(), "b3": self.b3.copy(),
        }  # fmt: skip

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        """z1, a1, z2, a2 and the scores z3: all of them, because the backward pass will ask for them."""
        z1 = x @ self.W1 + self.b1
        a1 = self.activation(z1)
        z2 = a1 @ self.W2 + self.b2
        a2 = self.activation(z2)
        z3 = a2 @ self.W3 + self.b3
        return z1, a1, z2, a2, z3

    def backward(
        self, x: np.ndarray, a1: np.ndarray, a2: np.ndarray, z3: np.ndarray, labels: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        """The chain rule, from the loss down: dz3, dW3, db3, da2, dz2, dW2, db2, da1, dz1, dW1, db1."""
        m = len(labels)
        a3 = softmax(z3)
        y = np.eye(a3.shape[1], dtype=a3.dtype)[labels]  # one-hot: row i is 1 at column labels[i], else 0

        dz3 = (a3 - y) / m  # softmax and cross-entropy together; m because the loss is a mean over m rows
        dW3 = a2.T @ dz3
        db3 = dz3.sum(axis=0)  # b3 was added to every row, so its gradient sums over them

        da2 = dz3 @ self.W3.T
        dz2 = da2 * self.activation_derivative(a2)  # in terms of the output a2: see functions.py
        dW2 = a1.T @ dz2
        db2 = dz2.sum(axis=0)

        da1 = dz2 @ self.W2.T
        dz1 = da1 * self.activation_derivative(a1)
        dW1 = x.T @ dz1
        db1 = dz1.sum(axis=0)
        return dz3, dW3, db3, da2, dz2, dW2, db2, da1, dz1, dW1, db1

    def logits(self, x: np.ndarray) -> np.ndarray:
        """Scores (m, 10): z3, before the softmax."""
        *_, z3 = self.forward(x)
        return z3

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Class numbers (m,): where the score is largest."""
        return self.logits(x).argmax(axis=1)

    def loss(self, x: np.ndarray, labels: np.ndarray) -> float:
        """Mean cross-entropy over the m rows, in nats."""
        return float(cross_entropy(self.logits(x), labels))

    def gradients(self, x: np.ndarray, labels: np.ndarray) -> tuple[float, dict[str, np.ndarray]]:
        """The loss and its derivative with respect to each parameter, under the parameter's name and in its shape."""
        _, a1, _, a2, z3 = self.forward(x)
        _, dW3, db3, _, _, dW2, db2, _, _, dW1, db1 = self.backward(x, a1, a2, z3, labels)
        loss = cross_entropy(z3, labels)
        return float(loss), {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2, "W3": dW3, "b3": db3}

    def step(self, x: np.ndarray, labels: np.ndarray, learning_rate: float) -> float:
        """One step of stochastic gradient descent; the loss before it."""
        loss, d = self.gradients(x, labels)
        self.W1 -= learning_rate * d["W1"]
        self.b1 -= learning_rate * d["b1"]
        self.W2 -= learning_rate * d["W2"]
        self.b2 -= learning_rate * d["b2"]
        self.W3 -= learning_rate * d["W3"]
        self.b3 -= learning_rate * d["b3"]
        return loss

    def trace(self, x: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
        """Every line of the calculation by name, forward and backward."""
        z1, a1, z2, a2, z3 = self.forward(x)
        dz3, dW3, db3, da2, dz2, dW2, db2, da1, dz1, dW1, db1 = self.backward(x, a1, a2, z3, labels)
        loss = np.asarray(cross_entropy(z3, labels))
        return {
            "z1": z1, "a1": a1, "z2": z2, "a2": a2, "z3": z3, "loss": loss,
            "dz3": dz3, "dW3": dW3, "db3": db3,
            "da2": da2, "dz2": dz2, "dW2": dW2, "db2": db2,
            "da1": da1, "dz1": dz1, "dW1": dW1, "db1": db1,
        }  # fmt: skip
