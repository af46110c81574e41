"""Losses: one number that says how wrong a prediction is, the mean over its entries or rows."""

from typing import Any

import numpy as np

from autograd.elementwise import subtract
from autograd.operation import operation
from autograd.shaping import getitem
from autograd.tensor import Tensor, plain


@operation
def cross_entropy(logits, labels, /):
    """Mean of -log softmax(logits)[label] over the rows: scores (m, k), class numbers (m,) -> one number.

    One operation rather than softmax, then log, then mean: this way neither exp nor log leaves the range of the
    dtype, and the gradient is simply (softmax(logits) - onehot) / m. Raises ValueError for labels that are not m
    integers from 0 to k - 1.
    """
    m, chosen = len(logits), _entries(logits, labels)
    shifted = logits - logits.max(axis=1, keepdims=True)
    e = np.exp(shifted)
    total = e.sum(axis=1, keepdims=True)

    def vjp(g):
        onehot = np.zeros(e.shape, e.dtype)
        onehot[chosen] = 1
        return (e / total - onehot) * g / m

    return (np.log(total[:, 0]) - shifted[chosen]).sum() / m, vjp


def nll_loss(log_probabilities: Any, labels: Any, /) -> Tensor:
    """Mean of -log_probabilities[label] over the rows: (m, k), class numbers (m,) -> one number.

    After `log_softmax`, the cross-entropy. Raises ValueError as `cross_entropy` does.
    """
    return -getitem(log_probabilities, _entries(np.asarray(plain(log_probabilities)), plain(labels))).mean()


def mse_loss(prediction: Any, target: Any, /) -> Tensor:
    """Mean of (prediction - target) ** 2 over all entries: two arrays of one shape -> one number.

    Raises ValueError where the shapes differ: (m, 1) and (m,) would broadcast to (m, m) and never say so.
    """
    if np.shape(prediction) != np.shape(target):
        raise ValueError(f"Reshape prediction {np.shape(prediction)} or target {np.shape(target)}: they must agree.")
    difference = subtract(prediction, target)
    return (difference * difference).mean()


def _entries(scores: np.ndarray, labels: Any) -> tuple[np.ndarray, np.ndarray]:
    """The index of the labelled entry of each row, once the labels are known to fit: negative ones would wrap round."""
    labels = np.asarray(labels)
    if scores.ndim != 2 or labels.shape != scores.shape[:1] or labels.dtype.kind not in "iu":
        raise ValueError(
            f"Scores (m, k) take labels (m,) that are integers, and these scores have the shape {scores.shape}, the "
            f"labels {labels.shape} and {labels.dtype}. One-hot labels become class numbers with argmax(axis=1)."
        )
    if labels.size and not 0 <= labels.min() <= labels.max() < scores.shape[1]:
        raise ValueError(f"Labels run from 0 to {scores.shape[1] - 1} here, not {labels.min()} to {labels.max()}.")
    return np.arange(len(labels)), labels
