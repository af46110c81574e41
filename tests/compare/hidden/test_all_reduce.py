"""A batch in shards."""

import numpy as np
import pytest

from compare.hidden.experiments import all_reduce
from compare.hidden.frame.experiment import NotMeasured
from compare.judge.network import gradient_balls
from compare.shared.dataset import load_mnist
from compare.shared.initial import initial_parameters
from compare.shared.processes import ProcessFailed
from compare.shared.settings import Settings
from compare.shared.training import Digits

START = initial_parameters((20, 8, 6, 10), "he")
RANDOM = np.random.default_rng(0)
X, LABELS = RANDOM.random((all_reduce.IMAGES, 20)), RANDOM.integers(0, 10, all_reduce.IMAGES)


@pytest.mark.parametrize("name", ["manual", "autograd", "torch_ref"])
def test_the_mean_of_means_is_the_mean_for_equal_shards_only_and_weights_mend_it(name):
    allowed = gradient_balls(START, X, LABELS)
    used = {
        way: all_reduce.bound_used(gradients, allowed)
        for way, gradients in all_reduce.in_shards(name, START, X, LABELS).items()
    }
    assert max(used[way] for way in all_reduce.RIGHT) < 1
    assert used["unequal, mean of means"] > 1e6


def test_the_verdict_fails_where_a_right_way_leaves_the_bound_or_the_wrong_one_does_not():
    ways = {"one process": 0.1, all_reduce.WAYS[0]: 0.1, all_reduce.WAYS[1]: 0.1, all_reduce.WAYS[2]: 1e9}
    assert all_reduce.judge(all_reduce.Measured({"manual": ways}, 0.3)).holds
    assert not all_reduce.judge(all_reduce.Measured({"manual": ways | {all_reduce.WAYS[1]: 2.0}}, 0.3)).holds
    assert not all_reduce.judge(all_reduce.Measured({"manual": ways | {all_reduce.WAYS[2]: 0.5}}, 0.3)).holds


@pytest.fixture
def digits(small_set):
    settings = Settings(data=small_set, dtype="float32")
    return settings, Digits.of(load_mnist(small_set), settings)


def test_where_processes_cannot_be_run_it_stands_aside_and_says_why(digits, monkeypatch):
    def fail(*_):
        raise ProcessFailed("no sockets")

    monkeypatch.setattr(all_reduce, "run_python", fail)
    result = all_reduce.measure(*digits, lambda *_: None)
    assert isinstance(result, NotMeasured)
    assert "no sockets" in result.answer


@pytest.mark.slow
def test_processes_that_share_a_batch_get_the_gradients_of_one(finding_of):
    _, finding = finding_of("all-reduce")
    assert finding.holds
    assert set(finding.measured["bound_used"]["torch_ref"]) == {"one process", *all_reduce.WAYS}
