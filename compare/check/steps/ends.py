"""Where the steps of a training end, and how often a parameter is updated in one."""

from collections import defaultdict
from collections.abc import Callable, Iterator

import numpy as np

from compare.check.recording.graph import Node
from compare.check.steps.parameters import Parameter
from compare.check.steps.views import PRODUCTS, multiplied_by, unscaled_view


def uses_of(parameters: list[Parameter], nodes: list[Node]) -> Callable[[Node], Iterator[Node]]:
    """What a node multiplies with others: by that parameters are used.

    Where no matrix product has one, as in `w * x + b`, products entry by entry count.
    """
    owner = {version for p in parameters for version in p.versions}

    def by_matrices(node: Node) -> Iterator[Node]:
        if node.function in PRODUCTS:
            yield from multiplied_by(node)

    def by_entries(node: Node) -> Iterator[Node]:
        if node.function is np.multiply and len(list(node.parents)) == 2:
            yield from map(unscaled_view, node.parents)

    return by_matrices if any(p in owner for node in nodes for p in by_matrices(node)) else by_entries


def steps_of(parameters: list[Parameter], nodes: list[Node]) -> list[int]:
    """Where steps end: the number of the first node after each, that multiplies with parameters changed for good.

    A step is over when every parameter was updated and a product uses one again; the last may still go on.
    """
    owner = {version for p in parameters for version in p.versions}
    uses = uses_of(parameters, nodes)
    changed = {update.node: p for p in parameters for update in p.updates}
    ends: list[int] = []
    waiting = set(map(id, parameters))
    for node in nodes:
        if node in changed:
            waiting.discard(id(changed[node]))
        elif not waiting and any(used in owner for used in uses(node)):
            ends.append(node.number)
            waiting = set(map(id, parameters))
    return ends


def updates_of_a_step(parameters: list[Parameter], ends: list[int]) -> dict[int, int]:
    """How many updates a parameter has in a step, by its place in the list: the most common number."""
    counts: dict[int, list[int]] = defaultdict(list)
    for k, parameter in enumerate(parameters):
        begin = 0
        for end in ends:
            counts[k].append(sum(begin <= update.node.number < end for update in parameter.updates))
            begin = end
    return {k: max(c, key=c.count) for k, c in counts.items()}
