"""Test images worth a look, drawn: those on which the implementations disagree, and those that all read wrongly."""

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from compare.shared.dataset import Dataset
from compare.worlds import world

MOST = 48  # drawn of each kind; a page is not a catalogue


@dataclass(frozen=True)
class Drawn:
    """One image: a PNG as a data address, what it is, and what was read."""

    index: int
    label: int
    read: str
    source: str

    @property
    def description(self) -> str:
        """In words."""
        return f"Test image {self.index:,}, a {self.label}, read as {self.read}"


@dataclass(frozen=True)
class Gallery:
    """The images of one kind: how many there are, and the first MOST of them."""

    count: int
    drawn: list[Drawn]


def galleries(data: Dataset, predictions: Mapping[str, np.ndarray]) -> tuple[Gallery, Gallery]:
    """Those on which any two disagree, and those that all three read as the same wrong digit.

    predictions: class numbers (n,) of the test set by implementation.
    """
    read = np.stack(list(predictions.values()))
    agree = (read == read[0]).all(axis=0)
    disagreed, wrong = np.flatnonzero(~agree), np.flatnonzero(agree & (read[0] != data.test_labels))

    def each(i: int) -> str:
        return ", ".join(f"{p[i]} {world(name).title}" for name, p in predictions.items())

    return (
        Gallery(len(disagreed), [_drawn(data, i, each(i)) for i in disagreed[:MOST]]),
        Gallery(len(wrong), [_drawn(data, i, str(read[0][i])) for i in wrong[:MOST]]),
    )


def _drawn(data: Dataset, i: int, read: str) -> Drawn:
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(255 - data.test_images[i].reshape(data.image_shape)).save(content, "png", optimize=True)
    address = "data:image/png;base64," + base64.b64encode(content.getvalue()).decode()
    return Drawn(int(i), int(data.test_labels[i]), read, address)
