"""The contract of all three implementations, for three layers and for any number of them."""

import numpy as np
import pytest

from compare.shared.initial import initial_parameters
from compare.worlds import NAMES, build

SIZES = {"network.py": (12, 8, 6, 5), "one layer": (12, 5), "four layers": (12, 8, 6, 7, 5)}


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


@pytest.fixture(params=SIZES)
def sizes(request):
    return SIZES[request.param]


@pytest.fixture(params=["float32", "float64"])
def dtype(request):
    return request.param


@pytest.fixture
def start(sizes, dtype):
    return initial_parameters(sizes, "he", seed=3, dtype=dtype)


@pytest.fixture
def batch(dtype):
    random = np.random.default_rng(5)
    return random.random((9, 12)).astype(dtype), random.integers(0, 5, 9)


@pytest.fixture
def network(name, start):
    return build(name, start, "sigmoid")


def test_parameters_come_back_as_they_went_in_and_are_never_aliased(network, start):
    before = {key: value.copy() for key, value in start.items()}
    for array in start.values():
        array += 1
    returned = network.parameters()
    assert list(returned) == list(before)
    for key, value in before.items():
        np.testing.assert_array_equal(returned[key], value, strict=True)
        returned[key] += 1
    for key, value in network.parameters().items():
        np.testing.assert_array_equal(value, before[key], strict=True)


def test_predictions_are_where_the_scores_are_largest(network, batch, dtype):
    x, _ = batch
    scores = network.logits(x)
    assert scores.shape == (9, 5)
    assert scores.dtype == dtype
    np.testing.assert_array_equal(network.predict(x), scores.argmax(axis=1))


def test_the_loss_is_the_mean_cross_entropy_of_the_scores(network, batch):
    x, labels = batch
    z = network.logits(x).astype(np.float64)
    expected = (np.log(np.exp(z).sum(axis=1)) - z[np.arange(9), labels]).mean()
    assert network.loss(x, labels) == pytest.approx(expected, rel=1e-6)
    assert isinstance(network.loss(x, labels), float)


def test_gradients_have_the_names_shapes_and_dtype_of_the_parameters(network, batch, start):
    loss, gradients = network.gradients(*batch)
    assert loss == network.loss(*batch)
    assert {key: (g.shape, g.dtype) for key, g in gradients.items()} == {
        key: (p.shape, p.dtype) for key, p in start.items()
    }
    assert list(gradients) == list(start)


def test_gradients_do_not_depend_on_what_was_computed_before(network, batch):
    _, first = network.gradients(*batch)
    network.trace(*batch)
    _, second = network.gradients(*batch)
    for key, gradient in first.items():
        np.testing.assert_array_equal(second[key], gradient)


def test_a_step_takes_the_learning_rate_times_the_gradient_off_and_returns_the_loss_before(network, batch, start):
    loss, gradients = network.gradients(*batch)
    assert network.step(*batch, 0.5) == loss
    tolerance = 4 * np.finfo(start["W1"].dtype).eps
    for key, value in network.parameters().items():
        np.testing.assert_allclose(value, start[key] - 0.5 * gradients[key], rtol=tolerance, atol=tolerance)


def test_the_learning_rate_of_each_step_is_the_one_it_is_given(name, start, batch):
    small, large = build(name, start), build(name, start)
    small.step(*batch, 0.001)
    large.step(*batch, 0.1)
    W = "W1"
    ratio = np.abs(large.parameters()[W] - start[W]).max() / np.abs(small.parameters()[W] - start[W]).max()
    assert ratio == pytest.approx(100, rel=1e-2)


def test_the_trace_holds_every_line_of_the_calculation_in_its_order(network, batch, sizes, dtype):
    depth = len(sizes) - 1
    forward = [f"{letter}{k}" for k in range(1, depth + 1) for letter in "za"][:-1]
    backward = [f"{d}{k}" for k in range(depth, 0, -1) for d in ("da", "dz", "dW", "db")][1:]
    trace = network.trace(*batch)
    assert list(trace) == [*forward, "loss", *backward]
    for line, value in trace.items():
        k = int(line[-1]) if line != "loss" else 0
        width = sizes[k]
        expected = {"l": (), "z": (9, width), "a": (9, width), "dz": (9, width), "da": (9, width)}
        expected |= {"dW": (sizes[k - 1], width), "db": (width,)}
        assert value.shape == expected[line.rstrip("0123456789") if line != "loss" else "l"], line
        assert value.dtype == dtype, line


def test_the_trace_agrees_with_the_gradients_and_the_loss_to_the_bit(network, batch):
    loss, gradients = network.gradients(*batch)
    trace = network.trace(*batch)
    assert float(trace["loss"]) == loss
    for key, gradient in gradients.items():
        np.testing.assert_array_equal(trace[f"d{key}"], gradient)


@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
def test_three_layers_by_name_and_by_loop_are_equal_to_the_bit(name, activation, batch, dtype):
    import importlib

    start = initial_parameters(SIZES["network.py"], "he", seed=3, dtype=dtype)
    by_name = importlib.import_module(f"{name}.network").Network(start, activation)
    by_loop = importlib.import_module(f"{name}.deep").DeepNetwork(start, activation)
    expected, found = by_name.trace(*batch), by_loop.trace(*batch)
    assert list(expected) == list(found)
    for line in expected:
        np.testing.assert_array_equal(found[line], expected[line], err_msg=line)
    assert by_name.step(*batch, 0.1) == by_loop.step(*batch, 0.1)
    for key, value in by_name.parameters().items():
        np.testing.assert_array_equal(by_loop.parameters()[key], value)
