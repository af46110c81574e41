"""How far the computed value of one line may lie from the exact one: worst cases, derived, with every constant stated.

The model of a rounded operation (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 2.2 and 2.8):

    fl(x op y) = (x op y)(1 + d) + e,    |d| <= u,    |e| <= t,

u the unit roundoff, 2^-24 in float32 and 2^-53 in float64, and t the smallest normal number. (IEEE arithmetic
underflows gradually, with a much smaller e and none in sums; t covers a library that flushes subnormals to zero.)

One lemma carries everything. If a result differs from the exact one by factors (1 + d)^(+1 or -1) and e^d whose |d|
add up to n u < 1, then it is the exact one times 1 + D with

    |D| <= g(n) = n u / (1 - n u)

(Higham, Lemma 3.1; 1 + |d|, 1 / (1 - |d|) and e^|d| are all at most 1 / (1 - |d|), and the product of 1 - |d| is at
least 1 - their sum.) n need not be whole, nor the same for each entry: it is the number of roundings that can meet.

Library functions. 1 ulp is at most 2 u relative. The worst documented errors of what NumPy and PyTorch call, for
numbers that are not subnormal: Intel's SVML 4 ulp (numpy/numpy pull request 19478), NumPy's float32 exp 2.52 and log
3.83 ulp (pull request 13134), SLEEF's u10 functions, which PyTorch uses, 1 ulp, the C library 1 to 2 ulp. So exp, log
and tanh each count as LIBRARY = 8 roundings.

A recomputation in longer arithmetic errs too, by the same formulas with its own u; `Rounding.g` is the sum of both.
The bounds themselves are computed in float64; that moves them by some 1e-13 of their value, of which correct runs use
less than a half.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from compare.parity.exact import Arithmetic

LIBRARY = 8.0

#: 1 / (1 + e^-z), or e^z / (1 + e^z) for z < 0. An error of 8 u in e moves either quotient by at most 8 u, as its
#: derivative by log e, 1 / (1 + e) or e / (1 + e), is at most 1; then the sum and the quotient round.
SIGMOID_ROUNDINGS = LIBRARY + 2


@dataclass(frozen=True)
class Rounding:
    """The roundings of a run in `dtype` and of the arithmetic in which it is recomputed.

    u: the run's unit roundoff; reference_u: that of the recomputation; tiny: the most that one underflow costs;
    probable: whether sums are bounded by what is as good as certain instead of by the worst case.
    """

    u: float
    reference_u: float
    tiny: float
    probable: bool = False

    @staticmethod
    def of(dtype: Any, reference: Arithmetic) -> "Rounding":
        """For a run in float32 or float64 that is judged in `reference`."""
        limits = np.finfo(dtype)
        return Rounding(float(limits.eps) / 2, reference.u, float(limits.tiny) + float(np.finfo(np.float64).tiny))

    def g(self, n: Any) -> Any:
        """n u / (1 - n u), for the run and for its recomputation together; infinite where n u reaches 1."""
        return _g(n, self.u) + _g(n, self.reference_u)

    def sum(self, n: int, magnitudes: np.ndarray) -> np.ndarray:
        """A sum of n products, in any order (Higham 3.1): each meets its own rounding and at most n - 1 of the sums'.

        magnitudes: the sums of the products' absolute values, for every entry of a line.
        """
        g = min(self.g(n), probable_g(n, self.u, magnitudes.size)) if self.probable else self.g(n)
        return np.asarray(g * magnitudes + 2 * n * self.tiny)


def _g(n: Any, u: float) -> Any:
    nu = np.asarray(n, dtype=np.float64) * u
    with np.errstate(divide="ignore"):
        return np.where(nu < 1, nu / np.maximum(1 - nu, 0), np.inf)


@dataclass(frozen=True)
class ScoresBound:
    """What softmax and its logarithm can lose, row by row of the scores z (m, k).

    With M the largest score of the row, s_j = M - z_j and T = sum of e^-s_i, the exact values are p_j = e^-s_j / T and
    -log p_j = s_j + log T. A relative error r of p_j is an absolute error of about r in log p_j, so one count of
    roundings serves both. In units of u, to first order (g takes care of the rest):

        e^-s_j       s_j for rounding z_j - M, LIBRARY for exp
        T            the p-weighted mean of these, S + LIBRARY with S = sum of p_i s_i, and k - 1 sums
        p_j direct   both, and the quotient:                   s_j + S + 2 LIBRARY + k
        log T        the error of T, and LIBRARY log T
        log p_j      s_j for z_j - M, the error of log T, and what the last step rounds: s_j + log T for
                     (z_j - M) - log T; or |M| + log T as well, for z_j - (M + log T)
        p_j = exp    that, and LIBRARY

    The count here is the larger, with one more for the quotient, so that it covers the direct route, both logarithmic
    ones, and e^z without a shift as long as that neither overflows nor loses its row to underflow.

    `spread` (m, k): by how much the scores themselves may be off, for the end-to-end bound; 0 for the line check.
    """

    p: np.ndarray  # (m, k), float64: the probabilities, as large as they can be
    minus_log_p: np.ndarray  # (m, k): their logarithms' magnitudes, as large as they can be
    error: np.ndarray  # (m, k): relative error of p, which is the absolute error of log p
    underflow: float

    @staticmethod
    def of(rounding: Rounding, z: np.ndarray, spread: np.ndarray | float = 0.0) -> "ScoresBound":
        """From the scores (m, k), in float64."""
        largest = z.max(axis=1, keepdims=True)
        s = largest - z
        e = np.exp(-s)
        total = e.sum(axis=1, keepdims=True)
        p, log_total = e / total, np.log(total)
        off = spread + np.max(spread, axis=1, keepdims=True) if np.ndim(spread) else 0.0
        inherited = np.expm1(off)  # the scores move p_j by at most e^off: its own and the largest of its row
        s = s + off
        S = (p * s).sum(axis=1, keepdims=True) * (1 + inherited)
        k = z.shape[1]
        n = 2 * s + S + 2 * LIBRARY + k + (LIBRARY + 2) * (log_total + off) + np.abs(largest) + off
        error = rounding.g(n) * (1 + inherited) + inherited
        return ScoresBound(p * (1 + inherited), s + log_total + off, error, (k + 4) * rounding.tiny)

    def gradient(self, rounding: Rounding, y: np.ndarray, m: int) -> np.ndarray:
        """(softmax(z) - y) / m, with y the one-hot labels (m, k): bound (m, k).

        Three more roundings: the difference, and the division by m or, at most, 1 / m and the product with it. They
        may come before the difference (PyTorch: softmax * (1 / m) - y * (1 / m)), so p and y count apart.
        m = 1 for a calculation that divides later.
        """
        of_p = np.where(self.p > 0, (self.error + rounding.g(3) * (1 + self.error)) * self.p, 0.0)
        return (of_p + rounding.g(3) * y + self.underflow) / m + 2 * rounding.tiny

    def loss(self, rounding: Rounding, y: np.ndarray) -> np.ndarray:
        """The mean over the rows of -log p at the label: bound ().

        The logarithm of a rounded probability errs by LIBRARY u of itself more; then m terms are added and divided
        by m (m + 1 roundings: m - 1 sums, 1 / m, the product). A probability that underflows is not covered: the
        direct route, -log(softmax), loses the loss there, and that is a fault.
        """
        m = len(y)
        log_p, error = (np.where(y > 0, part, 0.0).sum(axis=1) for part in (self.minus_log_p, self.error))
        each = error + rounding.g(LIBRARY) * (log_p + error) + self.underflow
        return np.asarray((each.sum() + rounding.g(m + 1) * (log_p + each).sum()) / m + 2 * rounding.tiny)


def probable_g(n: int, u: float, entries: int, risk: float = 0.01) -> float:
    """What stands for g(n) in sums of n products if roundings are independent of each other and of mean zero.

    Higham and Mary (A new approach to probabilistic rounding error analysis, 2019, Theorem 3.1): the error of such a
    sum stays within exp(c sqrt(n) u + n u^2 / (1 - u)) - 1 of its magnitudes, but for a probability of at most
    2 n exp(-c^2 (1 - u)^2 / 2). The constant c is set so that the risk of all entries of a line together is 1%. It is
    about 7 for a line of MNIST, so that this is below the worst case only for sums of more than some 50 terms.
    """
    c = math.sqrt(2 * math.log(2 * n * max(entries, 1) / risk)) / (1 - u)
    return math.expm1(c * math.sqrt(n) * u + n * u**2 / (1 - u))
