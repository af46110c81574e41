"""Matrix products in long double, which no BLAS knows, as three products of float64.

NumPy's own loop does some 0.2 billion multiplications a second, a BLAS fifty times as many. So each number is cut in
two (Ozaki, Ogita, Oishi, Rump, Error-free transformations of matrix multiplication, 2012): its first BITS bits below a
power of two, such that products of these, and sums of TERMS of them, fit the 53 bits of float64 and no order of
summation can lose one; and the rest, whose products are smaller by 2^-BITS, and so is what their rounding can do.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

TERMS, BITS = 256, 22  # 2 x 22 bits and 8 for the sum of 256: 52
ROWS = 2048  # at a time: what is needed of them on the way stays in the cache


def blocks(shape: tuple[int, ...]) -> Iterator[tuple[slice, slice]]:
    """(rows, terms) of products by a matrix of that shape (..., m, n), which together make up the whole product."""
    for row in range(0, shape[-2], ROWS):
        for term in range(0, max(shape[-1], 1), TERMS):
            yield slice(row, row + ROWS), slice(term, term + TERMS)


def exact_matmul(a: np.ndarray, b: np.ndarray, longer: Any) -> np.ndarray:
    """a @ b, (m, n) @ (n, k), as `longer`."""
    product = np.zeros((len(a), b.shape[1]), longer)
    is_usual = Extent.of(abs(a)).is_usual and Extent.of(abs(b)).is_usual
    for rows, terms in blocks(a.shape):
        product[rows] += exact_block(a[rows, terms], b[terms], longer, is_usual)[0]
    return product


@dataclass(frozen=True)
class Extent:
    """The smallest entry that is not 0, and the largest one."""

    smallest: float
    largest: float

    @staticmethod
    def of(x: np.ndarray) -> "Extent":
        """Of an array without negative entries."""
        return Extent(float(np.where(x > 0, x, np.inf).min(initial=np.inf)), float(x.max(initial=0.0)))

    @property
    def is_usual(self) -> bool:
        """Whether neither their squares nor the products of these under- or overflow."""
        return self.smallest > 2.0**-250 and self.largest < 2.0**250


def exact_block(a: np.ndarray, b: np.ndarray, longer: Any, is_usual: bool) -> tuple[np.ndarray, Any]:
    """a @ b, (..., m, n) @ (..., n, k), as `longer`; and by how much that may be off beyond its own rounding.

    a, b: float64, or `longer`; n is TERMS at most. is_usual: whether the extents of both are.
    """
    if np.finfo(longer).eps == np.finfo(np.float64).eps:
        return np.asarray(a.astype(np.float64, copy=False) @ b.astype(np.float64, copy=False), longer), 0.0
    n = a.shape[-1]
    if not is_usual:  # the rests could be lost to underflow
        return a.astype(longer) @ b.astype(longer), 0.0
    (first, rest, most), (other_first, other_rest, other_most) = _cut(a, -1), _cut(b, -2)
    product = np.asarray(first @ other_first, longer)
    product += first @ other_rest + rest @ b.astype(np.float64, copy=False)
    # |rest| <= 2^-BITS / 2 most. Either of its products adds up n terms, one of whose factors was rounded to float64,
    # and then they are added to each other: n + 3 roundings of n 2^-BITS most other_most.
    return product, 1.01 * n * (n + 3) * 2.0 ** (-53 - BITS) * (most * other_most)


def _cut(x: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The first BITS bits below a power of two, the rest, and that power, of each row (axis -1) or column (axis -2)."""
    near = x.astype(np.float64, copy=False)
    largest = abs(near).max(axis=axis, keepdims=True)
    _, exponent = np.frexp(largest)
    power = np.ldexp(np.sign(largest), exponent)  # 0 for nothing but 0
    shift = power * (1.5 * 2.0 ** (52 - BITS))  # whose last bit is 2^-BITS power: adding it rounds to that
    first = (near + shift) - shift
    return first, np.asarray(x - first, np.float64), power
