"""Operations entry by entry: arithmetic with broadcasting, and functions of one variable.

Shapes broadcast and dtypes mix as in NumPy, which also warns of what has no value (log 0, 0 / 0). The derivatives are
those of any calculus text. At kinks, where there is none, the conventions are PyTorch's and stand beside the formula.
"""

from typing import Any

import numpy as np

from autograd.operation import Operation, operation, unbroadcast


@operation
def add(a, b, /):
    """a + b. The VJPs need the shapes alone, so the tape does not keep the arrays."""
    shape_a, shape_b = np.shape(a), np.shape(b)
    return a + b, lambda g: unbroadcast(g, shape_a), lambda g: unbroadcast(g, shape_b)


@operation
def subtract(a, b, /):
    """a - b."""
    shape_a, shape_b = np.shape(a), np.shape(b)
    return a - b, lambda g: unbroadcast(g, shape_a), lambda g: unbroadcast(-g, shape_b)


@operation
def multiply(a, b, /):
    """a * b."""
    return a * b, lambda g: unbroadcast(g * b, a.shape), lambda g: unbroadcast(g * a, b.shape)


@operation
def divide(a, b, /):
    """a / b."""
    return a / b, lambda g: unbroadcast(g / b, a.shape), lambda g: unbroadcast(-g * (a / b / b), b.shape)


@operation
def power(a, b, /):
    """a ** b; 0 ** b does not change with b >= 0, and a negative base has no gradient for its exponent (NaN)."""
    y = a**b

    def vjp_a(g):
        # Where b = 0 the exponent stays 0: 0 * a ** 0 is 0 even where 1 / a is not finite.
        return unbroadcast(g * (b * a ** (b - (b != 0))), a.shape)

    def vjp_b(g):
        return unbroadcast(g * (y * np.log(np.where((a == 0) & (b >= 0), 1, a))), b.shape)

    return y, vjp_a, vjp_b


# A table of derivatives: the value of each function at x, then the gradient of x.
negative: Operation = operation(lambda x: (-x, lambda g: -g), "negative", "-x.")
abs: Operation = operation(lambda x: (np.abs(x), lambda g: g * np.sign(x)), "abs", "|x|; |x|'(0) = 0.")  # noqa: A001
exp: Operation = operation(lambda x: (y := np.exp(x), lambda g: g * y), "exp", "e ** x.")
log: Operation = operation(lambda x: (np.log(x), lambda g: g / x), "log", "The natural logarithm.")
log1p: Operation = operation(lambda x: (np.log1p(x), lambda g: g / (1 + x)), "log1p", "log(1 + x), also for tiny x.")
sqrt: Operation = operation(lambda x: (y := np.sqrt(x), lambda g: g / (2 * y)), "sqrt", "The square root.")
sin: Operation = operation(lambda x: (np.sin(x), lambda g: g * np.cos(x)), "sin", "The sine of x radians.")
cos: Operation = operation(lambda x: (np.cos(x), lambda g: -g * np.sin(x)), "cos", "The cosine of x radians.")
tanh: Operation = operation(lambda x: (y := np.tanh(x), lambda g: g * (1 - y * y)), "tanh", "The hyperbolic tangent.")


@operation
def sigmoid(x, /):
    """1 / (1 + exp(-x)); exp never sees a positive number, so it cannot overflow."""
    e = np.exp(-np.abs(x))
    y = np.where(x >= 0, 1, e) / (1 + e)
    return y, lambda g: g * (y * (1 - y))


@operation
def relu(x, /):
    """max(x, 0); relu'(0) = 0.

    `y != 0` holds where x > 0 and where x is NaN, which lets a gradient pass, as in PyTorch. An infinite gradient
    that meets a unit which is off becomes NaN here and 0 in PyTorch: a product costs a fifteenth of np.where.
    """
    y = np.maximum(x, 0)
    return y, lambda g: g * (y != 0)


@operation
def softplus(x, /):
    """log(1 + exp(x)), without overflow; its derivative, the sigmoid, is 1 - exp(-y)."""
    y = np.logaddexp(x, 0)
    return y, lambda g: g * -np.expm1(-y)


@operation
def maximum(a, b, /):
    """The larger of a and b; where they tie, each gets half of the gradient."""
    return np.maximum(a, b), lambda g: unbroadcast(won(g, a, b), a.shape), lambda g: unbroadcast(won(g, b, a), b.shape)


@operation
def minimum(a, b, /):
    """The smaller of a and b; where they tie, each gets half of the gradient."""
    return np.minimum(a, b), lambda g: unbroadcast(won(g, b, a), a.shape), lambda g: unbroadcast(won(g, a, b), b.shape)


def won(g: np.ndarray, larger: Any, smaller: Any) -> np.ndarray:
    """The part of `g` for one of two rivals: 0 where it loses, half where they tie, else (also beside NaN) all."""
    return np.where(larger < smaller, 0, np.where(larger == smaller, g / 2, g))


@operation
def where(c, a, b, /):
    """`a` where the condition `c` holds, else `b`; the condition has no gradient."""
    vjp_a, vjp_b = lambda g: unbroadcast(np.where(c, g, 0), a.shape), lambda g: unbroadcast(np.where(c, 0, g), b.shape)
    return np.where(c, a, b), None, vjp_a, vjp_b


@operation
def clip(x, /, low=None, high=None):
    """x, but not below `low` nor above `high`, which are constants; the derivative is 1 up to and at either end."""
    y = np.clip(x, low, high)
    return y, lambda g: unbroadcast(np.where(y == x, g, 0), x.shape)
