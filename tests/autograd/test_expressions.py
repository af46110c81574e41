"""Random expressions of mixed operations, with tensors used again and again, have the derivatives of PyTorch."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import Tensor

SHAPES = [(), (3,), (2, 3), (2, 1), (3, 3)]

# Each with the same in PyTorch. The values stay of the order of 1, so that errors do not grow.
ONE = [
    (autograd.tanh, torch.tanh),
    (autograd.sin, torch.sin),
    (autograd.sigmoid, torch.sigmoid),
    (autograd.relu, torch.relu),
    (autograd.abs, torch.abs),
    (autograd.negative, torch.neg),
    (lambda x: (x.abs() + 1).log(), lambda x: (x.abs() + 1).log()),
    (lambda x: (-x.abs()).exp(), lambda x: (-x.abs()).exp()),
    (lambda x: (x * x + 1) ** -0.5, lambda x: (x * x + 1) ** -0.5),
    (lambda x: x.clip(-0.5, 0.5), lambda x: x.clamp(-0.5, 0.5)),
    (lambda x: x.sum(keepdims=True) / 9, lambda x: x.sum(tuple(range(x.ndim)), keepdim=True) / 9 if x.ndim else x / 9),
    (lambda x: x.max(), lambda x: x.amax()),
    (lambda x: x.logsumexp() - 2, lambda x: x.reshape(-1).logsumexp(0) - 2),
    (lambda x: x.softmax(axis=None), lambda x: x.reshape(-1).softmax(0).reshape(x.shape)),
    (
        lambda x: x.T.flatten().cumsum(0).mean(),
        lambda x: x.permute(list(range(x.ndim))[::-1]).reshape(-1).cumsum(0).mean(),
    ),
    (lambda x: x.flatten()[[0, -1, 0]], lambda x: x.reshape(-1)[[0, -1, 0]]),
    (lambda x: x.detach() * x, lambda x: x.detach() * x),
]
TWO = [
    (lambda a, b: a + b, lambda a, b: a + b),
    (lambda a, b: a - b, lambda a, b: a - b),
    (lambda a, b: a * b, lambda a, b: a * b),
    (lambda a, b: a / (b * b + 1), lambda a, b: a / (b * b + 1)),
    (autograd.maximum, torch.maximum),
    (autograd.minimum, torch.minimum),
    (lambda a, b: autograd.where(a > b, a, b * 0.5), lambda a, b: torch.where(a > b, a, b * 0.5)),
]


@st.composite
def programs(draw):
    """Instructions: an operation by number and the positions of its inputs among all values so far, newest first."""
    one = st.tuples(st.integers(0, len(ONE) - 1), st.integers(0, 4))
    two = st.tuples(st.integers(0, len(TWO) - 1), st.integers(0, 4), st.integers(0, 4))
    return draw(st.lists(one | two, min_size=3, max_size=25)), draw(st.integers(0, 2**32 - 1))


def run(program, leaves, which):
    """All values of a program: `which` is 0 for the engine and 1 for PyTorch."""
    values = list(leaves)
    for instruction in program:
        inputs = [values[-1 - position] for position in instruction[1:]]
        table = ONE if len(inputs) == 1 else TWO
        try:
            np.broadcast_shapes(*[tuple(value.shape) for value in inputs])
        except ValueError:
            inputs = [inputs[0]] * 2
        y = table[instruction[0]][which](*inputs)
        values.append(y / (1 + abs(y).max().item()))
    return values


@settings(max_examples=250)
@given(programs())
def test_expressions_have_the_values_and_gradients_of_pytorch(program_and_seed):
    program, seed = program_and_seed
    random = np.random.default_rng(seed)
    arrays = [random.standard_normal(shape) for shape in SHAPES]
    mine = run(program, [Tensor(array, requires_grad=True) for array in arrays], 0)
    theirs = run(program, [torch.tensor(array, requires_grad=True) for array in arrays], 1)
    root, reference = mine[0].sum(), theirs[0].sum()
    for k in range(1, len(mine)):
        np.testing.assert_allclose(mine[k].data, theirs[k].detach().numpy(), rtol=1e-12, atol=1e-12)
        root, reference = root + mine[k].mean() * k, reference + theirs[k].mean() * k
        mine[k].retain_grad()
        theirs[k].retain_grad()
    root.backward()
    reference.backward()
    for a, b in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(a.grad, b.grad.numpy(), rtol=1e-12, atol=1e-12 * len(mine) ** 2)


def total(values):
    return sum(((k + 1) * value.mean() for k, value in enumerate(values[1:])), start=values[0].sum())


@settings(max_examples=40)
@given(programs())
def test_expressions_have_the_second_derivatives_of_pytorch(program_and_seed):
    program, seed = program_and_seed
    random = np.random.default_rng(seed)
    arrays, directions = ([random.standard_normal(shape) for shape in SHAPES] for _ in range(2))
    every = tuple(range(len(SHAPES)))
    mine = autograd.hessian_vector_product(lambda *leaves: total(run(program, leaves, 0)), every)(*arrays, directions)
    leaves = [torch.tensor(array, requires_grad=True) for array in arrays]
    first = torch.autograd.grad(total(run(program, leaves, 1)), leaves, create_graph=True)
    slope = sum((g * torch.tensor(v)).sum() for g, v in zip(first, directions, strict=True))
    second = torch.autograd.grad(slope, leaves, allow_unused=True) if slope.requires_grad else [None] * len(leaves)
    for a, b in zip(mine, second, strict=True):
        expected = np.zeros_like(a) if b is None else b.numpy(force=True)
        np.testing.assert_allclose(a, expected, rtol=1e-10, atol=1e-11 * len(program) ** 2)
