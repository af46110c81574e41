"""Which node stands for what an array holds now."""

from typing import Any

import numpy as np

from compare.check.recording.array import RecordedArray, bare
from compare.check.recording.graph import Graph, Node
from compare.check.recording.memory import Memory, View
from compare.check.recording.number import RecordedNumber

KINDS = "fiub"  # of dtypes: of other arrays nothing is recorded
LARGE = 1_000_000  # entries: what is larger, and not recorded, is neither copied nor looked at again


class Nodes:
    """The nodes of a graph, by the arrays that they stand for."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._plain_views: dict[int, tuple[np.ndarray, View]] = {}  # of arrays that are not recorded, but met one

    def among(self, part: Any) -> Any:
        """A nest of arguments with nodes in the place of arrays. An array that is not recorded becomes a leaf."""
        kind = type(part)
        if kind is RecordedArray:
            return self.of(part)
        if kind is np.ndarray:
            return self.view_of(part).now(self.graph) if part.dtype.kind in KINDS else part
        if kind is tuple or kind is list:
            return kind([self.among(item) for item in part])
        if kind is slice:
            return slice(self.among(part.start), self.among(part.stop), self.among(part.step))
        if kind is dict:
            return {key: self.among(value) for key, value in part.items()}
        if kind is RecordedNumber:
            return part.node if part.node.number > self.graph.after else float(part)
        return part

    def of(self, x: RecordedArray) -> Node:
        """The node for what an array holds now."""
        return self.view_of(x).now(self.graph)

    def view_of(self, x: np.ndarray) -> View:
        """How an array lies in memory that is known; one that is new becomes a leaf."""
        if not isinstance(x, RecordedArray):
            return self._plain_view(x)
        if x._view is None or x._view.memory.node.number <= self.graph.after:
            node = self.graph.add(None, (), {}, bare(x))
            source = x._source
            if source is not None and source._view is not None and x._view is None:
                node.comes_of(None, (source._view.now(self.graph),), {})
                node.cut = True
            x._view, x._source = View(Memory(bare(x), node), bare(x)), None
        view = x._view
        if view.array.shape != x.shape:  # by x.shape = ...
            array, arguments = bare(x), (view.now(self.graph), x.shape)
            x._view = View(view.memory, array, view, self.graph.add(np.reshape, arguments, {}, array))
            view.memory.aliases.append(x._view.now(self.graph))
        return x._view

    def _plain_view(self, x: np.ndarray) -> View:
        known = self._plain_views.get(id(x))
        if known is None:
            copy = x.copy() if x.size < LARGE else x
            known = self._plain_views[id(x)] = x, View(Memory(x, self.graph.add(None, (), {}, copy)), x)
        elif known[1].memory.array is x and x.size < LARGE:
            memory = known[1].memory
            if not np.array_equal(memory.node.value, x, equal_nan=True):  # changed where nobody looked
                memory.holds(self.graph.add(None, (), {}, x.copy()))
                memory.node._value = x.copy()
        return known[1]
