"""Every operation: its value and gradients are PyTorch's, and its gradients are those of central differences.

`CASES` has one entry for each operation: a function that draws arrays and options, and returns the operation on
tensors, the same in PyTorch, and the arrays. The draws cover both dtypes, zero-size and zero-dimensional arrays,
broadcasting, every form of axis, transposed, strided and reversed memory, and values that tie and lie on kinks.
"""

import functools
import zlib

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autograd
from autograd import Tensor

SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
FULL_SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=1, max_side=4)
CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


class Draw:
    """Draws arrays: `smooth` ones keep away from kinks and ties, for central differences."""

    def __init__(self, data, dtype, smooth):
        self.data, self.dtype, self.smooth = data, dtype, smooth
        self.random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1), label="seed"))
        self.coarse = not smooth and data.draw(st.booleans(), label="values that tie")

    def __call__(self, strategy, label=None):
        return self.data.draw(strategy, label=label)

    def array(self, shape, low=-2.0, high=2.0):
        """Entries from low to high, in one of the memory layouts that NumPy has."""
        size = int(np.prod(shape))
        if self.coarse:
            values = self.random.integers(np.ceil(low), np.floor(high) + 1, size).astype(float)
        else:
            # No two closer than a tenth of a step, none at a multiple of 0.5 or nearer to it than that.
            step = (high - low) / (size + 1)
            values = low + step * (1 + self.random.permutation(size) + self.random.uniform(-0.4, 0.4, size))
            nearest = np.round(2 * values) / 2
            values = np.where(np.abs(values - nearest) < 1e-3, nearest + 2e-3, values)
        array = values.astype(self.dtype).reshape(shape)
        layout = self(st.sampled_from(["C", "transposed", "reversed", "strided"]), "layout")
        if layout == "transposed":
            array = array.T.copy().T
        elif layout == "reversed":
            array = np.flip(np.flip(array).copy())
        elif layout == "strided" and array.ndim:
            wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), self.dtype)
            wide[..., ::2] = array
            array = wide[..., ::2]
        return array

    def axes(self, ndim, empty=False):
        """None, an integer or a tuple, with negative numbers among them."""
        number = st.integers(-ndim, ndim - 1) if ndim else st.nothing()
        several = st.sets(st.integers(0, ndim - 1), min_size=0 if empty else 1) if ndim else st.nothing()
        signed = several.map(lambda axes: tuple(axis - ndim if axis % 2 else axis for axis in sorted(axes)))
        return self(st.none() | number | signed, "axis")


# One variable.


def one_variable(name, low=-2.0, high=2.0, theirs=None):
    def draw(d):
        return getattr(autograd, name), theirs or getattr(torch, name), [d.array(d(SHAPES), low, high)]

    CASES[name] = draw


for name in ["positive", "negative", "abs", "square", "exp", "exp2", "expm1", "sin", "cos", "arctan", "sinh", "cosh"]:
    one_variable(name)
for name in ["tanh", "sigmoid", "relu"]:
    one_variable(name)
for name in ["log", "log2", "log10", "sqrt", "reciprocal"]:
    one_variable(name, 0.25, 4.0)
one_variable("tan", -1.25, 1.25)
one_variable("log1p", -0.75, 4.0)
# PyTorch's softplus returns x itself beyond the threshold.
one_variable("softplus", -40.0, 40.0, lambda x: torch.nn.functional.softplus(x, threshold=100))


one_variable("copy", theirs=torch.clone)


@case
def leaky_relu(d):
    slope = d(st.sampled_from([0.01, 0.5, 0.0, -1.0]))
    theirs = torch.nn.functional.leaky_relu
    return lambda x: autograd.leaky_relu(x, slope), lambda x: theirs(x, slope), [d.array(d(SHAPES))]


@case
def astype(d):
    other, x = d(st.sampled_from(["float32", "float64"])), d.array(d(SHAPES))
    other = "float64" if d.smooth else other  # central differences ask for more than float32 has
    return lambda x: autograd.astype(x, other), lambda x: x.to(getattr(torch, other)), [x]


@case
def clip(d):
    ends = d(st.tuples(st.none() | st.sampled_from([-1.0, 0.0]), st.none() | st.sampled_from([0.0, 0.5, 1.0])))
    assume(ends != (None, None))
    return lambda x: autograd.clip(x, *ends), lambda x: torch.clamp(x, *ends), [d.array(d(SHAPES))]


# Two variables, with broadcasting.


def two_variables(name, low=-2.0, high=2.0):
    def draw(d):
        shapes = d(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_side=0, max_side=4)).input_shapes
        a, b = d.array(shapes[0]), d.array(shapes[1], low, high)
        return getattr(autograd, name), getattr(torch, name), [a, b]

    CASES[name] = draw


for name in ["add", "subtract", "multiply", "maximum", "minimum", "logaddexp"]:
    two_variables(name)
two_variables("divide", 0.5, 3.0)


@case
def remainder(d):
    shapes = d(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_side=0, max_side=4)).input_shapes
    a, b = d.array(shapes[0], 0.25, 4.0), d.array(shapes[1], 0.25, 4.0) * (1 if d(st.booleans()) else -1)
    quotient = np.divide(*np.broadcast_arrays(a, b))
    assume(not d.smooth or np.all(np.abs(quotient - np.round(quotient)) > 1e-3))  # there it jumps
    return autograd.remainder, torch.remainder, [a, b]


@case
def power(d):
    shapes = d(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_side=0, max_side=4)).input_shapes
    if d(st.booleans(), "an exponent that is a number"):
        exponent = d(st.sampled_from([-2, -1, 0, 1, 2, 3, 2.0]))
        base = d.array(shapes[0], 0.5, 3.0) * (1 if d(st.booleans()) else -1)
        return lambda a: autograd.power(a, exponent), lambda a: torch.pow(a, exponent), [base]
    if d(st.booleans(), "a base that is a number"):
        return lambda b: autograd.power(2.0, b), lambda b: torch.pow(2.0, b), [d.array(shapes[1])]
    return autograd.power, torch.pow, [d.array(shapes[0], 0.5, 3.0), d.array(shapes[1])]


@case
def where(d):
    shapes = d(hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, min_side=0, max_side=4)).input_shapes
    condition = d.random.random(shapes[0]) < 0.5
    ours = lambda a, b: autograd.where(condition, a, b)  # noqa: E731
    return ours, lambda a, b: torch.where(torch.tensor(condition), a, b), [d.array(shapes[1]), d.array(shapes[2])]


# Reductions. PyTorch takes one axis only in some of them: there the axes are moved last and made one.


def over(function, axis, keepdims):
    def reduce(x):
        axes = range(x.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
        axes = [a % x.ndim for a in axes]
        others = [a for a in range(x.ndim) if a not in axes]
        y = function(x.permute([*others, *axes]).reshape([*[x.shape[a] for a in others], count(x.shape, axes)]))
        return y.reshape([1 if a in axes else n for a, n in enumerate(x.shape)]) if keepdims else y

    return reduce


def count(shape, axes):
    return int(np.prod([shape[a] for a in axes]))


REDUCTIONS = {}


def reduction(name, theirs, needs=0, low=-2.0, **choices):
    REDUCTIONS[name] = functools.partial(theirs, **{key: values[0] for key, values in choices.items()})

    def draw(d):
        shape = d(SHAPES, "shape")
        axis = d.axes(len(shape), empty=True)
        keepdims = d(st.booleans(), "keepdims")
        options = {key: d(st.sampled_from(values)) for key, values in choices.items()}
        axes = range(len(shape)) if axis is None else np.atleast_1d(np.array(axis, int))
        assume(count(shape, axes) >= needs + options.get("ddof", 0))
        assume("ddof" not in options or np.prod(shape) > 0)  # PyTorch warns of a variance of nothing
        reference = over(lambda x: theirs(x, **options), axis, keepdims)
        ours = getattr(autograd, name)
        return lambda x: ours(x, axis=axis, keepdims=keepdims, **options), reference, [d.array(shape, low)]

    CASES[name] = draw


reduction("sum", lambda x: x.sum(-1))
reduction("mean", lambda x: x.mean(-1), needs=1)
reduction("max", lambda x: x.amax(-1), needs=1)
reduction("min", lambda x: x.amin(-1), needs=1)
reduction("prod", lambda x: x.prod(-1))
reduction("var", lambda x, ddof: x.var(-1, correction=ddof), needs=1, ddof=[0, 1])
# Two entries or more: of one alone the standard deviation is 0, a kink, which has a test of its own.
reduction("std", lambda x, ddof: x.std(-1, correction=ddof), needs=2, ddof=[0, 1])
reduction("logsumexp", lambda x: x.logsumexp(-1))
# Over two axes or more, that of their entries: no matrix norm. Of zeros it is 0, a kink, which has a test of its own.
reduction("norm", lambda x: torch.linalg.vector_norm(x, dim=-1), needs=1)


def along(function, axis):
    """A PyTorch function that keeps the shape, over several axes."""

    def apply(x):
        axes = list(range(x.ndim)) if axis is None else [a % x.ndim for a in np.atleast_1d(axis)]
        order = [a for a in range(x.ndim) if a not in axes] + axes
        moved = x.permute(order)
        y = function(moved.reshape([*[x.shape[a] for a in order[: x.ndim - len(axes)]], count(x.shape, axes)]))
        return y.reshape(moved.shape).permute(np.argsort(order).tolist())

    return apply


def softmaxes(name, theirs):
    def draw(d):
        shape = d(SHAPES)
        axis = d.axes(len(shape))
        return lambda x: getattr(autograd, name)(x, axis=axis), along(theirs, axis), [d.array(shape)]

    CASES[name] = draw


softmaxes("softmax", lambda x: x.softmax(-1))
softmaxes("log_softmax", lambda x: x.log_softmax(-1))


@case
def cumsum(d):
    shape = d(SHAPES)
    axis = d(st.none() | (st.integers(-len(shape), len(shape) - 1) if shape else st.nothing()))
    reference = (lambda x: x.reshape(-1).cumsum(0)) if axis is None else (lambda x: x.cumsum(axis))
    return lambda x: autograd.cumsum(x, axis), reference, [d.array(shape)]


# Losses.


def classes(d):
    m, k = d(st.integers(1, 5)), d(st.integers(1, 4))
    return d.array((m, k)), d.random.integers(0, k, m)


@case
def cross_entropy(d):
    scores, y = classes(d)
    theirs = torch.nn.functional.cross_entropy
    return lambda z: autograd.cross_entropy(z, y), lambda z: theirs(z, torch.tensor(y)), [scores]


@case
def nll_loss(d):
    scores, y = classes(d)
    theirs = torch.nn.functional.nll_loss
    return lambda z: autograd.nll_loss(z, y), lambda z: theirs(z, torch.tensor(y)), [scores]


@case
def mse_loss(d):
    shape = d(FULL_SHAPES)
    return autograd.mse_loss, torch.nn.functional.mse_loss, [d.array(shape), d.array(shape)]


# Shapes.


def factored(d, size):
    """A shape of that many entries."""
    if size == 0:
        return d(st.sampled_from([(0,), (2, 0), (0, 1, 3)]))
    first = d(st.sampled_from([n for n in range(1, size + 1) if size % n == 0]))
    return (first, size // first)


@case
def reshape(d):
    x = d.array(d(SHAPES))
    shape = factored(d, x.size)
    if d(st.booleans(), "as integers"):
        return lambda x: autograd.reshape(x, *shape), lambda x: x.reshape(shape), [x]
    return lambda x: autograd.reshape(x, shape), lambda x: x.reshape(shape), [x]


@case
def flatten(d):
    return autograd.flatten, lambda x: x.reshape(-1), [d.array(d(SHAPES))]


@case
def transpose(d):
    x = d.array(d(SHAPES))
    if d(st.booleans(), "reversed"):
        return autograd.transpose, lambda x: x.permute(list(range(x.ndim))[::-1]), [x]
    axes = tuple(a - x.ndim if a % 2 else a for a in d(st.permutations(range(x.ndim))))
    return lambda x: autograd.transpose(x, axes), lambda x: x.permute(axes), [x]


@case
def swapaxes(d):
    x = d.array(d(hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4)))
    i, j = d(st.tuples(*[st.integers(-x.ndim, x.ndim - 1)] * 2))
    return lambda x: autograd.swapaxes(x, i, j), lambda x: x.swapaxes(i, j), [x]


@case
def expand_dims(d):
    x = d.array(d(SHAPES))
    if d(st.booleans(), "two axes"):
        return lambda x: autograd.expand_dims(x, (0, -1)), lambda x: x.unsqueeze(0).unsqueeze(-1), [x]
    axis = d(st.integers(-x.ndim - 1, x.ndim))
    return lambda x: autograd.expand_dims(x, axis), lambda x: x.unsqueeze(axis), [x]


@case
def squeeze(d):
    x = d.array(d(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=2)))
    ones = [a for a, n in enumerate(x.shape) if n == 1]
    axis = d(st.none() | (st.sampled_from(ones) | st.just(tuple(ones)) if ones else st.nothing()))
    return lambda x: autograd.squeeze(x, axis), lambda x: x.squeeze() if axis is None else x.squeeze(axis), [x]


@case
def broadcast_to(d):
    shapes = d(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_side=0, max_side=4))
    result = shapes.result_shape
    return (
        lambda x: autograd.broadcast_to(x, result),
        lambda x: x.broadcast_to(result),
        [d.array(shapes.input_shapes[0])],
    )


@case
def flip(d):
    x = d.array(d(SHAPES))
    axis = d.axes(x.ndim)
    dims = list(range(x.ndim)) if axis is None else [axis] if isinstance(axis, int) else list(axis)
    return lambda x: autograd.flip(x, axis), lambda x: x.flip(dims), [x]


@case
def pad(d):
    x = d.array(d(SHAPES))
    value = d(st.sampled_from([0, 1.5]))
    end = st.integers(0, 2)
    each = st.tuples(*[st.tuples(end, end)] * x.ndim) if x.ndim else st.nothing()
    width = d(end | st.tuples(end, end) | each, "width")
    pairs = np.broadcast_to(width, (x.ndim, 2))
    torch_order = pairs[::-1].flatten().tolist()  # last axis first
    reference = lambda x: torch.nn.functional.pad(x, torch_order, value=value)  # noqa: E731
    return lambda x: autograd.pad(x, width, constant_values=value), reference, [x]


def indexed(d):
    """A shape and an index of arrays of that shape."""
    shape = d(hnp.array_shapes(min_dims=0, max_dims=3, min_side=1, max_side=4))
    kind = d(st.sampled_from(["slices", "integers", "mask"]), "kind")
    if kind == "slices":
        return shape, d(hnp.basic_indices(shape, allow_newaxis=True), "index")
    if kind == "integers" and shape:
        return shape, d(hnp.integer_array_indices(shape), "index")  # the same entry again and again, often
    return shape, d.random.random(shape) < 0.5


@case
def getitem(d):
    shape, index = indexed(d)
    numbers = positions(shape)[index]
    return lambda x: autograd.getitem(x, index), lambda x: picked(x, numbers), [d.array(shape)]


def joined(d, same_length):
    shape = list(d(hnp.array_shapes(min_dims=0 if same_length else 1, max_dims=3, min_side=0, max_side=3)))
    axis = d(st.integers(-len(shape) - same_length, len(shape) - 1 + same_length), "axis")
    arrays = []
    for _ in range(d(st.integers(1, 3), "how many")):
        if not same_length:
            shape[axis] = d(st.integers(0, 3))
        arrays.append(d.array(tuple(shape)))
    return arrays, axis


@case
def concatenate(d):
    arrays, axis = joined(d, same_length=False)
    return lambda *xs: autograd.concatenate(xs, axis), lambda *xs: torch.concatenate(xs, axis), arrays


@case
def stack(d):
    arrays, axis = joined(d, same_length=True)
    return lambda *xs: autograd.stack(xs, axis), lambda *xs: torch.stack(xs, axis), arrays


@case
def vstack(d):
    columns = d(st.integers(0, 3))
    rows = [d(st.none() | st.integers(0, 3)) for _ in range(d(st.integers(1, 3)))]
    arrays = [d.array((columns,) if n is None else (n, columns)) for n in rows]
    return lambda *xs: autograd.vstack(xs), lambda *xs: torch.vstack(xs), arrays


@case
def hstack(d):
    number, rows = d(st.integers(1, 3)), d(st.none() | st.integers(0, 3))
    arrays = [d.array((n,) if rows is None else (rows, n)) for n in (d(st.integers(0, 3)) for _ in range(number))]
    return lambda *xs: autograd.hstack(xs), lambda *xs: torch.hstack(xs), arrays


def positions(shape):
    """The number of each entry of an array: what NumPy does with these, an operation that moves entries does."""
    return np.arange(int(np.prod(shape))).reshape(shape)


def picked(x, numbers):
    return x.reshape(-1)[torch.tensor(np.array(numbers, order="C"))]


@case
def take(d):
    shape = d(FULL_SHAPES)
    axis = d(st.none() | (st.integers(-len(shape), len(shape) - 1) if shape else st.nothing()), "axis")
    n = int(np.prod(shape)) if axis is None else shape[axis]
    indices = d(hnp.arrays(int, hnp.array_shapes(min_dims=0, max_dims=2, max_side=3), elements=st.integers(-n, n - 1)))
    numbers = np.take(positions(shape), indices, axis)
    return lambda x: autograd.take(x, indices, axis), lambda x: picked(x, numbers), [d.array(shape)]


@case
def repeat(d):
    shape = d(SHAPES)
    axis = d(st.none() | (st.integers(-len(shape), len(shape) - 1) if shape else st.nothing()), "axis")
    n = int(np.prod(shape)) if axis is None else shape[axis]
    number = st.integers(0, 3)
    repeats = d(number | st.lists(number, min_size=n, max_size=n), "repeats")
    numbers = np.repeat(positions(shape), repeats, axis)
    return lambda x: autograd.repeat(x, repeats, axis), lambda x: picked(x, numbers), [d.array(shape)]


@case
def tile(d):
    shape = d(SHAPES)
    number = st.integers(0, 3)
    reps = d(number | st.lists(number, min_size=1, max_size=3).map(tuple), "reps")
    numbers = np.tile(positions(shape), reps)
    return lambda x: autograd.tile(x, reps), lambda x: picked(x, numbers), [d.array(shape)]


@case
def scatter(d):
    shape, index = indexed(d)
    taken = positions(shape)[index]
    x = d.array(taken.shape)
    reference = lambda x: torch.zeros(positions(shape).size, dtype=x.dtype).index_add(  # noqa: E731
        0, torch.tensor(np.ravel(taken)), x.reshape(-1)
    )
    return lambda x: autograd.scatter(x, shape, index), lambda x: reference(x).reshape(shape), [x]


# Products.


@case
def dot(d):
    a, b = d(
        st.sampled_from(
            [((), ()), ((), (2, 3)), ((2, 3), ()), ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((4, 3), (3, 2)),
             ((2, 4, 3), (3, 2)), ((2, 4, 3), (3,)), ((3,), (2, 3, 4)), ((4, 3), (2, 3, 1)), ((2, 4, 3), (4, 2, 3, 2)),
             ((0,), (0,)), ((2, 0), (0, 3)), ((2, 0), (3, 0, 1)), ((0, 3), (3, 2))]
        )
    )  # fmt: skip
    reference = (
        (lambda x, y: x * y) if () in (a, b) else lambda x, y: torch.tensordot(x, y, ([-1], [max(len(b) - 2, 0)]))
    )
    return autograd.dot, reference, [d.array(a), d.array(b)]


@case
def outer(d):
    arrays = [d.array(d(SHAPES)), d.array(d(SHAPES))]
    return autograd.outer, lambda a, b: torch.outer(a.reshape(-1), b.reshape(-1)), arrays


@case
def matmul(d):
    shapes = d(hnp.mutually_broadcastable_shapes(signature=np.matmul.signature, max_dims=2, min_side=0, max_side=3))
    return autograd.matmul, torch.matmul, [d.array(shape) for shape in shapes.input_shapes]


@case
def einsum(d):
    subscripts = d(
        st.sampled_from(
            ["ij,jk->ik", "ij,jk->ki", "bij,bjk->bik", "i,j->ij", "i,i->", "ij->", "ij->j", "ij->ji", "ij,ij->i",
             "ij,jk,kl->il", "ij,k->k", "ij,k->ik", "i,ij,j->", ",i->i", "ii->i", "ii->", "ii,i->i", "iij->ij",
             "iij,j->i", "iii->i", " ij , j -> i ", "ij,jk", "ji", "kj,ji", "ii", "...ij,...jk->...ik", "...i->...",
             "...,...->...", "i...,...->...i", "i...,ij", "...i,...i", "i...j,j->...i"]
        ),
        "subscripts",
    )  # fmt: skip
    lengths = {letter: d(st.integers(0, 3)) for letter in "ijklbxy"}
    written = subscripts.replace(" ", "").split("->")[0].split(",")
    terms = [term.replace("...", d(st.sampled_from(["", "y", "xy"]))) for term in written]
    arrays = [d.array(tuple(lengths[letter] for letter in term)) for term in terms]
    for number, term in enumerate(terms):
        for axis, letter in enumerate(term):  # an axis of length 1 broadcasts, unless it is half of a diagonal
            if term.count(letter) == 1 and lengths[letter] > 0 and d(st.integers(0, 4)) == 0:
                arrays[number] = arrays[number].take([0], axis)
    return lambda *xs: autograd.einsum(subscripts, *xs), lambda *xs: torch.einsum(subscripts, *xs), arrays


# The claims.


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", CASES)
def test_value_and_gradients_are_those_of_pytorch(name, dtype, same_as_torch):
    @settings(max_examples=30 if dtype == np.float64 else 15)
    @given(st.data())
    def check(data):
        ours, theirs, arrays = CASES[name](Draw(data, dtype, smooth=False))
        same_as_torch(ours, theirs, *arrays, seed=zlib.crc32(name.encode()))

    check()


@pytest.mark.parametrize("name", CASES)
def test_gradients_are_those_of_central_differences(name):
    @settings(max_examples=15)
    @given(st.data())
    def check(data):
        ours, _, arrays = CASES[name](Draw(data, np.float64, smooth=True))
        leaves = [Tensor(array.copy(), requires_grad=True) for array in arrays]
        y = ours(*leaves)
        g = np.random.default_rng(0).standard_normal(y.shape)
        y.backward(g)
        h = 1e-5
        for leaf in leaves:
            slope = np.empty(leaf.shape)
            for index in np.ndindex(leaf.shape):
                middle = leaf.data[index]
                leaf.data[index] = middle + h
                above = np.vdot(g, ours(*leaves).data)
                leaf.data[index] = middle - h
                below = np.vdot(g, ours(*leaves).data)
                leaf.data[index] = middle
                slope[index] = (above - below) / (2 * h)
            # Truncation h ** 2 times the third derivative, roundoff 1e-16 / h times the value: both about 1e-9 here.
            np.testing.assert_allclose(leaf.grad, slope, rtol=1e-7, atol=1e-7)

    check()


def weights_and_directions(y, arrays):
    """Random weights, which make one number of y, and a direction in which to go from each array."""
    random = np.random.default_rng(0)
    weights = random.standard_normal(y.shape).astype(y.dtype)
    return weights, tuple(random.standard_normal(array.shape).astype(array.dtype) for array in arrays)


@pytest.mark.parametrize("name", CASES)
def test_second_derivatives_are_those_of_pytorch(name):
    @settings(max_examples=15)
    @given(st.data(), st.sampled_from([np.float64, np.float32]))
    def check(data, dtype):
        ours, theirs, arrays = CASES[name](Draw(data, dtype, smooth=False))
        y, every = ours(*arrays), tuple(range(len(arrays)))
        assume(np.isfinite(y.data).all())  # a sum of no exponentials has the logarithm -inf
        # d/db of b * a ** (b - 1) is 1 / a at b = 0, and 0 in PyTorch: test_differentiate.py asks for the former.
        assume(name != "power" or len(arrays) == 1 or np.all(arrays[1]))
        weights, directions = weights_and_directions(y, arrays)
        product = autograd.hessian_vector_product(lambda *xs: (ours(*xs) * weights).sum(), every)(*arrays, directions)
        leaves = [torch.tensor(array.copy("C"), requires_grad=True) for array in arrays]
        first = torch.autograd.grad(
            (theirs(*leaves) * torch.tensor(weights)).sum(), leaves, create_graph=True, allow_unused=True
        )
        slopes = [(g * torch.tensor(v)).sum() for g, v in zip(first, directions, strict=True) if g is not None]
        if any(slope.requires_grad for slope in slopes):
            second = torch.autograd.grad(sum(slopes), leaves, allow_unused=True)
        else:
            second = [None] * len(leaves)
        for mine, reference, array in zip(product, second, arrays, strict=True):
            expected = np.zeros_like(array) if reference is None else reference.numpy(force=True)
            assume(np.isfinite(expected).all())  # as it is not of the norm at 0
            assert (type(mine), mine.shape, mine.dtype) == (np.ndarray, array.shape, dtype)
            tolerance = 1e-11 if dtype == np.float64 else 1e-4
            np.testing.assert_allclose(mine, expected, rtol=tolerance, atol=tolerance)

    with np.errstate(invalid="ignore"):  # of a norm that is 0 there is none: NaN, as in PyTorch
        check()


@pytest.mark.parametrize("name", CASES)
def test_second_derivatives_and_those_along_a_line_are_those_of_central_differences(name):
    @settings(max_examples=5)
    @given(st.data())
    def check(data):
        ours, _, arrays = CASES[name](Draw(data, np.float64, smooth=True))
        y, every, h = ours(*arrays), tuple(range(len(arrays))), 1e-5
        assume(np.isfinite(y.data).all())
        weights, directions = weights_and_directions(y, arrays)
        after, before = (
            [array + step * direction for array, direction in zip(arrays, directions, strict=True)] for step in (h, -h)
        )
        value, slope = autograd.jvp(ours, tuple(arrays), directions)
        np.testing.assert_array_equal(value, y.data)
        np.testing.assert_allclose(slope, (ours(*after).data - ours(*before).data) / (2 * h), rtol=1e-7, atol=1e-7)

        def number(*xs):
            return (ours(*xs) * weights).sum()

        gradient = autograd.grad(number, every)
        products = autograd.hessian_vector_product(number, every)(*arrays, directions)
        for product, above, below in zip(products, gradient(*after), gradient(*before), strict=True):
            # The third derivatives are larger than the second, and so is what is truncated: 1e-7 here.
            np.testing.assert_allclose(product, (above - below) / (2 * h), rtol=1e-6, atol=1e-6)

    check()


@pytest.mark.parametrize("name", CASES)
def test_lists_and_numbers_serve_where_arrays_do(name):
    @settings(max_examples=4)
    @given(st.data())
    def check(data):
        ours, _, arrays = CASES[name](Draw(data, np.float64, smooth=True))
        assume(all(array.size for array in arrays))  # a list does not say how long the rows are that it has not
        expected, y = ours(*map(Tensor, arrays)), ours(*[array.tolist() for array in arrays])
        assert (type(y), y.requires_grad) == (Tensor, False)
        np.testing.assert_allclose(y.data, expected.data, rtol=1e-14, atol=1e-14)  # memory is in another order
        if len(arrays) > 1:  # beside a tensor that has a gradient, too
            mixed = ours(Tensor(arrays[0], requires_grad=True), *[array.tolist() for array in arrays[1:]])
            assert mixed.requires_grad
            np.testing.assert_allclose(mixed.data, expected.data, rtol=1e-14, atol=1e-14)

    check()


@pytest.mark.parametrize("name", REDUCTIONS)
def test_a_reduction_over_an_axis_in_the_middle_is_that_of_pytorch(name, same_as_torch):
    x = np.random.default_rng(0).standard_normal((3, 3, 3))
    for axis in (1, (0, 2)):
        same_as_torch(
            lambda x, axis=axis: getattr(autograd, name)(x, axis=axis), over(REDUCTIONS[name], axis, False), x
        )


@pytest.mark.parametrize("name", REDUCTIONS)
def test_a_reduction_of_no_rows_is_of_no_entries(name):
    x = Tensor(np.zeros((0, 3)), requires_grad=True)
    y = getattr(autograd, name)(x, axis=1)
    y.backward(np.zeros(0))
    assert (y.shape, x.grad.shape) == ((0,), (0, 3))


@pytest.mark.parametrize("subscripts", ["ii->i", "ii->", "iij,j->i", "AA,AB->B"])
def test_einsum_takes_diagonals_and_capitals_as_pytorch_does(subscripts, same_as_torch):
    random = np.random.default_rng(0)
    arrays = [random.standard_normal((3,) * len(term)) for term in subscripts.split("->")[0].split(",")]
    same_as_torch(lambda *xs: autograd.einsum(subscripts, *xs), lambda *xs: torch.einsum(subscripts, *xs), *arrays)


def test_concatenate_and_stack_join_along_the_first_axis_unless_told_otherwise():
    arrays = np.zeros((2, 3)), np.ones((2, 3))
    np.testing.assert_array_equal(autograd.concatenate(arrays).data, np.concatenate(arrays))
    np.testing.assert_array_equal(autograd.stack(arrays).data, np.stack(arrays))


def test_every_operation_that_is_offered_has_a_case():
    no_operation = {"SGD", "Adam", "Network", "Tensor", "graph", "graphviz", "no_grad", "operation", "unbroadcast"}
    no_operation |= {"grad", "value_and_grad", "vjp", "jvp", "hessian_vector_product", "jacobian"}
    assert set(CASES) == set(autograd.__all__) - no_operation


def test_the_customary_operations_are_methods_too():
    no_methods = {"add", "subtract", "multiply", "divide", "remainder", "power", "matmul"}  # operators
    no_methods |= {"maximum", "minimum", "logaddexp", "where", "outer", "einsum"}  # no input comes first
    no_methods |= {"concatenate", "stack", "vstack", "hstack", "cross_entropy", "nll_loss", "mse_loss"}
    for name in set(CASES) - no_methods:
        assert getattr(Tensor, name) is getattr(autograd, name)
