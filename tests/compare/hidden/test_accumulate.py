"""Gradients without zero_grad: added up, and told from right ones."""

import pytest

from autograd.network import Network as EngineNetwork
from compare.hidden.experiments import accumulate
from compare.hidden.tools.batches import batches, first_batch
from compare.shared.differences import largest_difference
from compare.shared.training import initial_weights
from manual.network import Network as ManualNetwork
from torch_ref.network import Network as TorchNetwork


@pytest.mark.parametrize("kind", [EngineNetwork, TorchNetwork])
def test_only_a_forgetful_network_adds_its_gradients_up(tiny_settings, tiny, kind):
    start, batch = initial_weights(tiny_settings, tiny), first_batch(tiny_settings, tiny)
    _, right = ManualNetwork(start).gradients(*batch)
    assert accumulate.growth(kind(start), *batch, right) == pytest.approx([1, 1, 1])
    assert accumulate.growth(accumulate.forgetful(kind(start)), *batch, right) == pytest.approx([1, 2, 3])


@pytest.mark.parametrize("kind", [EngineNetwork, TorchNetwork])
def test_forgetting_is_momentum_1_and_no_other(tiny_settings, tiny, kind):
    start = initial_weights(tiny_settings, tiny)

    def trained(net, momentum=0.0):
        accumulate.set_momentum(net, momentum)
        accumulate.train(net, batches(tiny_settings, tiny, 5), 0.1)
        return net.parameters()

    forgot = trained(accumulate.forgetful(kind(start)))
    assert largest_difference(forgot, trained(kind(start), 1.0)) == 0
    assert largest_difference(forgot, trained(kind(start), 0.9)) > 1e-6


def test_a_training_that_ends_as_well_without_zero_grad_does_not_hold():
    times = {"manual": [1.0, 1.0, 1.0], "autograd": [1.0, 2.0, 3.0], "torch_ref": [1.0, 2.0, 3.0]}
    right, wrong, nan = [2.3, *[0.3] * 99], [2.5] * 100, [float("nan")] * 100
    assert accumulate.judge(
        accumulate.Measured(times, {"right": right, "autograd": wrong, "torch_ref": nan}, 0.0)
    ).holds
    assert not accumulate.judge(
        accumulate.Measured(times, {"right": right, "autograd": wrong, "torch_ref": right}, 0.0)
    ).holds
    assert not accumulate.judge(
        accumulate.Measured(times, {"right": nan, "autograd": wrong, "torch_ref": nan}, 0.0)
    ).holds
    assert not accumulate.judge(
        accumulate.Measured(times, {"right": right, "autograd": wrong, "torch_ref": nan}, 1e-9)
    ).holds
    once = {**times, "autograd": [1.0, 1.0, 1.0]}
    assert not accumulate.judge(
        accumulate.Measured(once, {"right": right, "autograd": wrong, "torch_ref": nan}, 0.0)
    ).holds
