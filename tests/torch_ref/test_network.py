"""The reference is what a PyTorch user writes, and starts from the weights it is given."""

import numpy as np
import pytest
import torch

from torch_ref.deep import DeepNetwork
from torch_ref.network import Network

SIZES = (6, 5, 4, 3)


def parameters(dtype):
    random = np.random.default_rng(0)
    pairs = [(f"W{k}", f"b{k}", SIZES[k - 1], SIZES[k]) for k in (1, 2, 3)]
    return {
        name: array.astype(dtype)
        for W, b, fan_in, fan_out in pairs
        for name, array in ((W, random.standard_normal((fan_in, fan_out))), (b, random.standard_normal(fan_out)))
    }


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_layers_are_linear_modules_which_hold_the_transposed_weights(dtype):
    start = parameters(dtype)
    network = Network(start)
    for k, layer in enumerate((network.layer1, network.layer2, network.layer3), start=1):
        assert isinstance(layer, torch.nn.Linear)
        np.testing.assert_array_equal(layer.weight.detach().numpy(), start[f"W{k}"].T, strict=True)
        np.testing.assert_array_equal(layer.bias.detach().numpy(), start[f"b{k}"], strict=True)


def test_gradients_are_those_of_a_model_written_without_this_project():
    start = parameters("float64")
    x, labels = np.random.default_rng(1).random((7, 6)), np.array([0, 1, 2, 0, 1, 2, 0])
    leaves = {name: torch.tensor(array, requires_grad=True) for name, array in start.items()}
    a1 = torch.relu(torch.tensor(x) @ leaves["W1"] + leaves["b1"])
    a2 = torch.relu(a1 @ leaves["W2"] + leaves["b2"])
    log_p = torch.log_softmax(a2 @ leaves["W3"] + leaves["b3"], dim=1)
    loss = -log_p[torch.arange(7), torch.tensor(labels)].mean()
    loss.backward()
    for network in (Network(start), DeepNetwork(start)):
        found_loss, found = network.gradients(x, labels)
        assert found_loss == pytest.approx(loss.item(), rel=1e-14)
        for name, leaf in leaves.items():
            np.testing.assert_allclose(found[name], leaf.grad.numpy(), rtol=1e-12, atol=1e-15, err_msg=name)
