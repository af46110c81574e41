"""The batches of a training, for experiments that take a few steps of it."""

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from compare.shared.settings import Settings
from compare.shared.training import endless_batches

if TYPE_CHECKING:
    from compare.shared.training import Digits


def first_batch(settings: Settings, digits: "Digits") -> tuple[np.ndarray, np.ndarray]:
    """The first images of the training set, one batch of them, and their labels: copies, with memory of their own."""
    rows = settings.rows_per_batch(len(digits.train_x))
    return digits.train_x[:rows].copy(), digits.train_labels[:rows].copy()


def batches(settings: Settings, digits: "Digits", steps: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Images and labels of the first `steps` batches of a training with these settings, epoch after epoch."""
    for batch in itertools.islice(endless_batches(settings, len(digits.train_x)), steps):
        yield digits.batch(batch)
