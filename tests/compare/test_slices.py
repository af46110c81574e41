"""Batches of more rows than a slice, by hand and on the engine, against the derived bounds."""

import numpy as np
import pytest

from autograd.slices import SlicedNetwork
from compare import assert_gradients_match
from compare.shared.initial import initial_parameters
from manual.preallocated import SLICE, PreallocatedNetwork


@pytest.mark.parametrize("network", [PreallocatedNetwork, SlicedNetwork])
@pytest.mark.parametrize("rows", [SLICE + 1, 2 * SLICE + 100])
def test_gradients_added_up_over_slices_are_those_of_the_mean_loss_over_all_rows(network, rows):
    random = np.random.default_rng(rows)
    parameters = initial_parameters((30, 20, 15, 10), "he", 0.01, seed=0, dtype="float64")
    x, labels = random.random((rows, 30)), random.integers(0, 10, rows)
    _, gradients = network(parameters).gradients(x, labels)
    assert_gradients_match(gradients, parameters, x, labels)


@pytest.mark.parametrize("network", [PreallocatedNetwork, SlicedNetwork])
def test_the_loss_of_a_batch_in_slices_is_the_mean_over_all_rows(network):
    random = np.random.default_rng(1)
    parameters = initial_parameters((30, 20, 15, 10), "he", 0.01, seed=0, dtype="float64")
    x, labels = random.random((SLICE + 500, 30)), random.integers(0, 10, SLICE + 500)
    first, _ = network(parameters).gradients(x[:SLICE], labels[:SLICE])
    second, _ = network(parameters).gradients(x[SLICE:], labels[SLICE:])
    loss, _ = network(parameters).gradients(x, labels)
    # three losses of about 2.3, each from sums of at most 1,524 terms: far fewer than 1e5 roundings in all
    assert abs(loss - (SLICE * first + 500 * second) / (SLICE + 500)) < 1e5 * 2.0**-53 * 2.3
