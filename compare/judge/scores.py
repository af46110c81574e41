"""What softmax and its logarithm can lose, row by row of the scores z (m, k), and the loss and gradient of both.

With M the largest score of the row, s_j = M - z_j and T = sum of e^-s_i, the exact values are p_j = e^-s_j / T and
-log p_j = s_j + log T. A relative error r of p_j is an absolute error of about r in log p_j, so one count of
roundings serves both. In units of u, to first order (g(n) takes care of the rest):

    e^-s_j       s_j for rounding z_j - M, LIBRARY for exp
    T            the p-weighted mean of these, at most the largest; S + LIBRARY with S = sum of p_i s_i, and k - 1 sums
    p_j direct   both, and the quotient:                   s_j + S + 2 LIBRARY + k
    log T        the error of T, and LIBRARY log T
    log p_j      s_j for z_j - M, the error of log T, and what the last step rounds: s_j + log T
    p_j = exp    that, and LIBRARY

The count is the larger one, with one more for the quotient, so that it covers the direct route and the logarithmic one.
A route without a shift rounds |M| as well: once in z_j - (M + log T), LIBRARY times in z_j - log(sum of e^z), which
serves as long as e^z neither overflows nor loses its row; and twice in 2^(z log2(e) - M log2(e)), as fused attention
has it. It is a way of its own, as it would loosen the other.

The mean of e^-s_i's errors is a mean of g's, and g is convex: it lies above g of the mean, by u times the variance of s
at most, relatively. One rounding covers that as long as s is below some thousands, and k counts one more than it needs.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from compare.judge.ball import Ball
from compare.judge.rules.errors import LAMBDA, LIBRARY, known, length, root
from compare.judge.rules.sums import in_order

#: How the gradient of a row's scores is reached from p: (p - y) / m in 3 roundings, of the difference and at most of
#: 1 / m and the product with it, before the difference or after; by autodiff of softmax, then log, then pick, in 6.
ROUTES = {"": (3, False), "by softmax, then log, then pick": (6, False), "without a shift": (6, True)}


@dataclass(frozen=True)
class Scores:
    """The balls' parts: z (m, k), y one-hot; p, minus_log_p: the exact values in long arithmetic; s, S, log_total."""

    z: Ball
    y: np.ndarray
    p: np.ndarray
    minus_log_p: np.ndarray
    s: np.ndarray
    largest: np.ndarray
    log_total: np.ndarray

    @staticmethod
    def of(z: Ball, labels: np.ndarray) -> "Scores":
        """From the scores and class numbers (m,)."""
        largest = z.exact.max(axis=1, keepdims=True)
        s = largest - z.exact
        e = np.exp(-s)
        total = e.sum(axis=1, keepdims=True)
        log_total = np.log(total)
        y = np.eye(z.shape[1])[labels]
        parts = (np.asarray(part, np.float64) for part in (s, largest, log_total))
        return Scores(z, y, e / total, s + log_total, *parts)

    def _errors(self, shift: bool) -> tuple[np.ndarray, np.ndarray]:
        """(worst, likely) relative error of p, which is the absolute one of log p, (m, k)."""
        run, z, p, k = self.z.run, self.z, np.asarray(self.p, np.float64), self.z.shape[1]
        # Where the scores themselves are off, p_j moves by at most e^(its own + the largest of the row).
        off = z.worst + z.worst.max(axis=1, keepdims=True)
        inherited, s = np.expm1(off), self.s + off
        S = (p * s * (1 + inherited)).sum(axis=1, keepdims=True)
        log_total = self.log_total + off.max(axis=1, keepdims=True)
        n = 2 * s + S + 2 * LIBRARY + k + (LIBRARY + 2) * log_total
        M = abs(self.largest) * shift
        each_M = np.where(np.log(float(np.finfo(run.dtype).max)) > M, LIBRARY, 2.0)
        n = n + each_M * (M + z.worst.max(axis=1, keepdims=True) * shift)
        # Where the logarithms come in the short format, so does p from them.
        short = run.short_u * (self.s + self.log_total)
        worst = run.g(n) * (1 + inherited) + inherited + np.expm1(2 * short)
        of_total = (np.square(p) * (np.square(self.s) + LIBRARY)).sum(axis=1, keepdims=True)
        squares = 2 * np.square(self.s) + 2 * LIBRARY + of_total + k + (LIBRARY + 1) * np.square(self.log_total)
        squares = squares + each_M * np.square(M)
        others = length(p * z.likely, axis=1, keepdims=True)
        likely = root(LAMBDA * run.likely_u * np.sqrt(squares / 3), np.expm1(root(z.likely, others)))
        return known(worst), known(root(likely, LAMBDA / np.sqrt(3) * short))

    def gradient(self, g: Any) -> Ball:
        """(p - y) g / m, g the gradient of the loss, one number that is exact: (m, k), by each route."""
        run, m = self.z.run, len(self.y)
        g = g.exact if isinstance(g, Ball) else np.asarray(g, run.longer)
        exact, scale, p = (self.p - self.y) * (g / m), abs(float(g)) / m, np.asarray(self.p, np.float64)
        underflow = ((self.z.shape[1] + 4) * scale + 2) * run.tiny
        common = 4 * run.likely_u * abs(np.asarray(exact, np.float64))  # 1 / m is rounded once, for all
        ways = {}
        for route, (roundings, shift) in ROUTES.items():
            more = run.g(roundings)
            error, likely = self._errors(shift)
            reach = p * np.minimum(1 + error, 1 / np.maximum(p, np.finfo(float).tiny))
            worst = (np.where(p > 0, error * p + more * reach, 0.0) + more * self.y) * scale
            few = LAMBDA * run.likely_u * np.sqrt(roundings / 3)
            likely = np.where(p > 0, root(likely, few) * p, 0.0)
            likely = root(likely, few * self.y) * scale + common
            way = Ball(exact, known(worst) + underflow, known(likely) + underflow, run)
            # 1 / m, p and the difference, each of them as large as one of its terms
            worst, few = 3 * run.short_u * (p + self.y) * scale, LAMBDA * run.short_u * root(p, self.y) * scale
            ways[route] = Ball(exact, way.worst + worst, root(way.likely, few), run) if run.short_u else way
        return Ball.either(ways)

    def loss(self) -> Ball:
        """The mean over the rows of -log p at the label, by each route.

        The logarithm of a rounded probability errs by LIBRARY u of itself more; then m terms are added and divided
        by m (m + 1 roundings: m - 1 sums, 1 / m, the product). A probability that underflows is not covered: the
        direct route, -log(softmax), loses the loss there, and that is a fault.
        """
        run, m = self.z.run, len(self.y)
        exact = (self.minus_log_p * self.y).sum() / m
        log_p = np.asarray((self.minus_log_p * self.y).sum(axis=1), np.float64)
        mean, tiny = float(exact), (self.z.shape[1] + 4) * run.tiny
        ways = {}
        for route, (_, shift) in ROUTES.items():
            worst, likely = (np.where(self.y > 0, part, 0.0).sum(axis=1) for part in self._errors(shift))
            each = worst + run.g(LIBRARY) * (log_p + worst) + tiny
            total = (each.sum() + run.g(m + 1) * (log_p + each).sum()) / m + 2 * run.tiny
            u = LAMBDA * run.likely_u / np.sqrt(3)
            sums = u * np.sqrt((m - 1) * (mean * mean / 3 + np.square(log_p).sum() / m / m / 6))
            sums *= in_order(run, log_p, None, sums * m)
            rows = length(root(likely, u * np.sqrt(LIBRARY) * log_p)) / m
            ways[route] = Ball(exact, known(total), known(root(rows, sums) + 4 * run.likely_u * mean + tiny), run)
        return Ball.either(ways)
