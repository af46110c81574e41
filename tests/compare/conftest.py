"""A small set of real digits, in MNIST's own format, for tests that train."""

import gzip
import struct

import numpy as np
import pytest

from compare.shared.dataset import load_mnist


def idx_bytes(array):
    """An array of bytes in the IDX format."""
    header = struct.pack(f">{1 + array.ndim}I", 0x0800 + array.ndim, *array.shape)
    return header + array.astype(np.uint8).tobytes()


def write_set(folder, train_images, train_labels, test_images, test_labels, packed=True):
    """The four files of a set."""
    folder.mkdir(exist_ok=True)
    arrays = {"train-images-idx3": train_images, "train-labels-idx1": train_labels}
    arrays |= {"t10k-images-idx3": test_images, "t10k-labels-idx1": test_labels}
    for name, array in arrays.items():
        content = idx_bytes(array)
        if packed:
            (folder / f"{name}-ubyte.gz").write_bytes(gzip.compress(content, 1))
        else:
            (folder / f"{name}-ubyte").write_bytes(content)
    return folder


@pytest.fixture(scope="session")
def mnist():
    return load_mnist()


@pytest.fixture(scope="session")
def small_set(mnist, tmp_path_factory):
    """The first 640 training and 100 test digits of MNIST."""
    return write_set(
        tmp_path_factory.mktemp("data") / "small",
        mnist.train_images[:640].reshape(-1, 28, 28),
        mnist.train_labels[:640],
        mnist.test_images[:100].reshape(-1, 28, 28),
        mnist.test_labels[:100],
    )


@pytest.fixture(name="write_set", scope="session")
def _write_set():
    return write_set
