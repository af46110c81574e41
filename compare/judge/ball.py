"""A ball: an exact value and how far a correct run in a shorter arithmetic may be from it.

A `Ball` answers NumPy's functions, as an array does; `rules/` says for each of them where the midpoint goes and how
the radius grows. A function written in NumPy, run on balls, therefore tells how far rounding may take it; and as the
engine differentiates whatever answers NumPy's functions, so does its gradient.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from compare.judge.roundoff import Arithmetic

#: NumPy's functions, and what they do to balls; `rules/` fills it.
RULES: dict[Any, Callable[..., Any]] = {}


class Ball(np.lib.mixins.NDArrayOperatorsMixin):
    """An array of values, each with two radii.

    exact: the values, in longer arithmetic. worst: how far the worst rounding errors take a run from them, entry by
    entry. likely: how far rounding does that does not conspire, times `rules.LAMBDA`. Both are float64, of one shape.
    switch: whether the values are those of a condition, 1 or 0, which no run rounds; where in doubt, `worst` is 1.
    total: what is known of it as a sum, to which a term may be added before it is rounded, and by which its radii are
    found if they were not given; see `rules.products`. ways: the balls of several ways to compute it, by name, of which
    this one is the hull; see `either`. notes: what a rule has to tell another one about it.
    """

    __slots__ = ("held", "run", "switch", "total", "ways", "notes", "_radii")
    base = None  # it is never written to

    def __init__(
        self, exact: Any, worst: Any, likely: Any, run: Arithmetic, switch: bool = False, total: Any = None
    ) -> None:
        held = np.asarray(exact)
        #: The values: float64 where that holds them, which saves time and room.
        self.held = held if held.dtype in (np.float64, run.longer) else held.astype(run.longer)
        self.run, self.switch, self.total = run, switch, total
        self.ways: dict[str, Ball] = {}
        self.notes: dict[Any, Any] = {}
        self._radii = None if worst is None else (self._spread(worst), self._spread(likely))

    def _spread(self, radius: Any) -> np.ndarray:
        return np.broadcast_to(np.asarray(radius, np.float64), self.held.shape)

    @property
    def worst(self) -> np.ndarray:
        """The radius of the worst case."""
        return self.radii[0]

    @property
    def likely(self) -> np.ndarray:
        """The likely radius."""
        return self.radii[1]

    @property
    def radii(self) -> tuple[np.ndarray, np.ndarray]:
        """(worst, likely)."""
        if self._radii is None:
            worst, likely = self.total.radii()
            self._radii = self._spread(worst), self._spread(likely)
        return self._radii

    @staticmethod
    def given(array: Any, run: Arithmetic) -> "Ball":
        """An array that the run starts from: exact."""
        array = np.asarray(array)
        return Ball(array if array.dtype == run.longer else np.asarray(array, np.float64), 0.0, 0.0, run)

    @staticmethod
    def either(ways: "dict[str, Ball]") -> "Ball":
        """The ball around all of these, each of which is a right way to compute it; the first has its midpoint."""
        first, *others = ways.values()
        worst, likely = first.worst, first.likely
        for other in others:
            distance = abs(np.asarray(other.exact - first.exact, np.float64))
            worst, likely = np.maximum(worst, distance + other.worst), np.maximum(likely, distance + other.likely)
        hull = Ball(first.exact, worst, likely, first.run)
        hull.ways = ways
        return hull

    def take(self, found: Any) -> "Ball":
        """Become what was found, with no radius: whatever has kept this ball computes with that from now on."""
        given = Ball.given(found, self.run)
        self.held, self._radii, self.total, self.ways, self.notes = given.held, given._radii, None, {}, {}
        return self

    shape = property(lambda self: self.held.shape)
    ndim = property(lambda self: self.held.ndim)
    size = property(lambda self: self.held.size)
    dtype = property(lambda self: self.run.dtype)
    T = property(lambda self: self.transpose())
    mT = property(lambda self: self.swapaxes(-1, -2))  # noqa: N815 (NumPy's name)

    @property
    def is_exact(self) -> bool:
        """Whether both radii are 0 everywhere, as those of what is given are."""
        return self._radii is not None and not any(any(r.strides) or (r.size and r.item(0)) for r in self._radii)

    @property
    def exact(self) -> np.ndarray:
        """The values, in the longer arithmetic."""
        return np.asarray(self.held, self.run.longer)

    @property
    def value(self) -> np.ndarray:
        """The nearest float64."""
        return np.asarray(self.held, np.float64)

    def moved(self, move: Callable[[Any], Any]) -> "Ball":
        """The ball whose entries `move` has only moved."""
        if self.is_exact:
            return Ball(move(self.held), 0.0, 0.0, self.run, self.switch)
        return Ball(move(self.held), move(self.worst), move(self.likely), self.run, self.switch)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if method == "reduce" and ufunc is np.maximum:  # what a softmax takes off: it cancels, so it is a constant
            return np.max(self.exact, axis=options["axis"], keepdims=options.get("keepdims", False))
        if method != "__call__" or options:
            raise TypeError(f"no rule for the rounding of {ufunc.__name__}.{method} with {sorted(options)}")
        return self.__array_function__(ufunc, (), inputs, {})

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: dict[str, Any]) -> Any:
        known = (Ball, np.ndarray, np.generic, float, int, bool, list, tuple, type(None), str)
        if not all(isinstance(i, known) for i in inputs):
            return NotImplemented  # a tensor of balls answers for itself
        if function not in RULES:
            raise TypeError(f"no rule for the rounding of {getattr(function, '__name__', function)}")
        return RULES[function](*inputs, **options)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise TypeError("a ball is no array: its radius would be lost")

    def __getitem__(self, index: Any) -> "Ball":
        return self.moved(lambda x: x[index])

    def __len__(self) -> int:
        return len(self.held)

    def __bool__(self) -> bool:
        return bool(self.held)

    __hash__ = object.__hash__

    def scattered(self, shape: tuple[int, ...], index: Any) -> "Ball":
        """Zeros of that shape, to which the entries are added at `index`."""

        def scatter(x: np.ndarray) -> np.ndarray:
            y = np.zeros(shape, x.dtype)
            np.add.at(y, index, x)
            return y

        return self.moved(scatter)

    def astype(self, dtype: Any, copy: bool = True) -> "Ball":
        """Itself: one dtype is judged at a time."""
        del dtype, copy
        return self

    def copy(self) -> "Ball":
        """Itself: balls are not changed."""
        return self

    def reshape(self, *shape: Any) -> "Ball":
        """The entries in another shape."""
        return self.moved(lambda x: x.reshape(*shape))

    def transpose(self, *axes: Any) -> "Ball":
        """The axes in another order."""
        return self.moved(lambda x: x.transpose(*axes))

    def swapaxes(self, first: int, second: int) -> "Ball":
        """Two axes in each other's place."""
        return self.moved(lambda x: x.swapaxes(first, second))

    def squeeze(self, axis: Any = None) -> "Ball":
        """The entries without axes of length 1."""
        return self.moved(lambda x: x.squeeze(axis))

    def sum(self, axis: Any = None, keepdims: bool = False) -> "Ball":
        """The sum over `axis`."""
        return RULES[np.sum](self, axis=axis, keepdims=keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> "Ball":
        """The mean over `axis`."""
        return RULES[np.mean](self, axis=axis, keepdims=keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> "Ball":
        """The largest entry over `axis`."""
        return RULES[np.max](self, axis=axis, keepdims=keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> "Ball":
        """The smallest entry over `axis`."""
        negative = RULES[np.negative]
        return negative(RULES[np.max](negative(self), axis, keepdims))

    def cumsum(self, axis: Any = None) -> "Ball":
        """The running sum along `axis`."""
        return RULES[np.cumsum](self, axis)

    def prod(self, **options: Any) -> "Ball":
        """Raises TypeError: there is no rule."""
        raise TypeError(f"no rule for the rounding of prod over {options}")

    def var(self, axis: Any = None, keepdims: bool = False, ddof: int = 0) -> "Ball":
        """The mean squared distance from the mean over `axis`."""
        deviation = self - self.mean(axis, keepdims=True)
        n = self.size // (deviation.mean(axis).size or 1)
        return np.square(deviation).sum(axis, keepdims) / float(n - ddof)

    def std(self, axis: Any = None, keepdims: bool = False, ddof: int = 0) -> "Ball":
        """The root of `var`."""
        return RULES[np.sqrt](self.var(axis, keepdims, ddof))
