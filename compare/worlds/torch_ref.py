"""The world of PyTorch: layers, an optimizer, a graph in C++."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from compare.worlds.world import World

if TYPE_CHECKING:
    import numpy as np
    import torch

    from torch_ref.network import Network


class PyTorch(World):
    """The leaves are the layers' own parameters, of which a weight is (fan_out, fan_in)."""

    name, title, where, place = "torch_ref", "PyTorch", "in PyTorch", 3
    colour, marker, colours = "#009E73", "^", ("#00694c", "#4cc9a0")
    reads = "pytorch"  # each line's nodes, from the graph, and the operators that ran for it
    takes_over = "PyTorch does this"
    libraries = ("numpy", "torch")
    nodes_key = "torch_node"
    operators_title, operators_key = "PyTorch's operators", "torch_operators"

    def library(self) -> Path:
        """PyTorch's own folder."""
        import torch

        return Path(torch.__file__).parent

    def recorded_loss(self, network: "Network", x: "np.ndarray", labels: "np.ndarray") -> "torch.Tensor":
        """A tensor with its graph."""
        import torch

        *_, z3 = network.forward(x)
        return torch.nn.functional.cross_entropy(z3, torch.from_numpy(labels))

    def leaves(self, network: "Network") -> "dict[str, torch.Tensor]":
        """Parameters of the layers, W (fan_out, fan_in) and b (fan_out,)."""
        layers = {"1": network.layer1, "2": network.layer2, "3": network.layer3}
        return {
            f"{letter}{k}": leaf
            for k, layer in layers.items()
            for letter, leaf in (("W", layer.weight), ("b", layer.bias))
        }

    def gradients_left(self, network: Any) -> "dict[str, np.ndarray]":
        """Copies; a weight's is transposed back to (fan_in, fan_out)."""
        from torch_ref.network import array

        return {name: array(leaf.grad).T for name, leaf in self.leaves(network).items()}


WORLD = PyTorch()
