"""What a node shows: the same entries, a multiple, a part or the transpose of another; and what products multiply."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from compare.check.recording.graph import Node
from compare.check.recording.operations import cast, element

PRODUCTS: tuple[Any, ...] = (np.matmul, np.dot, np.einsum, np.tensordot, np.outer, np.inner, np.vdot)
SAME: tuple[Any, ...] = (cast, np.copy, np.reshape, np.ravel, np.squeeze, np.asarray, np.array)


def unscaled(node: Node) -> Node:
    """What a node is a multiple, or a copy, of."""
    while node.function is not None:
        parents = list(node.parents)
        if node.function in SAME or node.name == "array":
            if len(parents) != 1 or parents[0].value.size != node.value.size:
                return node
        elif node.function in (np.multiply, np.divide):
            parents = [p for p in parents if np.size(p.value) > 1] if len(parents) > 1 else parents
            if len(parents) != 1 or parents[0].shape != node.shape:
                return node
            if any(isinstance(a, int | float) and a == 0 for a in node.arguments):  # v = 0 * W begins anew
                return node
            if node.function is np.divide and node.arguments[0] is not parents[0]:
                return node
        else:
            return node
        node = parents[0]
    return node


def unscaled_view(node: Node) -> Node:
    """What a node shows a part, a multiple, or the transpose of."""
    while True:
        inner = unscaled(node)
        if inner.function in (np.transpose, np.swapaxes, element):
            inner = next(inner.parents)
        if inner is node:
            return node
        node = inner


def multiplied_by(product: Node) -> Iterator[Node]:
    """What a product multiplies; where one looks ahead, as in `x @ (W + mu * v)`, the two of the sum."""
    for node in map(unscaled_view, product.parents):
        yield node
        parents = list(map(unscaled, node.parents))
        ahead = node.function in (np.add, np.subtract) and all(p.shape == node.shape for p in parents)
        if ahead and not any(unscaled_view(p).function in PRODUCTS for p in parents):
            yield from parents


def without_number(node: Node) -> Node:
    """What a node is a number in the program's text times."""
    while node.function in (np.multiply, np.divide, np.negative) and len(list(node.parents)) == 1:
        node = next(node.parents)
    return node


def ancestors(nodes: Iterable[Node], without: Iterable[Node] = ()) -> set[Node]:
    """The nodes and all that they were made of."""
    seen, waiting = set(without), list(nodes)
    before = set(seen)
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting.extend(node.parents)
    return seen - before
