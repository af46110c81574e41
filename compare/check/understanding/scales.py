"""The factors that are at home in a program: what its own numbers and lengths give."""

from bisect import bisect_left

import numpy as np

from compare.check.understanding.step import Step


def scales_of(step: Step) -> np.ndarray:
    """The factors that are at home in a step: its numbers, its lengths, and products of two or three of them."""
    numbers = {1.0, 2.0, 0.5}
    for node in step.nodes:
        if node.name in ("multiply", "divide", "power"):
            numbers.update(abs(number) for number in map(step.number, node.arguments) if number)
    lengths = sorted({float(n) for node in step.nodes if node in step.moving for n in node.shape if n > 1})[:10]
    own = np.array(sorted({x for n in sorted(numbers)[:40] for x in (n, 1 / n)}))
    long = np.array([1.0, *lengths, *(1 / n for n in lengths)])
    two = np.unique(np.outer(own, own))
    return np.unique(np.concatenate([np.outer(two, long).ravel(), np.outer(np.outer(own, long), long).ravel()]))


def is_simple(factor: float, scales: np.ndarray, near: float = 1e-6) -> bool:
    """Whether a factor is one of the scales, whatever its sign, to within a part of it."""
    size = abs(factor)
    first = bisect_left(scales, size * (1 - near))  # faster than NumPy's for one number
    return first < len(scales) and bool(scales[first] < size * (1 + near))
