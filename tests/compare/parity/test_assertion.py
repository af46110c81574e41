import re
import subprocess
import sys

import numpy as np
import pytest

import compare
from compare import GradientMismatch, assert_gradients_match


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
    trace["dW2"][3, 5] += 1e-6
    with pytest.raises(GradientMismatch) as caught:
        assert_gradients_match(trace, parameters, x, labels)
    error = caught.value
    assert error.line == "dW2"
    assert error.entry.index == (3, 5)
    times = error.entry.error / error.entry.bound
    for part in ("dW2", "[3, 5]", f"{error.entry.found:.17g}", f"{error.entry.exact:.17g}", f"{error.entry.bound:.3g}"):
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
    with pytest.raises(GradientMismatch, match="gradient of W1"):
        assert_gradients_match(partial | {"dW1": whole["dW1"] * 2}, parameters, x, labels)


def test_a_line_that_cannot_be_judged_is_not_passed_over(random_network, reference_trace):
    parameters, x, labels = random_network()
    whole = reference_trace(parameters, x, labels)
    with pytest.raises(ValueError, match="da2 cannot be judged: the trace lacks dz3"):
        assert_gradients_match({name: whole[name] for name in ("z1", "da2")}, parameters, x, labels)


def test_float32_gradients_without_a_trace_are_refused_and_with_one_judged(random_network, reference_trace):
    parameters, x, labels = random_network(dtype="float32")
    trace = reference_trace(parameters, x, labels)
    assert_gradients_match(trace, parameters, x, labels)
    with pytest.raises(ValueError, match="Give the whole trace, or test in float64"):
        assert_gradients_match(gradients_of(trace, parameters), parameters, x, labels)


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


def test_the_example_in_its_documentation_runs_as_it_is_printed(reference_trace):
    example = re.search(r"::\n\n(        import numpy.*)", assert_gradients_match.__doc__, re.DOTALL).group(1)
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
