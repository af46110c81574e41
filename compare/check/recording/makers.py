"""NumPy, as the learner's files see it while they are recorded: what makes arrays makes such as remember."""

import json
import math
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from compare.check.recording.array import RecordedArray, has_history, plain
from compare.check.recording.callers import entry_by_entry, named, of_lists, row_by_row
from compare.check.recording.session import session
from compare.check.recording.source import math_functions

#: Makers of arrays that depend on nothing.
PLAIN_MAKERS = (
    "zeros", "ones", "empty", "full", "eye", "identity", "arange", "linspace", "logspace", "zeros_like", "ones_like",
    "empty_like", "full_like", "loadtxt", "genfromtxt", "load", "fromiter", "tri",
)  # fmt: skip
#: Those that take over what they are given.
TAKERS = ("array", "asarray", "asanyarray", "ascontiguousarray", "asfortranarray")
DRAWS = (
    "rand", "randn", "random", "uniform", "normal", "standard_normal", "random_sample", "ranf", "sample", "laplace",
    "exponential", "binomial", "beta", "gamma", "choice", "randint", "random_integers", "integers", "standard_cauchy",
    "truncated_normal", "multivariate_normal", "lognormal", "poisson", "triangular",
)  # fmt: skip
Own = Callable[[str], bool]
_inside: list[str] = []  # NumPy's own code calls its makers, too, and has no frame of its own to tell it by


@contextmanager
def patched(own: Own) -> Iterator[None]:
    """Within it, NumPy's makers give recorded arrays to the learner's own files, and to nobody else."""
    changed: list[tuple[Any, str, Any]] = []

    def put(holder: Any, name: str, new: Any) -> None:
        changed.append((holder, name, getattr(holder, name)))
        setattr(holder, name, new)

    for name in PLAIN_MAKERS:
        put(np, name, _maker(getattr(np, name), own))
    for name in TAKERS:
        put(np, name, _taker(getattr(np, name), own))
    for name in (*DRAWS, "permutation"):
        if hasattr(np.random, name):
            put(np.random, name, _draw(getattr(np.random, name), own))
    put(np.random, "shuffle", _shuffle(np.random.shuffle))
    put(np.random, "RandomState", _remembering(np.random.RandomState, own))
    put(np.random, "default_rng", _generator(np.random.default_rng, own))
    put(np, "vectorize", entry_by_entry(np.vectorize))
    put(np, "apply_along_axis", row_by_row(np.apply_along_axis))
    for name in ("sum", "mean", "average"):
        put(np, name, of_lists(getattr(np, name)))
    for name, function in math_functions().items():
        put(math, name, function)
    put(random, "shuffle", _shuffle_list(random.shuffle))
    put(np, "ndenumerate", _enumerated(np.ndenumerate))
    put(np, "isscalar", _is_scalar(np.isscalar))
    put(json.JSONEncoder, "default", _in_json(json.JSONEncoder.default))
    try:
        yield
    finally:
        for holder, name, old in reversed(changed):
            setattr(holder, name, old)


def _called_by(own: Own) -> bool:
    return not _inside and own(sys._getframe(2).f_code.co_filename)


def _alone(original: Any, *inputs: Any, **options: Any) -> Any:
    """What a function gives with NumPy's makers as they are; `inputs` are bare."""
    _inside.append("")
    try:
        return original(*inputs, **options)
    finally:
        _inside.pop()


def _maker(original: Any, own: Own) -> Any:
    def made(*inputs: Any, **options: Any) -> Any:
        result = original(*plain(inputs), **plain(options))
        return session.leaf(result, original.__name__) if _called_by(own) else result

    return named(made, original)


def _draw(original: Any, own: Own) -> Any:
    """Of random numbers those that are floats: indices are for NumPy's own use."""

    def drawn(*inputs: Any, **options: Any) -> Any:
        result = _alone(original, *plain(inputs), **plain(options))
        floats = isinstance(result, np.ndarray) and result.dtype.kind == "f"
        return session.leaf(result, original.__name__) if floats and _called_by(own) else result

    return named(drawn, original)


def _taker(original: Any, own: Own) -> Any:
    def taken(*inputs: Any, **options: Any) -> Any:
        if not inputs:
            inputs = tuple(options.pop(name) for name in ("object", "a") if name in options)
        content = inputs[0] if inputs else None
        if has_history(content):
            return _taken(original, content, inputs, options)
        result = original(*inputs, **options)
        return session.leaf(result, original.__name__) if _called_by(own) and type(result) is np.ndarray else result

    return named(taken, original)


def _taken(original: Any, content: Any, inputs: Any, options: dict[str, Any]) -> Any:
    """What np.array and the like make of recorded arrays, or of lists of them."""
    flag = {"ascontiguousarray": "C_CONTIGUOUS", "asfortranarray": "F_CONTIGUOUS"}.get(original.__name__)
    lies = flag is None or (content.ndim > 0 and content.flags[flag]) if isinstance(content, RecordedArray) else False  # type: ignore[index]
    if lies and original.__name__ != "array":
        dtype = options.get("dtype", inputs[1] if len(inputs) > 1 else None)
        return content if dtype is None or np.dtype(dtype) == content.dtype else content.astype(dtype)
    if options.get("dtype") is object or (len(inputs) > 1 and inputs[1] is object):
        bare = np.empty(len(content), object)
        bare[:] = list(content)
        return bare

    def stacked(parts: Any) -> Any:
        return original(parts, *plain(inputs[1:]), **options)

    result = stacked(plain(content))
    if result.dtype.kind not in "fiub":
        return original(*inputs, **options)
    stacked.__name__ = "array"
    result = session.record(stacked, (content,), {})
    result._scalar = False
    return result


def _shuffle(original: Any) -> Any:
    """Rows in place: NumPy would swap them one by one. The same draws, as one permutation."""

    def shuffle(x: Any, axis: int = 0) -> Any:
        session.graph.shuffled.append(session.graph.here())
        if not isinstance(x, RecordedArray):
            return _alone(original, x, *([axis] if axis else []))
        rows = list(range(x.shape[axis]))
        _alone(original, rows)
        view = session.nodes.view_of(x)
        if axis:
            x[...] = np.take(x, rows, axis)
        elif view.memory.untouched and view.parent is None:
            bare = x.view(np.ndarray)
            bare[...] = bare[rows]
        else:
            x[...] = x[np.asarray(rows)]
        return None

    return shuffle


def _shuffle_list(original: Any) -> Any:
    def shuffle(x: Any, *rest: Any) -> Any:
        if not isinstance(x, RecordedArray):
            return original(x, *rest)
        bare = x.view(np.ndarray)  # as it is, with what it does to rows
        original(bare, *rest)
        if session.nodes.view_of(x).memory.untouched:
            return None
        after = bare.copy()
        x[...] = after
        return None

    return shuffle


def _remembering(kind: Any, own: Own) -> Any:
    """A class of random numbers whose draws are recorded."""

    def method(name: str) -> Any:
        original = getattr(kind, name)

        def drawn(self: Any, *inputs: Any, **options: Any) -> Any:
            result = _alone(original, self, *plain(inputs), **plain(options))
            floats = isinstance(result, np.ndarray) and result.dtype.kind == "f"
            return session.leaf(result, name) if floats and _called_by(own) else result

        return drawn

    def shuffle(self: Any, x: Any, axis: int = 0) -> Any:
        return _shuffle(lambda rows, *axis: kind.shuffle(self, rows, *axis))(x, axis)

    methods = {name: method(name) for name in (*DRAWS, "permutation", "permuted") if hasattr(kind, name)}

    def begin(self: Any, *inputs: Any, **options: Any) -> None:
        _alone(kind.__init__, self, *inputs, **options)

    class AsBefore(type):
        """NumPy's own global generator, which was made before, is one too: scikit-learn asks."""

        def __instancecheck__(cls, x: Any) -> bool:
            return isinstance(x, kind)

    return AsBefore(kind.__name__, (kind,), {**methods, "shuffle": shuffle, "__init__": begin})


def _generator(original: Any, own: Own) -> Any:
    remembering = _remembering(np.random.Generator, own)
    return named(lambda *seed, **named: remembering(_alone(original, *seed, **named).bit_generator), original)


def _enumerated(original: Any) -> Any:
    """It asks for more of `flat` than a recorded one has."""

    def ndenumerate(x: Any) -> Any:
        return ((index, x[index]) for index in np.ndindex(x.shape)) if isinstance(x, RecordedArray) else original(x)

    return named(ndenumerate, original)


def _is_scalar(original: Any) -> Any:
    return named(lambda x: x._scalar if isinstance(x, RecordedArray) else original(x), original)


def _in_json(original: Any) -> Any:
    """NumPy's float64 is a Python float, and may stand in JSON."""

    def default(self: Any, x: Any) -> Any:
        return float(x) if isinstance(x, RecordedArray) and x._scalar and x.dtype == np.float64 else original(self, x)

    return named(default, original)
