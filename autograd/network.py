"""The network of the chapter on the engine of this folder: 784 -> 128 -> 64 -> 10, its backward pass recorded.

Read it beside `manual/network.py` and `torch_ref/network.py`: the same methods in the same order. The forward pass is
word for word the one by hand; because the weights are tensors, it leaves a tape, and `backward` is one call.

Shapes: x is (m, fan_in), one image a row, in the dtype of the parameters; labels are class numbers, (m,). W is
(fan_in, fan_out), b is (fan_out,), z and a are (m, fan_out). dW3 is short for the derivative of the mean loss with
respect to W3, and so for every name that begins with a d.
"""

import numpy as np

from autograd.elementwise import relu, sigmoid
from autograd.losses import cross_entropy
from autograd.optimizers import SGD
from autograd.tape import no_grad
from autograd.tensor import Tensor

ACTIVATIONS = {"relu": relu, "sigmoid": sigmoid}


def parameter(weights: np.ndarray) -> Tensor:
    """A leaf of the graph, from a copy of the weights."""
    return Tensor(weights.copy(), requires_grad=True)


def array(gradient: np.ndarray | None) -> np.ndarray:
    """The gradient, once there is one."""
    assert gradient is not None, "no gradient has reached this tensor"
    return gradient


class Network:
    """Three layers, from a dict of float32 or float64 arrays W1 b1 W2 b2 W3 b3, which are copied.

    `activation`, "relu" or "sigmoid", serves both hidden layers. Raises KeyError for a name that is not there.
    """

    def __init__(self, parameters: dict[str, np.ndarray], activation: str = "relu") -> None:
        self.W1, self.b1 = parameter(parameters["W1"]), parameter(parameters["b1"])
        self.W2, self.b2 = parameter(parameters["W2"]), parameter(parameters["b2"])
        self.W3, self.b3 = parameter(parameters["W3"]), parameter(parameters["b3"])
        self.activation = ACTIVATIONS[activation]
        weights = [self.W1, self.b1, self.W2, self.b2, self.W3, self.b3]
        self.optimizer = SGD(weights, learning_rate=0.1)  # a placeholder: each step is told its own

    def parameters(self) -> dict[str, np.ndarray]:
        """The six parameters by name, as copies."""
        return {
            "W1": self.W1.data.copy(), "b1": self.b1.data.copy(),
            "W2": self.W2.data.copy(), "b2": self.b2.data.copy(),
            "W3": self.W3.data.copy(), "b3": self.b3.data.copy(),
        }  # fmt: skip

    def forward(self, x: np.ndarray) -> tuple[Tensor, ...]:
        """z1, a1, z2, a2 and the scores z3; the tape keeps what the backward pass will ask for."""
        z1 = x @ self.W1 + self.b1
        a1 = self.activation(z1)
        z2 = a1 @ self.W2 + self.b2
        a2 = self.activation(z2)
        z3 = a2 @ self.W3 + self.b3
        return z1, a1, z2, a2, z3

    def logits(self, x: np.ndarray) -> np.ndarray:
        """Scores (m, 10): z3, before the softmax."""
        with no_grad():
            *_, z3 = self.forward(x)
        return z3.data

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Class numbers (m,): where the score is largest."""
        return self.logits(x).argmax(axis=1)

    def loss(self, x: np.ndarray, labels: np.ndarray) -> float:
        """Mean cross-entropy over the m rows, in nats."""
        with no_grad():
            *_, z3 = self.forward(x)
            return cross_entropy(z3, labels).item()

    def gradients(self, x: np.ndarray, labels: np.ndarray) -> tuple[float, dict[str, np.ndarray]]:
        """The loss and its derivative with respect to each parameter, under the parameter's name and in its shape."""
        self.optimizer.zero_grad()
        *_, z3 = self.forward(x)
        loss = cross_entropy(z3, labels)
        loss.backward()
        return loss.item(), {
            "W1": array(self.W1.grad), "b1": array(self.b1.grad),
            "W2": array(self.W2.grad), "b2": array(self.b2.grad),
            "W3": array(self.W3.grad), "b3": array(self.b3.grad),
        }  # fmt: skip

    def step(self, x: np.ndarray, labels: np.ndarray, learning_rate: float) -> float:
        """One step of stochastic gradient descent; the loss before it."""
        self.optimizer.learning_rate = learning_rate
        self.optimizer.zero_grad()
        *_, z3 = self.forward(x)
        loss = cross_entropy(z3, labels)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def trace(self, x: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
        """Every line of the calculation by name, forward and backward."""
        self.optimizer.zero_grad()
        z1, a1, z2, a2, z3 = lines = self.forward(x)
        for line in lines:
            line.retain_grad()  # the engine keeps the gradients of leaves only, unless it is asked
        loss = cross_entropy(z3, labels)
        loss.backward()
        return {
            "z1": z1.data, "a1": a1.data, "z2": z2.data, "a2": a2.data, "z3": z3.data, "loss": loss.data,
            "dz3": array(z3.grad), "dW3": array(self.W3.grad), "db3": array(self.b3.grad),
            "da2": array(a2.grad), "dz2": array(z2.grad), "dW2": array(self.W2.grad), "db2": array(self.b2.grad),
            "da1": array(a1.grad), "dz1": array(z1.grad), "dW1": array(self.W1.grad), "db1": array(self.b1.grad),
        }  # fmt: skip
