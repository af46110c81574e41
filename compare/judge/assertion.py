"""For anybody's test suite: a gradient, from any framework, is that of a function in NumPy, to within rounding."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from compare.judge.ball import Ball
from compare.judge.explained import slip
from compare.judge.judging import CannotTell, Verdict, expected, judged
from compare.judge.network_assertion import GradientMismatch, assert_network_gradients_match
from compare.judge.roundoff import Arithmetic

__all__ = ["CannotTell", "GradientMismatch", "assert_gradients_match"]


def assert_gradients_match(f: Any, arguments: Any, found: Any, *network: Any, **options: Any) -> None:
    """Fail unless `found` is the gradient of f at the arguments, to within what rounding can do on the way there.

    f: a function written in NumPy whose value is one number; it is differentiated here. arguments: its inputs, in a
    tuple or list: arrays, numbers, or lists, tuples and dicts of them; one array for the only input. found: the
    gradient with respect to each input of floats, in a tuple, or to the only one; or the value; or (value, gradients).
    They may be arrays or tensors of any framework that NumPy can read. float32 and float64; the arguments' dtype is the
    run's.

    The tolerance follows from f, entry by entry. It has no parameter but one, `ties="any"`: where a number of f's meets
    a constant exactly, as in np.maximum(z, 0) for z = 0, the gradient is a convention, and either side will do, as long
    as all keep to it. Without it, it is that of f here: half to each side.

    Raises GradientMismatch, an AssertionError that says which gradient is wrong, where, by how much and, where a
    single slip explains it, what was done; CannotTell, a ValueError, where rounding alone may spoil the gradient;
    ValueError where `found` does not fit the arguments; TypeError for a function of NumPy's that has no rule here.

    ::

        def loss(W, b, x, labels):
            z = np.maximum(x @ W + b, 0)
            z = z - np.max(z, axis=1, keepdims=True)
            return -np.mean((z - np.log(np.sum(np.exp(z), axis=1, keepdims=True)))[np.arange(len(x)), labels])

        def test_that_jax_agrees():
            assert_gradients_match(loss, (W, b, x, labels), jax.grad(jax_loss, argnums=(0, 1, 2))(W, b, x, labels))

    The network form is short for the network of this project: `assert_gradients_match(found, parameters, x, labels)`,
    see `compare.judge.network_assertion`.
    """
    if not callable(f):
        return assert_network_gradients_match(f, arguments, found, *network, **options)
    ties = options.pop("ties", "as written")
    if network or options or ties not in ("as written", "any"):
        raise TypeError(f"With a function, the only option is ties, 'as written' or 'any', not {options or ties!r}.")
    sides = (None, 0, 1) if ties == "any" else (None,)
    for side in sides:
        try:
            return _assert_match(f, arguments, found, side)
        except GradientMismatch:
            if side == sides[-1]:
                raise
    return None


def _assert_match(f: Any, arguments: Any, found: Any, side: int | None) -> None:
    arguments = tuple(arguments) if isinstance(arguments, tuple | list) else (arguments,)
    leaves = [(name, _array(leaf)) for k, part in enumerate(arguments) for name, leaf in _leaves(part, f"argument {k}")]
    floats = [(k, name, leaf) for k, (name, leaf) in enumerate(leaves) if leaf.dtype.kind == "f"]
    if not floats:
        raise ValueError("No argument has floats, so there is no gradient: pass arrays of float32 or float64.")
    dtype = np.result_type(*[leaf for _, _, leaf in floats])
    value, gradients = _sorted(found, arguments, [leaf for _, _, leaf in floats])

    def of_arrays(*arrays: Any) -> Any:
        rest = iter(arrays)
        return f(*[_rebuilt(part, rest) for part in arguments])

    run = replace(Arithmetic.of(dtype), ties=side)
    balls = expected(of_arrays, [leaf for _, leaf in leaves], tuple(k for k, _, _ in floats), run)
    if not np.isfinite(balls[0].value).all():
        raise CannotTell("The function's value is not finite: choose arguments where it is.")
    judging: list[tuple[str, Any, np.ndarray, Ball]] = [] if value is None else [("value", None, value, balls[0])]
    for (_, name, leaf), gradient, ball in zip(floats, gradients or [], balls[1:], strict=gradients is not None):
        judging.append((f"gradient with respect to {name}", leaf, gradient, ball))
    verdicts = []
    for name, argument, array, ball in judging:
        _refuse_shape_and_dtype(name, array, ball.shape, dtype)
        verdicts.append((judged(name, array, ball), array, ball, argument))
    wrong = [one for one in verdicts if one[0].is_wrong]
    if wrong:
        raise _mismatch(wrong, len(verdicts), [leaf for _, leaf in leaves])
    for verdict, *_ in verdicts:
        if verdict.answer == "cannot tell":
            raise CannotTell(verdict.reason)


def _array(x: Any) -> np.ndarray:
    """An array of whatever framework."""
    for name in ("detach", "numpy"):
        x = getattr(x, name)() if hasattr(x, name) and not isinstance(x, np.ndarray) else x
    return np.asarray(x)


def _leaves(tree: Any, name: str) -> Iterator[tuple[str, Any]]:
    """The arrays in tuples, lists and dicts, each with its name, in order; a list of numbers is an array."""
    if isinstance(tree, Mapping):
        for key, part in tree.items():
            yield from _leaves(part, f"{name}[{key!r}]")
    elif _is_branch(tree):
        for k, part in enumerate(tree):
            yield from _leaves(part, f"{name}[{k}]")
    else:
        yield name, tree


def _is_branch(tree: Any) -> bool:
    return isinstance(tree, tuple | list) and not all(isinstance(part, int | float) for part in tree)


def _rebuilt(tree: Any, arrays: Iterator[Any]) -> Any:
    """The same tuples, lists and dicts, with these arrays for leaves."""
    if isinstance(tree, Mapping):
        return {key: _rebuilt(part, arrays) for key, part in tree.items()}
    return type(tree)(_rebuilt(part, arrays) for part in tree) if _is_branch(tree) else next(arrays)


def _sorted(
    found: Any, arguments: tuple[Any, ...], floats: Sequence[np.ndarray]
) -> tuple[np.ndarray | None, list[np.ndarray] | None]:
    """(the value, the gradients) in `found`, either of them None."""
    if found is None:
        raise ValueError("Nothing was found: give the gradients, the value, or (value, gradients).")
    alone = not isinstance(found, Mapping | tuple | list)
    if alone and _array(found).ndim == 0 and (len(floats) > 1 or floats[0].ndim):
        return _array(found), None
    if len(floats) == 1 and (alone or (not _is_branch(found) and np.shape(found) == floats[0].shape)):
        return None, [_array(found)]
    pair = isinstance(found, tuple | list) and len(found) == 2 and not isinstance(found[0], Mapping | tuple | list)
    if pair and _array(found[0]).ndim == 0:
        try:
            return _array(found[0]), _in_order(found[1], arguments)
        except ValueError:
            if len(floats) != 2:
                raise
    return None, _in_order(found, arguments)


def _in_order(found: Any, arguments: tuple[Any, ...]) -> list[np.ndarray]:
    """The gradients by the arrays of floats, in the order of these: by the only argument, or in a tuple by all."""
    differentiated = [part for part in arguments if _has_floats(part)]
    if len(differentiated) == 1 and not (isinstance(found, tuple | list) and len(found) == 1):
        return list(_beside(found, differentiated[0]))
    if not isinstance(found, tuple | list) or len(found) not in (len(differentiated), len(arguments)):
        raise ValueError(
            f"{len(differentiated)} arguments have floats: give the gradients with respect to them in a tuple, in "
            "their order, or the value, or (value, gradients)."
        )
    parts = differentiated if len(found) == len(differentiated) else arguments
    return [array for part, tree in zip(found, parts, strict=True) for array in _beside(part, tree)]


def _beside(found: Any, tree: Any) -> Iterator[np.ndarray]:
    """The gradients by the arrays of floats in a tree, from a tree of the same form."""
    if isinstance(tree, Mapping):
        keys = [key for key, part in tree.items() if _has_floats(part)]
        if not isinstance(found, Mapping) or not set(keys) <= set(found) <= set(tree):
            given = list(found) if isinstance(found, Mapping) else type(found).__name__
            raise ValueError(
                f"The gradients with respect to a dict stand under its keys, {keys}, and {given} was found."
            )
        for key in keys:
            yield from _beside(found[key], tree[key])
    elif _is_branch(tree):
        yield from _in_order(found, tuple(tree)) if len(tree) > 1 else _beside(found[0], tree[0])
    elif _has_floats(tree):
        if isinstance(found, Mapping) or _is_branch(found) or (isinstance(found, tuple | list) and not found):
            raise ValueError(f"{len(found)} arrays were found where the gradient is one array of floats.")
        yield _array(found)


def _has_floats(tree: Any) -> bool:
    return any(_array(leaf).dtype.kind == "f" for _, leaf in _leaves(tree, ""))


def _refuse_shape_and_dtype(name: str, array: np.ndarray, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    if array.dtype.kind not in "fiu":
        what = "None: nothing has arrived there. Was it marked for a gradient, and backward called?"
        what = what if array.dtype == object else f"{array.dtype}: numbers are expected."
        raise GradientMismatch(f"The {name} is {what}", name, None)
    if array.shape != shape:
        flipped = " It may be transposed." if array.shape == shape[::-1] else ""
        raise GradientMismatch(f"The {name} has the shape {array.shape}, and {shape} is expected.{flipped}", name, None)
    if array.dtype.kind == "f" and array.dtype.itemsize < dtype.itemsize:
        raise GradientMismatch(
            f"The {name} is {array.dtype}, and the arguments are {dtype}: something on the way is shorter (in JAX, "
            f"jax_enable_x64 is off). Compute in {dtype}"
            + (", or pass the arguments as float32 to have that judged." if array.dtype == np.float32 else "."),
            name, None,
        )  # fmt: skip


def _mismatch(
    wrong: Sequence[tuple[Verdict, np.ndarray, Ball, Any]], count: int, inputs: Sequence[Any]
) -> GradientMismatch:
    verdict, found, ball, argument = wrong[0]
    entry, tolerance = verdict.worst, np.minimum(ball.worst, ball.likely)
    assert entry is not None, "shapes were looked at before"
    outside = int((~(abs(np.asarray(found, ball.run.longer) - ball.held) <= tolerance)).sum())
    place = f"{outside:,} of {found.size:,} entries are outside. Entry {list(entry.index)}" if entry.index else "It"
    times = f"{entry.error / entry.bound:.3g} times the {entry.bound:.3g}" if entry.bound else "where 0"
    certain = "No rounding, in any order, can do that" if verdict.answer == "proved wrong" else "That is not rounding"
    off = f": an error of {entry.error:.3g}, {times} that rounding is likely to cause. {certain}"
    others = f"So are {len(wrong) - 1} of the other {count - 1}." if len(wrong) > 1 else ""
    message = (
        f"The {verdict.name} is wrong. {place} is {entry.found:.9g} and should be {entry.exact:.9g}"
        f"{off if np.isfinite(entry.error) else ''}."
    )
    said = slip(verdict, found, ball, argument, inputs)
    return GradientMismatch(" ".join(filter(None, [message, said, others])), verdict.name, entry)
