"""The network whose arrays are made once, against the one that is written to be read."""

import tracemalloc

import numpy as np
import pytest

from manual.network import Network
from manual.preallocated import SLICE, PreallocatedNetwork


def start_and_batch(rows, dtype, sizes=(784, 128, 64, 10), seed=0):
    random = np.random.default_rng(seed)
    parameters = {}
    for k in (1, 2, 3):
        parameters[f"W{k}"] = (0.05 * random.standard_normal((sizes[k - 1], sizes[k]))).astype(dtype)
        parameters[f"b{k}"] = (0.05 * random.standard_normal(sizes[k])).astype(dtype)
    return parameters, random.random((rows, sizes[0])).astype(dtype), random.integers(0, sizes[3], rows)


def assert_same_bits(found, expected):
    assert found.keys() == expected.keys()
    for name in expected:
        assert found[name].dtype == expected[name].dtype
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rows", [1, 2, 64, SLICE])
def test_up_to_a_slice_every_step_has_the_bits_of_the_plain_network(rows, dtype):
    parameters, x, labels = start_and_batch(rows, dtype)
    plain, preallocated = Network(parameters), PreallocatedNetwork(parameters)
    for _ in range(5):
        assert preallocated.step(x, labels, 0.3) == plain.step(x, labels, 0.3)
        assert_same_bits(preallocated.parameters(), plain.parameters())


def test_batches_of_changing_size_do_not_disturb_each_other():
    parameters, x, labels = start_and_batch(64, "float64")
    plain, preallocated = Network(parameters), PreallocatedNetwork(parameters)
    for rows in (64, 16, 64, 1, 33, 16):
        assert preallocated.step(x[:rows], labels[:rows], 0.3) == plain.step(x[:rows], labels[:rows], 0.3)
    assert_same_bits(preallocated.parameters(), plain.parameters())


def test_neither_the_parameters_given_nor_those_handed_out_are_the_network_s_own():
    parameters, x, labels = start_and_batch(4, "float64")
    before = {name: value.copy() for name, value in parameters.items()}
    net = PreallocatedNetwork(parameters)
    handed_out = net.parameters()
    _, gradients = net.gradients(x, labels)
    kept = {name: value.copy() for name, value in gradients.items()}
    net.step(x, labels, 1.0)
    assert_same_bits(parameters, before)
    assert_same_bits(handed_out, before)
    assert_same_bits(gradients, kept)


@pytest.mark.parametrize("rows", [64, 3 * SLICE])
def test_a_step_takes_no_new_memory_once_one_of_its_size_has_run(rows):
    parameters, x, labels = start_and_batch(rows, "float32")
    plain, preallocated = Network(parameters), PreallocatedNetwork(parameters)
    taken = {}
    for name, net in (("plain", plain), ("preallocated", preallocated)):
        net.step(x, labels, 0.1)
        tracemalloc.start()
        net.step(x, labels, 0.1)
        taken[name] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    numpys_own_buffer = 8192 * 4  # through which it turns truth values into floats
    assert taken["preallocated"] < numpys_own_buffer + 4000 < 784 * 128 * 4 < taken["plain"]


def test_a_missing_parameter_is_named():
    parameters, *_ = start_and_batch(4, "float64")
    del parameters["b2"]
    with pytest.raises(KeyError, match="b2"):
        PreallocatedNetwork(parameters)
