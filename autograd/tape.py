"""The tape: how each array was made, and the walk back along it.

A `Node` stands for one step of a calculation. It knows the nodes of the step's inputs (its parents) and, for each of
them, the vector-Jacobian product (VJP): the function that turns the gradient of the step's output into the gradient of
that input. Nodes hold no tensors and children are not known to their parents, so there are no reference cycles: a
graph goes as soon as its last tensor does, however deep it is, because Python frees a long chain without recursion.
"""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

VJP = Callable[[np.ndarray], np.ndarray]

_births = itertools.count()


class Node:
    """One step: `operation` names it, `shape` and `dtype` are those of its output.

    A leaf is a node without parents: a tensor that a person made, a weight. Leaves keep the gradient that reaches
    them, in `grad`; inner nodes do so only where `keeps_grad` is set.
    """

    __slots__ = ("operation", "parents", "vjps", "shape", "dtype", "keeps_grad", "grad", "birth", "is_leaf", "is_freed")

    def __init__(self, operation: str, parents: tuple["Node", ...], vjps: tuple[VJP, ...], value: np.ndarray) -> None:
        self.operation, self.parents, self.vjps = operation, parents, vjps
        self.shape, self.dtype = value.shape, value.dtype
        self.is_leaf = self.keeps_grad = not parents
        self.is_freed = False
        self.grad: np.ndarray | None = None
        self.birth = next(_births)

    def free(self) -> None:
        """Let go of the parents, and of the arrays that the VJPs hold."""
        self.parents = self.vjps = ()
        self.is_freed = not self.is_leaf


def topological_order(root: Node) -> list[Node]:
    """All nodes that `root` depends on, itself first, every node before its parents.

    A node is always made after its parents, so sorting by birth is enough. No recursion: a graph may be deep.
    Raises RuntimeError where part of the graph has been freed.
    """
    reached, waiting = {root}, [root]
    while waiting:
        for parent in waiting.pop().parents:
            if parent not in reached:
                reached.add(parent)
                waiting.append(parent)
    if any(node.is_freed for node in reached):
        raise RuntimeError(
            "backward has already run over this graph, or part of it, and freed it. Compute the output again, or call "
            "backward(retain_graph=True) the first time."
        )
    return sorted(reached, key=lambda node: node.birth, reverse=True)


def backward(root: Node, gradient: np.ndarray, retain_graph: bool = False) -> None:
    """Reverse-mode differentiation: carry `gradient`, that of the root's output, to every leaf and add it there.

    A node's gradient is the sum over all paths from the root, so it is complete when every child has been visited:
    hence the topological order. Raises RuntimeError, with nothing changed, where the graph has been freed before.
    """
    gradients = {root: gradient}
    for node in topological_order(root):
        gradient = gradients.pop(node)
        if node.keeps_grad:
            node.grad = gradient if node.grad is None else np.asarray(node.grad + gradient)
        for parent, vjp in zip(node.parents, node.vjps, strict=True):
            share = np.asarray(vjp(gradient), parent.dtype)
            assert share.shape == parent.shape, f"a VJP of {node.operation} must return the shape of its input"
            if parent in gradients:
                # Not +=, since another node may hold the same array.
                gradients[parent] = np.asarray(gradients[parent] + share)
            else:
                # What is kept must belong to its keeper alone: copy what was only handed on, or is a view.
                shared = parent.keeps_grad and (share is gradient or share.base is not None)
                gradients[parent] = share.copy() if shared else share
        if not retain_graph:
            node.free()


class _Recording(threading.local):
    """Whether operations are recorded, in each thread for itself."""

    on = True


recording = _Recording()


@contextmanager
def no_grad() -> Iterator[None]:
    """Within it, operations compute values and record nothing. For this thread; it nests, and errors end it."""
    before, recording.on = recording.on, False
    try:
        yield
    finally:
        recording.on = before
