"""The floor beneath every training step: its matrix multiplies, by themselves."""

from collections.abc import Callable

import numpy as np

from manual.network import Network


def products_in_numpy(
    parameters: dict[str, np.ndarray], x: np.ndarray, labels: np.ndarray
) -> Callable[[], list[np.ndarray]]:
    """A function that does the eight matrix multiplies of a step, on the arrays of a real one, and nothing else.

    The results go into arrays that are made beforehand: no step that multiplies these matrices in NumPy can take less.
    (For a single row another operation can: there dW is an outer product.)
    """
    line = Network(parameters).trace(x, labels)
    W1, W2, W3 = parameters["W1"], parameters["W2"], parameters["W3"]
    a1, a2, dz1, dz2, dz3 = (line[name] for name in ("a1", "a2", "dz1", "dz2", "dz3"))
    factors = [
        (x, W1), (a1, W2), (a2, W3),
        (a2.T, dz3), (dz3, W3.T), (a1.T, dz2), (dz2, W2.T), (x.T, dz1),
    ]  # fmt: skip
    products = [np.empty((len(left), right.shape[1]), left.dtype) for left, right in factors]

    def multiply() -> list[np.ndarray]:
        for (left, right), product in zip(factors, products, strict=True):
            np.matmul(left, right, out=product)
        return products

    return multiply
