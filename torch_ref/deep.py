"""The network in PyTorch for any number of layers: `network.py` with its layers in one `torch.nn.Sequential`.

The exercises need it (a third hidden layer, narrow layers). Shapes and names are those of `network.py`.
"""

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from torch_ref.network import array, linear

ACTIVATIONS: dict[str, type[torch.nn.Module]] = {"relu": torch.nn.ReLU, "sigmoid": torch.nn.Sigmoid}


class DeepNetwork:
    """As many layers as `parameters` has pairs W1 b1, W2 b2, ...; the arrays are copied.

    `activation`, "relu" or "sigmoid", serves every hidden layer. Raises KeyError for a name that is not there.
    """

    def __init__(self, parameters: dict[str, np.ndarray], activation: str = "relu") -> None:
        self.depth = len(parameters) // 2
        self.layers = {k: linear(parameters[f"W{k}"], parameters[f"b{k}"]) for k in range(1, self.depth + 1)}
        modules: list[torch.nn.Module] = [self.layers[1]]
        for k in range(2, self.depth + 1):
            modules += [ACTIVATIONS[activation](), self.layers[k]]
        self.model = torch.nn.Sequential(*modules)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)

    def parameters(self) -> dict[str, np.ndarray]:
        """The parameters by name, as copies, layer after layer."""
        return {
            name: value
            for k, layer in self.layers.items()
            for name, value in ((f"W{k}", array(layer.weight.T)), (f"b{k}", array(layer.bias)))
        }

    def forward(self, x: np.ndarray) -> torch.Tensor:
        """The scores."""
        scores: torch.Tensor = self.model(torch.from_numpy(x))
        return scores

    def logits(self, x: np.ndarray) -> np.ndarray:
        """Scores (m, 10): the last z, before the softmax."""
        with torch.no_grad():
            return array(self.forward(x))

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Class numbers (m,): where the score is largest."""
        return self.logits(x).argmax(axis=1)

    def loss(self, x: np.ndarray, labels: np.ndarray) -> float:
        """Mean cross-entropy over the m rows, in nats."""
        with torch.no_grad():
            return cross_entropy(self.forward(x), torch.from_numpy(labels)).item()

    def gradients(self, x: np.ndarray, labels: np.ndarray) -> tuple[float, dict[str, np.ndarray]]:
        """The loss and its derivative with respect to each parameter, under the parameter's name and in its shape."""
        self.optimizer.zero_grad()
        loss = cross_entropy(self.forward(x), torch.from_numpy(labels))
        loss.backward()
        return loss.item(), {
            name: value
            for k, layer in self.layers.items()
            for name, value in ((f"W{k}", array(layer.weight.grad).T), (f"b{k}", array(layer.bias.grad)))
        }

    def step(self, x: np.ndarray, labels: np.ndarray, learning_rate: float) -> float:
        """One step of stochastic gradient descent; the loss before it."""
        self.optimizer.param_groups[0]["lr"] = learning_rate
        self.optimizer.zero_grad()
        loss = cross_entropy(self.forward(x), torch.from_numpy(labels))
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def trace(self, x: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
        """Every line of the calculation by name, forward and backward."""
        self.optimizer.zero_grad()
        outputs = [torch.from_numpy(x)]
        for module in self.model:
            outputs.append(module(outputs[-1]))
            outputs[-1].retain_grad()  # PyTorch keeps the gradients of parameters only, unless it is asked
        loss = cross_entropy(outputs[-1], torch.from_numpy(labels))
        loss.backward()
        names = [f"{letter}{k}" for k in range(1, self.depth + 1) for letter in "za"][:-1]
        found = dict(zip(names, outputs[1:], strict=True))
        lines = {name: array(output) for name, output in found.items()} | {"loss": array(loss)}
        for k in range(self.depth, 0, -1):
            lines[f"dz{k}"] = array(found[f"z{k}"].grad)
            lines[f"dW{k}"] = array(self.layers[k].weight.grad).T
            lines[f"db{k}"] = array(self.layers[k].bias.grad)
            if k > 1:
                lines[f"da{k - 1}"] = array(found[f"a{k - 1}"].grad)
        return lines
