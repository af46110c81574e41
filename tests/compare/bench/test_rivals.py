"""What is timed, and what of its memory is counted."""

import numpy as np
import pytest
import torch

from compare.bench.memory import peak_bytes
from compare.bench.rivals import LEARNING_RATE, in_this_process, rivals, take_steps
from compare.bench.torch_worker import CompiledNetwork, allocated_at_once
from compare.shared.initial import initial_parameters
from compare.worlds import TORCH_REF, build
from torch_ref.network import Network as TorchNetwork


@pytest.fixture
def batch():
    random = np.random.default_rng(0)
    start = initial_parameters((784, 128, 64, 10), "he", 0.01, seed=0, dtype="float32")
    return start, random.random((64, 784), dtype=np.float32), random.integers(0, 10, 64)


@pytest.mark.parametrize("name", in_this_process(60_000))
def test_a_timed_step_is_a_step_of_training(name, batch):
    start, x, labels = batch
    net = build("manual", start)
    step = take_steps(in_this_process(60_000)[name], *batch)
    assert step() == net.step(x, labels, LEARNING_RATE)
    assert step() == net.step(x, labels, LEARNING_RATE)


def test_slices_are_timed_where_there_is_more_than_one():
    assert "autograd_sliced" not in in_this_process(1024)
    assert "autograd_sliced" in in_this_process(1025)
    assert set(in_this_process(1025)) < set(rivals())


def test_the_peak_of_a_step_counts_what_is_alive_at_once_and_not_what_follows_on_it():
    block = 1_000_000

    def make():
        kept = np.ones(block, np.uint8)

        def step():
            first = np.ones(2 * block, np.uint8)
            del first
            second = np.ones(block, np.uint8)
            return kept, second

        return step

    peak = peak_bytes(make)
    assert 3 * block <= peak < 3.1 * block


def test_the_peak_of_a_step_in_pytorch_counts_gradients_and_results_together(batch):
    start, x, labels = batch
    net = TorchNetwork(start)
    net.step(x, labels, 0.1)
    gradients = sum(value.nbytes for value in start.values())
    hidden = 64 * (128 + 64) * 4
    # alive at once, at the last: the gradients, and with dz1 the z1 or a1 that its ReLU needs
    assert gradients < allocated_at_once(net, x, labels) < gradients + 3 * hidden


def test_the_network_that_is_compiled_is_the_reference(batch, monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda function: function)
    start, x, labels = batch
    plain, compiled = TorchNetwork(start), CompiledNetwork(start)
    (loss, expected), (same_loss, found) = plain.gradients(x, labels), compiled.gradients(x, labels)
    assert loss == same_loss
    for name in start:
        np.testing.assert_array_equal(found[name], expected[name])
        np.testing.assert_array_equal(compiled.parameters()[name], start[name])
    assert compiled.step(x, labels, 0.1) == plain.step(x, labels, 0.1)
    for name, value in plain.parameters().items():
        np.testing.assert_array_equal(compiled.parameters()[name], value)
    assert TORCH_REF in rivals()
