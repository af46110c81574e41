"""What kept losses keep alive: counted by hand, and when the claim falls."""

import copy

import pytest

from compare.hidden.experiments import kept_loss as experiment
from compare.hidden.tools.batches import batches
from compare.shared.training import initial_weights


@pytest.mark.parametrize("bytes_of", [experiment.on_the_engine, experiment.in_pytorch])
def test_an_evaluation_keeps_the_activations_of_every_batch_and_nothing_else_keeps_any(tiny, tiny_settings, bytes_of):
    start = initial_weights(tiny_settings, tiny)
    by_way = {way: bytes_of(start, batches(tiny_settings, tiny, 5), way) for way in experiment.WAYS}
    evaluated = by_way.pop("evaluated")
    first = evaluated[0]
    assert evaluated == [first * k for k in range(1, 6)]
    x, a1, a2, p = (8 * width * 8 for width in (6, 5, 4, 10))  # bytes of 8 rows in float64
    assert x + a1 + a2 + p <= first < 1.5 * (x + a1 + a2 + p)
    assert all(not any(found) for found in by_way.values())


def test_the_claim_falls_where_something_else_keeps_arrays_or_an_evaluation_stops_growing():
    counts = experiment.BATCHES
    nothing = {way: [0] * counts for way in experiment.WAYS}
    kept = {name: {**nothing, "evaluated": list(range(5, 5 * counts + 5, 5))} for name in experiment.WORLDS}
    assert experiment.judge(experiment.Measured(kept)).holds
    for name, way, found in (
        ("torch_ref", "trained", [0] * (counts - 1) + [1]),
        ("autograd", "evaluated", [5] * counts),
    ):
        changed = copy.deepcopy(kept)
        changed[name][way] = found
        assert not experiment.judge(experiment.Measured(changed)).holds
