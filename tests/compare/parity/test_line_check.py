import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compare.parity.exact import DOUBLE_DOUBLE
from compare.parity.line_check import check_lines, part_of, ulps
from compare.parity.question import trained
from compare.shared.dataset import pixels
from compare.shared.implementations import NAMES, build
from compare.shared.initial import initial_parameters
from compare.shared.settings import Settings
from compare.shared.threads import use_threads


def matmul_lines(check):
    return [line for line in check.lines if line.name.rstrip("0123456789") in ("z", "da", "dW")]


def assert_all_hold(parameters, x, labels, activation):
    """All three hold; returns the largest part of a bound that a matrix product uses."""
    used = []
    for name in NAMES:
        check = check_lines(build(name, parameters, activation).trace(x, labels), parameters, x, labels, activation)
        assert check.holds, (name, check[check.first_wrong_line])
        assert not check.unchecked
        used += [line.bound_used for line in matmul_lines(check)]
    return max(used)


@pytest.mark.parametrize("hidden", [(128, 64), (128, 64, 32)], ids=["two", "three"])
@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
@pytest.mark.parametrize("m", [1, 64, pytest.param(1024, marks=pytest.mark.slow)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_all_three_hold_at_initial_weights_and_a_thousandth_of_a_bound_or_more_is_used(
    mnist, dtype, m, activation, hidden
):
    parameters = initial_parameters((784, *hidden, 10), dtype=dtype)
    x, labels = pixels(mnist.train_images[:m], dtype), mnist.train_labels[:m]
    assert assert_all_hold(parameters, x, labels, activation) > 1e-3


@pytest.fixture(scope="module", params=["relu", "sigmoid"])
def after_3000_steps(request, mnist):
    """An activation, and the weights that 3,000 steps in float32 arrive at."""
    with use_threads(1):
        return request.param, trained(Settings(dtype="float32", activation=request.param), mnist, 3000)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_all_three_hold_after_3000_steps(mnist, after_3000_steps, dtype):
    activation, weights = after_3000_steps
    parameters = {name: value.astype(dtype) for name, value in weights.items()}
    for m in (1, 64, 1024):
        x, labels = pixels(mnist.train_images[:m], dtype), mnist.train_labels[:m]
        assert assert_all_hold(parameters, x, labels, activation) > 1e-3


@pytest.mark.slow
@settings(max_examples=200)
@given(
    sizes=st.lists(st.integers(1, 30), min_size=2, max_size=5),
    m=st.integers(1, 40),
    dtype=st.sampled_from(["float32", "float64"]),
    activation=st.sampled_from(["relu", "sigmoid"]),
    scale=st.sampled_from([0.01, 1.0, 10.0]),
    blank=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_every_correct_network_is_inside(random_network, sizes, m, dtype, activation, scale, blank, seed):
    parameters, x, labels = random_network(sizes, m, dtype, scale, seed)
    if blank:  # a row of zeros and no biases: every relu stands exactly at its bend there
        x[0] = 0
        parameters = {name: value * (name[0] == "W") for name, value in parameters.items()}
    assert_all_hold(parameters, x, labels, activation)


def test_double_double_comes_to_the_same_verdict_as_long_double(mnist):
    parameters = initial_parameters((784, 30, 10), init="he")
    x, labels = pixels(mnist.train_images[:8], "float64"), mnist.train_labels[:8]
    for activation in ("relu", "sigmoid"):
        trace = build("manual", parameters, activation).trace(x, labels)
        usual = check_lines(trace, parameters, x, labels, activation)
        fallback = check_lines(trace, parameters, x, labels, activation, arithmetic=DOUBLE_DOUBLE)
        assert fallback.holds
        for one, other in zip(usual.lines, fallback.lines, strict=True):
            # long double's own error is 2^-11 of that of float64, a rounding; sums of n of them no more of the bound
            assert other.bound_used == pytest.approx(one.bound_used, rel=1e-2, abs=2.0**-10), one.name


def test_tanh_is_known_too(random_network, reference_trace):
    for dtype in ("float32", "float64"):
        parameters, x, labels = random_network(dtype=dtype, scale=2.0)
        trace = reference_trace(parameters, x, labels, "tanh")
        assert check_lines(trace, parameters, x, labels, "tanh").holds
        trace["dz1"] = trace["da1"] * (1 - trace["a1"])
        assert check_lines(trace, parameters, x, labels, "tanh").first_wrong_line == "dz1"


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
def test_the_mean_may_be_taken_at_dw_but_must_be_where_it_is_said_to_be(random_network, reference_trace, activation):
    parameters, x, labels = random_network(dtype="float32")
    for place, elsewhere in (("dz", "dW"), ("dW", "dz")):
        trace = reference_trace(parameters, x, labels, activation, mean_at=place)
        assert check_lines(trace, parameters, x, labels, activation, mean_at=place).holds
        assert check_lines(trace, parameters, x, labels, activation, mean_at=elsewhere).first_wrong_line == "dz3"


def test_the_first_wrong_line_is_named_and_lines_after_it_are_judged_by_their_own_inputs(
    random_network, reference_trace
):
    parameters, x, labels = random_network()
    trace = reference_trace(parameters, x, labels)
    trace["z2"] = trace["z2"] * (1 + 1e-9)
    check = check_lines(trace, parameters, x, labels)
    assert check.first_wrong_line == "z2"
    assert [line.name for line in check.lines if not line.holds] == ["z2", "a2"]  # a2 was computed from the right z2
    assert check["dW1"].holds


def test_the_worst_entry_is_where_the_fault_is(random_network, reference_trace):
    parameters, x, labels = random_network()
    trace = reference_trace(parameters, x, labels)
    right = trace["dW2"][3, 5]
    trace["dW2"][3, 5] += 1e-6
    line = check_lines(trace, parameters, x, labels)["dW2"]
    assert line.worst.index == (3, 5)
    assert line.worst.found == right + 1e-6
    assert line.worst.exact == pytest.approx(right, rel=1e-13, abs=0)
    assert line.worst.error == line.error == pytest.approx(1e-6, rel=1e-6, abs=0)
    assert line.bound_used == line.worst.error / line.worst.bound > 1


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_what_is_not_a_number_is_outside(random_network, reference_trace, wrong):
    parameters, x, labels = random_network()
    for name in ("z1", "a1", "loss", "dz3", "dW2", "db1", "da1"):
        trace = reference_trace(parameters, x, labels)
        trace[name] = trace[name].copy()
        trace[name].flat[0] = wrong
        check = check_lines(trace, parameters, x, labels)
        assert check.first_wrong_line == name
        assert check[name].bound_used == check[name].error == check[name].error_ulp == np.inf


def test_behind_a_relu_that_is_off_only_zero_is_right(random_network, reference_trace):
    parameters, x, labels = random_network()
    trace = reference_trace(parameters, x, labels)
    off = np.argwhere(trace["z1"] < 0)[0]
    trace["dz1"][tuple(off)] = 1e-300
    line = check_lines(trace, parameters, x, labels)["dz1"]
    assert not line.holds
    assert line.worst.index == tuple(off)
    assert line.worst.bound == 0


def test_a_partial_trace_is_judged_as_far_as_it_goes_and_says_what_it_lacks(random_network, reference_trace):
    parameters, x, labels = random_network()
    whole = reference_trace(parameters, x, labels)
    check = check_lines({name: whole[name] for name in ("z3", "dz3", "dW3", "db3", "dW1")}, parameters, x, labels)
    assert [line.name for line in check.lines] == ["dz3", "db3"]
    assert check.holds
    assert check.unchecked["z3"] == ("a2",)
    assert check.unchecked["dW3"] == ("a2",)
    assert check.unchecked["dW1"] == ("dz1",)
    assert check.unchecked["loss"] == ("loss",)


def test_an_empty_trace_does_not_hold(random_network):
    assert not check_lines({}, *random_network()).holds


def test_a_relu_is_judged_by_z_where_a_is_not_reported(random_network, reference_trace):
    parameters, x, labels = random_network()
    trace = {name: value for name, value in reference_trace(parameters, x, labels).items() if name != "a1"}
    assert check_lines(trace, parameters, x, labels)["dz1"].holds
    trace["dz1"] = trace["da1"]
    assert not check_lines(trace, parameters, x, labels)["dz1"].holds


def test_a_line_of_the_wrong_shape_is_a_finding_and_no_crash(random_network, reference_trace):
    parameters, x, labels = random_network()
    trace = reference_trace(parameters, x, labels)
    trace["dz2"] = trace["dz2"].T
    check = check_lines(trace, parameters, x, labels)
    assert check.first_wrong_line == "dz2"
    assert check["dz2"].complaint == "dz2 has the shape (8, 16), and (16, 8) is expected"
    assert check.unchecked["dW2"] == ("dz2",)


def test_float32_in_a_float64_run_is_outside_though_it_would_be_inside_in_a_float32_run(
    random_network, reference_trace
):
    parameters, x, labels = random_network()
    trace = reference_trace(parameters, x, labels)
    trace["dW1"] = trace["dW1"].astype("float32")
    assert check_lines(trace, parameters, x, labels).first_wrong_line == "dW1"


def test_half_precision_is_refused(random_network):
    parameters, x, labels = random_network()
    with pytest.raises(TypeError, match="float16"):
        check_lines({}, {name: value.astype("float16") for name, value in parameters.items()}, x, labels)


def test_an_unknown_activation_is_refused_with_those_that_are_known(random_network):
    with pytest.raises(ValueError, match="relu, sigmoid, tanh"):
        check_lines({}, *random_network(), activation="gelu")


def test_part_of_a_bound_is_zero_for_zero_by_zero_and_infinite_for_anything_else_by_zero():
    error, bound = np.array([0.0, 1e-300, 1.0, np.nan, np.inf]), np.array([0.0, 0.0, 4.0, 1.0, 1.0])
    assert part_of(error, bound).tolist() == [0.0, np.inf, 0.25, np.inf, np.inf]


def test_an_ulp_is_the_spacing_of_the_runs_dtype_at_the_larger_number():
    found, exact = np.array([1.0 + 2.0**-23, 0.0, 1.0]), np.array([1.0, 2.0**-100, 0.0])
    assert ulps(abs(found - exact), found, exact, 2.0**-24).tolist() == [1.0, 2.0**23, 2.0**23]
    assert ulps(abs(found - exact), found, exact, 2.0**-53).tolist() == [2.0**29, 2.0**52, 2.0**52]
