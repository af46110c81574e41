"""Options: presets, and values that cannot be used."""

import math
from pathlib import Path

import pytest

from compare.shared.errors import BadInput
from compare.shared.settings import Settings


def test_the_default_is_the_minibatch_preset_in_float64():
    assert Settings.from_options() == Settings()
    assert (Settings().batch_size, Settings().learning_rate, Settings().epochs) == (64, 0.1, 10)
    assert Settings().dtype == "float64"
    assert Settings().threads == 1


def test_the_chapter_preset_is_the_whole_set_as_one_batch_with_a_small_rate_for_50_epochs():
    settings = Settings.from_options(preset="chapter")
    assert (settings.batch_size, settings.learning_rate, settings.epochs) == (None, 0.01, 50)
    assert settings.rows_per_batch(60_000) == 60_000


def test_an_option_that_is_given_goes_before_the_preset():
    settings = Settings.from_options(preset="chapter", epochs=3, learning_rate=None)
    assert (settings.epochs, settings.learning_rate) == (3, 0.01)


def test_a_batch_larger_than_the_set_is_refused():
    assert Settings(batch_size=100).rows_per_batch(100) == 100
    with pytest.raises(BadInput, match="--batch-size 101 is larger than the training set of 100 images"):
        Settings(batch_size=101).rows_per_batch(100)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": -1}, "--seed is -1"),
        ({"dtype": "float16"}, "--dtype is 'float16'; expected one of float32, float64"),
        ({"hidden": "128,0"}, "--hidden is 0"),
        ({"hidden": "128;64"}, "--hidden '128;64' is not a list"),
        ({"hidden": ""}, "--hidden '' is not a list"),
        ({"activation": "gelu"}, "--activation is 'gelu'"),
        ({"init": "xavier"}, "--init is 'xavier'"),
        ({"init_scale": math.nan}, "--init-scale is nan"),
        ({"init_scale": 0.0}, r"--init-scale is 0\.0"),
        ({"batch_size": 0}, "--batch-size is 0"),
        ({"epochs": 0}, "--epochs is 0"),
        ({"epochs": -3}, "--epochs is -3"),
        ({"learning_rate": -0.1}, r"--learning-rate is -0\.1; expected a finite number above 0"),
        ({"learning_rate": math.inf}, "--learning-rate is inf"),
        ({"learning_rate": 3.5e38, "dtype": "float32"}, r"--learning-rate is 3\.5e\+38, which float32 cannot hold"),
        ({"threads": 0}, "--threads is 0"),
        ({"threads": 2**31}, "--threads is 2147483648; expected a whole number of at least 1 and at most 1,024"),
        ({"seed": 2**64}, "--seed is 18446744073709551616"),
        ({"hidden": "10000000000"}, "--hidden is 10000000000"),
        ({"preset": "fast"}, "--preset is 'fast'; expected one of minibatch, chapter"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_with_the_option_and_what_was_expected(options, message):
    with pytest.raises(BadInput, match=message):
        Settings.from_options(**options)


def test_the_settings_in_a_result_name_a_data_folder_without_its_path():
    assert Settings(data=Path("/somewhere/private/kmnist")).as_json()["data"] == "kmnist"
