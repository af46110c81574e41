"""The network of the chapter in PyTorch: 784 -> 128 -> 64 -> 10, from `torch.nn.Linear` and `torch.optim.SGD`.

Read it beside `manual/network.py` and `autograd/network.py`: the same methods in the same order. The backward pass is
one call, the update another, and the weights live inside layers, which hold them as (fan_out, fan_in).

Shapes: x is (m, fan_in), one image a row, in the dtype of the parameters; labels are class numbers, (m,). NumPy
arrays go in and come out; W is (fan_in, fan_out) there as everywhere in this project. dW3 is short for the derivative
of the mean loss with respect to W3, and so for every name that begins with a d.
"""

import numpy as np
import torch
from torch.nn.functional import cross_entropy

ACTIVATIONS = {"relu": torch.relu, "sigmoid": torch.sigmoid}


def linear(W: np.ndarray, b: np.ndarray) -> torch.nn.Linear:
    """A layer that starts from copies of W (fan_in, fan_out) and b (fan_out,) instead of PyTorch's own random ones."""
    weight, bias = torch.tensor(W.T), torch.tensor(b)
    layer = torch.nn.Linear(weight.shape[1], weight.shape[0], dtype=weight.dtype)
    layer.load_state_dict({"weight": weight, "bias": bias})
    return layer


def array(tensor: torch.Tensor | None) -> np.ndarray:
    """A copy as a NumPy array, outside the graph."""
    assert tensor is not None, "no gradient has reached this tensor"
    return tensor.detach().numpy().copy()


class Network:
    """Three layers, from a dict of float32 or float64 arrays W1 b1 W2 b2 W3 b3, which are copied.

    `activation`, "relu" or "sigmoid", serves both hidden layers. Raises KeyError for a name that is not there.
    """

    def __init__(self, parameters: dict[str, np.ndarray], activation: str = "relu") -> None:
        self.layer1 = linear(parameters["W1"], parameters["b1"])
        self.layer2 = linear(parameters["W2"], parameters["b2"])
        self.layer3 = linear(parameters["W3"], parameters["b3"])
        self.activation = ACTIVATIONS[activation]
        weights = [*self.layer1.parameters(), *self.layer2.parameters(), *self.layer3.parameters()]
        self.optimizer = torch.optim.SGD(weights, lr=0.1)  # a placeholder: each step is told its own

    def parameters(self) -> dict[str, np.ndarray]:
        """The six parameters by name, as copies."""
        return {
            "W1": array(self.layer1.weight.T), "b1": array(self.layer1.bias),
            "W2": array(self.layer2.weight.T), "b2": array(self.layer2.bias),
            "W3": array(self.layer3.weight.T), "b3": array(self.layer3.bias),
        }  # fmt: skip

    def forward(self, x: np.ndarray) -> tuple[torch.Tensor, ...]:
        """z1, a1, z2, a2 and the scores z3; PyTorch itself keeps what its backward pass will ask for."""
        z1 = self.layer1(torch.from_numpy(x))
        a1 = self.activation(z1)
        z2 = self.layer2(a1)
        a2 = self.activation(z2)
        z3 = self.layer3(a2)
        return z1, a1, z2, a2, z3

    def logits(self, x: np.ndarray) -> np.ndarray:
        """Scores (m, 10): z3, before the softmax."""
        with torch.no_grad():
            *_, z3 = self.forward(x)
        return array(z3)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Class numbers (m,): where the score is largest."""
        return self.logits(x).argmax(axis=1)

    def loss(self, x: np.ndarray, labels: np.ndarray) -> float:
        """Mean cross-entropy over the m rows, in nats."""
        with torch.no_grad():
            *_, z3 = self.forward(x)
            return cross_entropy(z3, torch.from_numpy(labels)).item()

    def gradients(self, x: np.ndarray, labels: np.ndarray) -> tuple[float, dict[str, np.ndarray]]:
        """The loss and its derivative with respect to each parameter, under the parameter's name and in its shape."""
        self.optimizer.zero_grad()
        *_, z3 = self.forward(x)
        loss = cross_entropy(z3, torch.from_numpy(labels))
        loss.backward()
        return loss.item(), {
            "W1": array(self.layer1.weight.grad).T, "b1": array(self.layer1.bias.grad),
            "W2": array(self.layer2.weight.grad).T, "b2": array(self.layer2.bias.grad),
            "W3": array(self.layer3.weight.grad).T, "b3": array(self.layer3.bias.grad),
        }  # fmt: skip

    def step(self, x: np.ndarray, labels: np.ndarray, learning_rate: float) -> float:
        """One step of stochastic gradient descent; the loss before it."""
        self.optimizer.param_groups[0]["lr"] = learning_rate
        self.optimizer.zero_grad()
        *_, z3 = self.forward(x)
        loss = cross_entropy(z3, torch.from_numpy(labels))
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def trace(self, x: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
        """Every line of the calculation by name, forward and backward."""
        self.optimizer.zero_grad()
        z1, a1, z2, a2, z3 = lines = self.forward(x)
        for line in lines:
            line.retain_grad()  # PyTorch keeps the gradients of parameters only, unless it is asked
        loss = cross_entropy(z3, torch.from_numpy(labels))
        loss.backward()
        dW1, dW2, dW3 = self.layer1.weight.grad, self.layer2.weight.grad, self.layer3.weight.grad
        db1, db2, db3 = self.layer1.bias.grad, self.layer2.bias.grad, self.layer3.bias.grad
        return {
            "z1": array(z1), "a1": array(a1), "z2": array(z2), "a2": array(a2), "z3": array(z3), "loss": array(loss),
            "dz3": array(z3.grad), "dW3": array(dW3).T, "db3": array(db3),
            "da2": array(a2.grad), "dz2": array(z2.grad), "dW2": array(dW2).T, "db2": array(db2),
            "da1": array(a1.grad), "dz1": array(z1.grad), "dW1": array(dW1).T, "db1": array(db1),
        }  # fmt: skip
