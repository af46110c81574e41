"""Initial weights: what each scheme draws, and that all dtypes start alike."""

import numpy as np
import pytest
import torch

from compare.shared.errors import BadInput
from compare.shared.initial import SCHEMES, initial_parameters

SIZES = (784, 128, 64, 10)


def test_the_chapter_draws_a_standard_normal_times_the_scale_and_no_biases():
    start = initial_parameters(SIZES, scale=0.01)
    assert start["W1"].std() == pytest.approx(0.01, rel=0.01)
    assert abs(start["W1"].mean()) < 1e-4
    np.testing.assert_array_equal(start["b2"], np.zeros(64))


def test_he_draws_a_variance_of_two_over_fan_in():
    assert initial_parameters(SIZES, "he")["W1"].var() == pytest.approx(2 / 784, rel=0.02)


def test_torch_draws_what_a_linear_layer_draws_by_default():
    start = initial_parameters(SIZES, "torch")
    layer = torch.nn.Linear(784, 128)
    for found, theirs in ((start["W1"], layer.weight), (start["b1"], layer.bias)):
        limit = 1 / np.sqrt(784)
        assert np.abs(found).max() <= limit
        assert theirs.abs().max().item() <= limit * (1 + 1e-6)
        assert found.std() == pytest.approx(theirs.std().item(), rel=0.15)
    assert start["W1"].std() == pytest.approx(1 / np.sqrt(3 * 784), rel=0.01)


@pytest.mark.parametrize("init", SCHEMES)
def test_float32_starts_at_the_rounded_weights_of_float64(init):
    wide, narrow = initial_parameters(SIZES, init, seed=5), initial_parameters(SIZES, init, seed=5, dtype="float32")
    assert list(wide) == ["W1", "b1", "W2", "b2", "W3", "b3"]
    for name, array in wide.items():
        np.testing.assert_array_equal(narrow[name], array.astype(np.float32), strict=True)


def test_the_seed_decides_the_weights():
    one, again, other = (initial_parameters(SIZES, seed=seed)["W1"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(("scale", "dtype"), [(1e308, "float64"), (1e300, "float32")])
def test_a_scale_that_overflows_the_dtype_is_refused_by_its_name(scale, dtype):
    with pytest.raises(BadInput, match=r"--init-scale 1e\+30\d is too large"):
        initial_parameters(SIZES, scale=scale, dtype=dtype)
