"""The digits: MNIST whole and unchanged, or another set in the same format."""

import numpy as np
import pytest

from compare.shared import dataset
from compare.shared.dataset import load_mnist, pixels
from compare.shared.errors import BadInput

IMAGES, LABELS = np.zeros((3, 2, 2), np.uint8), np.array([0, 9, 5], np.uint8)


def test_the_built_in_set_is_mnist_whole(mnist):
    assert mnist.train_images.shape == (60_000, 784)
    assert mnist.test_images.shape == (10_000, 784)
    assert mnist.image_shape == (28, 28)
    assert mnist.train_labels.dtype == np.int64
    assert np.bincount(mnist.test_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_a_changed_byte_in_the_built_in_set_is_noticed(monkeypatch, write_set, tmp_path, mnist):
    images = mnist.test_images.reshape(-1, 28, 28).copy()
    images[77, 3, 3] ^= 1
    folder = write_set(tmp_path / "changed", images, mnist.test_labels, images, mnist.test_labels)
    monkeypatch.setattr(dataset, "BUILT_IN", folder)
    with pytest.raises(BadInput, match=r"train-images.* is not MNIST's"):
        load_mnist()


def test_a_set_of_ones_own_is_read_plain_and_gzipped_alike(small_set, tmp_path, write_set, mnist):
    gzipped = load_mnist(small_set)
    np.testing.assert_array_equal(gzipped.train_images, mnist.train_images[:640])
    plain = write_set(
        tmp_path / "plain", mnist.train_images[:640].reshape(-1, 28, 28), mnist.train_labels[:640],
        mnist.test_images[:100].reshape(-1, 28, 28), mnist.test_labels[:100], packed=False,
    )  # fmt: skip
    np.testing.assert_array_equal(load_mnist(plain).train_images, gzipped.train_images)
    assert gzipped.name == "small"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pixels_are_the_bytes_over_255_rounded_once(dtype):
    every = np.arange(256, dtype=np.uint8)
    expected = np.array([np.dtype(dtype).type(k / np.longdouble(255)) for k in range(256)])
    found = pixels(every, dtype)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("train", "test", "message"),
    [
        ((IMAGES, LABELS[:2]), (IMAGES, LABELS), "3 images and .* 2 labels"),
        ((IMAGES, LABELS + 1), (IMAGES, LABELS), "label 10 at position 1; expected 0 to 9"),
        ((IMAGES[:0], LABELS[:0]), (IMAGES, LABELS), "nothing to learn from"),
        ((IMAGES, LABELS), (IMAGES[:0], LABELS[:0]), "nothing to learn from"),
        ((IMAGES, LABELS), (np.zeros((3, 2, 3), np.uint8), LABELS), "2 x 2 pixels, the test images 2 x 3"),
    ],
)
def test_a_set_that_does_not_fit_together_is_refused(tmp_path, write_set, train, test, message):
    with pytest.raises(BadInput, match=message):
        load_mnist(write_set(tmp_path / "set", *train, *test))


def test_a_missing_file_of_a_set_is_named_with_what_a_set_is_made_of(small_set, tmp_path):
    (tmp_path / "train-images-idx3-ubyte.gz").symlink_to(small_set / "train-images-idx3-ubyte.gz")
    with pytest.raises(BadInput, match=r"No file train-labels-idx1-ubyte, plain or .*t10k-labels-idx1-ubyte"):
        load_mnist(tmp_path)
