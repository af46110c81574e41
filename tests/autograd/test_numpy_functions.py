"""NumPy's own functions on tensors: what people write by hand for arrays is recorded, refused in words, or constant."""

import math

import numpy as np
import pytest

import autograd
import manual
from autograd import Tensor
from manual.functions import cross_entropy

RANDOM = np.random.default_rng(0)
#: What the idioms are written with: of these, data and numbers,
CONSTANTS = {
    "np": np,
    "m": 4,
    "eps": 1e-9,
    "lam": 0.1,
    "one": np.float64(1.0),
    "X": RANDOM.standard_normal((4, 3)),
    "y": np.array([0, 2, 4, 2]),
    "Y": np.eye(5)[[0, 2, 4, 2]],
    "t": RANDOM.standard_normal(4),
    "mask": RANDOM.random((4, 5)) < 0.6,
}
#: and of these, what has a gradient.
LEAVES = {
    "W": RANDOM.standard_normal((3, 5)),
    "b": RANDOM.standard_normal(5),
    "z": RANDOM.standard_normal((4, 5)),
    "h": RANDOM.standard_normal((4, 5)),
    "p": RANDOM.uniform(0.1, 0.9, (4, 5)),
    "q": RANDOM.uniform(0.1, 0.9, 4),
    "u": RANDOM.standard_normal(3),
    "v": RANDOM.standard_normal(5),
    "U": RANDOM.standard_normal((5, 5)),
    "gamma": RANDOM.uniform(0.5, 2.0, 5),
    "image": RANDOM.standard_normal((2, 1, 4, 4)),
    "K": RANDOM.standard_normal((1, 1, 2, 2)),
}
IDIOMS = """
np.dot(X, W) + b
X.dot(W) + b
X @ W + b
np.add(np.matmul(X, W), b)
np.dot(W.T, X.T) + b.reshape(-1, 1)
np.hstack([np.ones((m, 1)), X]) @ np.vstack([b, W])
np.c_[np.ones(m), z]
np.maximum(0, X @ W + b)
z * (z > 0)
np.where(z > 0, z, 0.01 * z)
np.maximum(0.01 * z, z)
np.where(z > 0, z, np.expm1(z))
np.minimum(np.maximum(z, 0), 1)
np.clip(z, 0, None)
1 / (1 + np.exp(-z))
one / (one + np.exp(-np.dot(X, W)))
np.reciprocal(1 + np.exp(np.negative(z)))
np.where(z >= 0, 1 / (1 + np.exp(-z)), np.exp(z) / (1 + np.exp(z)))
np.float64(0.5) * (1 + np.tanh(z / 2))
(np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))
np.sinh(z) / np.cosh(z)
2 / np.pi * np.arctan(z)
np.log(1 + np.exp(z))
np.log1p(np.exp(z))
np.logaddexp(0, z)
0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
z / (1 + np.abs(z))
np.exp(-((z - h) ** 2) / 2)
np.sin(z) + np.cos(h)
z - np.max(z, axis=1, keepdims=True)
np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True)
(e := np.exp(z - np.max(z, axis=1, keepdims=True))) / np.sum(e, axis=1, keepdims=True)
(e := np.exp(z - z.max(axis=-1, keepdims=True))) / e.sum(axis=-1)[:, np.newaxis]
(e := np.exp(z.T - np.amax(z, axis=1))) / np.add.reduce(e)
z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
np.diag(v) - np.outer(v, v)
-np.log(p[np.arange(m), y]).mean()
np.sum(-np.log(p[range(len(y)), y])) / len(y)
-np.sum(Y * np.log(p + eps)) / m
-np.mean(np.sum(Y * np.log(np.clip(p, eps, 1 - eps)), axis=1))
-np.multiply(Y, np.log(np.clip(p, a_min=eps, a_max=None))).sum(axis=1).mean()
-(1 / m) * np.sum(Y * np.log(p) + (1 - Y) * np.log(1 - p))
np.squeeze(-(np.dot(Y[:, 0], np.log(p[:, 0]).T) + np.dot(1 - Y[:, 0], np.log(1 - p[:, 0]).T)))
np.sum(np.where(Y == 1, -np.log(p), 0)) / m
-np.sum(p * np.log2(p))
np.mean(np.square(np.subtract(Y, z)))
((X @ W - Y) ** 2).sum() / (2 * m)
0.5 * np.linalg.norm(z - Y) ** 2
np.sqrt(np.mean(np.power(q - t, 2)))
np.average(np.abs(q - t))
np.where(np.abs(q - t) < 1, 0.5 * (q - t) ** 2, np.abs(q - t) - 0.5).mean()
np.sum(np.maximum(0, z - z[np.arange(m), y][:, np.newaxis] + 1) * (1 - Y)) / m
0.5 * lam * (np.sum(W**2) + np.sum(U**2))
lam * sum(np.sum(w * w) for w in (W, U))
lam * np.linalg.norm(W)
lam * np.abs(W).sum()
(z - np.mean(z, axis=0)) / np.std(z, axis=0)
gamma * (z - z.mean(axis=0)) / np.sqrt(np.var(z, axis=0) + 1e-5) + b
z / np.linalg.norm(z, axis=1, keepdims=True)
np.multiply(z, mask.astype(float)) / 0.6
image.reshape(image.shape[0], -1)
np.ravel(W)
np.concatenate([W.ravel(), b.flatten()])
np.concatenate((X, z), axis=1)
np.stack([z, h]).copy()
np.hstack((W[:, 0], b))
np.tile(b, (m, 1)) + np.repeat(v[np.newaxis, :], m, axis=0)
np.expand_dims(q, 1) * np.broadcast_to(b, (m, 5))
np.transpose(image, (0, 2, 3, 1)).astype(np.float64)
np.flip(z, axis=0) + np.swapaxes(U, 0, 1)[:m]
np.outer(u, v)
v.dot(U) @ b
np.tensordot(X, W, axes=1)
np.einsum("ij,jk->ik", X, W)
np.einsum("...i,...i", z, h)
U[[0, 3, 3]] + np.take(U, [1, 1, 2], axis=0)
np.cumsum(z, axis=1)
np.pad(image, ((0, 0), (0, 0), (1, 1), (1, 1)), "constant")
np.sum(image[:, :, 0:2, 1:3] * K, axis=(1, 2, 3))
image.reshape(2, 1, 2, 2, 2, 2).max(axis=(3, 5))
""".strip().splitlines()

#: The idioms that do not work, and what their errors say: never is there a wrong number.
REFUSED = {
    "X.dot(W) + b": r"NumPy would end the gradient",  # the array's own method, which asks for an array
    "np.c_[np.ones(m), z]": r"NumPy would end the gradient",
    "np.diag(v) - np.outer(v, v)": r"numpy\.diag is none",
    "np.average(np.abs(q - t))": r"numpy\.average is none",
    "np.tensordot(X, W, axes=1)": r"numpy\.tensordot is none",
}


def evaluate(source, names):
    return eval(source, CONSTANTS | names)


def leaves():
    return {name: Tensor(array.copy(), requires_grad=True) for name, array in LEAVES.items()}


def test_of_80_idioms_of_hand_written_networks_at_least_75_work():
    assert len(set(IDIOMS)) == 80
    assert set(REFUSED) < set(IDIOMS)
    assert len(REFUSED) <= 5


@pytest.mark.parametrize("idiom", [idiom for idiom in IDIOMS if idiom not in REFUSED])
def test_an_idiom_has_the_value_that_it_has_on_arrays_and_the_gradient_of_central_differences(idiom):
    expected, tensors = evaluate(idiom, LEAVES), leaves()
    y = evaluate(idiom, tensors)
    assert type(y) is Tensor
    assert (y.shape, y.dtype) == (np.shape(expected), expected.dtype)
    np.testing.assert_allclose(y.data, expected, rtol=1e-14, atol=1e-15)
    g, h = np.random.default_rng(1).standard_normal(y.shape), 1e-5
    y.backward(g)
    used = [name for name in compile(idiom, "", "eval").co_names if name in LEAVES]
    assert {name for name in LEAVES if tensors[name].grad is not None} == set(used) != set()
    for name in used:
        slope = np.empty_like(LEAVES[name])
        for index in np.ndindex(slope.shape):
            above, below = LEAVES[name].copy(), LEAVES[name].copy()
            above[index] += h
            below[index] -= h
            difference = evaluate(idiom, LEAVES | {name: above}) - evaluate(idiom, LEAVES | {name: below})
            slope[index] = np.vdot(g, difference) / (2 * h)
        np.testing.assert_allclose(tensors[name].grad, slope, rtol=1e-7, atol=1e-7, err_msg=name)


@pytest.mark.parametrize("idiom", REFUSED)
def test_an_idiom_that_does_not_work_is_refused_in_words(idiom):
    with pytest.raises(TypeError, match=REFUSED[idiom]):
        evaluate(idiom, leaves())


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_what_has_no_gradient_gives_tensors_of_constants_the_values_of_numpy(dtype):
    z = LEAVES["z"].astype(dtype)
    for function in (np.exp, np.sum, np.ravel, lambda z: np.dot(z, z.T), lambda z: np.maximum(z, 0)):
        y = function(Tensor(z))
        assert (type(y), y.dtype, y.requires_grad) == (Tensor, dtype, False)
        np.testing.assert_array_equal(y.data, function(z))


CONSTANT = """
np.argmax(z, axis=1)
np.argmin(z)
np.argsort(z, axis=0)
np.argwhere(z > 0)
np.nonzero(z)
np.where(z > 0)
np.where(z)
np.count_nonzero(z, axis=1)
np.sign(z)
np.signbit(z)
np.heaviside(z, 0.5)
np.floor(z)
np.ceil(z)
np.trunc(z)
np.rint(z)
np.round(z, 1)
np.around(z, decimals=1)
np.floor_divide(z, 2)
z // 0.5
1 // z
z // h
np.isnan(z)
np.isinf(z)
np.isfinite(z).all()
z > 0
0 >= z
z == h
X[:, :1] < z
np.greater(z, h)
np.less_equal(0, z)
np.equal(z, z)
np.not_equal(z, h)
np.logical_and(z > 0, h)
np.logical_not(z)
np.any(z > 1)
np.all(z)
np.all(z, axis=0)
np.allclose(z, h)
np.isclose(z, z)
np.array_equal(z, z)
np.zeros_like(z)
np.ones_like(z)
np.full_like(z, 0.5)
np.shape(z)
np.ndim(z)
np.size(z)
np.result_type(z, 1.0)
np.shares_memory(z, h)
np.mean(np.argmax(p, axis=1) == y)
(p.argmax(axis=1) == y).mean()
z.argmin(axis=1)
z.argsort()
z.nonzero()
z.any()
z.all(axis=1)
z.astype(int)
z.astype(bool)
np.sum(z > 0)
""".strip().splitlines()


@pytest.mark.parametrize("source", CONSTANT)
def test_functions_that_are_constant_between_jumps_give_plain_arrays_or_numbers(source):
    result, expected = evaluate(source, leaves()), evaluate(source, LEAVES)
    assert type(result) is type(expected)
    assert getattr(result, "dtype", None) == getattr(expected, "dtype", None)
    np.testing.assert_equal(result, expected)


def test_a_jump_times_a_tensor_records_the_tensor_alone():
    z, h = leaves()["z"], leaves()["h"]
    (np.sign(z) * h + np.zeros_like(z) * h).sum().backward()
    assert z.grad is None
    np.testing.assert_array_equal(h.grad, np.sign(LEAVES["z"]))


WITH_OUT = [
    (np.exp, ["z"]),
    (np.add, ["z", "h"]),
    (np.maximum, ["z", "h"]),
    (np.matmul, ["z", "U"]),
    (np.dot, ["z", "U"]),
    (np.clip, ["z", "p", "p"]),
    (np.round, ["z"]),
    (np.sign, ["z"]),
]


class TestRefused:
    @pytest.mark.parametrize(("function", "names"), WITH_OUT, ids=lambda value: getattr(value, "__name__", None))
    def test_out_which_would_lose_the_history_in_an_array_or_change_a_tensor(self, function, names):
        tensors, out = leaves(), np.zeros((4, 5))
        for target in (out, tensors["z"]):
            with pytest.raises(TypeError, match=rf"{function.__name__}.* out= .*use what it returns"):
                function(*[tensors[name] for name in names], out=target)
        with pytest.raises(TypeError, match=rf"{function.__name__}.* out="):
            function(*[LEAVES[name] for name in names], out=tensors["z"])
        assert not out.any()
        np.testing.assert_array_equal(tensors["z"].data, LEAVES["z"])

    @pytest.mark.parametrize("function", [np.sum, np.mean, np.max, np.argmax, np.cumsum, np.add.reduce])
    def test_out_of_a_reduction(self, function):
        out = np.zeros(4)
        with pytest.raises(TypeError, match="out="):
            function(leaves()["z"], axis=1, out=out)
        with pytest.raises(TypeError):
            function(leaves()["z"], 1, None, out)
        assert not out.any()

    @pytest.mark.parametrize("change", ["a += z", "a -= z", "a *= z", "a /= z", "a **= z", "a @= U"])
    def test_a_change_of_an_array_in_place_by_a_tensor(self, change):
        a = np.ones((4, 5))
        with pytest.raises(TypeError, match="out="):
            exec(change, {"a": a} | leaves())
        assert (a == 1).all()

    @pytest.mark.parametrize(
        ("source", "name"),
        [
            ("np.fft.fft(z)", r"numpy\.fft\.fft"),
            ("np.cross(u, u)", r"numpy\.cross"),
            ("np.sort(z)", r"numpy\.sort"),
            ("np.median(z)", r"numpy\.median"),
            ("np.convolve(u, v)", r"numpy\.convolve"),
            ("np.linalg.inv(U)", r"numpy\.linalg\.inv"),
            ("np.linalg.svd(U)", r"numpy\.linalg\.svd"),
            ("np.arctan2(z, h)", r"numpy\.arctan2"),
            ("np.hypot(1.0, z)", r"numpy\.hypot"),
            ("np.nan_to_num(z)", r"numpy\.nan_to_num"),
            ("np.interp(z, [0, 1], [0, 1])", r"numpy\.interp"),
            ("np.apply_along_axis(np.sum, 0, z)", r"numpy\.apply_along_axis"),
            ("np.modf(z)", r"numpy\.modf"),
            ("np.copyto(X, W[:1])", r"numpy\.copyto"),
            ("np.put_along_axis(z, y[:, None], 0.0, 1)", r"numpy\.put_along_axis"),
            ("np.multiply.outer(u, v)", r"numpy\.multiply\.outer"),
            ("np.maximum.accumulate(z)", r"numpy\.maximum\.accumulate"),
            ("np.logaddexp.reduce(z)", r"numpy\.logaddexp\.reduce"),
            ("np.add.at(X, 0, u)", r"numpy\.add\.at"),
            ("np.add.reduceat(z, [0, 2])", r"numpy\.add\.reduceat"),
        ],
    )
    def test_what_is_no_operation_by_its_name_and_with_what_to_do(self, source, name):
        before = CONSTANTS["X"].copy()
        with pytest.raises(
            TypeError, match=rf"^{name} is none of this package's operations: .*@operation.*x\.numpy\(\)"
        ):
            evaluate(source, leaves())
        np.testing.assert_array_equal(CONSTANTS["X"], before)

    @pytest.mark.parametrize(
        ("source", "name", "option"),
        [
            ("np.sum(z, axis=1, dtype=float)", "sum", "dtype"),
            ("np.sum(z, initial=1.0)", "sum", "initial"),
            ("np.mean(z, where=mask)", "mean", "where"),
            ("np.max(z, initial=0)", "max", "initial"),
            ("np.std(z, correction=1)", "std", "correction"),
            ("np.exp(z, dtype=np.float64)", "exp", "dtype"),
            ("np.exp(z, where=mask)", "exp", "where"),
            ("np.add(z, h, where=mask)", "add", "where"),
            ("np.add.reduce(z, initial=1.0)", "sum", "initial"),
            ("np.concatenate([z, h], dtype=float)", "concatenate", "dtype"),
            ("np.reshape(z, (5, 4), order='F')", "reshape", "order"),
            ("np.ravel(z, order='F')", "ravel", "order"),
            ("np.pad(z, 1, mode='constant', stat_length=1)", "pad", "stat_length"),
        ],
    )
    def test_an_option_that_an_operation_has_not(self, source, name, option):
        with pytest.raises(TypeError, match=rf"numpy\.{name} takes no {option}= .*leave it out"):
            evaluate(source, leaves())

    @pytest.mark.parametrize(
        "source",
        ["np.sum(z, 1, float)", "np.ravel(z, 'F')", "np.copy(z, 'F')", "np.std(z, 0, None, None, 1)", "z.sum(1, True)",
         "z.reshape(-1, order='F')", "z.flatten('F')", "z.astype(float, copy=False)", "z.var(0, ddof=1, out=None)",
         "np.transpose(z, axis=0)", "np.linalg.norm(z, order=2)"],
    )  # fmt: skip
    def test_nor_does_an_option_that_is_not_there_pass_for_another(self, source):
        with pytest.raises(TypeError):
            evaluate(source, leaves())

    @pytest.mark.parametrize(("source", "what"), [("np.pad(z, 1, 'edge')", "edge"), ("np.linalg.norm(U, 2)", "ord=2")])
    def test_an_option_that_would_mean_something_else(self, source, what):
        with pytest.raises(ValueError, match=what):
            evaluate(source, leaves())

    @pytest.mark.parametrize(
        "source",
        ["np.array(z)", "np.asarray(z)", "np.array([u[0], u[1]])", "np.asarray([z, h])", "np.float64(z.sum())",
         "np.r_[b, v]", "np.vectorize(abs)(v)", "X.dot(W)", "np.full(2, u[0])"],
    )  # fmt: skip
    def test_what_asks_for_an_array_of_numbers(self, source):
        with pytest.raises(TypeError):
            evaluate(source, leaves())


def network_start(dtype, seed):
    random, sizes = np.random.default_rng(seed), (20, 16, 12, 10)
    start = {}
    for k in (1, 2, 3):
        start[f"W{k}"] = (random.standard_normal((sizes[k - 1], sizes[k])) * np.sqrt(2 / sizes[k - 1])).astype(dtype)
        start[f"b{k}"] = (0.1 * random.standard_normal(sizes[k])).astype(dtype)
    return start


@pytest.mark.parametrize("m", [1, 7, 64])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
class TestTheNetworkByHandOnTensors:
    """`forward` of manual/network.py was written for arrays, and is unchanged."""

    def on_tensors(self, activation, dtype, m):
        start, random = network_start(dtype, seed=m), np.random.default_rng(m)
        x, labels = random.random((m, 20)).astype(dtype), random.integers(0, 10, m)
        by_hand = manual.Network(start, activation)
        lines = by_hand.trace(x, labels)
        assert min(np.abs(lines[name]).min() for name in ("z1", "z2")) > 0  # where np.maximum(z, 0) has a tie, 1/2
        parameters = {name: Tensor(array, requires_grad=True) for name, array in start.items()}
        z1, a1, z2, a2, z3 = manual.Network(parameters, activation).forward(x)
        for name, line in {"z1": z1, "a1": a1, "z2": z2, "a2": a2, "z3": z3}.items():
            np.testing.assert_array_equal(line.data, lines[name], name)
        return lines, parameters, z3, labels

    def test_the_hand_written_dz3_gives_the_hand_written_gradients(self, activation, dtype, m):
        lines, parameters, z3, _ = self.on_tensors(activation, dtype, m)
        z3.backward(lines["dz3"])
        for name, tensor in parameters.items():
            assert tensor.grad.dtype == dtype
            expected = lines[f"d{name}"]
            if activation == "relu" or name in ("W3", "b3"):
                np.testing.assert_array_equal(tensor.grad, expected, name)
            else:  # by hand it is a (1 - a), and here the formula of `sigmoid` that is differentiated
                roundoff = 8 * np.finfo(dtype).eps * np.abs(expected).max()
                np.testing.assert_allclose(tensor.grad, expected, rtol=0, atol=roundoff, err_msg=name)

    def test_so_does_its_own_cross_entropy_to_a_few_units_of_roundoff(self, activation, dtype, m):
        lines, parameters, z3, labels = self.on_tensors(activation, dtype, m)
        loss = cross_entropy(z3, labels)
        np.testing.assert_array_equal(loss.data, lines["loss"])
        loss.backward()
        for name, tensor in parameters.items():
            expected = lines[f"d{name}"]
            assert tensor.grad.dtype == dtype
            roundoff = 8 * np.finfo(dtype).eps * np.abs(expected).max()
            np.testing.assert_allclose(tensor.grad, expected, rtol=0, atol=roundoff, err_msg=name)


@pytest.mark.parametrize("name", [name for name in autograd.methods.OPERATIONS if hasattr(np, name)])
def test_numpys_function_of_the_name_of_an_operation_is_answered_by_it(name):
    x = Tensor(np.full((2, 2), 0.5), requires_grad=True)
    inputs = {
        "where": [True, x, x], "reshape": [x, 4], "swapaxes": [x, 0, 1], "expand_dims": [x, 0], "take": [x, [0]],
        "broadcast_to": [x, (3, 2, 2)], "pad": [x, 1], "astype": [x, np.float32], "clip": [x, 0, 1], "repeat": [x, 2],
        "tile": [x, 2], "einsum": ["ij,jk", x, x], "concatenate": [[x, x]], "stack": [[x, x]], "vstack": [[x, x]],
        "hstack": [[x, x]],
    }  # fmt: skip
    two = {"add", "subtract", "multiply", "divide", "remainder", "power", "logaddexp", "maximum", "minimum"}
    arguments = inputs.get(name, [x, x] if name in two | {"matmul", "dot", "outer"} else [x])
    theirs, ours = getattr(np, name)(*arguments), getattr(autograd, name)(*arguments)
    assert autograd.graph(theirs) == autograd.graph(ours)
    np.testing.assert_array_equal(theirs.data, ours.data)


def test_a_warning_of_what_has_no_value_comes_as_on_arrays():
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        np.log(Tensor(np.zeros(2), requires_grad=True))


def test_the_functions_of_math_take_numbers_alone():
    with pytest.raises(TypeError, match=r"x\.item\(\)"):
        math.exp(Tensor(1.0, requires_grad=True))
    assert math.exp(Tensor(1.0)) == math.e
