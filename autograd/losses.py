"""Losses: one number that says how wrong a prediction is."""

import numpy as np

from autograd.operation import operation


@operation
def cross_entropy(logits, labels):
    """Mean of -log softmax(logits)[label] over the rows: scores (m, k), class numbers (m,) -> one number.

    One operation rather than softmax, then log, then mean: this way neither exp nor log leaves the range of the
    dtype, and the gradient is simply (softmax(logits) - onehot) / m.
    """
    m = len(labels)
    shifted = logits - logits.max(axis=1, keepdims=True)
    e = np.exp(shifted)
    total = e.sum(axis=1, keepdims=True)
    rows = np.arange(m)

    def vjp(g):
        gradient = e / total
        gradient[rows, labels] -= 1
        return gradient * (g / m)

    return (np.log(total[:, 0]) - shifted[rows, labels]).sum() / m, vjp
