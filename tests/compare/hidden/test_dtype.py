"""Half the bits: errors against the exact gradient, bytes, defaults."""

from dataclasses import replace

import numpy as np

from compare.hidden.experiments import dtype


def test_errors_lie_about_where_the_roundoff_is(tiny_settings, tiny, quiet):
    finding = dtype.judge(dtype.measure(tiny_settings, tiny, quiet))
    for row in finding.measured["runs"]:
        roundoff = np.finfo(row["dtype"]).eps / 2
        assert roundoff / 100 < row["error"] < 1000 * roundoff
    assert finding.holds


def test_bytes_that_are_not_halved_an_error_too_large_or_another_default_do_not_hold(tiny_settings, tiny, quiet):
    result = dtype.measure(tiny_settings, tiny, quiet)
    k = next(k for k, row in enumerate(result.rows) if row.dtype == "float32")
    for change in ({"bytes": 1}, {"error": 1e-3}, {"error": 1e-15}):
        rows = [*result.rows[:k], replace(result.rows[k], **change), *result.rows[k + 1 :]]
        assert not dtype.judge(replace(result, rows=rows)).holds
    assert not dtype.judge(replace(result, default={**result.default, "torch_ref": "float64"})).holds
