"""An overwritten array: wrong, refused, or harmless."""

from dataclasses import replace

import pytest

from compare.hidden.experiments import in_place
from compare.hidden.tools.batches import first_batch
from compare.shared.training import initial_weights
from manual.network import Network as ManualNetwork


def test_the_writes_that_are_silent_give_the_gradient_of_halved_activations(tiny_settings, tiny, quiet):
    finding = in_place.judge(in_place.measure(tiny_settings, tiny, quiet))
    assert finding.holds
    by_write = {row["write"]: row["error"] for row in finding.measured["writes"]}
    x, labels = first_batch(tiny_settings, tiny)
    _, right = ManualNetwork(initial_weights(tiny_settings, tiny)).gradients(x, labels)
    halved = {**right, "W2": right["W2"] / 2}  # dW2 is a1^T dz2, and only it reads a1's size
    expected = pytest.approx(in_place.relative_error(halved, right))
    assert by_write["a1 *= 0.5"] == by_write["a1.data *= 0.5"] == by_write["a1.data.mul_(0.5)"] == expected


def test_without_a_write_nothing_is_wrong(tiny_settings, tiny, monkeypatch):
    monkeypatch.setattr(in_place, "HALF", 1.0)
    start, batch = initial_weights(tiny_settings, tiny), first_batch(tiny_settings, tiny)
    _, right = ManualNetwork(start).gradients(*batch)
    assert in_place.relative_error(in_place.by_hand(start, *batch), right) == 0
    assert in_place.relative_error(in_place.in_pytorch(start, *batch, "a1.data.mul_(0.5)"), right) < 1e-14


def test_a_guard_that_lets_one_through_or_shuts_a_door_does_not_hold(tiny_settings, tiny, quiet):
    result = in_place.measure(tiny_settings, tiny, quiet)
    for write, error in (("a1.mul_(0.5)", 0.2), ("a1.data.mul_(0.5)", None), ("a1 *= 0.5", 0.0)):
        rows = [replace(row, error=error) if row.write == write else row for row in result.rows]
        assert not in_place.judge(in_place.Measured(rows, "")).holds
