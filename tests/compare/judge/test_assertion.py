"""The assertion for any function: right gradients pass by every route, wrong ones fail and are told what they are."""

import re

import numpy as np
import pytest
import torch

from compare import CannotTell, GradientMismatch, assert_gradients_match
from compare.judge.judging import expected, judged

DTYPES = [np.float32, np.float64]
UNITS = ["relu", "tanh", "sigmoid"]
NETWORKS = [(1, "relu"), *[(depth, unit) for depth in (3, 50) for unit in UNITS]]
RUNS = [
    (name, dtype, seed) for seed in range(5) for dtype in DTYPES
    for name in ("network relu", "network tanh", "network sigmoid", "saturated sigmoid", "network logistic",
                 "saturated logistic", "attention", "recurrent", "bilinear", "convolution", "normalised", "memory",
                 "logistic regression", "x sigmoid(x)")
] + [
    (f"50 layers {unit}", dtype, seed) for dtype in DTYPES for unit, seed in [("relu", 0), ("tanh", 1), ("sigmoid", 1)]
]  # fmt: skip


def right(functions, dtype, activation="relu", depth=3, seed=0, keep=lambda x: x, **settings):
    """f, its arguments and the gradients that PyTorch finds, arrays."""
    arguments = functions.draw_network(seed, dtype, activation, depth, **settings)
    _, (gradients, by_x) = functions.by_torch(functions.torch_network(activation, keep=keep), arguments)
    return functions.network(activation), arguments, ({k: g.numpy() for k, g in gradients.items()}, by_x.numpy())


def shortened(bits):
    """Rounds to that many bits, which gradients pass unchanged."""

    def keep(x):
        mantissa, exponent = torch.frexp(x.detach())
        return x + (torch.ldexp(torch.round(mantissa * 2**bits), exponent - bits) - x).detach()

    return keep


# No false alarm.


@pytest.mark.parametrize(("name", "dtype", "seed"), RUNS)
def test_pytorch_is_right_by_every_route(functions, name, dtype, seed):
    arguments = functions.draw(name, seed, dtype)
    for route in functions.routes(name).values():
        assert_gradients_match(functions.f(name), arguments, functions.by_torch(route, arguments))


def test_these_are_more_than_200_runs(functions):
    assert sum(len(functions.routes(name)) for name, _, _ in RUNS) >= 200


@pytest.mark.parametrize("dtype", DTYPES)
def test_running_sums_are_judged(functions, dtype):
    arguments = functions.draw("running", 0, dtype)
    for route in functions.routes("running").values():
        assert_gradients_match(functions.f("running"), arguments, functions.by_torch(route, arguments))


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_sigmoid_of_saturated_units_from_its_value_is_right(functions, dtype):
    arguments = functions.draw("saturated logistic", 0, dtype)
    found = functions.by_torch(functions.torch_network("sigmoid"), arguments)
    assert_gradients_match(functions.f("saturated logistic"), arguments, found)


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_a_relu_passes_at_exactly_0_is_a_convention_and_so_an_option(functions, dtype):
    """torch.relu passes nothing there, torch.maximum half, clamp all; what was infinitely far off uses half or less."""
    (parameters, x, labels), f = functions.draw_network(0, dtype), functions.network("relu")
    x[:3], parameters["b1"] = 0, 0 * parameters["b1"]
    for unit in (torch.relu, lambda z: torch.maximum(z, torch.zeros_like(z)), lambda z: z.clamp(min=0)):
        leaves = {name: torch.tensor(p, requires_grad=True) for name, p in parameters.items()}
        a = torch.tensor(x)
        for k in (1, 2):
            a = unit(a @ leaves[f"W{k}"] + leaves[f"b{k}"])
        torch.nn.functional.cross_entropy(a @ leaves["W3"] + leaves["b3"], torch.tensor(labels)).backward()
        found = {name: leaf.grad for name, leaf in leaves.items()}
        assert_gradients_match(lambda p: f(p, x, labels), parameters, found, ties="any")
        if unit is torch.relu:
            with pytest.raises(GradientMismatch):
                assert_gradients_match(lambda p: f(p, x, labels), parameters, found)
        found["b1"] = found["b1"] * 2
        with pytest.raises(GradientMismatch):
            assert_gradients_match(lambda p: f(p, x, labels), parameters, found, ties="any")


# Power.


def test_in_float32_the_gradients_of_a_network_are_judged_to_3e_6_of_their_largest_entry(functions):
    f, (parameters, x, labels), (gradients, _) = right(functions, np.float32, m=64, width=32, fan_in=40, kinds=10)
    names, arrays = list(parameters), list(parameters.values())
    balls = expected(
        lambda *inputs: f(dict(zip(names, inputs, strict=True)), x, labels), arrays, tuple(range(len(arrays))),
        np.float32,
    )  # fmt: skip
    tolerances = []
    for name, ball in zip(names, balls[1:], strict=True):
        assert judged(name, gradients[name], ball).power <= 1e-5
        tolerances.append((ball.likely / abs(ball.value).max()).ravel())
    assert np.median(np.concatenate(tolerances)) <= 3e-6


# Faults.

M = 16
FAULTS = {
    "zeros": (lambda g, _: 0 * g, "It is zero everywhere"),
    "sign": (lambda g, _: -g, "the other sign"),
    "twice": (lambda g, _: 2 * g, "It is the right one times (2|1.99)"),
    "sum": (lambda g, _: M * g, "times 16, which is the length of an axis"),
    "mean twice": (lambda g, _: g / M, "divided by 16, which is the length of an axis"),
    "m - 1": (lambda g, _: g * g.dtype.type(M / (M - 1)), "times (16 / 15: one example is missing|1.06666)"),
    "transposed": (lambda g, _: g.T, "It is the transpose"),
    "penalty": (lambda g, W: g + g.dtype.type(1e-4) * W, "plus 0.0001 times the argument itself"),
    "rows": (lambda g, _: g[[1, 2, 0, *range(3, len(g))]], "the right rows in another order"),
    "one entry": (
        lambda g, _: g + (abs(g) == abs(g).max()) * abs(g).max() * g.dtype.type(1e-4),
        "1 of 64 entries are outside",
    ),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("depth", "activation"), NETWORKS)
def test_faults_of_one_gradient_fail_and_are_named(functions, depth, activation, dtype):
    f, arguments, (gradients, by_x) = right(functions, dtype, activation, depth, m=M, kinds=8)
    for fault, (change, said) in FAULTS.items():
        if depth == 50 and fault not in ("zeros", "sign", "twice", "mean twice"):
            continue
        W1 = change(gradients["W1"], arguments[0]["W1"])
        with pytest.raises(GradientMismatch, match=said) as caught:
            assert_gradients_match(f, arguments, (gradients | {"W1": W1}, by_x))
        assert "gradient with respect to argument 0['W1'] is wrong" in str(caught.value), fault


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("depth", "activation"), NETWORKS)
def test_zeros_and_factors_of_all_gradients_fail(functions, depth, activation, dtype):
    f, arguments, (gradients, by_x) = right(functions, dtype, activation, depth, m=M)
    for factor in map(dtype, (0, -1, 2, M, 1 / M, M / (M - 1)) if depth < 50 else (0, M / (M - 1))):
        with pytest.raises(GradientMismatch, match="So are"):
            assert_gradients_match(f, arguments, ({name: g * factor for name, g in gradients.items()}, by_x * factor))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("depth", "activation"), NETWORKS)
@pytest.mark.parametrize("bits", [8, 11], ids=["bfloat16", "TF32"])
def test_a_product_with_shortened_inputs_fails(functions, depth, activation, dtype, bits):
    f, arguments, gradients = right(functions, dtype, activation, depth, m=64, keep=shortened(bits))
    with pytest.raises(GradientMismatch):
        assert_gradients_match(f, arguments, gradients)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", UNITS)
def test_a_dropped_last_row_fails(functions, activation, dtype):
    parameters, x, labels = functions.draw_network(0, dtype, activation, m=64)
    f = functions.network(activation)
    _, (gradients, _) = functions.by_torch(functions.torch_network(activation), (parameters, x[:-1], labels[:-1]))
    for factor in (1, 63 / 64):
        with pytest.raises(GradientMismatch):
            assert_gradients_match(
                lambda parameters: f(parameters, x, labels), parameters, {k: g * factor for k, g in gradients.items()}
            )


# What it is given.


def cube(x):
    return np.sum(x * x * x)


X = np.array([0.5, -1.25, 3.0])


def test_the_forms_of_what_is_found():
    gradient, value = 3 * X**2, cube(X)
    for found in (
        gradient,
        [gradient],
        (gradient,),
        (value, gradient),
        (value, [gradient]),
        [np.array(value), gradient],
    ):
        assert_gradients_match(cube, X, found)
        assert_gradients_match(cube, (X,), found)
    assert_gradients_match(cube, torch.tensor(X), (torch.tensor(value), torch.tensor(gradient, requires_grad=True)))
    with pytest.raises(GradientMismatch, match="The value is wrong"):
        assert_gradients_match(cube, X, (value * 1.0000001, gradient))
    with pytest.raises(GradientMismatch, match="The value is wrong"):
        assert_gradients_match(lambda x, y: cube(x) + np.sum(y), (X, X), value * 1.0000001 + X.sum())
    assert_gradients_match(lambda x, y: cube(x) + np.sum(y), (X, X), value + X.sum())


def test_dicts_and_lists_of_arrays_and_integers_among_them():
    def f(parameters, k):
        return parameters["a"][0][k] * np.sum(parameters["b"])

    arguments = ({"a": [X], "b": X}, np.array(2))
    a = np.array([0, 0, X.sum()])
    assert_gradients_match(f, arguments, {"a": [a], "b": np.full(3, X[2])})
    assert_gradients_match(f, arguments, (f(*arguments), {"a": [a], "b": np.full(3, X[2])}))
    with pytest.raises(GradientMismatch, match=re.escape("gradient with respect to argument 0['b'] is wrong")):
        assert_gradients_match(f, arguments, {"a": [a], "b": X})


def test_the_network_form_is_reached_by_the_same_name(functions):
    parameters, x, labels = functions.draw_network(0, np.float64)
    _, (gradients, _) = functions.by_torch(functions.torch_network("relu"), (parameters, x, labels))
    assert_gradients_match({k: g.numpy() for k, g in gradients.items()}, parameters, x, labels)


def test_float32_found_for_float64_is_named():
    with pytest.raises(GradientMismatch, match=r"is float32, and the arguments are float64.*jax_enable_x64 is off"):
        assert_gradients_match(cube, X, (3 * X**2).astype(np.float32))
    assert_gradients_match(cube, X.astype(np.float32), (3 * X**2).astype(np.float32))


def test_another_shape_is_a_mismatch():
    W = np.ones((2, 3))
    for found, said in [(np.ones((3, 2)), "may be transposed"), (np.ones(6), r"\(6,\), and \(2, 3\) is expected")]:
        with pytest.raises(GradientMismatch, match=said):
            assert_gradients_match(np.sum, W, found)


@pytest.mark.parametrize("found", [{}, [X, X], (1.0, [X, X]), (X, X, X)])
def test_another_count_is_refused(found):
    with pytest.raises(ValueError, match="one array of floats"):
        assert_gradients_match(cube, X, found)


def test_nothing_is_no_gradient():
    for nothing in (None, ()):
        with pytest.raises((ValueError, GradientMismatch)):
            assert_gradients_match(cube, X, nothing)


def test_integers_alone_are_refused():
    with pytest.raises(ValueError, match="No argument has floats"):
        assert_gradients_match(cube, np.arange(3), np.zeros(3))


def test_half_precision_is_refused():
    with pytest.raises(TypeError, match="judged in float32 and float64, not in float16"):
        assert_gradients_match(cube, X.astype(np.float16), X.astype(np.float16))


@pytest.mark.parametrize("function", [np.sort, np.linalg.det])
def test_a_function_of_numpys_without_a_rule_is_refused(function):
    with pytest.raises(TypeError, match=function.__name__):
        assert_gradients_match(lambda x: np.sum(function(x)), np.eye(3), np.ones((3, 3)))


def test_nan_found_is_a_mismatch():
    with pytest.raises(GradientMismatch, match=r"is nan and should be [0-9.]+\. It has 1 entries that are not finite"):
        assert_gradients_match(cube, X, np.where(X > 2, np.nan, 3 * X**2))


def test_a_gradient_that_never_arrived_is_a_mismatch():
    leaf = torch.tensor(X)
    with pytest.raises(GradientMismatch, match="with respect to argument 0 is None: nothing has arrived there"):
        assert_gradients_match(lambda x, y: cube(x) + cube(y), (X, X), (leaf.grad, 3 * X**2))


def test_float64_is_advised_only_where_the_run_has_less():
    for dtype, advice in ((np.float32, "Judge it in float64, or choose"), (np.float64, "could pass. Choose")):
        x = np.array([1.0, 1e-8], dtype)
        with pytest.raises(CannotTell, match=advice):
            assert_gradients_match(lambda x: np.sum(np.square((x + 1e14) - 1e14)), x, 2 * x)


@pytest.mark.parametrize("dtype", DTYPES)
def test_where_all_is_0_for_want_of_digits_nothing_passes(dtype):
    x = np.array([1.0, 1e-8], dtype)
    for found in (2 * x, 0 * x, -x):
        with pytest.raises(CannotTell, match="by inf of itself"):
            assert_gradients_match(lambda x: np.sum(np.square((x + 1e30) - 1e30)), x, found)
    assert_gradients_match(lambda x: np.sum(0 * x), x, 0 * x)


# Where it cannot tell.


def test_where_the_function_is_not_finite_it_cannot_tell():
    for found in (np.full(3, np.inf), np.zeros(3), np.full(3, np.nan)):
        with np.errstate(all="ignore"), pytest.raises(CannotTell, match="not finite in longer arithmetic either"):
            assert_gradients_match(lambda x: np.sum(np.sqrt(x)), np.zeros(3), found)


def test_scores_of_2_to_the_24_pass_nothing_in_float32():
    random = np.random.default_rng(0)
    W, x = random.standard_normal((4, 3)).astype(np.float32), random.standard_normal((5, 4)).astype(np.float32) * 2**24

    def loss(W, x):
        z = x @ W
        z = z - np.max(z, axis=1, keepdims=True)
        return -np.mean((z - np.log(np.sum(np.exp(z), axis=1, keepdims=True)))[:, 0])

    tensor = torch.tensor(W, requires_grad=True)
    torch.nn.functional.cross_entropy(torch.tensor(x) @ tensor, torch.zeros(5, dtype=int)).backward()
    for W_found in (tensor.grad, 0 * tensor.grad, -tensor.grad, 100 * tensor.grad):
        with pytest.raises(CannotTell, match=r"cannot be judged.*float64"):
            assert_gradients_match(loss, (W, x), (W_found, np.zeros_like(x)))


def test_a_deep_network_whose_error_has_grown_passes_nothing(functions):
    f, arguments, (gradients, by_x) = right(functions, np.float32, "tanh", 60, scale=2.5)
    with pytest.raises(CannotTell, match="so that a wrong one could pass"):
        assert_gradients_match(f, arguments, (gradients, by_x))
    for factor in (0, -1, 2):
        with pytest.raises((CannotTell, GradientMismatch)):
            assert_gradients_match(f, arguments, ({name: g * factor for name, g in gradients.items()}, by_x * factor))
