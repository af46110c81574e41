"""Small packages and siblings that hand out digits or points, by the names that many programs share."""

from typing import Any

import numpy as np

from compare.check.surroundings.digits import Giver, one_hot
from compare.check.surroundings.files import Files
from compare.check.surroundings.standins import Modules


def modules(giver: Giver, files: Files) -> Modules:
    """What stands in where they are missing."""
    return {
        "mnist": mnist(giver),
        "mnist_loader": nielsen(files),
        "dataset.mnist": {"load_mnist": load_mnist(giver)},
        "idx2numpy": {"convert_from_file": convert_from_file(files)},
        "nnfs": {"init": lambda *args, **options: np.random.seed(0)},
        "nnfs.datasets": {"spiral_data": spiral_data, "vertical_data": vertical_data, "sine_data": sine_data},
    }


def mnist(giver: Giver) -> dict[str, Any]:
    """Two packages of one name: `mnist.train_images()`, and python-mnist's `MNIST(path).load_training()`."""

    def asked(name: str) -> Any:
        def get() -> np.ndarray:
            giver.say(f"mnist.{name}")
            return getattr(giver.digits, name).copy()

        return get

    class MNIST:
        def __init__(self, path: Any = ".", mode: str = "vanilla", return_type: str = "lists", **others: Any) -> None:
            self.lists = return_type == "lists"
            self.gz = False

        def _load(self, name: str, test: bool) -> tuple[Any, Any]:
            images, labels = giver.digits.part(test, giver.enough(10_000 if test else 60_000))
            giver.say(f"MNIST(...).{name}", f", {len(labels):,} of them")
            return (images.tolist(), labels.tolist()) if self.lists else (images, labels)

        def load_training(self) -> tuple[Any, Any]:
            return self._load("load_training", False)

        def load_testing(self) -> tuple[Any, Any]:
            return self._load("load_testing", True)

    names = ("train_images", "train_labels", "test_images", "test_labels")
    return {"MNIST": MNIST, **{name: asked(name) for name in names}}


def nielsen(files: Files) -> dict[str, Any]:
    """`mnist_loader`, which stands beside the network of a well-known book: floats, and (784, 1) columns of them."""

    def load_data() -> Any:
        parts = files.three_parts()
        files.giver.say("mnist_loader", f", {len(parts[0][1]):,} of them to train on")
        return tuple(parts)

    def load_data_wrapper() -> Any:
        (x, y), *others = load_data()
        columns = [list(zip(a[:, :, None], b, strict=True)) for a, b in others]
        return list(zip(x[:, :, None], one_hot(y)[:, :, None], strict=True)), *columns

    def vectorized_result(j: int) -> np.ndarray:
        return one_hot(np.array([j])).T

    return {
        "load_data": load_data, "load_data_wrapper": load_data_wrapper, "vectorized_result": vectorized_result,
    }  # fmt: skip


def load_mnist(giver: Giver) -> Any:
    """`dataset.mnist.load_mnist`, a sibling in the book on deep learning from scratch."""

    def load_mnist(normalize: bool = True, flatten: bool = True, one_hot_label: bool = False) -> Any:
        giver.say("dataset.mnist.load_mnist")

        def part(images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            x = np.divide(images, 255, dtype="float32") if normalize else images
            return x if flatten else x.reshape(-1, 1, 28, 28), one_hot(labels) if one_hot_label else labels

        return part(*giver.digits.part(False)), part(*giver.digits.part(True))

    return load_mnist


def convert_from_file(files: Files) -> Any:
    """`idx2numpy.convert_from_file`, which can be had without the package."""

    def convert_from_file(path: Any) -> np.ndarray:
        content = np.fromfile(files.supply(path) or path, "uint8")
        count = int(content[3])
        return content[4 + 4 * count :].reshape(content[4 : 4 + 4 * count].view(">u4"))

    return convert_from_file


def spiral_data(samples: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Arms of a spiral, one for each class."""
    r, labels = np.linspace(0, 1, samples), np.repeat(np.arange(classes, dtype="uint8"), samples)
    turns = [np.linspace(4 * k, 4 * (k + 1), samples) + 0.2 * np.random.randn(samples) for k in range(classes)]
    return np.concatenate([np.c_[r * np.sin(2.5 * t), r * np.cos(2.5 * t)] for t in turns]), labels


def vertical_data(samples: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Clouds beside each other, one for each class."""
    labels = np.repeat(np.arange(classes, dtype="uint8"), samples)
    middles = np.c_[labels / 3, np.full(len(labels), 0.5)]
    return 0.1 * np.random.randn(*middles.shape) + middles, labels


def sine_data(samples: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    """One wave."""
    X = np.arange(samples).reshape(-1, 1) / samples
    return X, np.sin(2 * np.pi * X)
