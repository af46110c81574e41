"""The graph as plain data, to look at: which operations a tensor came from."""

from typing import NamedTuple

from autograd.tape import topological_order
from autograd.tensor import Tensor


class GraphNode(NamedTuple):
    """One node: what was done, the shape and dtype of the result, and its inputs, as positions in the list."""

    operation: str
    shape: tuple[int, ...]
    dtype: str
    parents: tuple[int, ...]


def graph(tensor: Tensor) -> list[GraphNode]:
    """The steps that `backward` from this tensor would take, in the order of the calculation: inputs before results.

    Only what a gradient flows through is recorded, so constants (the images, the labels) are not there; tensors that
    were made by a person are "leaf". Raises RuntimeError where nothing requires a gradient or the graph was freed.
    """
    if tensor.node is None:
        raise RuntimeError("This tensor depends on nothing that requires a gradient, so there is no graph to show.")
    nodes = topological_order(tensor.node)[::-1]
    position = {node: k for k, node in enumerate(nodes)}
    return [
        GraphNode(node.operation, node.shape, node.dtype.name, tuple(position[parent] for parent in node.parents))
        for node in nodes
    ]


def graphviz(steps: list[GraphNode]) -> str:
    """The same graph in Graphviz's DOT language: `dot -Tsvg` draws it."""
    boxes = [
        f'  {k} [label="{step.operation}\\n{step.shape} {step.dtype}"{"" if step.parents else ", style=filled"}];'
        for k, step in enumerate(steps)
    ]
    arrows = [f"  {parent} -> {k};" for k, step in enumerate(steps) for parent in step.parents]
    return "\n".join(["digraph {", "  rankdir=LR; node [shape=box];", *boxes, *arrows, "}"]) + "\n"
