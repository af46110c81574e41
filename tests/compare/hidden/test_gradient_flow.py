"""Gradient flow: what is in view is counted by looking, and the distributions are those of the arrays."""

import numpy as np
import pytest

from compare.hidden.experiments import gradient_flow as experiment
from compare.shared.initial import initial_parameters

#: Widths like the batch's and the classes', so that no gradient can be told by its shape.
SIZES, ROWS = (8, 6, 6, 6), 6
VIEW = {
    "by hand": 5, "engine": 0, "engine, retain_grad": 5,
    "PyTorch": 0, "PyTorch, retain_grad": 5, "PyTorch, hooks": 5,
}  # fmt: skip


def test_only_by_hand_are_the_inner_gradients_in_view_unasked():
    random = np.random.default_rng(0)
    x, labels = random.random((ROWS, SIZES[0])), random.integers(0, SIZES[-1], ROWS)
    assert experiment.in_view(initial_parameters(SIZES, "he"), x, labels) == VIEW


def test_a_distribution_counts_every_entry_once():
    found = experiment.distribution(np.array([[0.0, 1e-3], [-1e-3, 2e-5]]))
    assert found.zero == 0.25
    assert found.median == 1e-3
    assert sum(found.shares) == 0.75
    (most,) = np.flatnonzero(np.array(found.shares) == 0.5)
    assert experiment.BINS[most] <= -3 < experiment.BINS[most + 1]
    assert experiment.distribution(np.zeros(3)).median == 0


def sizes():
    lines = {line: experiment.Distribution(0.0, 1.0, []) for line in experiment.INNER}
    return {init: {"manual": lines} for init in experiment.INITS}


@pytest.mark.parametrize(("way", "count"), [("by hand", 4), ("engine", 1), ("PyTorch", 1), ("PyTorch, hooks", 4)])
def test_the_claim_holds_only_if_each_way_of_looking_shows_what_it_says(way, count):
    assert experiment.judge(experiment.Measured(sizes(), VIEW, used=1.0)).holds
    assert not experiment.judge(experiment.Measured(sizes(), VIEW | {way: count}, used=1.0)).holds
    assert not experiment.judge(experiment.Measured(sizes(), VIEW, used=1.1)).holds
