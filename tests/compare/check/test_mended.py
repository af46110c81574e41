"""The corrected line: the learner's own statement with one thing changed, or nothing where it is not that plain."""

import pytest

from compare.check.saying.mended import (
    divided,
    summed_over,
    times,
    transposed,
    undivided,
    with_name,
    with_other_sign,
    without_factors,
)


@pytest.mark.parametrize(
    ("change", "arguments", "mended"),
    [
        (with_name, ("dW2 = a0.T @ d3", "a0", "a1"), "dW2 = a1.T @ d3"),
        (with_name, ("dz = self.W2 @ d * W2x", "W2", "V"), ""),
        (with_name, ("dz = d2 @ W", "", "V"), ""),
        (transposed, ("d1 = (d2 @ W1) * f(z0)", "W1"), "d1 = (d2 @ W1.T) * f(z0)"),
        (transposed, ("d1 = d2 @ self.W1.T", "self.W1"), "d1 = d2 @ self.W1"),
        (with_other_sign, ("W += lr * dW",), "W -= lr * dW"),
        (with_other_sign, ("W = W + lr * dW",), "W = W - lr * dW"),
        (with_other_sign, ("W = W + lr * (dW - V)",), ""),
        (times, ("dz = da", "(z > 0)"), "dz = da * (z > 0)"),
        (times, ("dz = da + db", "(z > 0)"), "dz = (da + db) * (z > 0)"),
        (times, ("return da", "(z > 0)"), ""),
        (divided, ("dW = x.T @ d + r", "m"), "dW = (x.T @ d + r) / m"),
        (undivided, ("dW = x.T @ d / n",), "dW = x.T @ d"),
        (undivided, ("dW = x.T @ d",), ""),
        (without_factors, ("d = (p - y) * p * (1 - p) / n", ["p"]), "d = (p - y) / n"),
        (without_factors, ("d = (p - y) / n", ["p"]), ""),
        (without_factors, ("d = (p - y) / p * (1 - p)", ["p"]), "d = (p - y) / p"),
        (summed_over, ("db = 1 / m * np.sum(dz)", 1, True), "db = 1 / m * np.sum(dz, axis=1, keepdims=True)"),
        (summed_over, ("db = dz.sum()", 0, False), "db = dz.sum(axis=0)"),
        (summed_over, ("db = dz.sum() + dy.sum()", 0, False), ""),
    ],
)
def test_a_line_is_mended_where_it_is_plain_and_else_left_alone(change, arguments, mended):
    assert change(*arguments) == mended
