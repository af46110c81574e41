"""Derivatives of functions, and derivatives of those: `grad`, which nests, and what follows from it."""

import functools
import gc
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
import manual
from autograd import (
    Tensor,
    cross_entropy,
    grad,
    hessian_vector_product,
    jacobian,
    jvp,
    no_grad,
    value_and_grad,
    vjp,
)

A = np.array([1.0, 2.0, 3.0])
V = np.array([1.0, -1.0, 0.5])


def leaf(*values):
    return Tensor(np.array(values), requires_grad=True)


def cubes(x):
    return (x**3).sum()


def derivatives(function, x, order):
    """From the first to that of this order, at x."""
    found = []
    for _ in range(order):
        function = grad(function)
        found.append(function(x).item())
    return found


class TestNesting:
    def test_variables_are_not_confused(self):
        assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(3.0) == 1
        assert grad(lambda x: x * grad(lambda y: x * y)(2.0))(3.0) == 6
        assert grad(lambda x: grad(lambda y: grad(lambda z: x * y**2 * z**3)(2.0))(5.0))(1.0) == 2 * 5 * 3 * 4
        assert grad(lambda x: grad(lambda x: x * x * x)(x * x))(2.0) == 3 * 4 * 2**3  # d/dx 3 (x^2)^2

    def test_nor_are_they_where_the_inner_derivative_is_taken_in_another_thread(self):
        with ThreadPoolExecutor(1) as elsewhere:

            def product(x):
                return x * elsewhere.submit(grad(lambda y: x * y), 1.0).result()

            assert product(2.0) == 4
            assert grad(product)(2.0) == 4

    def test_the_first_five_derivatives_of_sin_of_sin_x_plus_sin_x_are_those_of_pytorch(self):
        for start in (0.0, 0.3, -1.7, 4.0):
            x = torch.tensor(start, dtype=torch.float64, requires_grad=True)
            y, expected = (x.sin() + x.sin()).sin(), []
            for _ in range(5):
                (y,) = torch.autograd.grad(y, x, create_graph=True)
                expected.append(y.item())
            found = derivatives(lambda x: autograd.sin(autograd.sin(x) + autograd.sin(x)), start, 5)
            np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-11)

    def test_x_to_the_x_has_at_1_the_derivatives_1_2_3_8_10(self):
        np.testing.assert_allclose(derivatives(lambda x: x**x, 1.0, 5), [1, 2, 3, 8, 10], rtol=1e-12)

    @pytest.mark.parametrize("x", [0.0, 0.7, -0.7, 30.0, -30.0])
    def test_of_the_activations_the_first_three_are_those_of_their_formulas(self, x):
        s = 1 / (1 + np.exp(-x))
        of_sigmoid = [s * (1 - s), s * (1 - s) * (1 - 2 * s), s * (1 - s) * (1 - 6 * s + 6 * s * s)]
        np.testing.assert_allclose(derivatives(autograd.sigmoid, x, 3), of_sigmoid, rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(derivatives(autograd.softplus, x, 3), [s, *of_sigmoid[:2]], rtol=1e-9, atol=1e-15)
        t = np.tanh(x)
        of_tanh = [1 - t * t, -2 * t * (1 - t * t), (6 * t * t - 2) * (1 - t * t)]
        np.testing.assert_allclose(derivatives(autograd.tanh, x, 3), of_tanh, rtol=1e-9, atol=1e-15)
        assert derivatives(autograd.relu, x, 3) == [float(x > 0), 0, 0]
        assert derivatives(autograd.leaky_relu, x, 3) == [1 if x > 0 else 0.01, 0, 0]
        assert derivatives(autograd.abs, x, 3) == [np.sign(x), 0, 0]

    def test_the_third_of_the_sigmoid_at_0_is_minus_an_eighth(self):
        assert derivatives(autograd.sigmoid, 0.0, 3) == [1 / 4, 0, -1 / 8]

    @pytest.mark.parametrize("x", [0.0, -2.0, 3.0])
    def test_of_a_power_they_are_right_at_0_too(self, x):
        assert derivatives(lambda x: x**3, x, 4) == [3 * x * x, 6 * x, 6, 0]
        assert derivatives(autograd.square, x, 3) == [2 * x, 2, 0]

    @pytest.mark.parametrize(("a", "b"), [(2.0, 0.0), (0.5, 0.0), (2.0, 1.0), (3.0, -1.0)])
    def test_the_mixed_derivatives_of_a_power_are_right_at_the_exponents_0_and_1_too(self, a, b):
        by_a_then_b = grad(lambda b: grad(autograd.power, 0)(a, b))(b)
        by_b_then_a = grad(lambda a: grad(autograd.power, 1)(a, b))(a)
        np.testing.assert_allclose([by_a_then_b, by_b_then_a], a ** (b - 1) * (1 + b * np.log(a)), rtol=1e-14)
        twice_by_a_then_b = grad(lambda b: grad(grad(autograd.power, 0), 0)(a, b))(b)
        expected = a ** (b - 2) * (2 * b - 1 + b * (b - 1) * np.log(a))
        np.testing.assert_allclose(twice_by_a_then_b, expected, rtol=1e-14)

    def test_grad_of_grad_by_entries_of_arrays(self):
        second = grad(lambda x: (grad(cubes)(x) * V).sum())(A)
        np.testing.assert_allclose(second, 6 * A * V, rtol=1e-15)

    def test_through_indices_joins_and_loops_of_python(self):
        def polynomial(x):
            total, powers = 0.0, [x[0] * 0 + 1]
            for coefficient in x:
                total = total + coefficient * powers[-1]
                powers.append(powers[-1] * x[1])
            return total + np.concatenate([np.stack(powers), x[::-1]]).prod()

        def torchs(x):
            total, powers = 0.0, [x[0] * 0 + 1]
            for coefficient in x:
                total = total + coefficient * powers[-1]
                powers.append(powers[-1] * x[1])
            return total + torch.concatenate([torch.stack(powers), x.flip(0)]).prod()

        theirs = torch.autograd.functional.hessian(torchs, torch.tensor(A)).numpy()
        np.testing.assert_allclose(jacobian(grad(polynomial))(A), theirs, rtol=1e-12)

    def test_a_chain_of_thousands_of_steps_is_no_recursion(self):
        def chain(x):
            for _ in range(3000):
                x = x + x * 0.0
            return x * x

        assert grad(grad(chain))(3.0) == 2


class TestWhatIsNotDifferentiated:
    def test_has_zeros_for_a_gradient_in_the_shape_and_dtype_of_the_argument(self):
        x = np.ones((2, 3), np.float32)
        for function in (
            lambda _: 3.0,
            lambda _: np.float64(1),
            lambda x: np.sign(x).sum(),
            lambda x: x.detach().sum(),
        ):
            g = grad(function)(x)
            assert (type(g), g.shape, g.dtype, g.any()) == (np.ndarray, (2, 3), np.float32, False)
            assert not hessian_vector_product(function)(x, x).any()
            assert not jacobian(function)(x).any()
            assert not jvp(function, (x,), (x,))[1].any()

    def test_nor_does_a_linear_function_have_a_second_derivative(self):
        assert hessian_vector_product(lambda x: x.sum())(A, V).tolist() == [0, 0, 0]
        assert grad(lambda x: (grad(lambda x: x.sum())(x) * V).sum())(A).tolist() == [0, 0, 0]

    def test_one_of_two_arguments(self):
        of_x, of_y = grad(lambda x, y: (y * y).sum(), (0, 1))(A, A)  # noqa: ARG005
        assert (of_x.tolist(), of_y.tolist()) == ([0, 0, 0], [2, 4, 6])

    def test_is_what_stands_in_no_grad_within_the_function(self):
        def half_constant(x):
            with no_grad():
                factor = x * x
            return (factor * x).sum()

        np.testing.assert_array_equal(grad(half_constant)(A), A * A)


class TestArguments:
    def test_are_named_by_position_alone_or_in_a_tuple(self):
        def f(x, y):
            return (x * x * y).sum()

        np.testing.assert_array_equal(grad(f)(A, V), 2 * A * V)
        np.testing.assert_array_equal(grad(f, 1)(A, V), A * A)
        np.testing.assert_array_equal(grad(f, -1)(A, V), A * A)
        value, (of_y, of_x) = value_and_grad(f, (1, 0))(A, V)
        assert value == np.sum(A * A * V)
        np.testing.assert_array_equal(of_x, 2 * A * V)
        np.testing.assert_array_equal(of_y, A * A)
        (alone,) = grad(f, (0,))(A, V)
        np.testing.assert_array_equal(alone, 2 * A * V)

    def test_may_be_lists_numbers_and_constant_tensors_and_results_are_arrays(self):
        for x in ([1.0, 2.0], (1.0, 2.0), Tensor([1.0, 2.0]), np.array([1.0, 2.0])):
            value, g = value_and_grad(lambda x: (x * x).sum())(x)
            assert (type(value), type(g), value.item(), g.tolist()) == (np.ndarray, np.ndarray, 5, [2, 4])
        assert (type(grad(autograd.sin)(0.5)), grad(autograd.sin)(0.5).shape) == (np.ndarray, ())

    def test_options_go_through_by_name(self):
        def f(x, *, factor):
            return (factor * x).sum()

        assert grad(f)(A, factor=2.0).tolist() == [2, 2, 2]
        assert value_and_grad(f)(A, factor=2.0)[0] == 12

    def test_the_new_functions_go_by_the_name_of_the_old(self):
        assert grad(cubes).__name__ == value_and_grad(cubes).__name__ == "cubes"

    def test_are_not_changed_and_no_two_gradients_are_one_array(self):
        x, y = A.copy(), A.copy()
        of_x, of_y = grad(lambda x, y: (x + y).sum(), (0, 1))(x, y)
        of_x *= 100
        assert (of_y.tolist(), x.tolist(), y.tolist()) == ([1, 1, 1], [1, 2, 3], [1, 2, 3])

    def test_float32_stays_float32(self):
        x, v = A.astype(np.float32), V.astype(np.float32)
        results = [*value_and_grad(cubes)(x), *jvp(lambda x: x * x, (x,), (v,)), jacobian(lambda x: x * x)(x)]
        for result in [*results, hessian_vector_product(cubes)(x, v), hessian_vector_product(cubes)(x, V)]:
            assert result.dtype == np.float32

    @pytest.mark.parametrize("x", [2, [1, 2], np.arange(3), Tensor(np.arange(3)), np.array([True]), 1j])
    def test_that_are_no_floats_are_refused(self, x):
        def f(x):
            return (x * x).sum()

        for derivative in (grad(f), value_and_grad(f), jacobian(f), lambda x: hessian_vector_product(f)(x, x)):
            with pytest.raises(TypeError, match=r"argument 0 is .*astype"):
                derivative(x)
        with pytest.raises(TypeError, match="argument 0 is"):
            jvp(f, (x,), (x,))
        with pytest.raises(TypeError, match="argument 1 is"):
            grad(lambda a, b: (a * b).sum(), (0, 1))(A, np.arange(3))

    def test_that_are_not_there_are_an_index_error(self):
        with pytest.raises(IndexError):
            grad(cubes, 1)(A)


class TestValues:
    def test_that_are_no_single_number_are_refused(self):
        for function in (lambda x: x * x, lambda x: x[:0], lambda x: x[:, None] * x):
            for derivative in (grad, value_and_grad):
                with pytest.raises(ValueError, match=r"shape.*sum\(\).*jacobian"):
                    derivative(function)(A)

    def test_of_one_entry_are_one_number_whatever_their_axes(self):
        value, g = value_and_grad(lambda x: (x * x).sum(keepdims=True))(A)
        assert (value.tolist(), g.tolist()) == ([14], [2, 4, 6])

    def test_that_are_no_floats_are_refused(self):
        for function in (lambda x: x.argmax(), lambda x: x.sum() > 0, lambda _: None, lambda _: "a"):
            with pytest.raises(TypeError, match="the value is"):
                grad(function)(A)

    def test_that_are_several_are_refused(self):
        with pytest.raises(TypeError):
            grad(lambda x: (x.sum(), x.sum()))(A)


class TestPullback:
    def test_takes_a_gradient_of_the_value_to_one_of_the_argument_as_often_as_asked(self):
        value, pullback = vjp(lambda x: x * x, A)
        assert value.tolist() == [1, 4, 9]
        first = pullback(V)
        np.testing.assert_array_equal(first, 2 * A * V)
        first *= 100
        np.testing.assert_array_equal(pullback(V), 2 * A * V)

    def test_refuses_a_gradient_of_another_shape(self):
        for pullback in (vjp(lambda x: x * x, A)[1], vjp(lambda _: A, A)[1]):
            for above in (1.0, np.ones((3, 1)), np.ones(2)):
                with pytest.raises(ValueError, match="shape"):
                    pullback(above)

    def test_does_not_hand_out_the_gradient_that_it_was_given(self):
        above = V.copy()
        _, pullback = vjp(lambda x, y: x + y, A, A, argument=(0, 1))
        for result in (vjp(lambda x: x, A)[1](above), *pullback(above)):
            result *= 100
        assert above.tolist() == V.tolist()


class TestJvp:
    @settings(max_examples=20)
    @given(st.integers(0, 2**32 - 1))
    def test_is_the_jacobian_times_the_tangent_and_the_slope_of_central_differences(self, seed):
        random = np.random.default_rng(seed)
        x, W, dx, dW = (random.standard_normal(shape) for shape in ((2, 3), (3, 4)) * 2)

        def f(x, W):
            return autograd.softmax(autograd.tanh(x @ W) * 2)[:, 1:]

        value, slope = jvp(f, (x, W), (dx, dW))
        of_x, of_W = jacobian(f, (0, 1))(x, W)
        assert (of_x.shape, of_W.shape) == ((2, 3, 2, 3), (2, 3, 3, 4))
        np.testing.assert_array_equal(value, f(x, W).data)
        np.testing.assert_allclose(slope, np.tensordot(of_x, dx, 2) + np.tensordot(of_W, dW, 2), rtol=1e-12, atol=1e-14)
        h = 1e-5
        difference = f(x + h * dx, W + h * dW).data - f(x - h * dx, W - h * dW).data
        np.testing.assert_allclose(slope, difference / (2 * h), rtol=1e-7, atol=1e-8)

    def test_nests(self):
        def slope(x):
            return jvp(cubes, (x,), (V,))[1]

        np.testing.assert_allclose(jvp(slope, (A,), (V,))[1], np.sum(6 * A * V * V), rtol=1e-14)

    @pytest.mark.parametrize("tangents", [(), (V, V), (V[:, None],), (V[:2],), (1.0,)])
    def test_refuses_tangents_that_are_not_one_for_each_input_and_like_it(self, tangents):
        with pytest.raises(ValueError):  # noqa: PT011 (in whatever words)
            jvp(lambda x: x * x, (A,), tangents)


class TestJacobian:
    @pytest.mark.parametrize(
        ("function", "argument", "shape"),
        [
            (lambda x: x.sum(), (2, 3), (2, 3)),
            (lambda x: x * x, (), ()),
            (lambda x: x * np.ones((2, 3)), (), (2, 3)),
            (lambda x: x.T, (2, 3), (3, 2, 2, 3)),
            (lambda x: x.flatten()[:1], (2, 3), (1, 2, 3)),
            (lambda x: x[:0], (2, 3), (0, 3, 2, 3)),
            (lambda x: x, (0, 3), (0, 3, 0, 3)),
            (lambda _: np.ones(4), (2,), (4, 2)),
        ],
    )
    def test_has_the_axes_of_the_value_and_then_those_of_the_argument(self, function, argument, shape):
        matrix = jacobian(function)(np.ones(argument))
        assert (type(matrix), matrix.shape) == (np.ndarray, shape)
        first, second = jacobian(lambda _, x: function(x), (0, 1))(np.ones(5), np.ones(argument))
        assert second.shape == shape
        assert first.shape == (*shape[: len(shape) - len(argument)], 5)

    def test_of_the_softmax(self):
        p = np.exp(A) / np.exp(A).sum()
        np.testing.assert_allclose(jacobian(autograd.softmax)(A), np.diag(p) - np.outer(p, p), rtol=1e-14, atol=1e-16)

    def test_of_a_gradient_is_the_hessian_and_symmetric(self):
        def f(x):
            return autograd.log(autograd.exp(x).sum()) * x.prod()

        hessian = jacobian(grad(f))(A)
        theirs = torch.autograd.functional.hessian(lambda x: x.logsumexp(0) * x.prod(), torch.tensor(A))
        np.testing.assert_allclose(hessian, theirs.numpy(), rtol=1e-12)
        np.testing.assert_allclose(hessian, hessian.T, rtol=1e-14)
        np.testing.assert_allclose(hessian @ V, hessian_vector_product(f)(A, V), rtol=1e-13)


class TestHessianVectorProduct:
    def test_of_a_quadratic_form_is_its_matrix_times_the_vector(self):
        M = np.random.default_rng(0).standard_normal((3, 3))
        np.testing.assert_allclose(hessian_vector_product(lambda x: x @ M @ x)(A, V), (M + M.T) @ V, rtol=1e-14)

    def test_of_several_arguments_has_the_mixed_derivatives(self):
        of_x, of_y = hessian_vector_product(lambda x, y: (x * x * y).sum(), (0, 1))(A, V, (V, A))
        np.testing.assert_allclose(of_x, 2 * V * V + 2 * A * A, rtol=1e-15)
        np.testing.assert_allclose(of_y, 2 * A * V, rtol=1e-15)
        np.testing.assert_allclose(hessian_vector_product(lambda x, y: (x * x * y).sum(), 1)(A, V, V), 0 * A)

    def test_takes_a_vector_that_is_a_list_or_a_tensor(self):
        for v in (V.tolist(), Tensor(V)):
            np.testing.assert_allclose(hessian_vector_product(cubes)(A, v), 6 * A * V, rtol=1e-15)

    @pytest.mark.parametrize("v", [1.0, V[:, None], V[None], V[:1]])
    def test_refuses_a_vector_of_another_shape_though_it_would_broadcast(self, v):
        with pytest.raises(ValueError):  # noqa: PT011 (in whatever words)
            hessian_vector_product(cubes)(A, v)
        with pytest.raises(ValueError):  # noqa: PT011
            hessian_vector_product(lambda x, y: (x * x * y).sum(), (0, 1))(A, A, (V, v))


# The network of the chapter.

ACTIVATIONS = {"relu": (autograd.relu, torch.relu), "sigmoid": (autograd.sigmoid, torch.sigmoid)}


def network_start(random, sizes, coarse=False):
    """W1, b1, W2, ... and a direction for each; coarse ones are whole numbers, so that units sit at 0 exactly."""
    draw = (lambda shape: random.integers(-1, 2, shape).astype(float)) if coarse else random.standard_normal
    weights = [
        array
        for fan_in, fan_out in itertools.pairwise(sizes)
        for array in (draw((fan_in, fan_out)) / (1 if coarse else np.sqrt(fan_in)), draw((fan_out,)))
    ]
    return weights, tuple(random.standard_normal(array.shape) for array in weights)


def network_loss(activation, loss, x, labels, *weights):
    a, *layers = x, *zip(weights[::2], weights[1::2], strict=True)
    for W, b in layers[:-1]:
        a = activation(a @ W + b)
    W, b = layers[-1]
    return loss(a @ W + b, labels)


def products(activation, x, labels, weights, directions):
    """H v of the mean cross-entropy by all weights: of the engine, and of PyTorch's double backward."""
    ours, theirs = ACTIVATIONS[activation]
    f = functools.partial(network_loss, ours, cross_entropy, x, labels)
    mine = hessian_vector_product(f, tuple(range(len(weights))))(*weights, directions)
    leaves = [torch.tensor(array, requires_grad=True) for array in weights]
    loss = network_loss(theirs, torch.nn.functional.cross_entropy, torch.tensor(x), torch.tensor(labels), *leaves)
    first = torch.autograd.grad(loss, leaves, create_graph=True)
    slope = sum((g * torch.tensor(v)).sum() for g, v in zip(first, directions, strict=True))
    return mine, [product.numpy() for product in torch.autograd.grad(slope, leaves)]


class TestTheNetwork:
    @pytest.mark.parametrize("activation", ACTIVATIONS)
    def test_hessian_vector_products_are_those_of_pytorch_also_where_units_are_at_0(self, activation):
        exactly_0 = []

        @settings(max_examples=40)
        @given(
            st.integers(0, 2**32 - 1),
            st.booleans(),
            st.integers(1, 6),
            st.lists(st.integers(1, 6), min_size=3, max_size=5),
        )
        def check(seed, coarse, m, sizes):
            random = np.random.default_rng(seed)
            weights, directions = network_start(random, sizes, coarse)
            x = random.integers(0, 2, (m, sizes[0])).astype(float) if coarse else random.random((m, sizes[0]))
            exactly_0.append((x @ weights[0] + weights[1] == 0).any())
            mine, theirs = products(activation, x, random.integers(0, sizes[-1], m), weights, directions)
            for a, b in zip(mine, theirs, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)

        check()
        assert sum(exactly_0) >= 10

    @pytest.mark.parametrize("activation", ACTIVATIONS)
    def test_so_are_they_in_its_full_size(self, activation):
        random = np.random.default_rng(0)
        weights, directions = network_start(random, (784, 128, 64, 10))
        x, labels = random.random((64, 784)), random.integers(0, 10, 64)
        x[:3] = 0
        weights[1][:20] = 0
        assert (x @ weights[0] + weights[1] == 0).sum() == 60
        mine, theirs = products(activation, x, labels, weights, directions)
        for a, b in zip(mine, theirs, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-11 * np.abs(b).max())

    @pytest.mark.parametrize("activation", ["relu", "sigmoid"])
    def test_so_are_those_of_the_network_by_hand_which_was_not_written_for_it(self, activation):
        random = np.random.default_rng(0)
        weights, directions = network_start(random, (7, 6, 5, 4))
        x, labels = random.random((8, 7)), random.integers(0, 4, 8)

        def loss(*weights):
            parameters = dict(zip(("W1", "b1", "W2", "b2", "W3", "b3"), weights, strict=True))
            *_, z3 = manual.Network(parameters, activation).forward(x)
            return manual.functions.cross_entropy(z3, labels)

        value, gradient = value_and_grad(loss, tuple(range(6)))(*weights)
        by_hand_value, by_hand = manual.Network(
            dict(zip(("W1", "b1", "W2", "b2", "W3", "b3"), weights, strict=True)), activation
        ).gradients(x, labels)
        assert value == by_hand_value
        for mine, expected in zip(gradient, by_hand.values(), strict=True):
            np.testing.assert_allclose(mine, expected, rtol=1e-12, atol=1e-14)
        mine = hessian_vector_product(loss, tuple(range(6)))(*weights, directions)
        for a, b in zip(mine, products(activation, x, labels, weights, directions)[1], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-13)

    def test_the_hessian_is_symmetric(self):
        random = np.random.default_rng(0)
        weights, u = network_start(random, (4, 5, 3))
        v = tuple(random.standard_normal(array.shape) for array in weights)
        f = functools.partial(network_loss, autograd.sigmoid, cross_entropy, random.random((6, 4)), np.arange(6) % 3)
        product = hessian_vector_product(f, tuple(range(4)))
        uHv = sum(np.vdot(a, b) for a, b in zip(u, product(*weights, v), strict=True))
        vHu = sum(np.vdot(a, b) for a, b in zip(v, product(*weights, u), strict=True))
        assert uHv == pytest.approx(vHu, rel=1e-12)


class TestLeavesOutside:
    """A gradient that depends on leaves has a history, and `backward` goes along it."""

    def test_a_leaf_that_is_passed_hears_of_a_penalty_on_the_gradient_as_in_pytorch(self):
        random = np.random.default_rng(0)
        x, start = random.standard_normal((5, 3)), random.standard_normal((3, 2))
        W, V = Tensor(start, requires_grad=True), torch.tensor(start, requires_grad=True)
        g = grad(lambda W: ((x @ W).tanh() ** 2).sum())(W)
        assert W.grad is None
        assert g.requires_grad
        (g * g).sum().backward()
        (h,) = torch.autograd.grad(((torch.tensor(x) @ V).tanh() ** 2).sum(), V, create_graph=True)
        (h * h).sum().backward()
        np.testing.assert_allclose(g.data, h.detach().numpy(), rtol=1e-12)
        np.testing.assert_allclose(W.grad, V.grad.numpy(), rtol=1e-12)

    def test_so_does_one_that_the_function_only_uses(self):
        random = np.random.default_rng(0)
        x, start = random.standard_normal((5, 3)), random.standard_normal((3, 2))
        W, V = Tensor(start, requires_grad=True), torch.tensor(start, requires_grad=True)
        inputs = torch.tensor(x, requires_grad=True)
        value, g = value_and_grad(lambda x: (x @ W).sigmoid().sum())(x)
        penalty = ((np.linalg.norm(g, axis=1) - 1) ** 2).mean() + value
        penalty.backward()
        theirs = (inputs @ V).sigmoid().sum()
        (h,) = torch.autograd.grad(theirs, inputs, create_graph=True)
        (((h.norm(dim=1) - 1) ** 2).mean() + theirs).backward()
        np.testing.assert_allclose(W.grad, V.grad.numpy(), rtol=1e-12)

    def test_a_leaf_may_stand_on_all_levels_at_once(self):
        w = leaf(0.5, 1.5)
        inner = grad(lambda x: (x**3 * w).sum())
        (w * inner(w * w)).sum().backward()  # w * 3 w^4 * w = 3 w^6
        np.testing.assert_allclose(w.grad, 18 * w.data**5, rtol=1e-14)

    @pytest.mark.parametrize(
        ("derivative", "expected"),
        [
            (lambda w: vjp(lambda x: x**3, w)[1](V), lambda w: 6 * w * V),
            (lambda w: vjp(lambda x: x * A, V)[1](w), lambda _: A),
            (lambda w: jvp(lambda x: x**3, (w,), (V,))[1], lambda w: 6 * w * V),
            (lambda w: jvp(lambda x: x**3, (A,), (w,))[1], lambda _: 3 * A**2),
            (lambda w: hessian_vector_product(cubes)(w, V), lambda _: 6 * V),
            (lambda w: hessian_vector_product(cubes)(A, w), lambda _: 6 * A),
            (lambda w: jacobian(lambda x: x**3)(w), lambda w: 6 * w),
            (lambda w: grad(lambda a, b: (a * b * b).sum(), 0)(A, w), lambda w: 2 * w),
        ],
        ids=[
            "pullback",
            "what a pullback is given",
            "jvp",
            "a tangent",
            "hessian",
            "its vector",
            "jacobian",
            "another",
        ],
    )
    def test_every_derivative_has_a_history(self, derivative, expected):
        w = leaf(1.0, 2.0, 3.0)
        derivative(w).sum().backward()
        np.testing.assert_allclose(w.grad, expected(w.data), rtol=1e-14)

    def test_a_tensor_that_outlives_the_grad_it_was_made_in_costs_no_leaf_its_gradient_in_silence(self):
        kept, w = [], leaf(1.0, 2.0, 3.0)
        grad(lambda x: (kept.append(x * 2), cubes(x))[1])(A)
        try:
            (kept[0] * w).sum().backward()
        except (TypeError, RuntimeError):
            return
        assert w.grad is not None


class TestNoGrad:
    def test_around_it_still_differentiates_and_gives_arrays(self):
        w = leaf(1.0, 2.0, 3.0)
        with no_grad():
            value, g = value_and_grad(lambda x: (x * x * w).sum())(A)
            second = grad(lambda x: grad(cubes)(x).sum())(w)
            assert not (w * w).requires_grad
        assert [type(result) for result in (value, g, second)] == [np.ndarray] * 3
        assert (value, g.tolist(), second.tolist()) == (36, [2, 8, 18], [6, 12, 18])
        assert (w * w).requires_grad

    @pytest.mark.parametrize("paused", [True, False])
    def test_is_as_it_was_and_levels_are_too_when_the_function_raises(self, paused):
        def fails(x):
            return grad(lambda y: (x * y / 0 + [][0]).sum())(x)

        w = leaf(1.0, 2.0, 3.0)
        context = no_grad() if paused else ThreadPoolExecutor(1)
        with context:
            for _ in range(3):
                with np.errstate(divide="ignore"), pytest.raises(IndexError):
                    grad(fails)(A)
            assert (w * w).requires_grad != paused
            assert derivatives(autograd.square, 3.0, 2) == [6, 2]
        cubes(w).backward()
        assert w.grad.tolist() == [3, 12, 27]


def test_two_threads_differentiate_at_once():
    start, found = threading.Barrier(2), {}

    def work(x):
        start.wait()
        found[x] = [derivatives(autograd.sigmoid, x, 4) for _ in range(20)]

    threads = [threading.Thread(target=work, args=(x,)) for x in (0.3, -1.2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for x in (0.3, -1.2):
        assert found[x] == [derivatives(autograd.sigmoid, x, 4)] * 20


def test_no_graph_stays_behind():
    def round_trip():
        derivatives(autograd.sigmoid, 0.3, 3)
        hessian_vector_product(cubes)(A, V)
        jvp(lambda x: x * x, (A,), (V,))
        grad(cubes)(leaf(1.0, 2.0)).sum().backward()

    round_trip()
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        for _ in range(50):
            round_trip()
        assert len(gc.get_objects()) - before < 50
    finally:
        gc.enable()
