"""Sums of products: matrix products and einsum.

Their likely error is that of `rules.sums`, with the products' own roundings.
"""

import functools
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from compare.judge.ball import Ball
from compare.judge.longer import Extent, blocks, exact_block
from compare.judge.roundoff import Arithmetic
from compare.judge.rules.errors import LAMBDA, balls, known, piecewise, root, rule, shortened
from compare.judge.rules.sums import FEW, in_order, probable

SOME = 64  # entries of a product, of which `in_order` is asked


@dataclass(frozen=True)
class Total:
    """A sum of n products before it is rounded to one number, so that a term can join it (`rules.arithmetic`).

    size: the largest that the products' magnitudes can add up to; length: the root of Q; inherited: the
    (worst, likely) that comes from the inputs; underflow: what flushing subnormal inputs and products to zero can do.
    """

    exact: Any
    n: int
    size: np.ndarray
    length: np.ndarray
    inherited: tuple[Any, Any]
    underflow: Any
    run: Arithmetic
    alike: float = 1.0  # what `in_order` says of some of its entries

    def rounded(self) -> Ball:
        """Their sum, in any order (Higham 3.1): each meets its own rounding and at most n - 1 of the sums'."""
        ball = shortened(Ball(self.exact, None, None, self.run, total=self))
        ball.total = self
        return ball

    def radii(self) -> tuple[np.ndarray, ...]:
        """(worst, likely) of the rounded sum."""
        run, g = self.run, self.run.g(self.n)

        def of(exact: Any, size: Any, length: Any, worst: Any, likely: Any, underflow: Any) -> tuple[Any, Any]:
            tau = self.alike * probable(run, self.n, np.asarray(exact, np.float64), length, products=True)
            return known(worst + g * size + 2 * underflow), known(root(likely, tau) + underflow)

        return piecewise(of, self.exact, self.size, self.length, *self.inherited, self.underflow)

    def plus(self, b: Ball) -> Ball:
        """Their sum and b: as the last term, after the sum was rounded, or anywhere among the products."""
        b = shortened(b)
        run, n, g = self.run, self.n, self.run.g(self.n + 1)
        exact, tau = self.exact + b.exact, LAMBDA * run.likely_u / math.sqrt(3) * self.alike

        def of(after: Any, S: Any, size: Any, length: Any, worst: Any, likely: Any, underflow: Any, *b: Any) -> Any:
            S, term, (e, f) = np.asarray(S, np.float64), abs(b[0]), b[1:]
            lost = underflow + np.where(term < run.tiny, term, 0.0)
            # Partial sums run from 0 to S and then to S + b, or from b to S + b: their mean square, at most.
            partial = np.maximum(root(b[0] + S / 2, S / math.sqrt(12)), abs(S) / math.sqrt(3))
            rounds = root(math.sqrt(2 + n / 6) * length, math.sqrt(n) * partial, np.asarray(after, np.float64))
            worst = worst + e + g * (size + term + e) + underflow + lost
            return known(worst), known(root(likely, f, tau * rounds) + lost)

        parts = self.exact, self.size, self.length, *self.inherited, self.underflow
        worst, likely = piecewise(of, exact, *parts, b.value, b.worst, b.likely)
        # in a short format, the sum and it with b are rounded, or both at once
        return shortened(Ball(exact, worst, likely, run), 2)


@rule(np.matmul, np.dot)
def _matmul(a: Any, b: Any) -> Ball:
    a, b = (shortened(i) for i in balls(a, b))
    if a.ndim == 1:
        return _matmul(a[None], b)[..., 0, :] if b.ndim > 1 else _matmul(a[None], b)[0]
    if b.ndim == 1:
        return _matmul(a, b[:, None])[..., 0]
    if "leaf" not in b.notes:
        return _products(a, b).rounded()
    known_products = a.notes.setdefault("products", {})
    if id(b) not in known_products:
        known_products[id(b)] = b, _products(a, b)
    return known_products[id(b)][1].rounded()


def _products(a: Ball, b: Ball) -> Total:
    run, n = a.run, a.shape[-1]
    shape = *np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1]
    exact, size, squares, worst, likely, underflow, off = (_Sum(shape) for _ in range(7))
    with np.errstate(invalid="ignore", over="ignore"):
        for rows, terms in blocks(a.shape):
            at, left, right = (..., rows, slice(None)), (..., rows, terms), (..., terms, slice(None))
            A, B = a.held[left], b.held[right]
            x, y = abs(np.asarray(A, np.float64)), abs(np.asarray(B, np.float64))
            extents = Extent.of(x), Extent.of(y)
            is_usual = all(extent.is_usual for extent in extents)
            product, judge_errs = exact_block(A, B, run.longer, is_usual)
            exact.add(at, product)
            off.add(at, judge_errs)
            size.add(at, x @ y)
            squares.add_squares(at, x, y, is_usual)
            underflow.add(at, _underflow(run, x, y, *extents))
            if not a.is_exact:
                worst.add(at, a.worst[left] @ (y + b.worst[right]))
                likely.add_squares(at, a.likely[left], np.hypot(y, b.likely[right]))
            if not b.is_exact:
                worst.add(at, x @ b.worst[right])
                likely.add_squares(at, x, b.likely[right])
        reach = size.total if a.is_exact and b.is_exact else size.total + worst.total
        inherited = worst.total + off.total, root(likely.root(), off.total)
        total = Total(exact.total, n, reach, squares.root(), inherited, underflow.total, run)
        return replace(total, alike=_alike(total, a, b)) if a.ndim == b.ndim == 2 and n > FEW else total


class _Sum:
    """An array to which blocks are added; 0 as long as there are none."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self.total: Any = 0.0
        self.lengths: Any = 0.0  # whose squares belong to the total, and may under- or overflow

    def add(self, at: Any, block: Any) -> None:
        """Add to the entries `at`."""
        if np.ndim(block):
            self.total = np.zeros(self.shape, block.dtype) if np.ndim(self.total) == 0 else self.total
            self.total[at] += block

    def add_squares(self, at: Any, x: np.ndarray, y: np.ndarray, is_usual: bool | None = None) -> None:
        """Add x^2 @ y^2. is_usual: whether the extents of x and y are, where that is known."""
        if is_usual or (is_usual is None and all(Extent.of(i).is_usual for i in (x, y))):
            self.add(at, np.square(x) @ np.square(y))
            return
        rows, columns = x.max(axis=-1, keepdims=True, initial=0.0), y.max(axis=-2, keepdims=True, initial=0.0)
        rows, columns = (np.where((i > 0) & np.isfinite(i), i, 1.0) for i in (rows, columns))
        self.lengths = np.zeros(self.shape) if np.ndim(self.lengths) == 0 else self.lengths
        block = np.sqrt(np.square(x / rows) @ np.square(y / columns)) * rows * columns
        self.lengths[at] = np.hypot(self.lengths[at], block)

    def root(self) -> Any:
        """The root of a sum of squares."""
        return np.hypot(np.sqrt(self.total), self.lengths) if np.ndim(self.lengths) else np.sqrt(self.total)


def _underflow(run: Arithmetic, x: np.ndarray, y: np.ndarray, of_x: Extent, of_y: Extent) -> Any:
    """What flushing to zero can do to x @ y: inputs that are subnormal, and products that are."""
    lost: Any = 0.0
    if of_x.smallest < run.tiny:
        lost = lost + np.where(x < run.tiny, x, 0.0) @ y
    if of_y.smallest < run.tiny:
        lost = lost + x @ np.where(y < run.tiny, y, 0.0)
    if of_x.smallest * of_y.smallest < run.tiny:
        lost = lost + 2 * run.tiny * ((x > 0).astype(np.float64) @ (y > 0))
    return lost


def _alike(total: Total, a: Ball, b: Ball) -> float:
    """`in_order` of SOME entries of a product of matrices, evenly spread."""
    rows, columns = np.unravel_index(np.linspace(0, total.length.size - 1, SOME).astype(int), total.length.shape)
    terms = a.held[rows].T.astype(total.run.dtype) * b.held[:, columns].astype(total.run.dtype)
    sums, long = np.asarray(total.exact, np.float64)[rows, columns], total.length[rows, columns]
    return in_order(total.run, terms, 0, probable(total.run, total.n, sums, long, products=True))


@rule(np.einsum)
def _einsum(subscripts: str, *operands: Any, optimize: Any = True) -> Ball:
    """A sum of products of k factors: an error of one meets the others where they are largest; n terms round n + k."""
    del optimize
    items = balls(*operands)
    run, k = items[0].run, len(items)
    inputs, _, output = subscripts.partition("->")
    lengths = {
        a: n for term, i in zip(inputs.split(","), items, strict=True) for a, n in zip(term, i.shape, strict=True)
    }
    n = math.prod(length for letter, length in lengths.items() if letter not in output)
    product = functools.partial(np.einsum, subscripts)
    exact = product(*[i.exact for i in items])
    size, reach = [abs(i.value) for i in items], [abs(i.value) + i.worst for i in items]
    far = [abs(i.value) + i.likely for i in items]
    worst = sum(product(*reach[:j], items[j].worst, *size[j + 1 :]) for j in range(k))
    likely = sum(product(*map(np.square, [*far[:j], items[j].likely, *size[j + 1 :]])) for j in range(k))
    squares = np.sqrt(k * product(*map(np.square, size)))
    tau = probable(run, n, np.asarray(exact, np.float64), squares, products=True)
    underflow = (n + k) * run.tiny
    worst = worst + run.g(n + k) * product(*reach) + underflow
    return Ball(exact, known(worst), known(root(np.sqrt(likely), tau) + underflow), run)
