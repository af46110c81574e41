"""Keras and TensorFlow, as far as they hand out the digits."""

import os
from types import SimpleNamespace
from typing import Any

import numpy as np

from compare.check.surroundings.digits import Giver, one_hot
from compare.check.surroundings.standins import Mends, Modules

PLACES = ("keras", "tf_keras", "tensorflow.keras", "tensorflow.python.keras", "tensorflow.compat.v1.keras")
SETS = ("mnist", "fashion_mnist")
REAL = ("keras.src.datasets", "tf_keras.src.datasets", "keras.datasets", "tensorflow.python.keras.datasets")
READERS = (
    "tensorflow.examples.tutorials.mnist.input_data",
    "tensorflow.contrib.learn.python.learn.datasets.mnist",
)


def modules(giver: Giver) -> Modules:
    """What stands in where they are not installed."""
    utils = {"to_categorical": to_categorical, "normalize": normalize}
    table: Modules = {name: {"read_data_sets": read_data_sets(giver)} for name in READERS}
    table["tensorflow.random"] = dict.fromkeys(("set_seed", "set_random_seed"), lambda seed: None)
    for place in PLACES:
        table |= {f"{place}.datasets.{name}": {"load_data": load_data(giver, name)} for name in SETS}
        table |= {f"{place}.utils": utils, f"{place}.utils.np_utils": utils}
    return table


def mends(giver: Giver) -> Mends:
    """The installed ones would fetch the digits, unless they did so before."""

    def given(name: str) -> Any:
        kept = os.path.expanduser(f"~/.keras/datasets/{name.replace('_', '-')}")
        there = os.path.exists(kept) or os.path.exists(f"{kept}.npz")
        return lambda module: {} if there else {"load_data": load_data(giver, name)}

    return {f"{place}.{name}": given(name) for place in REAL for name in SETS}


def load_data(giver: Giver, name: str) -> Any:
    """`mnist.load_data`: two pairs of images (n, 28, 28) and labels (n,), as bytes."""

    def load_data(path: str = "") -> Any:
        giver.say(f"{name}.load_data")
        d = giver.digits
        return (d.train_images.copy(), d.train_labels.copy()), (d.test_images.copy(), d.test_labels.copy())

    return load_data


def to_categorical(y: Any, num_classes: int | None = None, dtype: str = "float32") -> np.ndarray:
    labels = np.asarray(y, int)
    labels = labels[..., 0] if labels.ndim > 1 and labels.shape[-1] == 1 else labels
    return one_hot(labels, num_classes or int(labels.max()) + 1, dtype)


def normalize(x: Any, axis: int = -1, order: int = 2) -> np.ndarray:
    length = np.linalg.norm(x, order, axis, keepdims=True)
    return np.divide(x, np.where(length == 0, 1, length))


class Part:
    """`mnist.train` of TensorFlow's first tutorial: images (n, 784) in [0, 1], labels, and batches of them."""

    def __init__(self, images: np.ndarray, labels: np.ndarray) -> None:
        self.images, self.labels, self.num_examples = images, labels, len(images)
        self.at = 0

    def next_batch(self, size: int, fake_data: bool = False, shuffle: bool = True) -> tuple[np.ndarray, np.ndarray]:
        start = self.at if self.at + size <= self.num_examples else 0
        self.at = start + size
        return self.images[start : self.at], self.labels[start : self.at]


def read_data_sets(giver: Giver) -> Any:
    """`input_data.read_data_sets`."""

    def read_data_sets(
        train_dir: Any = None, fake_data: bool = False, one_hot: bool = False, dtype: Any = None, reshape: bool = True,
        validation_size: int = 5000, **others: Any,
    ) -> SimpleNamespace:  # fmt: skip
        giver.say("input_data.read_data_sets")

        def part(images: np.ndarray, labels: np.ndarray) -> Part:
            x = np.divide(images, 255, dtype="float32")
            return Part(x if reshape else x.reshape(-1, 28, 28, 1), np.eye(10)[labels] if one_hot else labels)

        images, labels = giver.digits.part(False)
        k = validation_size
        held, rest = part(images[:k], labels[:k]), part(images[k:], labels[k:])
        return SimpleNamespace(train=rest, validation=held, test=part(*giver.digits.part(True)))

    return read_data_sets
