"""How far the gradient of a batch is from that of all images: measured, and what sampling theory expects."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from compare.shared.settings import Settings
from manual.network import Network as ManualNetwork

if TYPE_CHECKING:
    from compare.shared.training import Digits

Parameters = dict[str, np.ndarray]
DRAWS = {1: 400, 64: 200, 1024: 40}  # batches whose gradients are looked at, by their size


@dataclass(frozen=True)
class Noise:
    """How far batches of a size are from the whole set.

    relative, expected: measured and by the formula, as a part of the length of the whole set's gradient; mean_square,
    expected_square: the squared distance; standard_error: of the measured one.
    """

    relative: float
    expected: float
    mean_square: float
    expected_square: float
    standard_error: float


def noise_by_size(start: Parameters, settings: Settings, digits: "Digits", sizes: list[int]) -> dict[int, Noise]:
    """How far batches' gradients are from the whole set's, measured and expected, by batch size.

    The mean of B of N vectors, drawn without replacement, has the expected squared distance s^2 / B (N - B) / (N - 1)
    from the mean of all, where s^2 is the mean squared distance of the single ones (Cochran, Sampling Techniques,
    theorem 2.2).
    """
    whole, spread = gradient_and_spread(start, digits)
    rows, length, random = len(digits.train_x), _length(whole), np.random.default_rng((settings.seed, 2))
    net, found = ManualNetwork(start), {}
    for size in sizes:
        squares = []
        for _ in range(DRAWS[size]):
            batch = random.choice(rows, size, replace=False, shuffle=False)
            _, d = net.gradients(*digits.batch(batch))
            squares.append(_length({name: d[name] - whole[name] for name in d}) ** 2)
        mean = float(np.mean(squares))
        expected = spread / size * (rows - size) / (rows - 1)
        found[size] = Noise(
            relative=math.sqrt(mean) / length,
            expected=math.sqrt(expected) / length,
            mean_square=mean,
            expected_square=expected,
            standard_error=float(np.std(squares, ddof=1) / math.sqrt(len(squares))),
        )
    return found


def gradient_and_spread(start: Parameters, digits: "Digits") -> tuple[Parameters, float]:
    """The whole set's gradient, and the mean squared distance from it of the single images' gradients.

    One image's dW is the product of a column and a row, and the square of its length is that of theirs, multiplied;
    so no image's gradient need be formed.
    """
    m = len(digits.train_x)
    lines = ManualNetwork(start).trace(digits.train_x, digits.train_labels)
    squares = np.zeros(m)
    for a, dz in (("x", "dz1"), ("a1", "dz2"), ("a2", "dz3")):
        inputs = digits.train_x if a == "x" else lines[a]
        squares += (_row_squares(inputs) + 1) * m**2 * _row_squares(lines[dz])  # 1 for the bias, m for 1/m in dz
    whole = {name: lines[f"d{name}"] for name in start}
    return whole, float(squares.mean()) - _length(whole) ** 2


def _row_squares(a: np.ndarray) -> np.ndarray:
    return np.einsum("ij,ij->i", a, a)


def _length(gradients: Parameters) -> float:
    return math.sqrt(sum(float(np.vdot(d, d)) for d in gradients.values()))
