"""The hand-written backward pass against the slope of the loss."""

import itertools

import numpy as np
import pytest

from manual.deep import DeepNetwork
from manual.network import Network


def parameters(sizes, seed=0):
    random = np.random.default_rng(seed)
    arrays = {}
    for k, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes), start=1):
        arrays[f"W{k}"], arrays[f"b{k}"] = random.standard_normal((fan_in, fan_out)), random.standard_normal(fan_out)
    return arrays


def slopes(build, start, x, labels, h=1e-6):
    """Central differences of the loss by every single parameter."""
    found = {}
    for name, array in start.items():
        found[name] = np.empty_like(array)
        for index in np.ndindex(array.shape):
            losses = []
            for change in (h, -h):
                moved = {key: value.copy() for key, value in start.items()}
                moved[name][index] += change
                losses.append(build(moved).loss(x, labels))
            found[name][index] = (losses[0] - losses[1]) / (2 * h)
    return found


@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
@pytest.mark.parametrize(
    ("network", "sizes"), [(Network, (5, 4, 3, 3)), (DeepNetwork, (5, 3)), (DeepNetwork, (5, 4, 3, 4, 3))]
)
def test_every_gradient_is_the_slope_of_the_loss(network, sizes, activation):
    start = parameters(sizes)
    x, labels = np.random.default_rng(1).random((6, 5)), np.array([0, 1, 2, 0, 1, 2])
    expected = slopes(lambda p: network(p, activation), start, x, labels)
    _, gradients = network(start, activation).gradients(x, labels)
    for name in start:
        np.testing.assert_allclose(gradients[name], expected[name], atol=1e-8, err_msg=name)


def test_a_missing_parameter_and_an_unknown_activation_are_named():
    start = parameters((5, 4, 3, 3))
    with pytest.raises(KeyError, match="tanh"):
        Network(start, "tanh")
    del start["b2"]
    with pytest.raises(KeyError, match="b2"):
        Network(start)
