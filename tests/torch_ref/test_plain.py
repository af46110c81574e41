"""The plain network, as the next chapter writes it, is the reference network to the bit."""

import numpy as np
import pytest
import torch

from torch_ref import plain
from torch_ref.network import Network

ROOMS = {"0.weight": "W1", "0.bias": "b1", "2.weight": "W2", "2.bias": "b2", "4.weight": "W3", "4.bias": "b3"}


def parameters_of(model):
    """Of a plain model, under this project's names and in its layout."""
    return {ROOMS[name]: value.numpy().T.copy() for name, value in model.state_dict().items()}


@pytest.fixture
def model():
    torch.manual_seed(0)
    return plain.network()


@pytest.fixture
def batches():
    random = np.random.default_rng(0)
    return [(random.random((16, 784), dtype=np.float32), random.integers(0, 10, 16)) for _ in range(20)]


def test_its_gradients_are_those_of_the_reference_network_to_the_bit(model, batches):
    x, labels = batches[0]
    loss = torch.nn.CrossEntropyLoss()(model(torch.tensor(x)), torch.tensor(labels))
    loss.backward()
    expected_loss, expected = Network(parameters_of(model)).gradients(x, labels)
    assert loss.item() == expected_loss
    for name, parameter in model.named_parameters():
        np.testing.assert_array_equal(parameter.grad.numpy().T, expected[ROOMS[name]], strict=True)


def test_its_training_is_that_of_the_reference_network_to_the_bit(model, batches):
    reference = Network(parameters_of(model))
    for x, labels in batches * 2:
        reference.step(x, labels, 0.1)
    plain.train(model, [(torch.tensor(x), torch.tensor(labels)) for x, labels in batches], epochs=2)
    for name, value in parameters_of(model).items():
        np.testing.assert_array_equal(value, reference.parameters()[name], strict=True)


def test_it_starts_from_pytorchs_own_weights_in_float32(model):
    torch.manual_seed(0)
    layer = torch.nn.Linear(784, 128)
    assert torch.equal(model[0].weight, layer.weight)
    assert {value.dtype for value in model.state_dict().values()} == {torch.float32}


def test_accuracy_is_the_share_of_images_whose_largest_score_is_that_of_their_label(model, batches):
    x, labels = batches[0]
    model[4].weight.data[:] = 0
    model[4].bias.data[:] = torch.eye(10)[3]
    assert plain.accuracy(model, torch.tensor(x), torch.tensor(labels)) == pytest.approx((labels == 3).mean())
