"""Arrays that are changed in place: whose memory an array has, and which node stands for it now."""

from collections.abc import Callable
from typing import Any

import numpy as np

from compare.check.recording.graph import Graph, Node
from compare.check.recording.operations import placed

LARGE, COPIES = 100_000, 40  # an array of so many entries is kept so many times before it is written to, and no more


class Memory:
    """The memory of one array, and of its views. node: what the whole of it holds now; version: how often it changed.

    aliases: the nodes whose values lie in this memory, until it is written to.
    """

    __slots__ = ("array", "node", "version", "aliases", "copies")

    def __init__(self, array: np.ndarray, node: Node) -> None:
        self.array, self.node, self.version, self.copies = array, node, 0, 0
        self.aliases = [node]

    @property
    def untouched(self) -> bool:
        """Whether it was made from nothing that is recorded, and nothing has been made of it yet."""
        return self.node.function is None and not self.node.uses and not self.node.cut

    def before_write(self) -> None:
        """Let go of the values that lie here."""
        keep = self.array.size < LARGE or self.copies < COPIES
        self.copies += 1
        for node in self.aliases:
            if keep or node.function is None:
                node.keep()
            else:
                node._value = None
        self.aliases = []
        self.version += 1

    def holds(self, node: Node) -> None:
        """From here on the whole of it is this node's value."""
        self.node = node
        node._value = self.array
        self.aliases.append(node)


class View:
    """How an array lies in a memory. parent: the view it was taken from, None for the whole; taken: how.

    node: what it holds, as long as `seen` is the memory's version.
    """

    __slots__ = ("memory", "parent", "taken", "node", "seen", "array")

    def __init__(
        self, memory: Memory, array: np.ndarray, parent: "View | None" = None, node: Node | None = None
    ) -> None:
        self.memory, self.array, self.parent, self.seen = memory, array, parent, memory.version
        self.taken = self.node = node

    def now(self, graph: Graph) -> Node:
        """The node for what it holds now; one that was written to elsewhere is taken from its parent anew."""
        if self.parent is None:
            return self.memory.node
        assert self.node is not None
        assert self.taken is not None
        if self.seen != self.memory.version:
            old, parent = self.taken, self.parent.now(graph)
            before = next(old.parents)
            arguments = tuple(parent if a is before else a for a in old.arguments)
            self.taken = self.node = graph.add(old.function, arguments, old.options, self.array)
            self.memory.aliases.append(self.node)
            self.seen = self.memory.version
        return self.node

    def write(self, graph: Graph, node: Node, change: Callable[[], None]) -> None:
        """Let `change` write into the memory seen through this view, which then has the value of a node."""
        memory, whole = self.memory, node
        if self.parent is not None:
            old = memory.node
            whole = graph.add(placed, (old, node, self.positions()), {}, memory.array)
            old.uses -= 1  # that alone is no reason to keep it
        memory.before_write()
        change()
        memory.holds(whole)
        if self.parent is not None:
            node._value = self.array
            memory.aliases.append(node)
        self.node, self.seen = node, memory.version

    def positions(self) -> np.ndarray:
        """Where its entries lie among the flattened entries of the whole."""
        whole, size = self.memory.array, self.array.itemsize
        offset = (self.array.__array_interface__["data"][0] - whole.__array_interface__["data"][0]) // size
        places = np.full(self.array.shape, offset)  # in memory, counted in entries
        for axis, (length, stride) in enumerate(zip(self.array.shape, self.array.strides, strict=True)):
            steps = np.arange(length) * (stride // size)
            places += steps.reshape([-1 if k == axis else 1 for k in range(self.array.ndim)])
        if whole.flags.c_contiguous:
            return places
        coordinates: list[Any] = [0] * whole.ndim  # the longest stride first, as in a number's digits
        for axis in sorted(range(whole.ndim), key=lambda axis: -whole.strides[axis]):
            coordinates[axis], places = np.divmod(places, max(whole.strides[axis] // size, 1))
        return np.asarray(np.ravel_multi_index(coordinates, whole.shape, mode="clip"))
