"""The assertion's short form, for the network of this project: its trace, line by line, or its gradients alone."""

from collections.abc import Mapping

import numpy as np

from compare.judge.judging import CannotTell, Verdict
from compare.judge.network import check_lines, line_names
from compare.judge.verdict import Entry


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
    at_zero: float = 0.0,
) -> None:
    """Fail unless the gradients of a network with softmax and mean cross-entropy are right to within rounding.

    found: a trace, z1 a1 ... loss dz3 dW3 db3 da2 ..., or any part of one, such as the gradients alone, under W1 b1 ...
    or dW1 db1 .... Each line is judged from what was found before it, by what rounding does on the way from there, and
    the first wrong one is named.

    parameters: W1 (fan_in, fan_out), b1 (fan_out,), ..., float32 or float64, the dtype of the run. x: (m, fan_in);
    labels: (m,) class numbers. activation: relu, sigmoid or tanh. mean_at: "dz" or "dW", where a trace divides by m;
    see `network.MEAN_AT`. at_zero: what a ReLU passes on at exactly 0, a convention: 0, 0.5 or 1.

    Raises GradientMismatch, an AssertionError that names the line, the entry, both values, the bound and how far
    outside it is; ValueError for names that are not known, (CannotTell) for a line that rounding alone may spoil, for
    parameters, x or labels of another shape than these, parameters of two dtypes, and labels that are not class numbers
    0 ... k - 1.

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
    known = line_names(len(parameters) // 2)
    unknown = [name for name in found if name not in known]
    if unknown or not found:
        raise ValueError(
            f"{', '.join(unknown) or 'Nothing'} was given to be judged. Give gradients under the names of the "
            f"parameters ({', '.join(parameters)}), or a trace with lines among {', '.join(known)}."
        )
    check = check_lines(found, parameters, x, labels, activation, mean_at=mean_at, at_zero=at_zero)
    wrong = [line for line in check.lines if line.is_wrong]
    if wrong:
        alone = all(name[1:] in parameters for name in found)
        raise GradientMismatch(_complaint(wrong, len(check.lines), alone), wrong[0].name, wrong[0].worst)
    for line in check.lines:
        if line.answer == "cannot tell":
            raise CannotTell(line.reason)


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


def _complaint(wrong: list[Verdict], lines: int, alone: bool) -> str:
    first = wrong[0]
    what = (
        f"The gradient of {first.name[1:]} is wrong"
        if alone
        else f"{first.name} is wrong, given what was found before it"
    )
    others = f" Outside their bounds are {len(wrong)} of {lines} lines; this is the first." if len(wrong) > 1 else ""
    return f"{what}: {first.fault}.{others}"
