"""How the tests of the engine compare it with PyTorch."""

import numpy as np
import pytest
import torch

from autograd import Tensor

# What is left of the precision of each dtype: 4,500 units of roundoff of float64, 100 of float32.
TOLERANCE = {np.dtype(np.float64): 1e-12, np.dtype(np.float32): 1.2e-5}


def close(mine: np.ndarray, theirs: np.ndarray) -> None:
    assert mine.dtype == theirs.dtype
    assert mine.shape == theirs.shape
    tolerance = TOLERANCE[mine.dtype]
    np.testing.assert_allclose(mine, theirs, rtol=tolerance, atol=tolerance)


def same(ours, theirs, *arrays: np.ndarray, seed: int = 0) -> None:
    """Value and gradients of `ours` on tensors equal those of `theirs` in PyTorch, for a random gradient above."""
    mine = [Tensor(array, requires_grad=True) for array in arrays]
    reference = [torch.tensor(array.copy(), requires_grad=True) for array in arrays]
    before = [array.copy() for array in arrays]
    y, z = ours(*mine), theirs(*reference)
    close(y.data, z.detach().numpy())
    g = np.random.default_rng(seed).standard_normal(y.shape).astype(y.dtype)
    g_before = g.copy()
    y.backward(g, retain_graph=True)
    z.backward(torch.tensor(g))
    for tensor, other in zip(mine, reference, strict=True):
        assert type(tensor.grad) is np.ndarray
        assert tensor.grad.flags.owndata, "a gradient that is kept is a view of something else"
        assert tensor.grad.flags.writeable
        close(tensor.grad, np.zeros_like(tensor.data) if other.grad is None else other.grad.numpy())
    once = [tensor.grad.copy() for tensor in mine]
    for tensor in mine:
        tensor.zero_grad()
    y.backward(g)
    for tensor, first in zip(mine, once, strict=True):
        np.testing.assert_array_equal(tensor.grad, first, "a VJP changed what it had saved")
    np.testing.assert_array_equal(g, g_before, "a VJP changed the gradient it was given")
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy, "an operation changed its input")


@pytest.fixture(scope="session")
def same_as_torch():
    return same


@pytest.fixture(scope="session")
def assert_close():
    return close
