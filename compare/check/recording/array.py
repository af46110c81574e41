"""The array that remembers: an ndarray for every program, and a node of the recording for us."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from compare.check.recording.graph import NUMBER, Graph, Node
from compare.check.recording.memory import Memory, View, cast, written

#: The recording that runs: its graph, and the views of arrays that are not recorded themselves but have met one.
graph: Graph
plain_views: dict[int, tuple[np.ndarray, View]]
#: Asked at every operation while nothing is recorded: whether that goes on. None while everything is recorded.
idle: Callable[[Any, Any, dict[str, Any]], bool] | None = None

REDUCTIONS: dict[Any, Any] = {np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min,
              np.logical_and: np.all, np.logical_or: np.any}  # fmt: skip
#: What says nothing of the values, or shows them: no node is made of it.
WITHOUT_NODE = {
    "shape", "ndim", "size", "array_repr", "array_str", "array2string", "may_share_memory", "shares_memory", "allclose",
    "array_equal", "result_type", "can_cast", "iscomplexobj", "isrealobj", "min_scalar_type", "common_type", "savetxt",
    "save", "savez", "savez_compressed", "isscalar",
}  # fmt: skip
MAKES = {"zeros_like", "ones_like", "empty_like", "full_like"}  # anew, whatever stands in what it is given
WRITES = {"copyto": 0, "put": 0, "place": 0, "putmask": 0, "fill_diagonal": 0, "put_along_axis": 0}


def begin(new: Graph) -> None:
    """From here on, what is done to recorded arrays is written into this graph; what they were before is forgotten."""
    global graph, plain_views, idle
    graph, plain_views, idle = new, {}, None


def pause(goes_on: Callable[[Any, Any, dict[str, Any]], bool]) -> None:
    """From here on nothing is recorded, and arrays stay such as can be: a program runs almost as fast as alone.

    goes_on: told of every operation, its inputs and options; may `begin` a new recording, and says False then.
    """
    global idle
    idle = goes_on


class Recorded(np.ndarray):
    """An array whose history is kept.

    It answers NumPy's two protocols, and has methods of its own for what bypasses both. Results without axes stay
    recorded, so that a loss keeps its history.
    """

    _view: View | None = None
    _source: "Recorded | None" = None
    _scalar = False  # whether it stands for a number, which `+=` does not change
    _flat_of: "Recorded | None" = None  # whose entries it has, though not its memory

    def __array_finalize__(self, obj: Any) -> None:
        if isinstance(obj, Recorded):  # something that NumPy made of a recorded array without asking
            self._source = obj

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        out = options.pop("out", None)
        if method == "at":
            return _write(inputs[0], _AT.get(ufunc, _opaque_at(ufunc)), inputs[1:], {})
        if method == "reduce" and ufunc in REDUCTIONS:
            axis = options.pop("axis", inputs[1] if len(inputs) > 1 else 0)
            options = {key: value for key, value in options.items() if value is not np._NoValue}
            if ufunc not in (np.add, np.multiply):
                options.pop("dtype", None)
            return _record(REDUCTIONS[ufunc], inputs[:1], {"axis": axis} | options, out)
        if method == "accumulate" and ufunc is np.add:
            return _record(np.cumsum, inputs[:1], {"axis": options.get("axis", 0)}, out)
        if method == "outer":
            a, b = (np.asarray(i) if not isinstance(i, Recorded) else i for i in inputs)
            return _record(ufunc, (a.reshape(a.shape + (1,) * b.ndim), b), options, out)
        return _record(ufunc if method == "__call__" else getattr(ufunc, method), inputs, options, out)

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Any:
        name = function.__name__
        if name in WITHOUT_NODE:
            return function(*plain(inputs), **plain(options))
        if name in MAKES:
            return leaf(function(*plain(inputs), **plain(options)), name)
        if name in WRITES:
            return _write(inputs[0], _on_a_copy(function), inputs[1:], options)
        out = options.pop("out", None)
        return _record(function, inputs, options, None if out is None else (out,))

    def __getitem__(self, index: Any) -> Any:
        return _record(element, (self, index), {})

    def __setitem__(self, index: Any, value: Any) -> None:
        if self._flat_of is not None:
            places = np.arange(self.size)[plain(index)]
            self._flat_of[np.unravel_index(places, self._flat_of.shape)] = value
            return
        if idle is not None:
            _bare(self)[plain(index)] = plain(value)
            return
        memory = view_of(self).memory
        if isinstance(value, Recorded) and view_of(value).memory is memory:  # x[i] += v ends so: v is in its place
            target = np.ndarray.__getitem__(_bare(self), plain(index))
            if _region(target) == _region(_bare(value)):
                return
        if memory.untouched and not _has_history(value) and not _has_history(index):
            _bare(self)[plain(index)] = plain(value)
            return
        view = view_of(self)

        def change() -> None:
            view.array[plain(index)] = plain(value)

        view.write(graph, _changed(view, written, (value, index), {}), change)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(self.item())

    def __round__(self, digits: int | None = None) -> Any:
        return round(plain(self), digits)

    def __repr__(self) -> str:
        return repr(plain(self))

    def __reduce__(self) -> Any:
        return _scalar_of(self).__reduce__() if self._scalar else _bare(self).copy().__reduce__()

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Any:
        return self.copy()

    def item(self, *index: Any) -> Any:
        """One entry, as a Python number that remembers."""
        entry = np.ndarray.item(self, *index)
        if not isinstance(entry, float) or idle is not None:
            return entry
        at = self.reshape(-1)[index[0] if index else 0] if len(index) < 2 else self[index]
        return Number(entry, node_of(at))

    def tolist(self) -> Any:
        """Nested lists of such numbers."""
        if self.size > 10_000 or self.dtype.kind != "f":
            return _bare(self).tolist()
        return self.item() if not self.ndim else [row.tolist() for row in self]

    def fill(self, value: Any) -> None:
        """As x[...] = value."""
        self[...] = value

    def sort(self, axis: Any = -1, *rest: Any, **options: Any) -> None:
        """In place."""
        self[...] = np.sort(self, axis, *rest, **options)

    def transpose(self, *axes: Any) -> Any:
        """A view with the axes in another order."""
        return np.transpose(self, axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes or None)

    def reshape(self, *shape: Any, order: Any = "C", **_: Any) -> Any:
        """The entries in another shape."""
        return np.reshape(self, shape[0] if len(shape) == 1 else shape, order=order)

    def astype(self, dtype: Any, *_: Any, **__: Any) -> Any:
        """A copy in another dtype."""
        return _record(cast, (self, dtype), {})

    def copy(self, *_: Any, **__: Any) -> Any:
        """A copy."""
        copy = _record(np.copy, (self,), {})
        copy._scalar = self._scalar
        return copy

    def flatten(self, order: Any = "C") -> Any:
        """A copy with one axis."""
        return self.reshape(-1, order=order).copy()

    def dot(self, other: Any, out: Any = None) -> Any:
        """The product, as np.dot."""
        return np.dot(self, other, out) if out is not None else np.dot(self, other)

    T = property(lambda self: np.transpose(self))
    mT = property(lambda self: np.swapaxes(self, -1, -2))  # noqa: N815 (NumPy's name)

    @property
    def flat(self) -> Any:
        """The entries, one after the other."""
        flat = self.reshape(-1)
        flat._flat_of = None if self.flags.c_contiguous else self
        return flat

    @flat.setter
    def flat(self, value: Any) -> None:
        self[...] = np.resize(value, self.shape) if np.ndim(value) else value

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        return array  # what reaches this has no node: a plain array says so


class Number(float):
    """A Python float that remembers where it came from, so that a history goes on through `float(x)`."""

    node: Node

    def __new__(cls, value: float, node: Node) -> "Number":
        """A number, and the node whose value it is."""
        number = super().__new__(cls, value)
        number.node = node
        node.made_by = NUMBER
        return number

    def __reduce__(self) -> Any:
        return float, (float(self),)

    def __copy__(self) -> "Number":
        return self

    def __deepcopy__(self, memo: Any) -> "Number":
        return self

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return Recorded.__array_ufunc__(self, ufunc, method, *inputs, **options)  # type: ignore[arg-type]


def _forward(function: Callable[..., Any], swapped: bool) -> Any:
    return lambda self, other: function(other, self) if swapped else function(self, other)


for _name, _function in {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.divide, "pow": np.power, "mod": np.remainder,
}.items():  # fmt: skip
    setattr(Number, f"__{_name}__", _forward(_function, False))
    setattr(Number, f"__r{_name}__", _forward(_function, True))
Number.__neg__ = lambda self: np.negative(self)  # type: ignore[method-assign]
Number.__abs__ = lambda self: np.abs(self)  # type: ignore[method-assign]


def _method(name: str) -> Callable[..., Any]:
    function = getattr(np, name)
    return lambda self, *inputs, **options: function(self, *inputs, **options)


for _name in (
    "ravel", "clip", "take", "squeeze", "swapaxes", "repeat", "sum", "mean", "max", "min", "prod", "std", "var",
    "cumsum", "argmax", "argmin", "argsort", "round", "nonzero", "any", "all", "trace", "diagonal", "compress",
    "choose", "put",
):  # fmt: skip
    setattr(Recorded, _name, _method(_name))


def _in_place(name: str) -> Any:
    usual, plainly = getattr(np.ndarray, f"__i{name}__"), getattr(np.ndarray, f"__{name}__")
    return lambda self, other: (plainly if self._scalar else usual)(self, other)


for _name in ("add", "sub", "mul", "truediv", "pow", "floordiv", "mod", "and", "or", "xor", "lshift", "rshift"):
    setattr(Recorded, f"__i{_name}__", _in_place(_name))


def element(x: Any, index: Any) -> Any:
    """x[index]."""
    return x[index]


def _on_a_copy(function: Callable[..., Any]) -> Callable[..., Any]:
    def on_a_copy(x: Any, *inputs: Any, **options: Any) -> Any:
        y = np.array(x)
        function(y, *inputs, **options)
        return y

    on_a_copy.__name__ = function.__name__
    return on_a_copy


def _opaque_at(ufunc: Any) -> Callable[..., Any]:
    return _on_a_copy(ufunc.at)


def added_at(x: Any, index: Any, v: Any) -> Any:
    """x with v added at an index, as by np.add.at: where an index comes twice, both count."""
    y = np.array(x)
    np.add.at(y, index, v)
    return y


_AT = {np.add: added_at}


def _bare(x: np.ndarray) -> np.ndarray:
    return x.view(np.ndarray)


def _region(x: Any) -> Any:
    return (x.__array_interface__["data"][0], x.shape, x.strides) if isinstance(x, np.ndarray) else None


def plain(part: Any) -> Any:
    """A nest of arguments with bare arrays in the place of recorded ones."""
    kind = type(part)
    if kind is Recorded:
        return _scalar_of(part) if part._scalar else part.view(np.ndarray)
    if kind is tuple or kind is list:
        return kind([plain(item) for item in part])
    if kind is slice:
        return slice(plain(part.start), plain(part.stop), plain(part.step))
    if kind is dict:
        return {key: plain(value) for key, value in part.items()}
    if kind is Number:
        return float(part)
    return part


def _scalar_of(x: np.ndarray) -> Any:
    """A NumPy number, which, other than an array without axes, changes no dtype and may be an index."""
    return x.view(np.ndarray)[()]


def _has_history(part: Any) -> bool:
    if isinstance(part, Recorded | Number):
        return True
    return isinstance(part, tuple | list) and any(map(_has_history, part))


def as_nodes(part: Any) -> Any:
    """A nest of arguments with nodes in the place of arrays. An array that is not recorded becomes a leaf."""
    kind = type(part)
    if kind is Recorded:
        return node_of(part)
    if kind is np.ndarray:
        return view_of(part).now(graph) if part.dtype.kind in "fiub" else part
    if kind is tuple or kind is list:
        return kind([as_nodes(item) for item in part])
    if kind is slice:
        return slice(as_nodes(part.start), as_nodes(part.stop), as_nodes(part.step))
    if kind is dict:
        return {key: as_nodes(value) for key, value in part.items()}
    if kind is Number:
        return part.node if part.node.number > graph.after else float(part)
    return part


def node_of(x: Recorded) -> Node:
    """The node for what an array holds now."""
    return view_of(x).now(graph)


def view_of(x: np.ndarray) -> View:
    """How an array lies in memory that is known; one that is new becomes a leaf."""
    if not isinstance(x, Recorded):
        return _plain_view(x)
    if x._view is None or x._view.memory.node.number <= graph.after:
        node = graph.add(None, (), {}, _bare(x))
        source = x._source
        if source is not None and source._view is not None and x._view is None:
            node.comes_of(None, (source._view.now(graph),), {})
            node.cut = True
        x._view, x._source = View(Memory(_bare(x), node), _bare(x)), None
    view = x._view
    if view.array.shape != x.shape:  # by x.shape = ...
        bare = _bare(x)
        x._view = View(view.memory, bare, view, graph.add(np.reshape, (view.now(graph), x.shape), {}, bare))
        view.memory.aliases.append(x._view.now(graph))
    return x._view


def _plain_view(x: np.ndarray) -> View:
    known = plain_views.get(id(x))
    if known is None:
        copy = x.copy() if x.size < 1_000_000 else x
        known = plain_views[id(x)] = x, View(Memory(x, graph.add(None, (), {}, copy)), x)
    elif known[1].memory.array is x and x.size < 1_000_000:
        memory = known[1].memory
        if not np.array_equal(memory.node.value, x, equal_nan=True):  # changed where nobody looked
            memory.holds(graph.add(None, (), {}, x.copy()))
            memory.node._value = x.copy()
    return known[1]


def leaf(array: Any, made_by: str = "") -> Any:
    """A recorded array that was made from nothing recorded."""
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiub":
        return array
    bare = _bare(array)
    result = bare.view(Recorded)
    if idle is not None:
        return result
    node = graph.add(None, (), {}, bare)
    node.made_by = made_by
    result._view = View(Memory(bare, node), bare)
    return result


def _record(function: Callable[..., Any], inputs: Any, options: dict[str, Any], out: Any = None) -> Any:
    """Call a function on bare arrays; its results, recorded."""
    if graph.due is not None:
        graph.due()
    if idle is not None and idle(function, inputs, options):
        return _unrecorded(function, inputs, options, out)
    if out is not None and out[0] is not None and options.get("where", True) is not True:  # the rest stays as it was
        function, inputs = _over(function), (out[0], *inputs)
    value = function(*plain(inputs), **plain(options))
    arguments, keywords = as_nodes(tuple(inputs)), as_nodes(options) if options else {}
    if out is not None and out[0] is not None:
        target = out[0]
        if not np.can_cast(np.asarray(value).dtype, target.dtype, options.get("casting", "same_kind")):
            function(*plain(inputs), **plain(options), out=_bare(target).copy())  # which says so
        node = graph.add(function, arguments, keywords, np.asarray(value))
        if np.asarray(value).dtype != target.dtype:
            value = np.asarray(value).astype(target.dtype)
            node = graph.add(cast, (node, target.dtype), {}, value)
        if np.shape(value) != target.shape:
            value = np.broadcast_to(value, target.shape)
            node = graph.add(np.broadcast_to, (node, target.shape), {}, value)
        _store(view_of(target), node, value)
        return target
    if isinstance(value, tuple | list):
        parts = [_result(_part(function, k), part, arguments, keywords, inputs) for k, part in enumerate(value)]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    return _result(function, value, arguments, keywords, inputs)


def _unrecorded(function: Callable[..., Any], inputs: Any, options: dict[str, Any], out: Any) -> Any:
    """The same, while nothing is recorded."""
    if out is not None and out[0] is not None:
        function(*plain(inputs), **plain(options), out=_bare(out[0]))
        return out[0]
    value = function(*plain(inputs), **plain(options))
    if isinstance(value, tuple | list):
        parts = [_recordable(part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    return _recordable(value)


def _recordable(value: Any) -> Any:
    if not isinstance(value, np.generic | np.ndarray) or value.dtype.kind not in "fiub":
        return value
    recorded = np.asarray(value).view(Recorded)
    recorded._scalar = isinstance(value, np.generic)
    return recorded


def _over(function: Callable[..., Any]) -> Callable[..., Any]:
    def over(before: Any, *inputs: Any, **options: Any) -> Any:
        return function(*inputs, **options, out=np.array(before))

    over.__name__ = function.__name__
    return over


def _part(function: Callable[..., Any], k: int) -> Callable[..., Any]:
    def part(*inputs: Any, **options: Any) -> Any:
        return function(*inputs, **options)[k]

    part.__name__ = function.__name__
    return part


def _result(function: Callable[..., Any], value: Any, arguments: Any, options: Any, inputs: Any) -> Any:
    scalar = isinstance(value, np.generic)
    if not scalar and not isinstance(value, np.ndarray):
        return value
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        return value
    node = graph.add(function, arguments, options, array)
    recorded = array.view(Recorded)
    recorded._scalar = scalar
    parent = None if scalar or array.base is None else _seen_through(array, inputs)
    if parent is None:
        recorded._view = View(Memory(array, node), array)
    else:
        recorded._view = View(parent.memory, array, parent, node)
        parent.memory.aliases.append(node)
    return recorded


def _seen_through(array: np.ndarray, inputs: Any) -> View | None:
    """The view of which a result is a part, if it lies in the memory of the first input."""
    first = inputs[0] if inputs else None
    if isinstance(first, np.ndarray) and np.may_share_memory(array, _bare(first)):
        return view_of(first)
    return None


def _store(view: View, node: Node, value: Any) -> None:
    """The value of a node goes into an array."""

    def store() -> None:
        view.array[...] = value

    view.write(graph, node, store)


def _write(target: Any, function: Callable[..., Any], inputs: Any, options: dict[str, Any]) -> None:
    """Something is written into an array: the node of what it holds then."""
    if graph.due is not None:
        graph.due()
    if idle is not None and idle(function, (target, *inputs), options):
        _bare(target)[...] = function(_bare(target), *plain(inputs), **plain(options))
        return
    view = view_of(target)
    value = function(view.array, *plain(inputs), **plain(options))
    _store(view, _changed(view, function, inputs, options), value)


def _changed(view: View, function: Callable[..., Any], inputs: Any, options: dict[str, Any]) -> Node:
    before = view.now(graph)
    node = graph.add(function, (before, *as_nodes(tuple(inputs))), as_nodes(options), view.array)
    before.uses -= 1
    return node


def patched_math() -> dict[str, Callable[..., Any]]:
    """What `math` has under names that NumPy has, too: for numbers that remember, NumPy's."""
    names = {"exp": np.exp, "log": np.log, "sqrt": np.sqrt, "tanh": np.tanh, "sin": np.sin, "cos": np.cos,
             "pow": np.power, "fabs": np.abs, "expm1": np.expm1, "log1p": np.log1p, "log2": np.log2,
             "log10": np.log10}  # fmt: skip

    def one(ours: Any, theirs: Any) -> Any:
        return lambda *x: ours(*x) if any(isinstance(i, Recorded | Number) for i in x) else theirs(*x)

    return {name: one(function, getattr(math, name)) for name, function in names.items()}
