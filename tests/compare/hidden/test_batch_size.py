"""The noise of a batch's gradient, and the verdict on what a second teaches."""

from dataclasses import replace

import numpy as np
import pytest

from compare.hidden.experiments import batch_size
from compare.hidden.tools.gradient_noise import Noise, gradient_and_spread, noise_by_size
from compare.shared.dataset import load_mnist
from compare.shared.settings import Settings
from compare.shared.training import Digits, initial_weights
from manual.network import Network


@pytest.fixture(scope="module")
def start_and_digits(small_set):
    settings = Settings(data=small_set, init="he", widths=(16, 8))
    digits = Digits.of(load_mnist(small_set), settings)
    return initial_weights(settings, digits), settings, digits


def test_the_spread_is_the_mean_square_distance_of_the_single_images_gradients(start_and_digits):
    start, _, digits = start_and_digits
    few = Digits(digits.train_x[:40], digits.train_labels[:40], digits.test_x, digits.test_labels)
    whole, spread = gradient_and_spread(start, few)
    net, squares = Network(start), []
    for i in range(40):
        _, d = net.gradients(few.train_x[i : i + 1], few.train_labels[i : i + 1])
        squares.append(sum(((d[name] - whole[name]) ** 2).sum() for name in d))
    np.testing.assert_allclose(spread, np.mean(squares), rtol=1e-10)


def test_the_noise_of_a_batch_is_what_sampling_without_replacement_gives(start_and_digits):
    for one in noise_by_size(*start_and_digits, [1, 64]).values():
        assert abs(one.mean_square - one.expected_square) < 4 * one.standard_error
        assert one.standard_error < one.expected_square / 5


def test_the_verdict_fails_where_noise_is_not_as_expected_or_the_whole_set_learns_faster():
    one = Noise(relative=1.0, expected=1.0, mean_square=1.0, expected_square=1.0, standard_error=0.1)
    epochs = {name: {1: 9.0, 64: 1.0, 640: 1.0} for name in ("manual", "torch_ref")}

    def holds(noise=one, last=2.0):
        losses = {1: 1.0, 64: 0.5, 640: last}
        curves = {n: batch_size.TimedTraining(0.1, 5, [0.0, 1.0], [2.3, loss]) for n, loss in losses.items()}
        return batch_size.judge(batch_size.Measured({1: one, 64: noise}, epochs, curves)).holds

    assert holds()
    assert not holds(noise=replace(one, mean_square=1.6))
    assert not holds(last=0.4)
