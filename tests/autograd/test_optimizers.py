"""The optimizers are those of PyTorch, step by step."""

import numpy as np
import pytest
import torch

from autograd import SGD, Adam, Tensor

PAIRS = [
    (SGD, torch.optim.SGD, {}, {}),
    (SGD, torch.optim.SGD, {"momentum": 0.9}, {"momentum": 0.9}),
    (SGD, torch.optim.SGD, {"weight_decay": 0.1}, {"weight_decay": 0.1}),
    (SGD, torch.optim.SGD, {"momentum": 0.5, "weight_decay": 0.1}, {"momentum": 0.5, "weight_decay": 0.1}),
    (Adam, torch.optim.Adam, {}, {}),
    (Adam, torch.optim.Adam, {"betas": (0.5, 0.8), "epsilon": 1e-3}, {"betas": (0.5, 0.8), "eps": 1e-3}),
    (Adam, torch.optim.Adam, {"weight_decay": 0.1}, {"weight_decay": 0.1}),
]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("ours", "theirs", "options", "torch_options"), PAIRS)
def test_forty_steps_are_those_of_pytorch_also_when_the_learning_rate_changes_and_a_gradient_is_missing(
    ours, theirs, options, torch_options, dtype, assert_close
):
    random = np.random.default_rng(0)
    arrays = [random.standard_normal(shape).astype(dtype) for shape in ((3, 2), (2,), ())]
    mine = [Tensor(array.copy(), requires_grad=True) for array in arrays]
    reference = [torch.tensor(array, requires_grad=True) for array in arrays]
    optimizer = ours(mine, learning_rate=0.01, **options)
    torch_optimizer = theirs(reference, lr=0.01, **torch_options)
    for step in range(40):
        if step == 20:
            optimizer.learning_rate = torch_optimizer.param_groups[0]["lr"] = 0.003
        for k, (tensor, other) in enumerate(zip(mine, reference, strict=True)):
            missing = k == 1 and step % 3 == 0
            g = random.standard_normal(tensor.shape).astype(dtype)
            tensor.grad, other.grad = (None, None) if missing else (np.array(g), torch.tensor(g))
        before = [None if tensor.grad is None else tensor.grad.copy() for tensor in mine]
        optimizer.step()
        torch_optimizer.step()
        for tensor, other, g in zip(mine, reference, before, strict=True):
            assert type(tensor.data) is np.ndarray
            assert_close(tensor.data, other.detach().numpy())
            assert g is None or np.array_equal(tensor.grad, g), "the optimizer changed a gradient"


def test_what_adam_is_not_told_is_as_in_pytorch():
    ours, theirs = Adam([Tensor(1.0, requires_grad=True)]), torch.optim.Adam([torch.ones(1)]).defaults
    assert (ours.learning_rate, ours.betas, ours.epsilon) == (theirs["lr"], theirs["betas"], theirs["eps"])


def test_sgd_is_the_update_by_hand_to_the_bit_and_in_place():
    random = np.random.default_rng(0)
    W, dW = random.standard_normal((2, 50, 40)).astype(np.float32)
    w = Tensor(W.copy(), requires_grad=True)
    array = w.data
    w.grad = dW
    SGD([w], learning_rate=0.1).step()
    W -= 0.1 * dW
    np.testing.assert_array_equal(w.data, W)
    assert w.data is array


def test_zero_grad_forgets_the_gradients_of_all():
    leaves = [Tensor(1.0, requires_grad=True) for _ in range(2)]
    (leaves[0] * leaves[1]).backward()
    SGD(leaves, 0.1).zero_grad()
    assert [leaf.grad for leaf in leaves] == [None, None]


@pytest.mark.parametrize("optimizer", [lambda p: SGD(p, 0.1), Adam])
def test_what_can_never_learn_is_refused(optimizer):
    x = Tensor(1.0, requires_grad=True)
    for parameters in ([], [x, Tensor(1.0)], [x * 2]):
        with pytest.raises(ValueError, match="requires_grad=True"):
            optimizer(parameters)


def test_parameters_may_come_from_a_generator():
    assert len(Adam(Tensor(1.0, requires_grad=True) for _ in range(3)).parameters) == 3
