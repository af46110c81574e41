"""The network that takes a batch in slices, against the one that takes it whole."""

import tracemalloc

import numpy as np
import pytest

from autograd.network import Network
from autograd.slices import SLICE, SlicedNetwork


def start_and_batch(rows, dtype, sizes=(30, 20, 15, 10)):
    random = np.random.default_rng(0)
    parameters = {}
    for k in (1, 2, 3):
        parameters[f"W{k}"] = (0.2 * random.standard_normal((sizes[k - 1], sizes[k]))).astype(dtype)
        parameters[f"b{k}"] = (0.2 * random.standard_normal(sizes[k])).astype(dtype)
    return parameters, random.random((rows, sizes[0])).astype(dtype), random.integers(0, sizes[3], rows)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rows", [1, 64, SLICE])
def test_up_to_a_slice_every_step_has_the_bits_of_the_network_that_takes_all_at_once(rows, dtype):
    parameters, x, labels = start_and_batch(rows, dtype)
    whole, sliced = Network(parameters), SlicedNetwork(parameters)
    for _ in range(5):
        assert sliced.step(x, labels, 0.3) == whole.step(x, labels, 0.3)
    for name, value in whole.parameters().items():
        np.testing.assert_array_equal(sliced.parameters()[name], value, err_msg=name)


def test_memory_does_not_grow_with_the_batch():
    peaks = []
    for slices in (2, 20):
        parameters, x, labels = start_and_batch(slices * SLICE, "float64")
        net = SlicedNetwork(parameters)
        tracemalloc.start()
        net.step(x, labels, 0.1)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    one_hidden_array_of_a_slice = SLICE * 15 * 8
    assert peaks[1] - peaks[0] < one_hidden_array_of_a_slice
