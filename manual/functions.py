"""The formulas of the network: two activations with their derivatives, softmax and cross-entropy.

Each takes and returns arrays of one dtype, float32 or float64, and never changes what it was given.
"""

from collections.abc import Callable

import numpy as np


def relu(z: np.ndarray) -> np.ndarray:
    """max(z, 0), elementwise: (m, n) -> (m, n)."""
    return np.maximum(z, 0)


def relu_derivative(a: np.ndarray) -> np.ndarray:
    """relu'(z) from the output a = relu(z): True where the unit was on. At z = 0 it is 0, as in PyTorch."""
    return a > 0


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)), elementwise: (m, n) -> (m, n); exp never sees a positive number, so it cannot overflow."""
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def sigmoid_derivative(a: np.ndarray) -> np.ndarray:
    """sigmoid'(z) from the output a = sigmoid(z): a (1 - a)."""
    return a * (1 - a)


#: name: (activation, its derivative written in terms of the activation's output)
ACTIVATIONS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray]]] = {
    "relu": (relu, relu_derivative),
    "sigmoid": (sigmoid, sigmoid_derivative),
}


def softmax(z: np.ndarray) -> np.ndarray:
    """Probabilities from scores, row by row: (m, 10) -> (m, 10).

    The row's largest score is taken off first. That cancels in the quotient, and exp cannot overflow.
    """
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def cross_entropy(z: np.ndarray, labels: np.ndarray) -> np.floating:
    """Mean of -log softmax(z)[label] over the rows: scores (m, 10), class numbers (m,) -> one number.

    The logarithm is taken before the quotient: log softmax(z) = z - log(sum(exp(z))). A class whose probability
    rounds to 0 then still has a finite loss.
    """
    z = z - z.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(z).sum(axis=1))
    return (log_sum - z[np.arange(len(z)), labels]).mean()
