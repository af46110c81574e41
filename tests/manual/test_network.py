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


def lines_and_loss(start, x, labels, activation, changed="", change=0.0):
    """The lines of the forward pass by name, and the loss, where `change` is added to the line called `changed`."""
    sigma = {"relu": lambda z: np.maximum(z, 0), "sigmoid": lambda z: 1 / (1 + np.exp(-z))}[activation]
    lines, a = {}, x
    for k in range(1, len(start) // 2 + 1):
        lines[f"z{k}"] = a @ start[f"W{k}"] + start[f"b{k}"] + (change if changed == f"z{k}" else 0)
        lines[f"a{k}"] = a = sigma(lines[f"z{k}"]) + (change if changed == f"a{k}" else 0)
    del lines[f"a{k}"]  # the last layer has scores alone
    scores = lines[f"z{k}"]
    lines["loss"] = (np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(x)), labels]).mean()
    return lines


@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
@pytest.mark.parametrize(("network", "sizes"), [(Network, (5, 4, 4, 4)), (DeepNetwork, (5, 4, 4, 4, 4))])
def test_every_line_of_the_trace_is_what_its_name_says(network, sizes, activation):
    start = parameters(sizes)
    x, labels = np.random.default_rng(1).random((4, 5)), np.array([0, 3, 1, 2])  # square arrays, as far as can be
    trace = network(start, activation).trace(x, labels)
    lines = lines_and_loss(start, x, labels, activation)
    _, gradients = network(start, activation).gradients(x, labels)
    hidden = lines.keys() - {"loss"}
    assert trace.keys() == lines.keys() | {f"d{name}" for name in (*hidden, *start)}
    for name in lines:
        np.testing.assert_allclose(trace[name], lines[name], rtol=1e-12, err_msg=name)
    for name in start:
        np.testing.assert_array_equal(trace[f"d{name}"], gradients[name], name)
    for name in hidden:
        slope, h = np.empty_like(lines[name]), 1e-6
        for index in np.ndindex(slope.shape):
            change = np.zeros_like(slope)
            change[index] = h
            above, below = (lines_and_loss(start, x, labels, activation, name, c)["loss"] for c in (change, -change))
            slope[index] = (above - below) / (2 * h)
        np.testing.assert_allclose(trace[f"d{name}"], slope, atol=1e-8, err_msg=name)


@pytest.mark.parametrize("network", [Network, DeepNetwork])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_line_is_an_array_in_the_dtype_of_the_parameters(network, dtype):
    start = {name: array.astype(dtype) for name, array in parameters((5, 4, 3, 3)).items()}
    x, labels = np.ones((2, 5), dtype), np.array([0, 2])
    net = network(start)
    for name, line in net.trace(x, labels).items():
        assert isinstance(line, np.ndarray), name
        assert line.dtype == dtype, name
    assert isinstance(net.loss(x, labels), float)
    assert isinstance(net.gradients(x, labels)[0], float)


@pytest.mark.parametrize("network", [Network, DeepNetwork])
def test_the_parameters_taken_and_given_are_copies_and_a_step_goes_down_the_slope(network):
    start = parameters((5, 4, 3, 3))
    kept = {name: array.copy() for name, array in start.items()}
    x, labels = np.random.default_rng(1).random((6, 5)), np.array([0, 1, 2, 0, 1, 2])
    net = network(start)
    given = net.parameters()
    loss, gradients = net.gradients(x, labels)
    assert net.step(x, labels, 0.3) == loss == net.__class__(kept).loss(x, labels)
    stepped = net.parameters()
    assert given.keys() == stepped.keys() == gradients.keys() == kept.keys()
    for name, array in kept.items():
        np.testing.assert_array_equal(start[name], array, name)
        np.testing.assert_array_equal(given[name], array, name)
        np.testing.assert_array_equal(stepped[name], array - 0.3 * gradients[name], name)


@pytest.mark.parametrize("network", [Network, DeepNetwork])
def test_the_class_predicted_for_a_row_is_that_of_its_largest_score(network):
    start = parameters((3, 3, 3, 3))
    for k in (1, 2, 3):
        start[f"W{k}"], start[f"b{k}"] = np.eye(3), np.zeros(3)
    start["W3"] = np.eye(3)[::-1]  # the scores are the row, read backwards
    x = np.array([[1.0, 5, 2], [0, 3, 9], [7, 4, 3], [1, 0, 2]])
    np.testing.assert_array_equal(network(start).logits(x), x[:, ::-1])
    np.testing.assert_array_equal(network(start).predict(x), [1, 0, 2, 0])


def test_a_missing_parameter_and_an_unknown_activation_are_named():
    start = parameters((5, 4, 3, 3))
    with pytest.raises(KeyError, match="tanh"):
        Network(start, "tanh")
    del start["b2"]
    with pytest.raises(KeyError, match="b2"):
        Network(start)
