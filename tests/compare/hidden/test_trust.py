"""Trust: the trials cover what they say, and a PyTorch that errs in one of them would be reported."""

import numpy as np
import pytest

from compare.hidden.experiments import trust as experiment
from compare.hidden.experiments.trust import DTYPES, INPUTS, ROWS, SHAPES, THREADS, Circumstances
from torch_ref.network import Network

SMALL = (9, 6, 5, 4)


def test_every_shape_dtype_thread_count_and_kind_of_input_is_tried():
    trials = list(experiment.trials())
    assert len(set(trials)) == len(trials)
    for field, values in {"sizes": SHAPES, "rows": ROWS, "dtype": DTYPES, "inputs": INPUTS, "threads": THREADS}.items():
        assert {getattr(trial, field) for trial in trials} == set(values)


@pytest.mark.parametrize("inputs", INPUTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_pytorch_is_within_its_bounds_and_a_planted_error_is_not(inputs, dtype):
    check, caught = experiment.run(Circumstances(SMALL, 7, dtype, "relu", inputs, 1), seed=0)
    assert check.first_wrong_line is None
    assert caught


def test_the_inputs_are_as_extreme_as_they_say_and_finite():
    ones = np.ones((2, 3), np.float32)
    with np.errstate(all="raise", under="ignore"):
        made = {name: make(ones).astype(np.float32) for name, make in INPUTS.items()}
    assert all(np.isfinite(x).all() for x in made.values())
    assert 0 < made["subnormal"].max() < np.finfo(np.float32).tiny
    first, other, _ = made["one pixel 1e12 times the others"][0]
    assert first == pytest.approx(1e12 * other)


def test_a_pytorch_that_errs_in_one_trial_is_reported_with_the_trial_and_the_line(monkeypatch):
    right = Network.trace

    def wrong(self, x, labels):
        trace = right(self, x, labels)
        return trace | {"da1": trace["da1"] * np.float32(1.0001)} if len(x) == 5 else trace

    monkeypatch.setattr(Network, "trace", wrong)
    trials = [Circumstances(SMALL, rows, "float32", "relu", "ordinary", 1) for rows in (4, 5, 6)]
    monkeypatch.setattr(experiment, "trials", lambda: trials)
    finding = experiment.judge(experiment.measure(experiment.Settings(), None, lambda: None))
    assert not finding.holds
    assert [(case["trial"], case["line"]) for case in finding.measured["outside"]] == [(str(trials[1]), "da1")]
    assert finding.answer.startswith("1 of 3 cases is outside")
    monkeypatch.setattr(Network, "trace", right)
    assert experiment.judge(experiment.measure(experiment.Settings(), None, lambda: None)).holds
