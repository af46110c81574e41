"""The assertion's short form, for the network of this project: its trace, line by line, or its gradients alone."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd import cross_entropy, relu, sigmoid, tanh
from compare.judge.judging import CannotTell, expected, judged
from compare.parity.line_check import Entry, LineVerdict, check_lines
from compare.parity.lines import calculation

ACTIVATIONS = {"relu": relu, "sigmoid": sigmoid, "tanh": tanh}


class GradientMismatch(AssertionError):
    """A line, or a gradient, that rounding cannot explain.

    line: its name; entry: the entry furthest outside its bound, with what was found, the exact value and the bound, or
    None where the shape is wrong already.
    """

    def __init__(self, message: str, line: str, entry: Entry | None) -> None:
        super().__init__(message)
        self.line, self.entry = line, entry


def assert_network_gradients_match(
    found: Mapping[str, np.ndarray],
    parameters: Mapping[str, np.ndarray],
    x: np.ndarray,
    labels: np.ndarray,
    activation: str = "relu",
    *,
    mean_at: str = "dz",
) -> None:
    """Fail unless the gradients of a network with softmax and mean cross-entropy are right to within rounding.

    found: either a trace, z1 a1 ... loss dz3 dW3 db3 da2 ..., of which some lines may be missing; then each line is
    judged from its own inputs, and the first wrong one is named. Or the gradients alone, under W1 b1 ... or dW1
    db1 ...; then each is judged by what rounding does on the whole way there, see `compare.judge`.

    parameters: W1 (fan_in, fan_out), b1 (fan_out,), ..., float32 or float64, the dtype of the run. x: (m, fan_in);
    labels: (m,) class numbers. activation: relu, sigmoid or tanh. mean_at: "dz" or "dW", where a trace divides by m;
    see `lines.MEAN_AT`.

    Raises GradientMismatch, an AssertionError that names the line, the entry, both values, the bound and how far
    outside it is; ValueError for names that are not known, and for what cannot be judged: a line whose inputs are
    missing, or (CannotTell) a gradient that rounding alone may spoil; and for parameters, x or labels of another shape
    than these, parameters of two dtypes, or labels that are not class numbers 0 ... k - 1.

    In a test suite::

        import numpy as np
        from compare import assert_gradients_match

        def test_my_backprop():
            random = np.random.default_rng(0)
            parameters = {
                "W1": random.normal(size=(20, 8)), "b1": random.normal(size=8),
                "W2": random.normal(size=(8, 3)), "b2": random.normal(size=3),
            }
            x, labels = random.normal(size=(16, 20)), random.integers(0, 3, 16)
            gradients = my_backprop(parameters, x, labels)  # {"W1": ..., "b1": ..., "W2": ..., "b2": ...}
            assert_gradients_match(gradients, parameters, x, labels)
    """
    _refuse_wrong_inputs(parameters, x, labels)
    found = {f"d{name}" if name in parameters else name: np.asarray(value) for name, value in found.items()}
    known = [line.name for line in calculation(len(parameters) // 2, activation, mean_at)]
    unknown = [name for name in found if name not in known]
    if unknown or not found:
        raise ValueError(
            f"{', '.join(unknown) or 'Nothing'} was given to be judged. Give gradients under the names of the "
            f"parameters ({', '.join(parameters)}), or a trace with lines among {', '.join(known)}."
        )
    gradients = {name[1:]: value for name, value in found.items() if name[1:] in parameters}
    if len(gradients) < len(found):
        check = check_lines(found, parameters, x, labels, activation, mean_at=mean_at)
        wrong = [line for line in check.lines if not line.holds]
        if wrong:
            raise GradientMismatch(_complaint(wrong, len(check.lines)), wrong[0].name, wrong[0].worst)
        left = {name: missing for name, missing in check.unchecked.items() if name in found}
        gradients = {name: value for name, value in gradients.items() if f"d{name}" in left}
        if len(gradients) < len(left):
            name = next(name for name in left if name[1:] not in gradients)
            raise ValueError(
                f"{name} cannot be judged: the trace lacks {', '.join(left[name])}. Add it, or drop {name}."
            )
    if gradients:
        _assert_end_to_end(gradients, parameters, x, labels, activation)


def _refuse_wrong_inputs(parameters: Mapping[str, np.ndarray], x: np.ndarray, labels: np.ndarray) -> None:
    """Raise ValueError for what NumPy would broadcast, or count from the end, without a word."""
    depth = len(parameters) // 2
    expected = [f"{letter}{k}" for k in range(1, depth + 1) for letter in "Wb"]
    if depth == 0 or sorted(parameters) != sorted(expected):
        raise ValueError(f"The parameters are {', '.join(parameters) or 'none'}; expected W1, b1, W2, b2, ...")
    dtypes = {str(np.asarray(array).dtype): name for name, array in parameters.items()}
    if len(dtypes) > 1:
        one, other = list(dtypes.items())[:2]
        raise ValueError(f"{one[1]} is {one[0]} and {other[1]} is {other[0]}; expected one dtype, that of the run.")
    if np.ndim(x) != 2:
        raise ValueError(f"x has the shape {np.shape(x)}; expected (m, fan_in), an example in each row.")
    m, fan_in = np.shape(x)
    for k in range(1, depth + 1):
        W, b = np.shape(parameters[f"W{k}"]), np.shape(parameters[f"b{k}"])
        if len(W) != 2 or W[0] != fan_in:
            raise ValueError(f"W{k} has the shape {W}; expected ({fan_in}, fan_out), as {fan_in} numbers arrive there.")
        if b != W[1:]:
            raise ValueError(f"b{k} has the shape {b}; expected {W[1:]}, a number for each column of W{k}.")
        fan_in = W[1]
    if np.shape(labels) != (m,):
        raise ValueError(
            f"labels has the shape {np.shape(labels)}; expected ({m},), a class number for each row of x. "
            f"One-hot labels become class numbers by labels.argmax(axis=1)."
        )
    kinds = np.asarray(labels)
    if kinds.dtype.kind not in "iu":
        raise ValueError(f"labels are {kinds.dtype}; expected integers, the class numbers 0 to {fan_in - 1}.")
    wrong = np.flatnonzero((kinds < 0) | (kinds >= fan_in))
    if wrong.size:
        raise ValueError(
            f"labels[{wrong[0]}] is {kinds[wrong[0]]}; expected a class number from 0 to {fan_in - 1}, as there are "
            f"{fan_in} scores."
        )


def _assert_end_to_end(
    gradients: Mapping[str, np.ndarray],
    parameters: Mapping[str, np.ndarray],
    x: np.ndarray,
    labels: np.ndarray,
    activation: str,
) -> None:
    for name, value in gradients.items():
        if value.shape != parameters[name].shape:
            message = f"d{name} has the shape {value.shape}, and {parameters[name].shape} is expected."
            raise GradientMismatch(message, f"d{name}", None)

    def loss(x: Any, *weights: Any) -> Any:
        for W, b in zip(weights[:-2:2], weights[1:-2:2], strict=True):
            x = ACTIVATIONS[activation](x @ W + b)
        return cross_entropy(x @ weights[-2] + weights[-1], labels)

    names = [f"{letter}{k}" for k in range(1, len(parameters) // 2 + 1) for letter in "Wb"]
    places = tuple(range(1, len(names) + 1))
    balls = expected(loss, [x, *[parameters[name] for name in names]], places, parameters["W1"].dtype)
    verdicts = [judged(name, gradients[name], b) for name, b in zip(names, balls[1:], strict=True) if name in gradients]
    for verdict in verdicts:
        if verdict.answer in ("proved wrong", "not rounding"):
            entry = verdict.worst_entry
            message = f"The gradient of {verdict.name} is wrong: {describe(entry)}."
            raise GradientMismatch(message, f"d{verdict.name}", entry)
    for verdict in verdicts:
        if verdict.answer == "cannot tell":
            raise CannotTell(verdict.reason)


def _complaint(wrong: list[LineVerdict], lines: int) -> str:
    first = wrong[0]
    what = first.complaint or (f"{describe(first.worst)}" if first.worst else "")
    others = f" Outside their bounds are {len(wrong)} of {lines} lines; this is the first." if len(wrong) > 1 else ""
    return f"{first.name} is wrong, given its own inputs: {what}.{others}"


def describe(entry: Entry) -> str:
    """An entry that is outside its bound, in words."""
    place = f"entry {list(entry.index)}" if entry.index else "it"
    text = f"{place} is {entry.found:.17g}, and its exact value is {entry.exact:.17g}"
    if not np.isfinite(entry.error):
        return text
    if entry.bound == 0:
        return f"{text}; off by {entry.error:.3g}, where nothing is rounded and the bound is 0"
    times = entry.error / entry.bound
    return f"{text}; off by {entry.error:.3g}, which is {times:.3g} times the {entry.bound:.3g} that rounding can cause"
