"""The network on the engine, against the one by hand: the same calculation to the last bit."""

import itertools

import numpy as np
import pytest

import autograd
import autograd.deep
import manual
import manual.deep


def parameters(sizes, dtype, seed=0):
    random = np.random.default_rng(seed)
    return {
        name: array.astype(dtype)
        for k, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes), start=1)
        for name, array in (
            (f"W{k}", random.standard_normal((fan_in, fan_out)) * np.sqrt(2 / fan_in)),
            (f"b{k}", 0.1 * random.standard_normal(fan_out)),
        )
    }


def batch(m, fan_in, dtype, seed=1):
    random = np.random.default_rng(seed)
    return random.random((m, fan_in)).astype(dtype), random.integers(0, 10, m)


@pytest.mark.parametrize("m", [1, 7, 64])
@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("room", ["network", "deep"])
def test_every_line_and_twenty_steps_are_those_by_hand_to_the_bit(room, dtype, activation, m):
    start = parameters((20, 16, 12, 10), dtype)
    kinds = (
        (autograd.Network, manual.Network)
        if room == "network"
        else (autograd.deep.DeepNetwork, manual.deep.DeepNetwork)
    )
    mine, by_hand = [kind(start, activation) for kind in kinds]
    for seed in range(20):
        x, labels = batch(m, 20, dtype, seed)
        lines, expected = mine.trace(x, labels), by_hand.trace(x, labels)
        assert lines.keys() == expected.keys()
        for name in lines:
            assert lines[name].dtype == dtype
            np.testing.assert_array_equal(lines[name], expected[name], name)
        assert mine.step(x, labels, 0.1) == by_hand.step(x, labels, 0.1)
    for name, array in by_hand.parameters().items():
        np.testing.assert_array_equal(mine.parameters()[name], array)
