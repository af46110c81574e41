"""Learners' files whose gradients are right, watched while they train: what keeps them from learning is named."""

from pathlib import Path

import pytest

from compare.check.running.parent import run_in_child

HERE = Path(__file__).parent
pytestmark = pytest.mark.slow

#: What keeps those from learning whose gradients are right.
BADLY = {
    "badly_01_unscaled_pixels.py": "inputs-not-scaled",
    "badly_02_learning_rate_too_small.py": "learning-rate-too-small",
    "badly_03_learning_rate_too_large.py": "learning-rate-too-large", "badly_04_weights_all_zero.py": "weights-zero",
    "badly_05_weights_all_equal.py": "weights-equal", "badly_06_weights_too_large_sigmoid.py": "weights-too-large",
    "badly_07_images_shuffled_alone.py": "images-and-labels-apart", "badly_08_always_first_batch.py": "same-batch",
    "badly_09_accuracy_wrong_axis.py": "accuracy-axis", "badly_10_pixels_cut_to_zero.py": "inputs-empty",
    "wrong_26_labels_shifted.py": "labels-shifted",
}  # fmt: skip
SECONDS = {"badly_09_accuracy_wrong_axis.py": 30.0}  # its accuracy is read after an epoch of 60,000
LEARNS = ["right_10_syn_three_layer_xor.py", "right_15_momentum.py", "right_18_regression_sine.py",
          "right_24_minibatch_generator_earlystop.ipynb"]  # fmt: skip


def trained(name, seconds=8.0):
    result = run_in_child(HERE / "learners" / name, time_limit=40.0)["result"]
    known = {"loss": result["understood"]["loss"], "rates": result["rates"]}
    return run_in_child(HERE / "learners" / name, time_limit=seconds, train=known)["training"]


@pytest.mark.parametrize("name", BADLY)
def test_what_keeps_a_network_with_right_gradients_from_learning_is_named(name):
    told = trained(name, SECONDS.get(name, 8.0))
    assert [finding["name"] for finding in told["findings"]] == [BADLY[name]]


@pytest.mark.parametrize("name", LEARNS)
def test_no_right_file_is_called_badly_trained(name):
    told = trained(name)
    assert told["verdict"] in ("learns", "learns slowly")
    assert told["findings"] == []
