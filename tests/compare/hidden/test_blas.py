"""Other kernels of OpenBLAS."""

import os
import platform

import numpy as np
import pytest

from compare.hidden.experiments import blas
from compare.hidden.frame.experiment import NotMeasured
from compare.shared.dataset import load_mnist
from compare.shared.environment import blas as loaded
from compare.shared.settings import Settings
from compare.shared.training import Digits


def test_the_other_kernels_are_older_than_those_picked_and_there_are_none_for_another_blas(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "AMD64")
    assert blas.older_than("SkylakeX") == "Haswell"
    assert blas.older_than("Haswell") == "Sandybridge"
    assert blas.older_than("Nehalem") is None
    assert blas.older_than("") is None


def test_where_there_is_nothing_to_compare_it_stands_aside_and_says_so():
    result = blas.aside("")
    assert isinstance(result, NotMeasured)
    assert "not OpenBLAS" in result.answer


def test_the_verdict_fails_where_a_line_leaves_its_bound_or_no_bit_changes():
    def kernels(used):
        lines = {"manual": {"z1": used}, "autograd": {"z1": 0.1}}
        return blas.Kernels("A", "1", 1.0, lines)

    changed = {"z1": 0.5, "dW1": 0.0}
    assert blas.judge(blas.Measured([kernels(0.1), kernels(0.2)], changed)).holds
    assert not blas.judge(blas.Measured([kernels(0.1), kernels(1.2)], changed)).holds
    assert not blas.judge(blas.Measured([kernels(0.1), kernels(0.2)], {"z1": 0.0, "dW1": 0.0})).holds


@pytest.mark.slow
@pytest.mark.skipif(
    platform.machine() != "x86_64" or not any(one["internal_api"] == "openblas" for one in loaded()),
    reason="NumPy's BLAS is not OpenBLAS with kernels to choose from",
)
def test_other_kernels_are_used_in_the_other_process_alone_and_both_keep_to_the_bound(small_set):
    settings = Settings(data=small_set, dtype="float32")
    before = dict(os.environ), loaded()
    finding = blas.judge(blas.measure(settings, Digits.of(load_mnist(small_set), settings), lambda *_: None))
    assert (dict(os.environ), loaded()) == before
    assert finding.holds
    first, second = (one["architecture"] for one in finding.measured["kernels"])
    assert first != second
    assert np.isfinite(finding.measured["time_ratio"])
