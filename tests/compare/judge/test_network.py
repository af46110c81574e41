import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compare.judge.network import check_gradients, check_lines, gradient_balls, line_names
from compare.judge.roundoff import Arithmetic
from compare.judge.verdict import part_of, ulps
from compare.parity.question import trained
from compare.shared.dataset import pixels
from compare.shared.initial import initial_parameters
from compare.shared.settings import Settings
from compare.shared.threads import use_threads
from compare.worlds import NAMES, build


def matmul_lines(check):
    return [line for line in check.lines if line.name.rstrip("0123456789") in ("z", "da", "dW")]


def assert_all_hold(parameters, x, labels, activation):
    """All three hold; returns the largest part of a bound that a matrix product uses."""
    used = []
    for name in NAMES:
        check = check_lines(build(name, parameters, activation).trace(x, labels), parameters, x, labels, activation)
        assert not any(line.is_wrong for line in check.lines), (name, check.first_wrong_line, check.lines)
        assert check.unchecked == ()
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


def test_where_long_double_is_no_longer_float64_judges_float64_and_says_the_same(mnist):
    parameters = initial_parameters((784, 30, 10), init="he")
    x, labels = pixels(mnist.train_images[:8], "float64"), mnist.train_labels[:8]
    usual = Arithmetic.of(np.float64)
    short = Arithmetic(usual.dtype, usual.u, usual.tiny, np.float64, 2.0**-53)
    for activation in ("relu", "sigmoid"):
        trace = build("torch_ref", parameters, activation).trace(x, labels)
        one, other = (check_lines(trace, parameters, x, labels, activation, run=run) for run in (usual, short))
        assert one.holds
        assert other.holds
        for line, by_float64 in zip(one.lines, other.lines, strict=True):
            assert by_float64.power <= 2.2 * line.power
        trace["dW1"] = trace["dW1"] * (1 + 1e-13)
        assert check_lines(trace, parameters, x, labels, activation, run=short).first_wrong_line == "dW1"


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
    index = np.unravel_index(abs(trace["dW2"]).argmax(), (12, 8))
    right = trace["dW2"][index]
    trace["dW2"][index] += 1e-6
    line = check_lines(trace, parameters, x, labels)["dW2"]
    assert line.worst.index == index
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


def test_a_partial_trace_is_judged_all_of_it_and_says_what_it_lacks(random_network, reference_trace):
    parameters, x, labels = random_network()
    whole = reference_trace(parameters, x, labels)
    found = {name: whole[name] for name in ("z3", "dz3", "dW3", "db3", "dW1")}
    check = check_lines(found, parameters, x, labels)
    assert [line.name for line in check.lines] == ["z3", "dz3", "dW3", "db3", "dW1"]
    assert check.holds
    assert check.unchecked == tuple(name for name in line_names(3) if name not in found)
    for name in found:
        assert check_lines(found | {name: found[name] * (1 + 1e-9)}, parameters, x, labels).first_wrong_line == name


def test_what_was_found_before_a_line_narrows_what_it_may_be(random_network, reference_trace):
    parameters, x, labels = random_network((20, *[12] * 9, 5))
    whole = reference_trace(parameters, x, labels)
    alone = check_lines({"dW1": whole["dW1"]}, parameters, x, labels)["dW1"]
    beside = check_lines(whole, parameters, x, labels)["dW1"]
    assert beside.relative_bound < 1e-3 * alone.relative_bound


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
    assert check["dW2"].holds  # from what dz2 should be


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
    assert ulps(abs(found - exact), found, exact, np.float32).tolist() == [1.0, 2.0**23, 2.0**23]
    assert ulps(abs(found - exact), found, exact, np.float64).tolist() == [2.0**29, 2.0**52, 2.0**52]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_inputs_that_are_flushed_to_zero_are_inside(random_network, reference_trace, dtype):
    """As JAX does, and torch.set_flush_denormal: 75 to 153 times outside what outputs alone explain, and 0.3 here."""
    parameters, x, labels = random_network(dtype=dtype)
    tiny = np.finfo(dtype).tiny
    x = (x * tiny / 4).astype(dtype)
    parameters["W1"] *= np.asarray(1e6, dtype)
    flushed = reference_trace(parameters, np.where(abs(x) < tiny, 0, x).astype(dtype), labels)
    for trace in (flushed, reference_trace(parameters, x, labels)):
        z1 = check_lines({"z1": trace["z1"] - parameters["b1"]}, parameters | {"b1": 0 * parameters["b1"]}, x, labels)
        assert z1["z1"].bound_used <= 1
        assert not check_lines(trace, parameters, x, labels).first_wrong_line


# Gradients alone.


@pytest.fixture(scope="module")
def batch(mnist):
    return pixels(mnist.train_images[:64], "float64"), mnist.train_labels[:64]


@pytest.mark.parametrize("hidden", [(128, 64), (128, 64, 32)], ids=["two", "three"])
@pytest.mark.parametrize("init", ["chapter", "he"])
@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
def test_in_float64_all_three_are_inside_a_bound_that_is_a_millionth_of_the_gradient(batch, activation, init, hidden):
    parameters = initial_parameters((784, *hidden, 10), init=init)
    allowed = gradient_balls(parameters, *batch, activation)
    for name in NAMES:
        loss, gradients = build(name, parameters, activation).gradients(*batch)
        for verdict in check_gradients(gradients, allowed):
            assert verdict.holds, (name, verdict)
            assert verdict.relative_bound < 1e-6
        assert abs(loss - allowed["loss"].value) <= allowed["loss"].worst < 1e-9


def test_a_gradient_that_is_off_in_its_seventh_digit_is_outside(batch):
    parameters = initial_parameters((784, 128, 64, 10))
    allowed = gradient_balls(parameters, *batch)
    _, gradients = build("manual", parameters).gradients(*batch)
    for verdict in check_gradients({name: g * (1 + 1e-7) for name, g in gradients.items()}, allowed):
        assert verdict.is_wrong, verdict.name


def test_in_float32_the_worst_case_is_as_wide_as_a_fault_of_a_hundredth_and_the_likely_one_is_not(batch):
    parameters = initial_parameters((784, 128, 64, 10), dtype="float32")
    x, labels = batch[0].astype("float32"), batch[1]
    allowed = gradient_balls(parameters, x, labels)
    for name in NAMES:
        verdicts = check_gradients(build(name, parameters).gradients(x, labels)[1], allowed)
        assert all(verdict.holds for verdict in verdicts)
    assert max(verdict.relative_bound for verdict in verdicts) > 0.01
    assert max(verdict.power for verdict in verdicts) < 1e-5
    wrong = {name: g * np.float32(1.0001) for name, g in build(NAMES[0], parameters).gradients(x, labels)[1].items()}
    assert {verdict.answer for verdict in check_gradients(wrong, allowed)} <= {"not rounding", "proved wrong"}


def test_where_rounding_can_flip_a_relu_both_sides_are_inside_and_elsewhere_one(random_network):
    parameters, x, labels = random_network((6, 4, 3), m=5)
    unit = 2
    for gap, undecided in ((2.0**-60, True), (1e-3, False)):
        # z1 of this unit is gap in row 0 and far from zero in no other way than by cancellation
        parameters["b1"][unit] = -(x[0] @ parameters["W1"][:, unit]) + gap
        allowed = gradient_balls(parameters, x, labels)
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
        allowed = gradient_balls(parameters, x, labels, activation)
        trace = reference_trace(parameters, x, labels, activation)
        for verdict in check_gradients({name: trace[f"d{name}"] for name in parameters}, allowed):
            assert verdict.holds, (seed, verdict)


def test_what_cancels_in_one_layer_is_still_counted_in_the_next(random_network, reference_trace):
    for seed in range(10):
        parameters, x, labels = random_network((50, 12, 5), dtype="float32", seed=seed)
        x = (x[0] + 1e-6 * x).astype("float32")
        parameters["b1"] = -(x[0] @ parameters["W1"])  # what is left of z1 is little more than rounding error
        parameters["W2"] *= 1000
        allowed = gradient_balls(parameters, x, labels)
        trace = reference_trace(parameters, x, labels)
        assert abs(trace["loss"] - allowed["loss"].value) <= allowed["loss"].worst
        for verdict in check_gradients({name: trace[f"d{name}"] for name in parameters}, allowed):
            assert verdict.bound_used <= 1, (seed, verdict)  # equal rows err alike: not what is likely


def test_what_is_not_a_number_is_outside_and_a_wrong_shape_is_refused(random_network, reference_trace):
    parameters, x, labels = random_network()
    trace = reference_trace(parameters, x, labels)
    allowed = gradient_balls(parameters, x, labels)
    trace["dW1"][0, 0] = np.nan
    assert not check_gradients({"W1": trace["dW1"]}, allowed)[0].holds
    with pytest.raises(ValueError, match=r"shape \(12, 20\)"):
        check_gradients({"W1": trace["dW1"].T}, allowed)
