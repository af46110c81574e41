"""Where a loss in three steps breaks: found by a scan that also passes what is right."""

from dataclasses import replace

import numpy as np
import pytest

from compare.hidden.experiments import fused_loss

WAYS = [fused_loss.numpy_losses, fused_loss.engine_losses, fused_loss.torch_losses]


@pytest.mark.parametrize("losses", WAYS)
@pytest.mark.parametrize("form", fused_loss.FORMS)
def test_all_forms_are_one_function_where_scores_are_small(losses, form):
    z = np.random.default_rng(0).standard_normal((3, 10))
    value, gradient = losses(form)(z)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    assert value == pytest.approx(-np.log(p[:, fused_loss.RIGHT]))
    p[:, fused_loss.RIGHT] -= 1
    assert gradient == pytest.approx(p)


def test_the_scan_finds_the_first_score_that_is_wrong_and_the_first_that_is_not_finite():
    right = fused_loss.numpy_losses("fused")

    def wrong_from_20_and_nan_from_30(z):
        losses, gradients = right(z)
        losses[19:] *= 1.1
        gradients[29:, 5] = np.nan
        return losses, gradients

    assert fused_loss.breakdown(right, "float64") == (None, None, "", "")
    wrong_from, not_finite_from, *_ = fused_loss.breakdown(wrong_from_20_and_nan_from_30, "float64")
    assert (wrong_from, not_finite_from) == (20, 30)


def test_a_finite_gradient_that_is_wrong_is_found_though_its_loss_is_right():
    def half_from_40(z):
        losses, gradients = fused_loss.numpy_losses("fused")(z)
        gradients[39:, 0] /= 2
        return losses, gradients

    assert fused_loss.breakdown(half_from_40, "float64") == (40, None, "", "")


def test_overflow_is_found_where_the_dtype_ends(tiny_settings, tiny, quiet):
    finding = fused_loss.judge(fused_loss.measure(tiny_settings, tiny, quiet))
    found = {(one["form"], one["implementation"], one["dtype"]): one for one in finding.measured["breakdowns"]}
    for dtype in ("float32", "float64"):
        first = int(np.floor(np.log(np.finfo(dtype).max))) + 1
        assert found["plain", "manual", dtype]["not_finite_from"] == first
    assert finding.holds


def test_a_fused_loss_that_breaks_or_a_naive_one_that_does_not_is_no_support(tiny_settings, tiny, quiet):
    found = fused_loss.measure(tiny_settings, tiny, quiet).found
    for form, change in (("fused", {"wrong_from": 500.0}), ("safe softmax", {"not_finite_from": None})):
        k = next(k for k, one in enumerate(found) if one.form == form)
        changed = [*found[:k], replace(found[k], **change), *found[k + 1 :]]
        assert not fused_loss.judge(fused_loss.Measured(changed)).holds
