"""Which nodes of a recorded graph belong to which line of the calculation; one walk for the engine's and PyTorch's."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

Node = Any
#: A node -> the nodes of its inputs.
Inputs = Callable[[Node], Sequence[Node]]


def made_by(line: Node, named: Collection[Node], inputs: Inputs) -> list[Node]:
    """The nodes that made a line's value out of values that have a name, inputs before results."""
    found: list[Node] = []

    def visit(node: Node) -> None:
        for before in inputs(node):
            if before not in named and before not in found:
                visit(before)
        found.append(node)

    visit(line)
    return found


def passed_to(quantity: Node, line: Node, named: Collection[Node], inputs: Inputs) -> list[Node]:
    """The nodes of `line` through which its gradient reaches `quantity`, in the order of the backward pass.

    None of them where the line was not made from that quantity.
    """

    def leads_there(node: Node) -> bool:
        return any(n is quantity or (n not in named and leads_there(n)) for n in inputs(node))

    return [node for node in reversed(made_by(line, named, inputs)) if leads_there(node)]


def nodes_by_line(lines: Sequence[str], named: Mapping[str, Node], inputs: Inputs) -> dict[str, list[Node]]:
    """The nodes of each line: those that made a value, z1; those whose backward gave a gradient, dz1.

    named: the node of each value and each parameter by its name.
    """
    nodes = set(named.values())
    made = {line: made_by(named[line], nodes, inputs) for line in lines if line in named}
    passed = {
        line: next(path for start in made if (path := passed_to(named[line[1:]], named[start], nodes, inputs)))
        for line in lines
        if line not in named
    }
    return {line: made[line] if line in made else passed[line] for line in lines}
