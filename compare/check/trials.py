"""The data that a learner's network is tried on, made so that mistakes show.

The number of rows is no power of two and no width of a layer; half the pixels are 0; unit 0 of each hidden layer has a
z of exactly 0; every class occurs. The learning rates are powers of two, so that multiplying by them rounds nothing,
and not small, so that the change of the weights gives the gradient back to nearly all its digits. Runs in the child.
"""

from dataclasses import dataclass

import numpy as np

ROWS = (37, 41, 43, 29)


@dataclass(frozen=True)
class Data:
    """One trial. parameters W1 (fan_in, fan_out), b1 (fan_out,), ...; x (m, fan_in); labels (m,)."""

    name: str
    parameters: dict[str, np.ndarray]
    x: np.ndarray
    labels: np.ndarray
    learning_rate: float


def rows_for(sizes: list[int]) -> int:
    """A number of rows that is the width of no layer."""
    return next(m for m in ROWS if m not in sizes)


def trials(sizes: list[int], dtype: str, seed: int) -> list[Data]:
    """plain, then again with other numbers on the same object, then with scores that are far apart."""
    plain = _draw("plain", sizes, dtype, (seed, 0), 4.0)
    again = _draw("again", sizes, dtype, (seed, 1), 0.25)
    last = f"W{len(sizes) - 1}"
    large = {**plain.parameters, last: plain.parameters[last] * plain.parameters[last].dtype.type(20000)}
    return [plain, again, Data("large scores", large, plain.x, plain.labels, 4.0)]


def _draw(name: str, sizes: list[int], dtype: str, seed: tuple[int, int], learning_rate: float) -> Data:
    random = np.random.default_rng(seed)
    m, parameters = rows_for(sizes), {}
    for k in range(1, len(sizes)):
        W = random.standard_normal((sizes[k - 1], sizes[k])) * np.sqrt(2 / sizes[k - 1])
        b = random.standard_normal(sizes[k]) * 0.3
        if k < len(sizes) - 1 and sizes[k] > 2:
            W[:, 0], b[0] = 0, 0
        parameters[f"W{k}"], parameters[f"b{k}"] = W.astype(dtype), b.astype(dtype)
    x = random.random((m, sizes[0])) * (random.random((m, sizes[0])) < 0.5)
    labels = random.permutation(np.arange(m) % sizes[-1])
    return Data(name, parameters, x.astype(dtype), labels.astype(np.int64), learning_rate)
