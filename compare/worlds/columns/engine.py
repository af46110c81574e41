"""The engine's column, read from its tape."""

from collections.abc import Mapping, Sequence

import numpy as np

from autograd.losses import cross_entropy
from autograd.network import Network
from autograd.tape import Node
from compare.shared.closures import held_arrays
from compare.worlds.columns.column import Column, Kept, address, kept_array
from compare.worlds.columns.graph import made_by, nodes_by_line


def column(
    lines: Sequence[str], parameters: Mapping[str, np.ndarray], x: np.ndarray, labels: np.ndarray, activation: str
) -> Column:
    """Each line's operations, and the arrays that their vector-Jacobian products hold."""
    network = Network(dict(parameters), activation)
    z1, a1, z2, a2, z3 = network.forward(x)
    values = {"z1": z1, "a1": a1, "z2": z2, "a2": a2, "z3": z3, "loss": cross_entropy(z3, labels)}
    leaves = {name: getattr(network, name) for name in parameters}
    named = {name: tensor.node for name, tensor in (values | leaves).items()}
    known = {address(tensor.data): name for name, tensor in (values | leaves).items()}
    known |= {address(array): name for name, array in (("x", x), ("labels", labels))}
    nodes = nodes_by_line(lines, named, _inputs)
    return Column(
        {line: tuple(node.operation for node in nodes[line]) for line in lines},
        {line: _kept(made_by(named[line], set(named.values()), _inputs), known) for line in values},
    )


def _inputs(node: Node) -> Sequence[Node]:
    return node.parents


def _kept(nodes: Sequence[Node], known: Mapping[int, str]) -> tuple[Kept, ...]:
    found: dict[int, Kept] = {}
    for node in nodes:
        for vjp in node.vjps:
            for variable, array in held_arrays(vjp):
                kept = kept_array(array, known, f"{node.operation}.{variable}")
                found.setdefault(kept.address, kept)
    return tuple(found.values())
