"""A transpose that copies is seen to copy, in both libraries."""

import copy

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
    measured = layout.judge(layout.measure(tiny_settings.with_(widths=(200, 4)), tiny, quiet)).measured
    transposes, rows = measured["transposes"], measured["products"]
    for row in rows:
        row["bytes_beyond_result"] = 0
    assert layout.judge(layout.Measured(transposes, rows, SIZE, 1e-4, 1e-6)).holds
    for change in ({"bytes_beyond_result": SIZE}, {"difference": 0.1}):
        changed = copy.deepcopy(rows)
        changed[3].update(change)
        assert not layout.judge(layout.Measured(transposes, changed, SIZE, 1e-4, 1e-6)).holds
    for change in ({"shared": False}, {"strides_of_transpose": (1, 2)}):
        assert not layout.judge(
            layout.Measured({**transposes, "NumPy": {**transposes["NumPy"], **change}}, rows, SIZE, 1e-4, 1e-6)
        ).holds
