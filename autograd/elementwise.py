"""Operations entry by entry: arithmetic with broadcasting, and functions of one variable."""

import numpy as np

from autograd.operation import operation, unbroadcast


@operation
def add(a, b):
    """a + b."""
    return a + b, lambda g: unbroadcast(g, a), lambda g: unbroadcast(g, b)


@operation
def relu(x):
    """max(x, 0); relu'(0) = 0."""
    y = np.maximum(x, 0)
    return y, lambda g: g * (y > 0)


@operation
def sigmoid(x):
    """1 / (1 + exp(-x)); exp never sees a positive number, so it cannot overflow."""
    e = np.exp(-np.abs(x))
    y = np.where(x >= 0, 1, e) / (1 + e)
    return y, lambda g: g * (y * (1 - y))
