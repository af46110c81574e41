"""Matrix products in long double, which no BLAS knows: directly, or as sums of products that float64 has exactly.

NumPy's own loop does some 0.2 billion multiplications a second, a BLAS fifty times as many in float64. So large
products are cut up (Ozaki, Ogita, Oishi, Rump, Error-free transformations of matrix multiplication, 2012): each
number into slices of few bits, such that products of slices, and sums of CHUNK of them, fit the 53 bits of float64 and
no order of summation can lose one. What the last slices leave over is bounded, and stands in the radius of the result.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from compare.shared.threads import available_threads

LARGE = 50_000_000  # multiplications: from here on slices are faster
CHUNK, BITS, SLICES = 1024, 21, 3  # 2 x 21 bits and 10 for the sum of 1,024: 52
ROWS = 8192  # at a time, which bounds the memory


def exact_matmul(a: np.ndarray, b: np.ndarray) -> tuple[Any, Any]:
    """a @ b, (..., m, n) @ (..., n, k), in the arithmetic of a and b; and by how much that may be off beyond it."""
    if a.dtype != np.longdouble or a.ndim != 2 or b.ndim != 2 or not a.size:
        return a @ b, 0.0
    if np.finfo(np.longdouble).eps == np.finfo(np.float64).eps:
        return np.asarray(a.astype(np.float64) @ b.astype(np.float64), np.longdouble), 0.0
    if len(a) * b.size >= LARGE:
        left, right = a.astype(np.float64), b.astype(np.float64)
        if _is_sliceable(left) and _is_sliceable(right) and (left == a).all() and (right == b).all():
            return _sliced_matmul(left, right)
    return threaded_matmul(a, b), 0.0


def threaded_matmul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a @ b in long double, (m, n) @ (n, k): the rows of `a` are shared among threads.

    NumPy lets go of the interpreter inside einsum, and its loop is fastest along rows that lie in one piece. All
    processors are used, whatever --threads says: each entry is summed by one thread alone, in the same order, so the
    bits do not depend on how many there are.
    """
    columns = np.ascontiguousarray(b.T)
    workers = min(len(a), available_threads())
    with ThreadPoolExecutor(workers) as pool:
        parts = pool.map(lambda rows: np.einsum("ik,jk->ij", rows, columns), np.array_split(a, workers))
        return np.concatenate(list(parts))


def _is_sliceable(x: np.ndarray) -> bool:
    """Whether no product of slices overflows or is lost to underflow."""
    largest, smallest = max(x.max(), -x.min()), abs(x).min(where=x != 0, initial=1.0)
    return bool(largest < 2.0**400 and smallest > 2.0**-400)


def _sliced_matmul(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    total, off = np.zeros((len(a), b.shape[1]), np.longdouble), np.zeros((len(a), b.shape[1]))
    for first in range(0, len(b), CHUNK):
        right, largest_right = _slices(b[first : first + CHUNK], 0)
        for row in range(0, len(a), ROWS):
            left, largest_left = _slices(a[row : row + ROWS, first : first + CHUNK], 1)
            part = sum(
                np.asarray(left[i] @ right[j], np.longdouble)
                for degree in range(2 * SLICES)
                for i in range(SLICES)
                for j in range(SLICES)
                if i + j == degree <= SLICES - 1
            )
            total[row : row + ROWS] += part
            # Left out: two pairs of slices of degree 3, each number at most half a unit of the slice before, and the
            # rests behind the last slice: together as much as one product of the largest numbers, 63 bits down.
            off[row : row + ROWS] += 1.01 * len(right[0]) * 2.0 ** (-BITS * SLICES) * (largest_left * largest_right)
    return total, off


def _slices(x: np.ndarray, axis: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Slices of BITS bits below a power of two of each row (axis 1) or column (axis 0), and that power."""
    largest = np.exp2(np.ceil(np.log2(np.maximum(abs(x).max(axis=axis, keepdims=True), 2.0**-800))))
    slices, scale = [], largest
    for _ in range(SLICES):
        scale = scale * 2.0**-BITS
        part = np.rint(x / scale) * scale
        slices.append(part)
        x = x - part
    return slices, largest
