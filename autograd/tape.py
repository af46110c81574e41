"""The tape: how each array was made, and the walk back along it.

A `Node` stands for one step of a calculation. It knows the nodes of the step's inputs (its parents) and, for each of
them, the vector-Jacobian product (VJP): the function that turns the gradient of the step's output into the gradient of
that input. Nodes hold no tensors and children are not known to their parents, so there are no reference cycles: a
graph goes as soon as its last tensor does, however deep it is, because Python frees a long chain without recursion.
"""

import itertools
import math
import operator
import sys
import threading
from collections.abc import Callable
from contextlib import ContextDecorator
from typing import Any

import numpy as np

VJP = Callable[[Any], Any]  # from arrays to arrays; within `grad`, from tensors of the level below to such tensors

_births = itertools.count()


class Node:
    """One step: `operation` names it, `shape` and `dtype` are those of its output.

    A leaf is a node without parents: a tensor that a person made, a weight. Leaves keep the gradient that reaches
    them, in `grad`; inner nodes do so only where `keeps_grad` is set. All nodes of a graph are of one `level`: 0, or
    that of the `grad` in which they were made, whose steps hold tensors of lower levels (`differentiate.py`).
    """

    __slots__ = ("operation", "parents", "vjps", "shape", "dtype", "level", "keeps_grad", "grad", "birth", "is_leaf",
                 "is_freed")  # fmt: skip

    def __init__(
        self, operation: str, parents: tuple["Node", ...], vjps: tuple[VJP, ...], value: Any, level: int = 0
    ) -> None:
        self.operation, self.parents, self.vjps = operation, parents, vjps
        self.shape, self.dtype, self.level = value.shape, value.dtype, level
        self.is_leaf = self.keeps_grad = not parents
        self.is_freed = False
        self.grad: Any = None
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
    if any(map(operator.attrgetter("is_freed"), reached)):
        raise RuntimeError(
            "backward has already run over this graph, or part of it, and freed it. Compute the output again, or call "
            "backward(retain_graph=True) the first time."
        )
    return sorted(reached, key=operator.attrgetter("birth"), reverse=True)


def gradients(root: Node, gradient: Any, retain_graph: bool = False) -> dict[Node, Any]:
    """Reverse-mode differentiation: carry `gradient`, that of the root's output, to every node that keeps its own.

    A node's gradient is the sum over all paths from the root, so it is complete when every child has been visited:
    hence the topological order. Raises RuntimeError where the graph has been freed before, TypeError or ValueError
    where a VJP returns what is no gradient.
    """
    arriving, kept = {root: gradient}, {}
    for node in topological_order(root):
        gradient = arriving.pop(node)
        if node.keeps_grad:
            kept[node] = gradient
        for parent, vjp in zip(node.parents, node.vjps, strict=True):
            share = vjp(gradient)
            if type(share) is not np.ndarray or share.dtype != parent.dtype or share.shape != parent.shape:
                share = _fitted(share, parent, node)
            if parent in arriving:  # not +=, since another node may hold the same array
                arriving[parent] = held(arriving[parent] + share)
            else:  # what is kept must belong to its keeper alone: copy views, and what somebody else holds as well
                shared = parent.keeps_grad and (share.base is not None or sys.getrefcount(share) > _ALONE)
                arriving[parent] = share.copy() if shared else share
        if not retain_graph:
            node.free()
    return kept


def backward(root: Node, gradient: np.ndarray, retain_graph: bool = False) -> None:
    """Add to each leaf its gradient. Where a VJP raises, nothing has been added, but part of the graph is freed."""
    for node, total in gradients(root, gradient, retain_graph).items():
        node.grad = total if node.grad is None else held(node.grad + total)


def unbroadcast(g: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Undo broadcasting: sum `g` over the axes along which an array of that shape was repeated.

    Each repetition of an entry contributes to the gradient of that entry; the transpose of repeating is summing.
    """
    if g.shape == shape:
        return g
    if g.ndim > len(shape):
        g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    stretched = tuple(axis for axis, n in enumerate(shape) if n != g.shape[axis])
    return g.sum(axis=stretched, keepdims=True) if stretched else g


def _fitted(share: Any, parent: Node, node: Node) -> Any:
    """What a VJP returned, as a gradient of its input: of its dtype, and without the repetitions of broadcasting."""
    if share is None:
        raise TypeError(f"A VJP of {node.operation} returned None: it must return the gradient of its input.")
    if not isinstance(share, np.ndarray):  # a tensor has a history only within `grad`, else it is meant as its array
        constant = hasattr(share, "node") and (share.node is None or node.level == 0)
        share = held(share.numpy() if constant else share)
    if share.shape == node.shape and len(parent.shape) <= len(node.shape):
        share = held(unbroadcast(share, parent.shape))
    if share.shape != parent.shape:
        raise ValueError(
            f"A VJP of {node.operation} must return the shape of its input {parent.shape}, not {share.shape}."
        )
    return share if share.dtype == parent.dtype else share.astype(parent.dtype)


def held(value: Any) -> Any:
    """What a node can hold: arrays and what answers NumPy's functions as they do; of numbers and lists, an array."""
    return value if hasattr(value, "__array_ufunc__") else np.asarray(value)


def _references() -> int:
    """How many references the interpreter counts for an array that one variable holds, and nothing else."""
    share = np.empty(0)
    return sys.getrefcount(share)


_ALONE = _references()


class _Recording(threading.local):
    """Of each thread for itself: the lowest level that is recorded, and what that was outside of each `no_grad`."""

    def __init__(self) -> None:
        self.lowest, self.outside = 0.0, list[float]()


recording = _Recording()


class no_grad(ContextDecorator):  # noqa: N801 (it is used like a function)
    """Within it, operations compute values and record nothing. For this thread; it nests, and errors end it."""

    def __enter__(self) -> None:
        recording.outside.append(recording.lowest)
        recording.lowest = math.inf

    def __exit__(self, *error: object) -> None:
        recording.lowest = recording.outside.pop()
