"""The arithmetic that a line is recomputed in: always longer than the run's own, never silently the same.

A float32 run is recomputed in float64, whose products of float32 numbers are exact and whose sums err 2^29 times less;
a float64 run in long double where that has 64 bits or more (x86), else in double-double arithmetic. The little that
such a recomputation itself may err is part of every bound (`bounds.Rounding`).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from compare.parity import double_double
from compare.parity.double_double import DoubleDouble
from compare.shared.threads import available_threads

#: An array in one of the arithmetics below; all of them know + - * / abs > >= .T .sum and indexing.
Number = Any


@dataclass(frozen=True)
class Arithmetic:
    """One way to calculate: its unit roundoff u, and the operations that are not operators."""

    name: str
    u: float
    number: Callable[[Any], Number]
    matmul: Callable[[Number, Number], Number]
    exp: Callable[[Number], Number]
    log: Callable[[Number], Number]
    tanh: Callable[[Number], Number]


def threaded_matmul(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a @ b in long double, (m, n) @ (n, k): no BLAS knows it, so the rows of `a` are shared among threads.

    NumPy lets go of the interpreter inside einsum, and its loop is fastest along rows that lie in one piece. All
    processors are used, whatever --threads says: each entry is summed by one thread alone, in the same order, so the
    bits do not depend on how many there are.
    """
    columns = np.ascontiguousarray(b.T)
    workers = min(len(a), available_threads())
    with ThreadPoolExecutor(workers) as pool:
        parts = pool.map(lambda rows: np.einsum("ik,jk->ij", rows, columns), np.array_split(a, workers))
        return np.concatenate(list(parts))


FLOAT64 = Arithmetic("float64", 2.0**-53, lambda a: np.asarray(a, dtype=np.float64), np.matmul, np.exp, np.log, np.tanh)
LONG_DOUBLE = Arithmetic(
    "long double",
    float(np.finfo(np.longdouble).eps) / 2,
    lambda a: np.asarray(a, dtype=np.longdouble),
    threaded_matmul,
    np.exp,
    np.log,
    np.tanh,
)
DOUBLE_DOUBLE = Arithmetic(
    "double-double",
    2.0**-85,  # the error of its matmul for sums of up to 2^20 terms; everything else in it errs less
    double_double.double_double,
    double_double.matmul,
    double_double.exp,
    double_double.log,
    double_double.tanh,
)


def longer_than(dtype: Any) -> Arithmetic:
    """The arithmetic that judges a run in `dtype`, float32 or float64. Raises TypeError for any other."""
    if dtype == np.float32:
        return FLOAT64
    if dtype == np.float64:
        return LONG_DOUBLE if LONG_DOUBLE.u <= 2.0**-64 else DOUBLE_DOUBLE
    raise TypeError(f"Parity is judged for runs in float32 or float64; this one is in {dtype}. Convert its parameters.")


def rounded(number: Number) -> np.ndarray:
    """The nearest float64 numbers, for magnitudes and messages."""
    if isinstance(number, DoubleDouble):
        return number.high
    return np.asarray(number, dtype=np.float64)
