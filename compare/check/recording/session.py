"""A session of recording: each operation on recorded arrays is done on bare ones, and its node goes into the graph."""

from collections.abc import Callable
from typing import Any

import numpy as np

from compare.check.recording import observer
from compare.check.recording.array import RecordedArray, bare, has_history, plain
from compare.check.recording.graph import Graph, Node
from compare.check.recording.memory import Memory, View
from compare.check.recording.nodes import KINDS, Nodes
from compare.check.recording.number import RecordedNumber
from compare.check.recording.operations import cast, over, part, written
from compare.check.recording.protocols import MAKES, WITHOUT_NODE, Call, call_of_function, call_of_ufunc

GoesOn = Callable[[Any, Any, dict[str, Any]], bool]


class Session:
    """What hears of every operation on recorded arrays, and writes it into a graph.

    goes_on: told of every operation, its inputs and options, while the session is paused, so that arrays stay such as
    can be recorded, and no more; it may begin anew, and says False then. None while all is recorded.
    """

    graph: Graph
    nodes: Nodes
    goes_on: GoesOn | None

    def begin(self, graph: Graph) -> None:
        """From here on, all is written into this graph; what arrays were before is forgotten."""
        self.graph, self.nodes, self.goes_on = graph, Nodes(graph), None
        observer.current = self

    def pause(self, goes_on: GoesOn) -> None:
        """From here on nothing is recorded: a program runs almost as fast as alone."""
        self.goes_on = goes_on

    @property
    def paused(self) -> bool:
        """Whether nothing is recorded for now."""
        return self.goes_on is not None

    def ufunc(self, ufunc: Any, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """As NumPy asks by `__array_ufunc__`."""
        return self._answer(call_of_ufunc(ufunc, method, inputs, options))

    def function(self, function: Any, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """As NumPy asks by `__array_function__`."""
        name = function.__name__
        if name in WITHOUT_NODE:
            return function(*plain(inputs), **plain(options))
        if name in MAKES:
            return self.leaf(function(*plain(inputs), **plain(options)), name)
        return self._answer(call_of_function(function, inputs, options))

    def _answer(self, call: Call) -> Any:
        if call.target is not None:
            return self._write(call.target, call.function, call.inputs, call.options)
        return self.record(call.function, call.inputs, call.options, call.out)

    def record(self, function: Callable[..., Any], inputs: Any, options: dict[str, Any], out: Any = None) -> Any:
        """Call a function on bare arrays; its results, recorded."""
        if self.graph.due is not None:
            self.graph.due()
        if self.goes_on is not None and self.goes_on(function, inputs, options):
            return _unrecorded(function, inputs, options, out)
        if out is not None and out[0] is not None and options.get("where", True) is not True:
            function, inputs = over(function), (out[0], *inputs)  # the rest stays as it was
        value = function(*plain(inputs), **plain(options))
        arguments, keywords = self.nodes.among(tuple(inputs)), self.nodes.among(options) if options else {}
        if out is not None and out[0] is not None:
            target = out[0]
            if not np.can_cast(np.asarray(value).dtype, target.dtype, options.get("casting", "same_kind")):
                function(*plain(inputs), **plain(options), out=bare(target).copy())  # which says so
            node = self.graph.add(function, arguments, keywords, np.asarray(value))
            if np.asarray(value).dtype != target.dtype:
                value = np.asarray(value).astype(target.dtype)
                node = self.graph.add(cast, (node, target.dtype), {}, value)
            if np.shape(value) != target.shape:
                value = np.broadcast_to(value, target.shape)
                node = self.graph.add(np.broadcast_to, (node, target.shape), {}, value)
            self._store(self.nodes.view_of(target), node, value)
            return target
        if isinstance(value, tuple | list):
            parts = [self._result(part(function, k), v, arguments, keywords, inputs) for k, v in enumerate(value)]
            return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
        return self._result(function, value, arguments, keywords, inputs)

    def _result(self, function: Callable[..., Any], value: Any, arguments: Any, options: Any, inputs: Any) -> Any:
        scalar = isinstance(value, np.generic)
        if not scalar and not isinstance(value, np.ndarray):
            return value
        array = np.asarray(value)
        if array.dtype.kind not in KINDS:
            return value
        node = self.graph.add(function, arguments, options, array)
        recorded = array.view(RecordedArray)
        recorded._scalar = scalar
        parent = None if scalar or array.base is None else self._seen_through(array, inputs)
        if parent is None:
            recorded._view = View(Memory(array, node), array)
        else:
            recorded._view = View(parent.memory, array, parent, node)
            parent.memory.aliases.append(node)
        return recorded

    def _seen_through(self, array: np.ndarray, inputs: Any) -> View | None:
        """The view of which a result is a part, if it lies in the memory of the first input."""
        first = inputs[0] if inputs else None
        if isinstance(first, np.ndarray) and np.may_share_memory(array, bare(first)):
            return self.nodes.view_of(first)
        return None

    def assign(self, target: RecordedArray, index: Any, value: Any) -> None:
        """target[index] = value."""
        if self.paused:
            bare(target)[plain(index)] = plain(value)
            return
        view = self.nodes.view_of(target)
        memory = view.memory
        if isinstance(value, RecordedArray) and self.nodes.view_of(value).memory is memory:  # as x[i] += v ends
            place = np.ndarray.__getitem__(bare(target), plain(index))
            if _region(place) == _region(bare(value)):
                return
        if memory.untouched and not has_history(value) and not has_history(index):
            bare(target)[plain(index)] = plain(value)
            return
        view = self.nodes.view_of(target)

        def change() -> None:
            view.array[plain(index)] = plain(value)

        view.write(self.graph, self._changed(view, written, (value, index), {}), change)

    def _write(self, target: Any, function: Callable[..., Any], inputs: Any, options: dict[str, Any]) -> None:
        """Something is written into an array: the node of what it holds then."""
        if self.graph.due is not None:
            self.graph.due()
        if self.goes_on is not None and self.goes_on(function, (target, *inputs), options):
            bare(target)[...] = function(bare(target), *plain(inputs), **plain(options))
            return
        view = self.nodes.view_of(target)
        value = function(view.array, *plain(inputs), **plain(options))
        self._store(view, self._changed(view, function, inputs, options), value)

    def _store(self, view: View, node: Node, value: Any) -> None:
        """The value of a node goes into an array."""

        def store() -> None:
            view.array[...] = value

        view.write(self.graph, node, store)

    def _changed(self, view: View, function: Callable[..., Any], inputs: Any, options: dict[str, Any]) -> Node:
        before = view.now(self.graph)
        node = self.graph.add(
            function, (before, *self.nodes.among(tuple(inputs))), self.nodes.among(options), view.array
        )
        before.uses -= 1
        return node

    def leaf(self, array: Any, made_by: str = "") -> Any:
        """A recorded array that was made from nothing recorded."""
        if not isinstance(array, np.ndarray) or array.dtype.kind not in KINDS:
            return array
        memory = bare(array)
        result = memory.view(RecordedArray)
        if self.paused:
            return result
        node = self.graph.add(None, (), {}, memory)
        node.made_by = made_by
        result._view = View(Memory(memory, node), memory)
        return result

    def number(self, entry: Any) -> float:
        """The Python number that an array with one entry holds."""
        return RecordedNumber(float(np.ndarray.item(entry)), self.nodes.of(entry))


def _region(x: Any) -> Any:
    return (x.__array_interface__["data"][0], x.shape, x.strides) if isinstance(x, np.ndarray) else None


def _unrecorded(function: Callable[..., Any], inputs: Any, options: dict[str, Any], out: Any) -> Any:
    """The result of a function while nothing is recorded."""
    if out is not None and out[0] is not None:
        function(*plain(inputs), **plain(options), out=bare(out[0]))
        return out[0]
    value = function(*plain(inputs), **plain(options))
    if isinstance(value, tuple | list):
        parts = [_recordable(one) for one in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    return _recordable(value)


def _recordable(value: Any) -> Any:
    if not isinstance(value, np.generic | np.ndarray) or value.dtype.kind not in KINDS:
        return value
    recorded = np.asarray(value).view(RecordedArray)
    recorded._scalar = isinstance(value, np.generic)
    return recorded


#: The one session of a process: what runs in it is one program.
session = Session()
