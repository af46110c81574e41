"""A transpose that copies is seen to copy, in both libraries."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from compare.hidden.experiments import layout

SIZE = 400_000


def test_bytes_beyond_the_result_are_seen():
    array, tensor = np.zeros((1000, 100), "float32"), torch.zeros(1000, 100)
    ones, torch_ones = np.zeros((1000, 1), "float32"), torch.zeros(1000, 1)
    result = 100 * 4
    assert layout._allocated(lambda: array.T @ ones, "NumPy") < result + 2000
    assert layout._allocated(lambda: tensor.T @ torch_ones, "PyTorch") == result
    assert layout._allocated(lambda: np.ascontiguousarray(array.T) @ ones, "NumPy") > SIZE
    assert layout._allocated(lambda: tensor.T.contiguous() @ torch_ones, "PyTorch") == SIZE + result


@pytest.mark.parametrize("library", [np.asarray, torch.from_numpy])
def test_both_layouts_give_the_same_products(library):
    random = np.random.default_rng(0)
    x, W, dz = random.standard_normal((3, 6)), random.standard_normal((6, 4)), random.standard_normal((3, 4))
    products = layout._products(*(library(a) for a in (x, W, dz, np.ascontiguousarray(W.T))))
    for (name, _), run in products.items():
        expected = {"x W": x @ W, "dz W^T": dz @ W.T, "x^T dz": x.T @ dz}[name]
        assert np.asarray(run()) == pytest.approx(expected)


def test_a_copy_a_difference_or_strides_that_are_not_swapped_do_not_hold(tiny_settings, tiny, quiet):
    result = layout.measure(tiny_settings.with_(widths=(200, 4)), tiny, quiet)
    rows = [replace(row, bytes_beyond_result=0) for row in result.rows]
    result = layout.Measured(result.transposes, rows, SIZE, 1e-4, 1e-6)
    assert layout.judge(result).holds
    for change in ({"bytes_beyond_result": SIZE}, {"difference": 0.1}):
        changed = [replace(row, **change) if k == 3 else row for k, row in enumerate(rows)]
        assert not layout.judge(replace(result, rows=changed)).holds
    for change in ({"shared": False}, {"strides_of_transpose": (1, 2)}):
        changed = {**result.transposes, "NumPy": replace(result.transposes["NumPy"], **change)}
        assert not layout.judge(replace(result, transposes=changed)).holds
