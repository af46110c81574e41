"""The formulas of the hand-written network."""

import ast
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import manual.functions
from manual.functions import cross_entropy, relu, relu_derivative, sigmoid, sigmoid_derivative, softmax

scores = arrays(np.float64, array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.floats(-30, 30))
EXTREME = np.array([[-1e4, 0.0, 1e4], [1e300, -1e300, 0.0]])


@given(scores)
def test_softmax_is_exp_over_the_sum_of_exp(z):
    expected = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(softmax(z), expected, rtol=1e-13)


@given(scores)
def test_softmax_does_not_change_when_a_row_is_shifted(z):
    np.testing.assert_allclose(softmax(z + 7), softmax(z), rtol=1e-12)


def test_softmax_of_huge_scores_is_finite_and_sums_to_one():
    np.testing.assert_array_equal(softmax(EXTREME).sum(axis=1), 1)


@given(scores, st.data())
def test_cross_entropy_is_the_mean_of_minus_log_softmax_at_the_label(z, data):
    labels = np.array(data.draw(st.lists(st.integers(0, z.shape[1] - 1), min_size=len(z), max_size=len(z))))
    expected = -np.log(softmax(z)[np.arange(len(z)), labels]).mean()
    np.testing.assert_allclose(cross_entropy(z, labels), expected, rtol=1e-12, atol=1e-14)


def test_cross_entropy_is_finite_where_the_probability_rounds_to_zero():
    assert cross_entropy(np.array([[0.0, 2000.0]]), np.array([0])) == 2000


def test_cross_entropy_of_a_row_does_not_hear_of_larger_scores_in_another():
    assert cross_entropy(np.array([[0.0, 2000.0], [5000.0, 0.0]]), np.array([0, 0])) == 1000


@given(scores)
def test_sigmoid_is_one_over_one_plus_exp(z):
    np.testing.assert_allclose(sigmoid(z), 1 / (1 + np.exp(-z)), rtol=1e-14)


def test_sigmoid_of_huge_arguments_is_zero_or_one_without_a_warning():
    np.testing.assert_array_equal(sigmoid(EXTREME), [[0, 0.5, 1], [1, 0, 0.5]])


def test_relu_is_off_at_zero_and_so_is_its_derivative():
    z = np.array([[-1.0, -0.0, 0.0, 2.0]])
    np.testing.assert_array_equal(relu(z), [[0, 0, 0, 2]])
    np.testing.assert_array_equal(relu_derivative(relu(z)), [[False, False, False, True]])


@given(scores)
def test_the_derivative_of_sigmoid_is_its_slope(z):
    h = 1e-5
    slope = (sigmoid(z + h) - sigmoid(z - h)) / (2 * h)
    np.testing.assert_allclose(sigmoid_derivative(sigmoid(z)), slope, atol=1e-9)


@pytest.mark.parametrize("function", [softmax, sigmoid, relu])
def test_float32_stays_float32_and_the_argument_is_not_changed(function):
    z = np.array([[-1.0, 0.5, 3.0]], np.float32)
    assert function(z).dtype == np.float32
    np.testing.assert_array_equal(z, np.array([[-1.0, 0.5, 3.0]], np.float32))


def test_the_room_says_how_many_formulas_there_are():
    tree = ast.parse(Path(manual.functions.__file__).read_text())
    count = sum(isinstance(node, ast.FunctionDef) for node in tree.body)
    words = {5: "five", 6: "six", 7: "seven"}
    assert f"`functions.py` holds the {words[count]} formulas" in " ".join(manual.__doc__.split())
