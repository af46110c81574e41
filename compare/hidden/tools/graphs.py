"""The graphs that the engine and PyTorch record: their nodes, and the arrays that these keep."""

from typing import Any

import numpy as np

from autograd.tape import Node, topological_order
from autograd.tensor import Tensor
from compare.shared.closures import held_arrays


def nodes(value: Any) -> list[Any]:
    """Every node of the graph behind a value, of the engine's or of PyTorch's; none behind a plain array or number.

    Inputs come before results. Raises RuntimeError where the engine has freed the graph.
    """
    if isinstance(value, Tensor):
        return topological_order(value.node)[::-1] if value.node else []
    root = getattr(value, "grad_fn", None)
    found = dict.fromkeys([root] if root else [])  # a set that remembers the order
    waiting = list(found)
    while waiting:
        for node, _ in waiting.pop(0).next_functions:
            if node is not None and node not in found:
                found[node] = None
                waiting.append(node)
    return list(found)[::-1]


def kept_arrays(graph: list[Node]) -> dict[int, np.ndarray]:
    """The arrays that the VJPs of the engine's nodes hold, by address: for a view, the array that owns the memory."""
    found = {}
    for node in graph:
        for vjp in node.vjps:
            for _, array in held_arrays(vjp):
                while isinstance(array.base, np.ndarray):
                    array = array.base
                found[array.ctypes.data] = array
    return found
