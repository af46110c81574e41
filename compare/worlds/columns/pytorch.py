"""PyTorch's column, read from its graph, and from the operators that it runs, as it runs them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from torch.utils._python_dispatch import TorchDispatchMode

from compare.worlds.columns.column import GIVEN, Column, Kept, address
from compare.worlds.columns.graph import made_by, nodes_by_line
from torch_ref.network import Network


class Operators(TorchDispatchMode):
    """While it is on, notes for every tensor made which operator made it, and out of which tensors.

    It keeps the tensors, too, so that no two of them can have the same id.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.made: dict[int, tuple[torch.Tensor, str, list[torch.Tensor]]] = {}  # in the order of the run

    def __torch_dispatch__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        inputs = [i for i in args if isinstance(i, torch.Tensor)]
        for output in result if isinstance(result, tuple | list) else (result,):
            if not any(output is i for i in inputs):  # some only hand their input on, or write into it
                self.made[id(output)] = (output, func.overloadpacket.__name__, inputs)
        return result

    def behind(self, tensor: torch.Tensor, known: set[int]) -> tuple[str, ...]:
        """The operators that made a tensor out of tensors that are known, in the order in which they ran."""
        reached, waiting = {id(tensor)}, [tensor]
        while waiting:
            for i in self.made[id(waiting.pop())][2]:
                if id(i) in self.made and id(i) not in known | reached:
                    reached.add(id(i))
                    waiting.append(i)
        return tuple(operator for made, (_, operator, _) in self.made.items() if made in reached)


def column(
    lines: Sequence[str], parameters: Mapping[str, np.ndarray], x: np.ndarray, labels: np.ndarray, activation: str
) -> Column:
    """Each line's nodes, with the arrays that they save, and its operators, which save nothing themselves."""
    network = Network(dict(parameters), activation)
    layers = {"1": network.layer1, "2": network.layer2, "3": network.layer3}
    leaves = {name: layers[name[1]].weight if name[0] == "W" else layers[name[1]].bias for name in parameters}
    tensors: dict[str, torch.Tensor] = {}
    with Operators() as operators:
        z1, a1, z2, a2, z3 = network.forward(x)
        loss = cross_entropy(z3, torch.from_numpy(labels))
        values = {"z1": z1, "a1": a1, "z2": z2, "a2": a2, "z3": z3, "loss": loss}
        nodes = {name: tensor.grad_fn for name, tensor in values.items()}
        nodes |= {name: torch.autograd.graph.get_gradient_edge(leaf).node for name, leaf in leaves.items()}
        by_line = nodes_by_line(lines, nodes, _inputs)
        known = {leaf.data_ptr(): name for name, leaf in (values | leaves).items()}
        known |= {address(array): name for name, array in (("x", x), ("labels", labels))}
        kept = {line: _kept(made_by(nodes[line], set(nodes.values()), _inputs), known) for line in values}
        for name, tensor in (values | leaves).items():
            tensor.register_hook(_note(tensors, f"d{name}"))
        before = set(operators.made)  # all of the forward pass is known to the backward pass
        loss.backward()
    tensors |= values
    named = {id(tensor) for tensor in tensors.values()}
    ran = {line: operators.behind(tensors[line], named | (set() if line in values else before)) for line in lines}
    return Column({line: tuple(node.name() for node in by_line[line]) for line in lines}, kept, ran)


def _note(tensors: dict[str, torch.Tensor], name: str) -> Callable[[torch.Tensor], None]:
    """A hook that notes the gradient it is given, and leaves it as it is."""

    def hook(gradient: torch.Tensor) -> None:
        tensors[name] = gradient

    return hook


def _inputs(node: Any) -> Sequence[Any]:
    return [before for before, _ in node.next_functions if before is not None]


def _kept(nodes: Sequence[Any], known: Mapping[int, str]) -> tuple[Kept, ...]:
    """The tensors that nodes have saved: PyTorch shows each as an attribute _saved_NAME."""
    found: dict[int, Kept] = {}
    for node in nodes:
        for attribute in dir(node):
            saved = getattr(node, attribute) if attribute.startswith("_saved_") else None
            if isinstance(saved, torch.Tensor):
                name = known.get(saved.data_ptr(), f"{node.name()}.{attribute}")
                found[saved.data_ptr()] = Kept(name, saved.nbytes, saved.data_ptr(), name in GIVEN)
    return tuple(found.values())
