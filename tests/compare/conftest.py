"""What the tests of the harness share: a small set of real digits in MNIST's own format, and small random networks."""

import gzip
import shutil
import struct

import numpy as np
import pytest

from compare.parity.correct_pass import log_softmax, sigmoid, softmax
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


@pytest.fixture(scope="session")
def browser():
    """A real Chromium, without a window."""
    reason = "playwright, of the dev extras, drives the browser"
    sync_api = pytest.importorskip("playwright.sync_api", reason=reason)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("chromium is not installed here (on Debian: apt install chromium)")
    with sync_api.sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield browser
        browser.close()


# Small random networks and their traces.

FUNCTIONS = {
    "relu": (lambda z: np.maximum(z, 0), lambda a: (a > 0).astype(a.dtype)),
    "sigmoid": (sigmoid, lambda a: a * (1 - a)),
    "tanh": (np.tanh, lambda a: 1 - a * a),
}


def random_network(sizes=(20, 12, 8, 5), m=16, dtype="float64", scale=1.0, seed=0):
    """Parameters, x and labels."""
    random = np.random.default_rng(seed)
    parameters = {}
    for k in range(1, len(sizes)):
        W = random.standard_normal((sizes[k - 1], sizes[k])) * scale / np.sqrt(sizes[k - 1])
        b = random.standard_normal(sizes[k]) * scale
        parameters[f"W{k}"], parameters[f"b{k}"] = W.astype(dtype), b.astype(dtype)
    return parameters, random.random((m, sizes[0])).astype(dtype), random.integers(0, sizes[-1], m)


def reference_trace(parameters, x, labels, activation="relu", mean_at="dz"):
    """A correct trace in the dtype of the parameters, dividing by m in dz or in dW."""
    f, derivative = FUNCTIONS[activation]
    depth, m = len(parameters) // 2, len(x)
    a, lines = {0: x}, {}
    for k in range(1, depth + 1):
        lines[f"z{k}"] = a[k - 1] @ parameters[f"W{k}"] + parameters[f"b{k}"]
        if k < depth:
            a[k] = lines[f"a{k}"] = f(lines[f"z{k}"])
    p = softmax(lines[f"z{depth}"])
    y = np.eye(p.shape[1], dtype=x.dtype)[labels]
    lines["loss"] = np.asarray(-(log_softmax(lines[f"z{depth}"]) * y).sum(axis=1).mean())
    dz = (p - y) / (m if mean_at == "dz" else 1)
    for k in range(depth, 0, -1):
        if k < depth:
            lines[f"da{k}"] = dz @ parameters[f"W{k + 1}"].T
            dz = lines[f"da{k}"] * derivative(a[k])
        lines[f"dz{k}"] = dz
        lines[f"dW{k}"] = a[k - 1].T @ dz / (1 if mean_at == "dz" else m)
        lines[f"db{k}"] = dz.sum(axis=0) / (1 if mean_at == "dz" else m)
    return lines


@pytest.fixture(name="random_network", scope="session")
def _random_network():
    return random_network


@pytest.fixture(name="reference_trace", scope="session")
def _reference_trace():
    return reference_trace
