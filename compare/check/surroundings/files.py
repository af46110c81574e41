"""Files of digits that are not there: each is written, in the form its name and the call ask for, when it is opened."""

import builtins
import gzip
import io
import os
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from compare.check.surroundings.digits import Giver

exists = os.path.exists  # as it was: below it learns to see what could be given

IDX = re.compile(r"(train|t10k|test)-(images|labels)[-.]idx[13]-ubyte(\.gz)?$")
#: Saved weights have names like these with a word more; they are not the digits.
NPZ = re.compile(r"(fashion[-_]?)?mnist([-_]data|[-_]dataset)?\.npz$")
PICKLE = re.compile(r"(fashion[-_]?)?mnist(_py3k|_expanded|[-_]data|[-_]dataset)?\.(pkl|pickle)(\.gz)?$")
TABLE = re.compile(r"(.*)\.(csv|npy)$")
SURELY = {"mnist", "fashion", "digit", "digits", "pixel", "pixels", "handwritten"}
TEST = {"test", "testing", "val", "valid", "validation", "dev"}
PIXELS, LABELS = {"x", "image", "images", "feature", "features"}, {"y", "label", "labels", "target", "targets"}
#: A table is one of digits if its name is made of these alone, and either a word of SURELY or the program says so.
WORDS = {
    *SURELY, *TEST, *PIXELS, *LABELS,
    "train", "training", "data", "dataset", "set", "header", "small", "full", "csv", "kaggle", "in", "recognizer",
}  # fmt: skip
ABOUT_DIGITS = re.compile(r"784|28 ?[*x,] ?28|mnist|digit|pixel|\b255\b", re.IGNORECASE)
#: A program that takes labels from its test table; Kaggle's has none.
LABELLED_TEST = re.compile(r"test\w*(\.drop\(|\.pop\(|\[)[^\n]*label|test\w*(\.values|\.iloc)?\[:, *1:", re.IGNORECASE)
ENTRIES = [str(value) for value in range(256)]


def basename(path: Any) -> str:
    """A file's name, whatever system its path or address was written for."""
    return re.split(r"[/\\]", os.fspath(path).partition("?")[0])[-1]


def words(name: str) -> set[str]:
    """`mnist_train_100.csv`: mnist, train."""
    return set(re.findall(r"[a-z]+", name.lower()))


class Files:
    """Which files can be given, and how each is written."""

    def __init__(self, giver: Giver) -> None:
        self.giver, self.digits = giver, giver.digits
        self.folder = giver.folder / ".given"

    def is_digits(self, name: str) -> bool:
        """Is this the name of a file of digits?"""
        if IDX.search(name) or NPZ.match(name) or PICKLE.match(name):
            return True
        table = TABLE.match(name)
        if not table or not words(table[1]) or not words(table[1]) <= WORDS:
            return False
        return bool(words(table[1]) & SURELY or ABOUT_DIGITS.search(self.giver.source))

    def table(self, name: str) -> tuple[list[str], np.ndarray, str]:
        """The names of a table's columns, its rows, and what to say of it: as few rows as serve, or as it says."""
        stem, source = name.rpartition(".")[0].lower(), self.giver.source
        has = words(stem)
        said = re.search(r"_(\d+)$", stem)  # mnist_train_100.csv
        whole = 10_000 if has & TEST else 42_000 if stem == "train" else 60_000
        pixels, labels = self.digits.part(bool(has & TEST), int(said[1]) if said else self.giver.enough(whole))
        only_pixels = bool(has & PIXELS) or (stem == "test" and not LABELLED_TEST.search(source))
        label = "class" if re.search(r"""['"]class['"]""", source) and "label" not in source else "label"
        names = [] if only_pixels else [label]
        columns = [] if only_pixels else [labels[:, None]]
        if only_pixels or not has & LABELS:
            names += [f"pixel{k}" for k in range(pixels.shape[1])]
            columns.append(pixels)
        what = "a label and 784 pixels" if len(columns) == 2 else "784 pixels" if only_pixels else "a label"
        return names, np.concatenate(columns, axis=1), f", {len(labels):,} rows of {what}"

    def supply(self, path: Any, header: bool | None = None) -> Path | None:
        """The file to open in place of one of digits that is not there; None where it is there or is another's."""
        if not isinstance(path, str | os.PathLike) or exists(path) or isinstance(os.fspath(path), bytes):
            return None
        name = basename(path)
        if not self.is_digits(name):
            if self.giver.asked_by_learner():
                self.giver.lacks(os.fspath(path))
            return None
        self.folder.mkdir(exist_ok=True)
        target = self.folder / (f"header-{name}" if header else name)
        if not exists(target):
            self.giver.say(name, self._write(target, name, header))
        return target

    def _write(self, target: Path, name: str, header: bool | None) -> str:
        """Write it; what is to be said of it."""
        d = self.digits
        if TABLE.match(name):
            names, rows, detail = self.table(name)
            if name.endswith(".npy"):
                np.save(target, rows if len(names) > 1 else rows[:, 0])
                return detail
            if header is None:  # opened as text: who skips a first line can spare one of digits
                header = (
                    words(name) <= {"train", "test", "csv"} or "header" in name or "DictReader" in self.giver.source
                )
            lines = [",".join(map(ENTRIES.__getitem__, row.tobytes())) for row in rows]
            target.write_text("\n".join([",".join(names)] * header + lines) + "\n")
            return detail
        if NPZ.match(name):
            np.savez(target, x_train=d.train_images, y_train=d.train_labels, x_test=d.test_images, y_test=d.test_labels)
            return ""
        if idx := IDX.search(name):
            array = getattr(d, f"{'train' if idx[1] == 'train' else 'test'}_{idx[2]}")
            header_bytes = struct.pack(f">{1 + array.ndim}I", 0x0800 + array.ndim, *array.shape)
            content, detail = header_bytes + array.tobytes(), ""
        else:
            parts = self.three_parts()
            content, detail = pickled(parts), f", {len(parts[0][1]):,} of them to train on"
        target.write_bytes(gzip.compress(content, 1) if name.endswith(".gz") else content)
        return detail

    def three_parts(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Training, validation and test digits as Nielsen's file has them: 784 floats in [0, 1], and class numbers."""
        count = self.giver.enough(50_000, least=10_000)
        held = count // 5
        images, labels = self.digits.part(False, count + held)
        test_images, test_labels = self.digits.part(True, held)
        pairs = [(images[:count], labels[:count]), (images[count:], labels[count:]), (test_images, test_labels)]
        return [(np.divide(x, 256, dtype="float32"), y.astype("int64")) for x, y in pairs]

    def install(self) -> None:
        """Put the hooks where files are opened. `gzip`, `pickle` and `np.load` open theirs through `open`."""
        original = builtins.open

        def opened(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
            reads = isinstance(mode, str) and not set("wax+") & set(mode)
            return original((reads and self.supply(file)) or file, mode, *args, **kwargs)

        builtins.open = io.open = opened
        np.fromfile = self._reader(np.fromfile, "file")
        np.loadtxt = self._reader(np.loadtxt, "fname", "skiprows")
        np.genfromtxt = self._reader(np.genfromtxt, "fname", "skip_header", "names")
        for name in ("exists", "isfile"):
            setattr(os.path, name, self._seen(getattr(os.path, name)))

    def _reader(self, original: Callable[..., Any], name: str, *tell_of_header: str) -> Any:
        """The function, whose first argument is called `name`, given another path where it needs one."""

        def read(*args: Any, **options: Any) -> Any:
            path, *others = args or [options.pop(name)]
            return original(self.supply(path, any(map(options.get, tell_of_header))) or path, *others, **options)

        return read

    def _seen(self, original: Callable[[Any], bool]) -> Callable[[Any], bool]:
        """Programs look before they open. Of what they may write themselves, pickles and .npy, none is pretended."""

        def seen(path: Any) -> bool:
            if original(path) or not isinstance(path, str | os.PathLike):
                return original(path)
            name = basename(os.fspath(path))
            return not name.endswith((".pkl", ".pickle", ".npy", ".pkl.gz")) and self.is_digits(name)

        return seen


def pickled(parts: list[tuple[np.ndarray, np.ndarray]]) -> bytes:
    """Three pairs of arrays as a pickle of a tuple of tuples.

    Arrays pickle themselves; the marks around them (PROTO 3, TUPLE2, TUPLE3, STOP) are written here.
    """

    def body(array: Any) -> bytes:
        return array.dumps(protocol=3)[2:-1]

    return b"\x80\x03" + b"".join(body(x) + body(y) + b"\x86" for x, y in parts) + b"\x87."
