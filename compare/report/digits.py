"""Test images worth a look, drawn: those on which the implementations disagree, and those that all classify wrongly."""

import base64
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from compare.shared.dataset import Dataset
from compare.worlds import world

MOST = 48  # drawn of each kind; a page is not a catalogue


@dataclass(frozen=True)
class Drawn:
    """One image: a PNG as a data address, what it is, what was read, and how probable each world held that to be.

    probabilities: (a world's name, 0 to 1).
    """

    index: int
    label: int
    read: str
    source: str
    probabilities: list[tuple[str, float]]

    @property
    def description(self) -> str:
        """Which image it is, and what it was taken for."""
        return f"Test image {self.index:,}, a {self.label}, predicted {self.read}"


@dataclass(frozen=True)
class Gallery:
    """The images of one kind: how many there are, and the first MOST of them."""

    count: int
    drawn: list[Drawn]


def galleries(
    data: Dataset, predictions: Mapping[str, np.ndarray], probabilities: Callable[[str, np.ndarray], np.ndarray]
) -> tuple[Gallery, Gallery]:
    """Those on which any two disagree, and those that all classify as the same wrong digit.

    predictions: class numbers (n,) of the test set by implementation. probabilities: of an implementation's name and
    the indices (k,) of test images, the probabilities (k, 10) that it gives them.
    """
    read = np.stack(list(predictions.values()))
    agree = (read == read[0]).all(axis=0)
    disagreed, wrong = np.flatnonzero(~agree), np.flatnonzero(agree & (read[0] != data.test_labels))

    def each(i: int) -> str:
        return ", ".join(f"{p[i]} {world(name).title}" for name, p in predictions.items())

    def drawn(indices: np.ndarray, words: Callable[[int], str]) -> list[Drawn]:
        given = {name: probabilities(name, indices) for name in predictions} if len(indices) else {}
        return [
            _drawn(data, i, words(i), [(name, float(given[name][k, p[i]])) for name, p in predictions.items()])
            for k, i in enumerate(indices)
        ]

    return (
        Gallery(len(disagreed), drawn(disagreed[:MOST], each)),
        Gallery(len(wrong), drawn(wrong[:MOST], lambda i: str(read[0][i]))),
    )


def _drawn(data: Dataset, i: int, read: str, probabilities: list[tuple[str, float]]) -> Drawn:
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(255 - data.test_images[i].reshape(data.image_shape)).save(content, "png", optimize=True)
    address = "data:image/png;base64," + base64.b64encode(content.getvalue()).decode()
    return Drawn(int(i), int(data.test_labels[i]), read, address, probabilities)
