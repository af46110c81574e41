"""Numbers of some 100 bits as unevaluated sums of two float64: where long double is no longer than double.

An error-free transformation returns the rounded result of an operation together with its exact rounding error, both
in float64. Sources: Dekker, A floating-point technique for extending the available precision (1971), for the product;
Knuth, The Art of Computer Programming, vol. 2, for the sum; Ogita, Rump and Oishi, Accurate sum and dot product
(2005), for Dot2, which is `matmul` here; Hida, Li and Bailey, Algorithms for quad-double precision floating point
arithmetic (2001), for the scheme of `exp` and `log`.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def two_sum(a: Any, b: Any) -> tuple[Any, Any]:
    """s + e = a + b exactly, s = fl(a + b) (Knuth)."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


def two_product(a: Any, b: Any) -> tuple[Any, Any]:
    """p + e = a b exactly, p = fl(a b), unless something under- or overflows (Dekker, Veltkamp)."""
    a_high, a_low = split(a)
    b_high, b_low = split(b)
    p = a * b
    return p, a_low * b_low - (((p - a_high * b_high) - a_low * b_high) - a_high * b_low)


def split(a: Any) -> tuple[Any, Any]:
    """The upper 26 bits of a float64 and the rest, so that products of such halves are exact (Veltkamp)."""
    scale = np.where(np.abs(a) > 2.0**990, 2.0**-28, 1.0)  # lest t overflows
    t = 134217729.0 * (a * scale)  # 2^27 + 1
    high = (t - (t - a * scale)) / scale
    return high, a - high


class DoubleDouble:
    """An array of numbers high + low, |low| at most half an ulp of high; both parts float64 of one shape.

    The operators are those of an array, and some of NumPy's functions answer, as far as the forward pass of a network
    needs them; the other operand may be an array or a number. `>`, `>=` and `<` compare with numbers.
    """

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any) -> Any:
        return UFUNCS[ufunc](*inputs) if method == "__call__" and ufunc in UFUNCS else NotImplemented

    def __init__(self, high: Any, low: Any = 0.0) -> None:
        high, low = np.asarray(high, dtype=np.float64), np.asarray(low, dtype=np.float64)
        self.high, self.low = two_sum(high, low)

    @property
    def T(self) -> DoubleDouble:
        """The transpose."""
        return DoubleDouble(self.high.T, self.low.T)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of either part."""
        return self.high.shape

    def __getitem__(self, index: Any) -> DoubleDouble:
        return DoubleDouble(self.high[index], self.low[index])

    def __gt__(self, other: float) -> Any:
        return self.high > other

    def __ge__(self, other: float) -> Any:
        return self.high >= other

    def __lt__(self, other: float) -> Any:
        return self.high < other

    def __matmul__(self, other: DoubleDouble) -> DoubleDouble:
        return matmul(self, other)

    def max(self, axis: int, keepdims: bool = False) -> np.ndarray:
        """The largest upper parts along one axis."""
        return np.asarray(self.high.max(axis=axis, keepdims=keepdims))

    def __abs__(self) -> DoubleDouble:
        sign = np.where(self.high < 0, -1.0, 1.0)
        return DoubleDouble(self.high * sign, self.low * sign)

    def __neg__(self) -> DoubleDouble:
        return DoubleDouble(-self.high, -self.low)

    def __add__(self, other: Any) -> DoubleDouble:
        other = double_double(other)
        s, e = two_sum(self.high, other.high)
        t, f = two_sum(self.low, other.low)  # both errors are kept: high parts may cancel
        s, e = two_sum(s, e + t)
        return DoubleDouble(s, e + f)

    def __sub__(self, other: Any) -> DoubleDouble:
        return self + -double_double(other)

    def __mul__(self, other: Any) -> DoubleDouble:
        other = double_double(other)
        p, e = two_product(self.high, other.high)
        return DoubleDouble(p, e + (self.high * other.low + self.low * other.high))

    def __truediv__(self, other: Any) -> DoubleDouble:
        other = double_double(other)
        first = self.high / other.high
        rest = self - other * first
        second = rest.high / other.high
        rest = rest - other * second
        return DoubleDouble(first, second) + rest.high / other.high

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other: Any) -> DoubleDouble:
        return double_double(other) - self

    def __rtruediv__(self, other: Any) -> DoubleDouble:
        return double_double(other) / self

    def sum(self, axis: int | None = None, keepdims: bool = False) -> DoubleDouble:
        """The sum along one axis, or over all of them."""
        ones = np.ones((1, self.high.size if axis is None else self.high.shape[axis]))
        if axis is None:
            return matmul(double_double(ones), self.reshape(-1, 1))[0, 0]
        total = matmul(double_double(ones), self if axis == 0 else self.T)
        return total[0] if not keepdims else (total if axis == 0 else total.T)

    def reshape(self, *shape: int) -> DoubleDouble:
        """The same numbers in another shape."""
        return DoubleDouble(self.high.reshape(*shape), self.low.reshape(*shape))


def double_double(a: Any) -> DoubleDouble:
    """`a`, which fits float64 exactly, as a DoubleDouble."""
    return a if isinstance(a, DoubleDouble) else DoubleDouble(a)


def matmul(a: DoubleDouble, b: DoubleDouble) -> DoubleDouble:
    """(m, n) @ (n, k) by Dot2 (Ogita, Rump and Oishi): every rounding error is caught and summed beside the sum.

    What remains is at most g(n)^2 |a| |b| with g of float64: below n 2^-85 |a| |b| for sums of up to 2^20 terms.
    """
    total = np.zeros((a.shape[0], b.shape[1]))
    errors = np.zeros_like(total)
    for i in range(a.shape[1]):
        left, right = a[:, i, None], b[None, i, :]
        product, e = two_product(left.high, right.high)
        total, f = two_sum(total, product)
        errors += e + f + (left.high * right.low + left.low * right.high)
    return DoubleDouble(total, errors)


LOG_2 = DoubleDouble(0.6931471805599453, 2.3190468138462996e-17)  # float64 nearest to ln 2, and what it lacks


def exp(x: DoubleDouble) -> DoubleDouble:
    """e^x, to a relative 2^-95 or better; below float64's range it is 0.

    x = k ln 2 + 512 r with |r| < 0.0007: eleven terms of the series of e^r - 1, which is then squared back nine times
    in the form (1 + s)^2 - 1 = 2 s + s^2, where s keeps its leading digits.
    """
    inside = np.abs(x.high) < 800  # beyond it the result is 0 or infinite anyway
    x = DoubleDouble(np.clip(x.high, -800.0, 800.0), np.where(inside, x.low, 0.0))
    k = np.round(x.high / LOG_2.high)
    r = (x - LOG_2 * k) * 2.0**-9
    s = r * 0.0
    for n in range(11, 0, -1):
        s = (s + 1.0) * r / float(n)
    for _ in range(9):
        s = s * 2.0 + s * s
    s = s + 1.0
    return DoubleDouble(np.ldexp(s.high, k.astype(int)), np.ldexp(s.low, k.astype(int)))


def log(x: DoubleDouble) -> DoubleDouble:
    """Natural logarithm of x > 0: one step of Newton's method on e^y = x from float64's logarithm."""
    y = double_double(np.log(x.high))
    return y + (x * exp(-y) - 1.0)


def tanh(x: DoubleDouble) -> DoubleDouble:
    """(1 - t) / (1 + t) with t = e^(-2|x|); near 0, where that cancels, the first four terms of the series."""
    t = exp(abs(x) * -2.0)
    quotient = (1.0 - t) / (1.0 + t) * np.where(x.high < 0, -1.0, 1.0)
    square = x * x
    series = x * (1.0 - square * (1.0 - square * (2.0 - square * 17.0 / 21.0) / 5.0) / 3.0)
    small = np.abs(x.high) < 1e-4  # the next term, 62 x^8 / 2835, is below 2^-111 there
    return DoubleDouble(np.where(small, series.high, quotient.high), np.where(small, series.low, quotient.low))


def _positive_part(x: DoubleDouble, zero: float) -> DoubleDouble:
    """max(x, 0)."""
    on = x.high > zero
    return DoubleDouble(np.where(on, x.high, zero), np.where(on, x.low, 0.0))


UFUNCS: dict[Any, Any] = {
    np.add: lambda a, b: double_double(a) + b,
    np.subtract: lambda a, b: double_double(a) - b,
    np.multiply: lambda a, b: double_double(a) * b,
    np.divide: lambda a, b: double_double(a) / b,
    np.maximum: _positive_part,
    np.exp: exp,
    np.log: log,
    np.tanh: tanh,
}
