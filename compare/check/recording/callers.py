"""Functions of NumPy's that call others for it, or do not ask what is in a list, made such that a history goes on."""

from typing import Any

import numpy as np

from compare.check.recording.array import RecordedArray, has_history
from compare.check.recording.number import RecordedNumber
from compare.check.recording.session import session


def named(new: Any, old: Any) -> Any:
    """A function in the place of another, with its name and its words."""
    new.__name__ = new.__qualname__ = getattr(old, "__name__", "")
    new.__doc__ = getattr(old, "__doc__", None)
    return new


def of_lists(original: Any) -> Any:
    """NumPy does not ask what is in a list whether it remembers. Of numbers, such as losses, none is kept."""

    def taken(x: Any, *inputs: Any, **options: Any) -> Any:
        if isinstance(x, list | tuple) and any(isinstance(part, RecordedArray) and part.ndim for part in x):
            x = np.array(x)
        return original(x, *inputs, **options)

    return named(taken, original)


def row_by_row(original: Any) -> Any:
    """A function of rows: NumPy calls it with arrays that do not remember."""

    def applied(function: Any, axis: int, x: Any, *inputs: Any, **options: Any) -> Any:
        if not has_history(x):
            return original(function, axis, x, *inputs, **options)
        x = np.moveaxis(np.asarray(x), axis, -1)
        rows = [function(x[index], *inputs, **options) for index in np.ndindex(x.shape[:-1])]
        result = np.array(rows).reshape(*x.shape[:-1], *np.shape(rows[0]))
        return np.moveaxis(result, -1, axis) if np.ndim(rows[0]) == 1 else result

    return named(applied, original)


def entry_by_entry(original: Any) -> Any:
    """A Python function, entry by entry: its derivative is known by differences alone."""

    class Vectorize(original):  # type: ignore[misc]
        def __call__(self, *inputs: Any, **options: Any) -> Any:
            if not any(isinstance(i, RecordedArray | RecordedNumber) for i in inputs):
                return super().__call__(*inputs, **options)
            call = super().__call__

            def vectorized(*x: Any) -> Any:
                return call(*x, **options)

            return session.record(vectorized, inputs, {})

    return Vectorize
