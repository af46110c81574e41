"""Convolutions by SciPy: the same numbers, and kernels that are judged as all other parameters are."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

from compare.check.running.parent import run_in_child
from compare.check.surroundings.scipy import sums_over_windows

CONVOLUTION = """import numpy as np
from scipy import signal

np.random.seed(1)
X, T = np.random.randn(6, 7, 7), np.random.randn(6, 4)
K, b, W = np.random.randn(2, 3, 3), np.zeros((2, 5, 5)), np.random.randn(50, 4)
for epoch in range(3):
    for x, t in zip(X, T):
        z = np.copy(b)
        for k in range(2):
            z[k] += signal.correlate2d(x, K[k], "valid")
        h = np.tanh(z).reshape(-1)
        e = h @ W - t
        d = ((W @ e) * (1 - h ** 2)).reshape(2, 5, 5)
        gK = np.zeros_like(K)
        for k in range(2):
            gK[k] = signal.correlate2d(x, d[k], "valid")
        W -= 0.01 * np.outer(h, e)
        K -= 0.01 * gK
        b -= 0.01 * d
"""


@pytest.mark.parametrize("name", ["correlate2d", "convolve2d"])
def test_the_numbers_are_those_of_scipy(name):
    signal = pytest.importorskip("scipy.signal")
    ours = sums_over_windows(SimpleNamespace(correlate2d=signal.correlate2d, convolve2d=signal.convolve2d))[name]
    rng = np.random.default_rng(0)
    for shape, kernel in itertools.product([(5, 5), (5, 6), (6, 7)], itertools.product((1, 2, 3, 4), repeat=2)):
        x, k = rng.normal(size=shape), rng.normal(size=kernel)
        for (a, b), mode, fill in itertools.product([(x, k), (k, x)], ("full", "same", "valid"), (0, 1.5)):
            theirs = getattr(signal, name)(a, b, mode, fillvalue=fill)
            np.testing.assert_allclose(ours(a, b, mode, fillvalue=fill), theirs, atol=1e-12)


@pytest.mark.parametrize(
    ("right", "wrong", "kind", "line"),
    [
        ("", "", "", 0),
        ("K -= 0.01", "K += 0.01", "sign-flipped", 19),
        ("(x, d[k]", "(x[::-1], d[k]", "unexplained", 17),
    ],
)
def test_kernels_are_judged(tmp_path, right, wrong, kind, line):
    pytest.importorskip("scipy.signal")
    (tmp_path / "net.py").write_text(CONVOLUTION.replace(right, wrong) if right else CONVOLUTION)
    result = run_in_child(tmp_path / "net.py", time_limit=40.0)["result"]
    assert [(d["name"], d["source_line"]) for d in result["diagnoses"]] == ([(kind, line)] if kind else [])
    assert len(result["lines"]) == 3
