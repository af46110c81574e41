"""The array that remembers: an ndarray for every program, which tells the session of all that is done to it."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from compare.check.recording import observer
from compare.check.recording.memory import View
from compare.check.recording.number import RecordedNumber
from compare.check.recording.operations import cast, element


class RecordedArray(np.ndarray):
    """An array whose history is kept.

    It answers NumPy's two protocols, and has methods of its own for what bypasses both. Results without axes stay
    recorded, so that a loss keeps its history.
    """

    _view: View | None = None
    _source: "RecordedArray | None" = None
    _scalar = False  # whether it stands for a number, which `+=` does not change
    _flat_of: "RecordedArray | None" = None  # whose entries it has, though not its memory

    def __array_finalize__(self, obj: Any) -> None:
        if isinstance(obj, RecordedArray):  # something that NumPy made of a recorded array without asking
            self._source = obj

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return observer.current.ufunc(ufunc, method, inputs, options)

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Any:
        return observer.current.function(function, inputs, options)

    def __getitem__(self, index: Any) -> Any:
        return observer.current.record(element, (self, index), {})

    def __setitem__(self, index: Any, value: Any) -> None:
        if self._flat_of is not None:
            places = np.arange(self.size)[plain(index)]
            self._flat_of[np.unravel_index(places, self._flat_of.shape)] = value
            return
        observer.current.assign(self, index, value)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(self.item())

    def __round__(self, digits: int | None = None) -> Any:
        return round(plain(self), digits)

    def __repr__(self) -> str:
        return repr(plain(self))

    def __reduce__(self) -> Any:
        return scalar_of(self).__reduce__() if self._scalar else bare(self).copy().__reduce__()

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Any:
        return self.copy()

    def item(self, *index: Any) -> Any:
        """One entry, as a Python number that remembers."""
        entry = np.ndarray.item(self, *index)
        if not isinstance(entry, float) or observer.current.paused:
            return entry
        return observer.current.number(self.reshape(-1)[index[0] if index else 0] if len(index) < 2 else self[index])

    def tolist(self) -> Any:
        """Nested lists of such numbers."""
        if self.size > 10_000 or self.dtype.kind != "f":
            return bare(self).tolist()
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
        return observer.current.record(cast, (self, dtype), {})

    def copy(self, *_: Any, **__: Any) -> Any:
        """A copy."""
        copy = observer.current.record(np.copy, (self,), {})
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


def _method(name: str) -> Callable[..., Any]:
    function = getattr(np, name)
    return lambda self, *inputs, **options: function(self, *inputs, **options)


for _name in (
    "ravel", "clip", "take", "squeeze", "swapaxes", "repeat", "sum", "mean", "max", "min", "prod", "std", "var",
    "cumsum", "argmax", "argmin", "argsort", "round", "nonzero", "any", "all", "trace", "diagonal", "compress",
    "choose", "put",
):  # fmt: skip
    setattr(RecordedArray, _name, _method(_name))


def _in_place(name: str) -> Any:
    usual, plainly = getattr(np.ndarray, f"__i{name}__"), getattr(np.ndarray, f"__{name}__")
    return lambda self, other: (plainly if self._scalar else usual)(self, other)


for _name in ("add", "sub", "mul", "truediv", "pow", "floordiv", "mod", "and", "or", "xor", "lshift", "rshift"):
    setattr(RecordedArray, f"__i{_name}__", _in_place(_name))


def bare(x: np.ndarray) -> np.ndarray:
    """The same memory, in an array that does not remember."""
    return x.view(np.ndarray)


def scalar_of(x: np.ndarray) -> Any:
    """A NumPy number, which, other than an array without axes, changes no dtype and may be an index."""
    return x.view(np.ndarray)[()]


def plain(part: Any) -> Any:
    """A nest of arguments with bare arrays in the place of recorded ones."""
    kind = type(part)
    if kind is RecordedArray:
        return scalar_of(part) if part._scalar else part.view(np.ndarray)
    if kind is tuple or kind is list:
        return kind([plain(item) for item in part])
    if kind is slice:
        return slice(plain(part.start), plain(part.stop), plain(part.step))
    if kind is dict:
        return {key: plain(value) for key, value in part.items()}
    if kind is RecordedNumber:
        return float(part)
    return part


def has_history(part: Any) -> bool:
    """Whether something in a nest of arguments is recorded."""
    if isinstance(part, RecordedArray | RecordedNumber):
        return True
    return isinstance(part, tuple | list) and any(map(has_history, part))
