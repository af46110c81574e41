"""Short products: their errors, their bounds, and what underflows."""

from dataclasses import replace

import numpy as np
import pytest

from compare.hidden.experiments import mixed_precision
from compare.judge.network import check_lines
from compare.judge.roundoff import Arithmetic
from compare.shared import autocast
from compare.shared.initial import initial_parameters

RANDOM = np.random.default_rng(0)
START = initial_parameters((30, 12, 8, 10), "he", dtype="float32")
X, LABELS = RANDOM.random((16, 30)).astype("float32"), RANDOM.integers(0, 10, 16)


@pytest.fixture(scope="module")
def trace():
    return autocast.trace(START, X, LABELS)[0]


def judged(trace):
    return check_lines(trace, START, X, LABELS, run=Arithmetic.under_autocast())


def test_the_claim_holds(tiny_settings, tiny, quiet, monkeypatch):
    monkeypatch.setattr(mixed_precision, "WHOLE_SET", 3_000_000)  # a small network's gradients are large
    assert mixed_precision.judge(mixed_precision.measure(tiny_settings, tiny, quiet)).holds


def test_each_line_under_autocast_is_within_what_it_rounds_and_not_within_what_float32_does(trace):
    check = judged(trace)
    assert not any(line.is_wrong for line in check.lines)
    assert max(line.bound_used for line in check.lines) > 0.3
    assert check_lines(trace, START, X, LABELS).first_wrong_line == "z1"


@pytest.mark.parametrize("line", ["z1", "z3", "dz3", "dW1", "db2", "da2"])
def test_a_fault_of_an_eighth_is_seen_in_bfloat16(trace, line):
    assert judged(trace | {line: trace[line] * np.float32(1.125)}).first_wrong_line == line


def test_a_product_whose_inputs_are_shortened_once_more_is_outside(trace):
    a, dz = (np.ldexp(np.rint(np.ldexp(trace[name], 3)), -3) for name in ("a1", "dz2"))
    assert judged(trace | {"dW2": (a.T @ dz).astype("float32")}).first_wrong_line == "dW2"


def test_float16_loses_what_a_scale_saves_and_bfloat16_nothing():
    gradient = np.array([0.0, 1e-9, 1e-9, 1e-3])
    assert mixed_precision.lost_of(gradient, "float16", 1) == pytest.approx(2 / 3)
    assert mixed_precision.lost_of(gradient, "float16", 2**10) == 0
    assert mixed_precision.lost_of(gradient, "bfloat16", 1) == 0


def test_a_line_outside_another_dtype_or_nothing_lost_does_not_hold(tiny_settings, tiny, quiet):
    result = mixed_precision.measure(tiny_settings, tiny, quiet)
    lines = result.rows["autocast"]
    wrong = {**result.rows, "autocast": [*lines[:3], replace(lines[3], is_wrong=True), *lines[4:]]}
    assert not mixed_precision.judge(replace(result, rows=wrong)).holds
    assert not mixed_precision.judge(replace(result, dtypes=result.dtypes | {"z1": "float32"})).holds
    assert not mixed_precision.judge(replace(result, lost=result.lost | {"float16": [0.0] * 5})).holds
