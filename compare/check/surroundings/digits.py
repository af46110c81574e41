"""The digits that are given where a program's own are not there, and a note of what was asked for."""

import linecache
import os
import re
import sys
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path

import numpy as np

from compare.shared.idx import read_idx

OURS = Path(__file__).parents[2] / "data" / "mnist"
#: How many rows a set is cut to: for loops over text and lists, and as Kaggle's and the whole set have them.
SIZES = (2_000, 10_000, 42_000, 60_000, 70_000)
#: How far above a call the learner's own line may stand: `np.load` and `gzip.open` open their files in frames below.
NEAR = 6


class Digits:
    """MNIST as unsigned bytes: images (n, 28, 28), labels (n,); read when first asked for. Other sets by `folder`."""

    def __init__(self, folder: Path = OURS) -> None:
        self.folder = folder

    def _read(self, name: str, dimensions: int) -> np.ndarray:
        plain = self.folder / name
        return read_idx(plain if plain.is_file() else self.folder / f"{name}.gz", dimensions)

    train_images = cached_property(lambda self: self._read("train-images-idx3-ubyte", 3))
    train_labels = cached_property(lambda self: self._read("train-labels-idx1-ubyte", 1))
    test_images = cached_property(lambda self: self._read("t10k-images-idx3-ubyte", 3))
    test_labels = cached_property(lambda self: self._read("t10k-labels-idx1-ubyte", 1))

    def part(self, test: bool, rows: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Images as rows of 784 bytes, and labels, of one part: copies, since programs change their data."""
        images = (self.test_images if test else self.train_images)[:rows]
        labels = (self.test_labels if test else self.train_labels)[:rows]
        return images.reshape(len(images), -1).copy(), labels.copy()

    def everything(self, rows: int) -> tuple[np.ndarray, np.ndarray]:
        """The first rows of training and test digits, one after the other."""
        images, labels = self.part(False, rows)
        if rows <= len(images):
            return images, labels
        more, their_labels = self.part(True, rows - len(images))
        return np.concatenate([images, more]), np.concatenate([labels, their_labels])


def one_hot(labels: np.ndarray, classes: int = 10, dtype: str = "float64") -> np.ndarray:
    """A row for each label, 1 at its place."""
    return np.eye(classes, dtype=dtype)[np.asarray(labels, int)]


class Giver:
    """Gives the digits in place of what is not there, says so, and remembers what it cannot give."""

    def __init__(self, folder: Path, digits: Digits, tell: Callable[[str], None], missing: list[str]) -> None:
        self.folder, self.digits, self.missing = folder.resolve(), digits, missing
        self._tell, self._told = tell, set[str]()

    def say(self, asked: str, detail: str = "", what: str = "the digits that come with this tool") -> None:
        """What was asked for, and what was given instead: once for each thing asked."""
        if asked not in self._told:
            self._told.add(asked)
            self._tell(f"{asked} is not there: {what} were given instead{detail}")

    def lacks(self, asked: str) -> None:
        """Remember what the program needs and nobody here can give."""
        if asked not in self.missing:
            self.missing.append(asked)

    def _lines_above(self) -> Iterator[tuple[int, str]]:
        """The learner's files with a line that is running, the nearest first, and how many frames above it is."""
        frame, above = sys._getframe(2), 0
        while frame.f_back:
            frame = frame.f_back
            name = frame.f_code.co_filename
            if frame.f_globals.get("__name__") == "__main__" or (name[0] != "<" and self.holds(name)):
                yield above, name
            above += NEAR if name.startswith("<frozen importlib") else 1  # what a library's import asks, it asks

    def asked_by_learner(self) -> bool:
        """Did a line of the learner's ask? Libraries look for many files that need not be there."""
        return any(above <= NEAR for above, _ in self._lines_above())

    def holds(self, path: str | os.PathLike[str]) -> bool:
        """Does the path lie in the program's own folder?"""
        return os.path.realpath(path).startswith(str(self.folder) + os.sep)

    @property
    def source(self) -> str:
        """The text of the program, and of its module that asks: it tells what form of a file is expected."""
        own = {name for _, name in self._lines_above() if self.holds(name)} or set(map(str, self.folder.glob("*.py")))
        return "".join("".join(linecache.getlines(name)) for name in own)

    def enough(self, whole: int, least: int = SIZES[0]) -> int:
        """How many rows to give: as few as serve, since every row costs time, but more than any that they name."""
        text = re.sub(r"(?<=\d)_(?=\d)", "", self.source)
        named = re.finditer(r"(\[ *)?(?<![\w.])(\d{4,5})(?![\w.])( *:)?", text)
        wanted = [int(match[2]) + bool(match[1] and match[3]) for match in named]  # x[50000:] needs one more
        wanted = [least, *(rows for rows in wanted if rows <= SIZES[-1])]
        return min(whole, next(size for size in SIZES if size >= max(wanted)))
