"""The world of the engine: the forward pass leaves a tape of NumPy operations."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from compare.worlds.world import World

if TYPE_CHECKING:
    import numpy as np

    from autograd.network import Network
    from autograd.tensor import Tensor


class Engine(World):
    """The leaves are tensors, in the layout of the parameters."""

    name, title, where, place = "autograd", "engine", "on the engine", 2
    colour, marker, colours = "#D55E00", "s", ("#a84800", "#f29a5c")
    reads = "engine"  # each line's operations, from the tape
    takes_over = "the engine does this"
    nodes_key = "engine_node"
    variants: ClassVar[Mapping[str, tuple[str, str]]] = {
        "autograd_sliced": ("engine, in slices", "autograd.slices:SlicedNetwork")
    }

    def recorded_loss(self, network: "Network", x: "np.ndarray", labels: "np.ndarray") -> "Tensor":
        """A tensor with its tape."""
        from autograd.losses import cross_entropy

        *_, z3 = network.forward(x)
        return cross_entropy(z3, labels)

    def leaves(self, network: "Network") -> "dict[str, Tensor]":
        """Tensors, W (fan_in, fan_out) and b (fan_out,)."""
        return {name: getattr(network, name) for name in ("W1", "b1", "W2", "b2", "W3", "b3")}

    def gradients_left(self, network: Any) -> "dict[str, np.ndarray]":
        """The leaves' own arrays, not copies."""
        from autograd.network import array

        return {name: array(leaf.grad) for name, leaf in self.leaves(network).items()}


WORLD = Engine()
