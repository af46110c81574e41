import re
import subprocess
import sys

import numpy as np
import pytest
import torch

import compare
from compare import GradientMismatch, assert_gradients_match
from compare.judge.network_assertion import assert_network_gradients_match


def from_pytorch(parameters, x, labels):
    leaves = {name: torch.tensor(array, requires_grad=True) for name, array in parameters.items()}
    a, depth = torch.tensor(x), len(parameters) // 2
    for k in range(1, depth):
        a = torch.relu(a @ leaves[f"W{k}"] + leaves[f"b{k}"])
    scores = a @ leaves[f"W{depth}"] + leaves[f"b{depth}"]
    torch.nn.functional.cross_entropy(scores, torch.tensor(labels)).backward()
    return {name: leaf.grad.numpy() for name, leaf in leaves.items()}


def gradients_of(trace, parameters):
    return {name: trace[f"d{name}"] for name in parameters}


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
def test_correct_traces_and_gradients_pass(random_network, reference_trace, activation):
    parameters, x, labels = random_network()
    trace = reference_trace(parameters, x, labels, activation)
    assert_gradients_match(trace, parameters, x, labels, activation)
    assert_gradients_match(gradients_of(trace, parameters), parameters, x, labels, activation)
    assert_gradients_match({"dW1": trace["dW1"]}, parameters, x, labels, activation)


def test_the_error_names_the_line_the_entry_both_values_the_bound_and_how_far_outside(random_network, reference_trace):
    parameters, x, labels = random_network()
    trace = reference_trace(parameters, x, labels)
    index = np.unravel_index(abs(trace["dW2"]).argmax(), trace["dW2"].shape)
    trace["dW2"][index] += 1e-6
    with pytest.raises(GradientMismatch) as caught:
        assert_gradients_match(trace, parameters, x, labels)
    error = caught.value
    assert error.line == "dW2"
    assert error.entry.index == index
    times = error.entry.error / error.entry.bound
    for part in (
        "dW2",
        str([int(k) for k in index]),
        f"{error.entry.found:.17g}",
        f"{error.entry.exact:.17g}",
        f"{error.entry.bound:.3g}",
    ):
        assert part in str(error)
    assert f"{times:.3g} times" in str(error)
    assert isinstance(error, AssertionError)


def test_gradients_alone_are_judged_end_to_end(random_network, reference_trace):
    parameters, x, labels = random_network()
    gradients = gradients_of(reference_trace(parameters, x, labels), parameters)
    with pytest.raises(GradientMismatch, match=r"gradient of b1 is wrong: entry \[\d+\] is") as caught:
        assert_gradients_match(gradients | {"b1": gradients["b1"] * 1.0000001}, parameters, x, labels)
    assert caught.value.line == "db1"


def test_a_gradient_that_a_partial_trace_leaves_open_is_judged_end_to_end(random_network, reference_trace):
    parameters, x, labels = random_network()
    whole = reference_trace(parameters, x, labels)
    partial = {name: whole[name] for name in ("z1", "dW1")}
    assert_gradients_match(partial, parameters, x, labels)
    with pytest.raises(GradientMismatch, match="dW1 is wrong, given what was found before it"):
        assert_gradients_match(partial | {"dW1": whole["dW1"] * 2}, parameters, x, labels)


def test_a_line_whose_own_inputs_are_missing_is_judged_from_those_before(random_network, reference_trace):
    parameters, x, labels = random_network()
    whole = reference_trace(parameters, x, labels)
    found = {name: whole[name] for name in ("z1", "da2")}
    assert_gradients_match(found, parameters, x, labels)
    with pytest.raises(GradientMismatch, match="da2 is wrong"):
        assert_gradients_match(found | {"da2": whole["da2"] * (1 + 1e-9)}, parameters, x, labels)


@pytest.mark.parametrize(("at_zero", "passes"), [(0, lambda z: z > 0), (1, lambda z: z >= 0),
                                                 (0.5, lambda z: (z > 0) + 0.5 * (z == 0))])  # fmt: skip
def test_what_a_relu_passes_at_exactly_0_is_a_convention_that_is_said(random_network, reference_trace, at_zero, passes):
    parameters, x, labels = random_network((6, 4, 3), m=5)
    x[0], parameters["b1"] = 0, np.zeros(4)
    trace = reference_trace(parameters, x, labels)
    dz1 = trace["da1"] * passes(trace["z1"])
    found = trace | {"dz1": dz1, "dW1": x.T @ dz1, "db1": dz1.sum(axis=0)}
    for one in (found, gradients_of(found, parameters)):
        assert_gradients_match(one, parameters, x, labels, at_zero=at_zero)
        with pytest.raises(GradientMismatch, match=r"(dz1|b1) is wrong"):
            assert_gradients_match(one, parameters, x, labels, at_zero=1 - at_zero if at_zero != 0.5 else 0)


@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
def test_float32_gradients_are_judged_with_a_trace_and_without(random_network, reference_trace, activation):
    for seed in range(20):
        parameters, x, labels = random_network(dtype="float32", seed=seed)
        trace = reference_trace(parameters, x, labels, activation)
        gradients = gradients_of(trace, parameters)
        assert_gradients_match(trace, parameters, x, labels, activation)
        assert_gradients_match(gradients, parameters, x, labels, activation)
        with pytest.raises(GradientMismatch, match="gradient of W2 is wrong"):
            assert_gradients_match(gradients | {"W2": gradients["W2"] * 1.0001}, parameters, x, labels, activation)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("depth", [2, 30])
def test_gradients_of_a_deep_network_do_not_pass_for_nothing(random_network, depth, dtype):
    parameters, x, labels = random_network((20, *[12] * (depth - 1), 5), dtype=dtype)
    found = from_pytorch(parameters, x, labels)
    assert_gradients_match(found, parameters, x, labels)
    for fault in (lambda g: 0 * g, lambda g: -g, lambda g: 2 * g, lambda g: g / 16):
        with pytest.raises(GradientMismatch):
            assert_gradients_match({name: fault(g) for name, g in found.items()}, parameters, x, labels)


def test_parameters_of_two_dtypes_are_refused(random_network, reference_trace):
    parameters, x, labels = random_network()
    found = gradients_of(reference_trace(parameters, x, labels), parameters)
    with pytest.raises(ValueError, match="W1 is float32 and"):
        assert_gradients_match(found, parameters | {"W1": parameters["W1"].astype("float32")}, x, labels)


def test_wrong_shapes_and_a_mask_that_lets_something_through_are_told_in_words(random_network, reference_trace):
    parameters, x, labels = random_network()
    trace = reference_trace(parameters, x, labels)
    shape = re.escape("dW1 has the shape (12, 20), and (20, 12) is expected")
    for found in (trace | {"dW1": trace["dW1"].T}, {"W1": trace["dW1"].T}):
        with pytest.raises(GradientMismatch, match=shape):
            assert_gradients_match(found, parameters, x, labels)
    with pytest.raises(GradientMismatch, match="nothing is rounded and the bound is 0"):
        assert_gradients_match(trace | {"dz2": trace["da2"]}, parameters, x, labels)


@pytest.mark.parametrize(("found", "named"), [({}, "Nothing"), ({"weight": np.zeros(3)}, "weight")])
def test_names_that_are_not_known_are_refused_with_those_that_are(random_network, found, named):
    with pytest.raises(ValueError, match=rf"{named} was given to be judged.*W1, b1.*z1, a1"):
        assert_gradients_match(found, *random_network())


def _with(entry, value):
    """Labels of which one is another number."""
    return lambda labels: np.concatenate([labels[:entry], [value], labels[entry + 1 :]])


@pytest.mark.parametrize("alone", [True, False], ids=["gradients alone", "trace"])
@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (_with(2, -1), r"labels\[2\] is -1; expected a class number from 0 to 4"),
        (_with(3, 5), r"labels\[3\] is 5; expected a class number from 0 to 4"),
        (lambda labels: np.eye(5)[labels], r"shape \(16, 5\); expected \(16,\).*argmax"),
        (lambda labels: labels[1:], r"shape \(15,\); expected \(16,\)"),
        (lambda labels: labels * 1.0, "labels are float64; expected integers"),
    ],
    ids=["negative", "too large", "one-hot", "one short", "floats"],
)
def test_labels_that_are_no_class_numbers_are_refused(random_network, reference_trace, change, complaint, alone):
    parameters, x, labels = random_network()
    found = reference_trace(parameters, x, labels)
    if alone:
        found = gradients_of(found, parameters)
    with pytest.raises(ValueError, match=complaint):
        assert_gradients_match(found, parameters, x, change(labels))


@pytest.mark.parametrize(
    ("name", "change", "complaint"),
    [
        ("b1", lambda b: b[None], r"b1 has the shape \(1, 12\); expected \(12,\)"),
        ("b2", lambda b: b[:1], r"b2 has the shape \(1,\); expected \(8,\)"),
        ("W2", lambda W: W.T, r"W2 has the shape \(8, 12\); expected \(12, fan_out\)"),
    ],
)
def test_parameters_whose_shapes_do_not_fit_are_refused(random_network, reference_trace, name, change, complaint):
    parameters, x, labels = random_network()
    found = gradients_of(reference_trace(parameters, x, labels), parameters)
    with pytest.raises(ValueError, match=complaint):
        assert_gradients_match(found, parameters | {name: change(parameters[name])}, x, labels)
    with pytest.raises(ValueError, match=r"x has the shape \(20,\); expected \(m, fan_in\)"):
        assert_gradients_match(found, parameters, x[0], labels)
    with pytest.raises(ValueError, match="The parameters are W1; expected W1, b1"):
        assert_gradients_match(found, {"W1": parameters["W1"]}, x, labels)


def test_the_example_in_its_documentation_runs_as_it_is_printed(reference_trace):
    example = re.search(r"::\n\n(        import numpy.*)", assert_network_gradients_match.__doc__, re.DOTALL).group(1)
    code = "\n".join(line[8:] for line in example.splitlines())

    def my_backprop(parameters, x, labels):
        return gradients_of(reference_trace(parameters, x, labels), parameters)

    scope = {"my_backprop": my_backprop}
    exec(code, scope)
    scope["test_my_backprop"]()
    scope["my_backprop"] = lambda *given: {name: 2 * g for name, g in my_backprop(*given).items()}
    with pytest.raises(GradientMismatch):
        scope["test_my_backprop"]()


def test_import_compare_loads_neither_numpy_nor_torch():
    code = "import sys, compare; sys.exit(bool({'numpy', 'torch', 'matplotlib'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = compare.nothing
