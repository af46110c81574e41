"""Broadcasting as a matrix, and its transpose as a sum."""

import numpy as np
import pytest

from compare.hidden.experiments import unbroadcast


def test_the_jacobian_of_stretching_a_row_is_unit_matrices_one_above_the_other():
    assert np.array_equal(unbroadcast.jacobian((2,), (3, 2), "float64"), np.tile(np.eye(2), (3, 1)))


def test_the_jacobian_of_stretching_a_column_repeats_each_row_of_the_unit_matrix():
    assert np.array_equal(unbroadcast.jacobian((2, 1), (2, 3), "float64"), np.repeat(np.eye(2), 3, axis=0))


def test_the_three_find_what_the_transpose_finds_and_a_mean_would_not_do(tiny_settings, tiny, quiet):
    result = unbroadcast.measure(tiny_settings, tiny, quiet)
    assert unbroadcast.judge(result).holds
    result.cases[0].found["autograd"][1] /= 4
    assert not unbroadcast.judge(result).holds


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_sum_is_within_its_bound_and_a_mean_far_outside(dtype):
    dz = np.random.default_rng(0).standard_normal((64, 10)).astype(dtype)
    assert unbroadcast.part_of_bound(dz, dz.sum(axis=0)) <= 1
    assert unbroadcast.part_of_bound(dz, dz.mean(axis=0)) > 1000
