import numpy as np
import pytest

from autograd import operation
from compare.judge import units
from compare.judge.network import gradient_balls
from compare.parity import referee as referees
from compare.parity.referee import AGREEMENT, Ray, referee
from compare.shared.dataset import pixels
from compare.shared.initial import initial_parameters


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
def test_finite_differences_of_the_loss_confirm_the_exact_gradient(random_network, activation):
    result = referee(*random_network(), activation)
    assert result.holds
    assert result.entries == 51
    assert result.relative_difference < 1e-11


@pytest.mark.parametrize("init", ["chapter", "he"])
def test_on_mnist_too(mnist, init):
    parameters = initial_parameters((784, 128, 64, 10), init=init)
    assert referee(parameters, pixels(mnist.train_images[:64], "float64"), mnist.train_labels[:64]).holds


def test_on_a_deep_network_whose_weights_and_so_its_z_are_tiny(mnist):
    parameters = initial_parameters((784, *(32,) * 8, 10))
    assert referee(parameters, pixels(mnist.train_images[:64], "float64"), mnist.train_labels[:64]).holds


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
def test_double_double_confirms_it_more_closely_still(random_network, monkeypatch, activation):
    monkeypatch.setattr(referees, "HAS_LONG_DOUBLE", False)
    parameters, x, labels = random_network((6, 4, 3), m=4)
    random, exact = np.random.default_rng(0), gradient_balls(parameters, x, labels, activation)
    direction = {name: random.standard_normal(value.shape) / 10 for name, value in parameters.items()}
    found, _ = Ray(parameters, direction, x, labels, activation).derivative()
    assert found == pytest.approx(sum((exact[name].value * direction[name]).sum() for name in parameters), rel=1e-13)


def test_a_formula_that_is_wrong_by_a_millionth_is_not_confirmed(random_network, monkeypatch):
    right = units.UNITS["sigmoid"]

    @operation
    def wrong(z, /):
        y = right(z, 0).numpy()
        return y, lambda g: g * (y * (1 - y)) * (1 + 1e-6)

    monkeypatch.setitem(units.UNITS, "sigmoid", lambda z, _: wrong(z))
    result = referee(*random_network(), "sigmoid")
    assert not result.holds
    assert result.relative_difference > 100 * AGREEMENT


def test_a_step_across_a_bend_is_seen_and_redone_smaller(random_network):
    parameters, x, labels = random_network((6, 4, 3), m=5)
    parameters["b1"][0] = -(x[0] @ parameters["W1"][:, 0]) + 1e-5  # z1 is 1e-5 there, and the first step is 2e-3
    direction = {name: np.zeros_like(value) for name, value in parameters.items()}
    direction["b1"][0] = 1.0
    ray = Ray(parameters, direction, x, labels, "relu")
    _, redone = ray.derivative()
    assert redone >= 4
    assert referee(parameters, x, labels).holds


def test_a_black_image_without_biases_stands_on_a_bend_and_is_judged_all_the_same(random_network):
    parameters, x, labels = random_network()
    x[0] = 0
    parameters["b1"][:] = 0
    assert referee(parameters, x, labels).holds


def test_where_the_loss_has_no_derivative_the_referee_says_so():
    parameters = {"W1": np.ones((2, 1)), "b1": np.zeros(1), "W2": np.array([[1.0, -1.0]]), "b2": np.zeros(2)}
    x = np.array([[1.0, -1.0]])  # z1 is 0 because two terms cancel
    with pytest.raises(ArithmeticError, match="no derivative"):
        referee(parameters, x, np.array([0]))
