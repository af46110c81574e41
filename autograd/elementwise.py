"""Operations entry by entry: arithmetic with broadcasting, and functions of one variable.

Shapes broadcast and dtypes mix as in NumPy, which also warns of what has no value (log 0, 0 / 0). The derivatives are
those of any calculus text; where broadcasting has repeated an input, the tape sums them. At kinks, where there is no
derivative, the conventions are PyTorch's and stand beside the formula.
"""

import numpy as np

from autograd.operation import operation

LOG_2, LOG_10 = float(np.log(2)), float(np.log(10))

# A table of derivatives: the value of each function, then the gradient of each input.
add = operation(lambda a, b: (a + b, lambda g: g, lambda g: g), "add", "a + b.")
subtract = operation(lambda a, b: (a - b, lambda g: g, lambda g: -g), "subtract", "a - b.")
multiply = operation(lambda a, b: (a * b, lambda g: g * b, lambda g: g * a), "multiply", "a * b.")
divide = operation(lambda a, b: (a / b, lambda g: g / b, lambda g: -g * (a / b / b)), "divide", "a / b.")
remainder = operation(lambda a, b: (a % b, lambda g: g, lambda g: -g * (a // b)), "remainder", "a - (a // b) * b.")
positive = operation(lambda x: (+x, lambda g: g), "positive", "+x.")
negative = operation(lambda x: (-x, lambda g: -g), "negative", "-x.")
abs = operation(lambda x: (np.abs(x), lambda g: g * np.sign(x)), "abs", "|x|; |x|'(0) = 0.")  # noqa: A001
square = operation(lambda x: (np.square(x), lambda g: g * (2 * x)), "square", "x ** 2.")
reciprocal = operation(lambda x: (y := 1 / x, lambda g: -g * (y * y)), "reciprocal", "1 / x.")
exp = operation(lambda x: (y := np.exp(x), lambda g: g * y), "exp", "e ** x.")
exp2 = operation(lambda x: (y := np.exp2(x), lambda g: g * (y * LOG_2)), "exp2", "2 ** x.")
expm1 = operation(lambda x: (y := np.expm1(x), lambda g: g * (y + 1)), "expm1", "exp(x) - 1, also for tiny x.")
log = operation(lambda x: (np.log(x), lambda g: g / x), "log", "The natural logarithm.")
log2 = operation(lambda x: (np.log2(x), lambda g: g / (x * LOG_2)), "log2", "The logarithm to the base 2.")
log10 = operation(lambda x: (np.log10(x), lambda g: g / (x * LOG_10)), "log10", "The logarithm to the base 10.")
log1p = operation(lambda x: (np.log1p(x), lambda g: g / (1 + x)), "log1p", "log(1 + x), also for tiny x.")
sqrt = operation(lambda x: (y := np.sqrt(x), lambda g: g / (2 * y)), "sqrt", "The square root.")
sin = operation(lambda x: (np.sin(x), lambda g: g * np.cos(x)), "sin", "The sine of x radians.")
cos = operation(lambda x: (np.cos(x), lambda g: -g * np.sin(x)), "cos", "The cosine of x radians.")
tan = operation(lambda x: (y := np.tan(x), lambda g: g * (1 + y * y)), "tan", "The tangent of x radians.")
arctan = operation(lambda x: (np.arctan(x), lambda g: g / (1 + x * x)), "arctan", "The angle whose tangent is x.")
sinh = operation(lambda x: (np.sinh(x), lambda g: g * np.cosh(x)), "sinh", "The hyperbolic sine.")
cosh = operation(lambda x: (np.cosh(x), lambda g: g * np.sinh(x)), "cosh", "The hyperbolic cosine.")
tanh = operation(lambda x: (y := np.tanh(x), lambda g: g * (1 - y * y)), "tanh", "The hyperbolic tangent.")

softplus = operation(lambda x: (y := np.logaddexp(x, 0), lambda g: g * -np.expm1(-y)), "softplus", "log(1 + exp(x)).")

# `y != 0` holds where x > 0 and where x is NaN, which lets a gradient pass, as in PyTorch. An infinite gradient that
# meets a unit which is off becomes NaN here and 0 in PyTorch: a product costs a fifteenth of np.where.
relu = operation(lambda x: (y := np.maximum(x, 0), lambda g: g * (y != 0)), "relu", "max(x, 0); relu'(0) = 0.")
leaky_relu = operation(
    lambda x, /, slope=0.01: (np.where(x > 0, x, slope * x), lambda g: np.where(x > 0, g, slope * g)),
    "leaky_relu", "x where x > 0, else slope * x; the derivative at 0 is the slope, as in PyTorch.",
)  # fmt: skip
maximum = operation(
    lambda a, b: (np.maximum(a, b), lambda g: _won(g, a, b), lambda g: _won(g, b, a)),
    "maximum", "The larger of a and b; where they tie, each gets half of the gradient.",
)  # fmt: skip
minimum = operation(
    lambda a, b: (np.minimum(a, b), lambda g: _won(g, b, a), lambda g: _won(g, a, b)),
    "minimum", "The smaller of a and b; where they tie, each gets half of the gradient.",
)  # fmt: skip
logaddexp = operation(
    lambda a, b: (y := np.logaddexp(a, b), lambda g: g * np.exp(a - y), lambda g: g * np.exp(b - y)),
    "logaddexp", "log(exp(a) + exp(b)), without overflow.",
)  # fmt: skip
where = operation(
    lambda c, a, b: (np.where(c, a, b), None, lambda g: np.where(c, g, 0), lambda g: np.where(c, 0, g)),
    "where", "`a` where the condition `c` holds, else `b`; the condition has no gradient.",
)  # fmt: skip


@operation
def power(a, b, /):
    """a ** b; 0 ** b does not change with b >= 0, and a negative base has no gradient for its exponent (NaN)."""
    y = a**b
    # Where b = 0 the derivative with respect to a is 0, even where 1 / a is not finite.
    vjp_a = lambda g: g * (b * np.where((b == 0) & ((a == 0) | (a != a)), 1, a) ** (b - 1))  # noqa: E731
    return y, vjp_a, lambda g: g * (y * np.log(np.where((a == 0) & (b >= 0), 1, a)))


@operation
def sigmoid(x, /):
    """1 / (1 + exp(-x)); exp never sees a positive number, so it cannot overflow."""
    e = np.exp(-np.abs(x))
    y = np.where(x >= 0, 1, e) / (1 + e)
    return y, lambda g: g * (y * (1 - y))


@operation
def clip(x, /, a_min=None, a_max=None, *, min=None, max=None):
    """x, but not below a_min (or `min`) nor above a_max (or `max`), constants; the derivative at either end is 1."""
    y = np.clip(x, a_min if min is None else min, a_max if max is None else max)
    return y, lambda g: np.where(y == x, g, 0)


def _won(g, larger, smaller):
    """The part of `g` for one of two rivals: 0 where it loses, half where they tie, else (also beside NaN) all."""
    return np.where(larger < smaller, 0, np.where(larger == smaller, g / 2, g))
