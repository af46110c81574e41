"""Which parameters are those of one network: each has a share in the step of every other, by the error at the output.

A moment of Adam's has not.
"""

from collections.abc import Iterable

import numpy as np

from compare.check.recording.graph import Node
from compare.check.steps.parameters import Parameter
from compare.check.steps.views import PRODUCTS, multiplied_by


def of_one_network(
    parameters: list[Parameter], masks: dict[Node, int], bits: dict[int, int], nodes: list[Node]
) -> list[Parameter]:
    """Those that have a share in each other's steps: around those that a product uses, the most."""
    multiplied = {used for node in nodes if node.function in PRODUCTS for used in multiplied_by(node)}
    cores = [p for p in parameters if multiplied.intersection(p.versions)]

    parameters = _multiplied_with(parameters, nodes) or parameters

    def shares(p: Parameter, q: Parameter) -> bool:  # in any of its steps
        return any(masks.get(update.step, 0) & bits[id(p)] for update in q.updates)

    best: list[Parameter] = []
    for core in cores or parameters:
        group = [core]
        for p in [*cores, *parameters]:
            if p not in group and all(shares(p, q) and shares(q, p) for q in group):
                group.append(p)
        if len(group) > len(best):
            best = group
    return [p for p in parameters if p in best]


def _multiplied_with(parameters: list[Parameter], nodes: list[Node]) -> list[Parameter]:
    """Those that come into a product as they were at first: a velocity comes there through what it has changed.

    One sample at a time, the bias of an output may be multiplied entry by entry alone, when its error is; it has a
    share in the steps of all the others then, be it by way of their velocities.
    """
    owner = {update.node: k for k, parameter in enumerate(parameters) for update in parameter.updates}
    masks = {parameter.first: 1 << k for k, parameter in enumerate(parameters)}
    changed: dict[Node, int] = {}  # by which a node was changed, since the last change of anything
    product = entries = 0
    for node in nodes:
        if node in owner:
            changed[node] = 1 << owner[node]
            continue
        for parent in node.parents:
            masks[node] = masks.get(node, 0) | masks.get(parent, 0)
            changed[node] = changed.get(node, 0) | changed.get(parent, 0)
        if node.function in PRODUCTS:
            product |= masks.get(node, 0)
        elif node.function is np.multiply and len(list(node.parents)) == 2:
            entries |= masks.get(node, 0)
    first = [_union(masks.get(update.step, 0) for update in p.updates) for p in parameters]
    behind = [_union(changed.get(update.step, 0) for update in p.updates) & ~product for p in parameters]
    for k in _bits(product):
        entries &= product | first[k] | _union(first[velocity] for velocity in _bits(behind[k]))
    return [parameters[k] for k in _bits(product | entries)]


def _bits(mask: int) -> list[int]:
    return [k for k in range(mask.bit_length()) if mask >> k & 1]


def _union(masks: Iterable[int]) -> int:
    union = 0
    for mask in masks:
        union |= mask
    return union
