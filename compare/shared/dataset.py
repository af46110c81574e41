"""The digits: MNIST as it comes with this project, or another set in the same format."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from compare.shared.errors import BadInput
from compare.shared.idx import read_idx

BUILT_IN = Path(__file__).parent.parent / "data" / "mnist"
CLASSES = 10

#: SHA-256 of the unpacked pixels and labels of MNIST, header included.
SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


@dataclass(frozen=True)
class Dataset:
    """Images as unsigned bytes, one a row, (n, rows * columns); labels as class numbers 0..9, int64, (n,)."""

    name: str
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    image_shape: tuple[int, int]


def pixels(images: np.ndarray, dtype: str) -> np.ndarray:
    """Bytes 0..255 as floats in [0, 1], each k / 255 rounded once to `dtype`."""
    return np.divide(images, 255, dtype=dtype)


def load_mnist(directory: Path | None = None) -> Dataset:
    """The set in `directory`, or the built-in MNIST, whose content is then checked against its SHA-256.

    Raises BadInput where a file is missing or damaged, images and labels do not match, or a label is not 0..9.
    """
    folder = BUILT_IN if directory is None else directory
    train_images, train_labels, shape = _load_pair(folder, "train", verify=directory is None)
    test_images, test_labels, test_shape = _load_pair(folder, "t10k", verify=directory is None)
    if test_shape != shape:
        raise BadInput(
            f"The training images in {folder} are {shape[0]} x {shape[1]} pixels, the test images {test_shape[0]} x "
            f"{test_shape[1]}. One network reads both, so they must have one size."
        )
    name = "MNIST" if directory is None else folder.resolve().name
    return Dataset(name, train_images, train_labels, test_images, test_labels, shape)


def _load_pair(folder: Path, part: str, verify: bool) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    images_path, labels_path = _find(folder, f"{part}-images-idx3-ubyte"), _find(folder, f"{part}-labels-idx1-ubyte")
    images, labels = read_idx(images_path, 3), read_idx(labels_path, 1)
    if len(images) != len(labels):
        raise BadInput(
            f"{images_path} holds {len(images):,} images and {labels_path.name} {len(labels):,} labels. They must "
            f"match; perhaps one of the files is from another set."
        )
    if images.size == 0:
        raise BadInput(f"{images_path} states {images.shape} and so holds no pixels; there is nothing to learn from.")
    if labels.max() >= CLASSES:
        first = int(np.argmax(labels >= CLASSES))
        raise BadInput(f"{labels_path} holds the label {labels[first]} at position {first:,}; expected 0 to 9.")
    if verify:
        _verify(images_path, images)
        _verify(labels_path, labels)
    rows, columns = images.shape[1:]
    return images.reshape(len(images), rows * columns), labels.astype(np.int64), (rows, columns)


def _find(folder: Path, name: str) -> Path:
    candidates = [folder / name, folder / f"{name}.gz"]
    for path in candidates:
        try:
            if path.is_file():
                return path
        except OSError as error:
            raise BadInput(f"--data {folder} cannot be read: {error.strerror}.") from error
    raise BadInput(
        f"No file {name}, plain or as {name}.gz, in {folder}. A data folder holds the four IDX files "
        f"{', '.join(SHA256)}, each plain or gzipped; leave --data out to use the MNIST that comes with the project."
    )


def _verify(path: Path, array: np.ndarray) -> None:
    header = np.array([0x0800 + array.ndim, *array.shape], ">u4").tobytes()
    digest = hashlib.sha256(header)
    digest.update(array.data)
    if digest.hexdigest() != SHA256[path.name.removesuffix(".gz")]:
        raise BadInput(
            f"The content of {path} is not MNIST's: its SHA-256 is {digest.hexdigest()}. The file has been changed; "
            f"restore it from the repository, or pass another set with --data."
        )
