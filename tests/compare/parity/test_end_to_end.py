import numpy as np
import pytest

from compare.parity.end_to_end import check_gradients, running_error
from compare.parity.exact import DOUBLE_DOUBLE
from compare.shared.dataset import pixels
from compare.shared.implementations import NAMES, build
from compare.shared.initial import initial_parameters


@pytest.fixture(scope="module")
def batch(mnist):
    return pixels(mnist.train_images[:64], "float64"), mnist.train_labels[:64]


@pytest.mark.parametrize("hidden", [(128, 64), (128, 64, 32)], ids=["two", "three"])
@pytest.mark.parametrize("init", ["chapter", "he"])
@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
def test_in_float64_all_three_are_inside_a_bound_that_is_a_millionth_of_the_gradient(batch, activation, init, hidden):
    parameters = initial_parameters((784, *hidden, 10), init=init)
    allowed = running_error(parameters, *batch, activation)
    for name in NAMES:
        loss, gradients = build(name, parameters, activation).gradients(*batch)
        for verdict in check_gradients(gradients, allowed):
            assert verdict.holds, (name, verdict)
            assert verdict.relative_bound < 1e-6
        assert abs(loss - allowed["loss"].value) <= allowed["loss"].error < 1e-9


def test_a_gradient_that_is_off_in_its_seventh_digit_is_outside(batch):
    parameters = initial_parameters((784, 128, 64, 10))
    allowed = running_error(parameters, *batch)
    _, gradients = build("manual", parameters).gradients(*batch)
    for verdict in check_gradients({name: g * (1 + 1e-7) for name, g in gradients.items()}, allowed):
        assert not verdict.holds, verdict.parameter


def test_in_float32_correct_gradients_are_inside_but_a_fault_of_a_hundredth_would_be_too(batch):
    parameters = initial_parameters((784, 128, 64, 10), dtype="float32")
    x, labels = batch[0].astype("float32"), batch[1]
    allowed = running_error(parameters, x, labels)
    for name in NAMES:
        verdicts = check_gradients(build(name, parameters).gradients(x, labels)[1], allowed)
        assert all(verdict.holds for verdict in verdicts)
    assert max(verdict.relative_bound for verdict in verdicts) > 0.01


def test_where_rounding_can_flip_a_relu_both_sides_are_inside_and_elsewhere_one(random_network):
    parameters, x, labels = random_network((6, 4, 3), m=5)
    unit = 2
    for gap, undecided in ((2.0**-60, True), (1e-3, False)):
        # z1 of this unit is gap in row 0 and far from zero in no other way than by cancellation
        parameters["b1"][unit] = -(x[0] @ parameters["W1"][:, unit]) + gap
        allowed = running_error(parameters, x, labels)
        z1 = x @ parameters["W1"] + parameters["b1"]
        for on in (True, False):
            mask = z1 > 0
            mask[0, unit] = on
            a1 = z1 * mask
            z2 = a1 @ parameters["W2"] + parameters["b2"]
            p = np.exp(z2) / np.exp(z2).sum(axis=1, keepdims=True)
            dz2 = (p - np.eye(3)[labels]) / 5
            dz1 = dz2 @ parameters["W2"].T * mask
            gradients = {"W1": x.T @ dz1, "b1": dz1.sum(axis=0), "W2": a1.T @ dz2, "b2": dz2.sum(axis=0)}
            inside = all(verdict.holds for verdict in check_gradients(gradients, allowed))
            assert inside == (on or undecided)


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
def test_the_bound_holds_for_runs_in_float32_that_are_far_from_exact(random_network, reference_trace, activation):
    for seed in range(20):
        parameters, x, labels = random_network(dtype="float32", scale=3.0, seed=seed)
        allowed = running_error(parameters, x, labels, activation)
        trace = reference_trace(parameters, x, labels, activation)
        for verdict in check_gradients({name: trace[f"d{name}"] for name in parameters}, allowed):
            assert verdict.holds, (seed, verdict)


def test_what_cancels_in_one_layer_is_still_counted_in_the_next(random_network, reference_trace):
    for seed in range(10):
        parameters, x, labels = random_network((50, 12, 5), dtype="float32", seed=seed)
        x = (x[0] + 1e-6 * x).astype("float32")
        parameters["b1"] = -(x[0] @ parameters["W1"])  # what is left of z1 is little more than rounding error
        parameters["W2"] *= 1000
        allowed = running_error(parameters, x, labels)
        trace = reference_trace(parameters, x, labels)
        assert abs(trace["loss"] - allowed["loss"].value) <= allowed["loss"].error
        for verdict in check_gradients({name: trace[f"d{name}"] for name in parameters}, allowed):
            assert verdict.holds, (seed, verdict)


def test_the_exact_gradients_do_not_depend_on_the_arithmetic_that_finds_them(random_network):
    network = random_network()
    usual, fallback = running_error(*network), running_error(*network, arithmetic=DOUBLE_DOUBLE)
    for name, line in usual.items():
        assert line.value == pytest.approx(fallback[name].value, rel=1e-15, abs=1e-18)
        assert line.error == pytest.approx(fallback[name].error, rel=1e-2, abs=0)


def test_what_is_not_a_number_is_outside_and_a_wrong_shape_is_refused(random_network, reference_trace):
    parameters, x, labels = random_network()
    trace = reference_trace(parameters, x, labels)
    allowed = running_error(parameters, x, labels)
    trace["dW1"][0, 0] = np.nan
    assert not check_gradients({"W1": trace["dW1"]}, allowed)[0].holds
    with pytest.raises(ValueError, match=r"shape \(12, 20\)"):
        check_gradients({"W1": trace["dW1"].T}, allowed)
