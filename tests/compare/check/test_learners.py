"""The files that beginners write, run as they are: none that is right is accused, and wrong lines are named.

And watched while they train: what keeps them from learning is named.
"""

import json
from functools import cache
from pathlib import Path

import pytest

from compare.check.running.parent import run_in_child
from compare.shared.errors import BadInput

HERE = Path(__file__).parent
LEARNERS = json.loads((HERE / "learners" / "truth.json").read_text())
REPORTS = json.loads((HERE / "reports" / "truth.json").read_text())
VARIANTS = sorted((HERE / "learners" / "variants").glob("v*.py"))
#: Labels shifted alike for all examples change no gradient: nothing can show that they are.
INVISIBLE = {"wrong_26_labels_shifted.py"}
pytestmark = pytest.mark.slow


@cache
def judged(path):
    return run_in_child(path, time_limit=40.0)["result"]


def lines_of(result):
    return {d["source_line"] for d in result["diagnoses"]}


def of(entries, folder, *verdicts):
    paths = [(HERE / folder / e["file"], e) for e in entries if e["verdict"] in verdicts]
    return [pytest.param(path, *([e] if "wrong" in verdicts else []), id=path.name) for path, e in paths]


RIGHT = [path for e in ("right", "badly") for path in (*of(LEARNERS, "learners", e), *of(REPORTS, "reports", e))]


@pytest.mark.parametrize("path", RIGHT)
def test_no_network_with_right_gradients_is_accused_and_every_one_of_its_gradients_is_judged(path):
    result = judged(path)
    assert (result["verdict"], result["diagnoses"]) == ("right", [])
    assert result["lines"]
    assert all(line["holds"] for line in result["lines"])


@pytest.mark.parametrize(("path", "entry"), of(LEARNERS, "learners", "wrong") + of(REPORTS, "reports", "wrong"))
def test_a_wrong_line_is_named(path, entry):
    result = judged(path)
    if entry["file"] in INVISIBLE:
        assert result["verdict"] == "right"
        return
    assert result["verdict"] == "wrong"
    good = {*entry["lines"], *(line for line in entry.get("also", []))}
    concerned = lines_of(result) | {a["line"] for d in result["diagnoses"] for a in d["also"]}
    assert good & concerned, result["diagnoses"]
    assert entry["file"] in NEIGHBOURS or good & lines_of(result), result["diagnoses"]


#: What this project calls the kinds of the folder.
NAMES = {
    "activation_derivative_missing": {"mask-missing"}, "adam_bias_correction_without_power": {"adam-without-powers"},
    "assign_instead_of_accumulate": {"last-sample-only"}, "bias_gradient_not_summed": {"sum-missing"},
    "bias_never_updated": {"never-updated"}, "bias_sum_over_everything": {"axis-wrong"},
    "bias_sum_wrong_axis": {"axis-wrong"}, "copied_line_wrong_layer": {"bias-gradient-from"},
    "derivative_for_output_given_z": {"derivative-of-wrong-argument"},
    "derivative_for_z_given_output": {"derivative-of-wrong-argument"},
    "derivative_of_another_activation": {"derivative-of-another-activation", "slope-differs"},
    "dropout_mask_missing_in_backward": {"dropout-mask-missing"}, "error_passed_without_derivative": {"mask-missing"},
    "extra_output_derivative": {"extra-derivative"}, "gradient_not_reset_between_batches": {"not-reset"},
    "gradient_updated_instead_of_parameter": {"never-updated"},
    "gradient_used_instead_of_weights": {"gradient-for-weight"},
    "inplace_relu_destroys_z": {"overwritten-in-place"}, "integer_delta": {"integer-dtype"},
    "integer_weights": {"integer-dtype"}, "learning_rate_applied_twice": {"learning-rate-in-gradient"},
    "mean_over_features": {"mean-over-features"}, "missing_1_over_m": {"mean-missing"},
    "missing_transpose": {"transposed"}, "momentum_sign": {"momentum-sign"},
    "mse_gradient_with_ce": {"extra-derivative", "loss-gradient-mismatch"}, "one_hot_wrong_axis": {"one-hot-scrambled"},
    "one_over_m_twice": {"mean-twice"}, "regularisation_wrong_sign": {"penalty-factor"},
    "sign_flipped_at_output": {"sign-flipped"}, "sign_flipped_in_one_layer": {"sign-flipped"},
    "softmax_without_shift": {"not-finite"}, "softmax_wrong_axis": {"softmax-axis"}, "update_adds": {"sign-flipped"},
    "weights_updated_before_gradient": {"updated-too-early"}, "wrong_activation_in_dW": {"activation-of-wrong-layer"},
    "labels_shifted": set(),
}  # fmt: skip


@pytest.mark.parametrize("entry", [e for e in LEARNERS if e["verdict"] == "wrong"], ids=lambda e: e["file"])
def test_a_mistake_is_called_by_its_name(entry):
    given = {d["name"] for d in judged(HERE / "learners" / entry["file"])["diagnoses"]}
    meant = [NAMES[kind] for kind in entry["kinds"]]
    assert entry["file"] in INVISIBLE or any(given & names for names in meant), given
    assert given <= set().union(*meant), f"called by another name, too: {given}"


CURED = ["wrong_01", "wrong_02", "wrong_04", "wrong_06", "wrong_09", "wrong_11", "wrong_28", "wrong_32", "wrong_36"]


@pytest.mark.parametrize("start", CURED)
def test_the_corrected_lines_put_in_their_places_make_a_program_right(start, tmp_path):
    (path,) = (HERE / "learners").glob(f"{start}*.py")
    lines = path.read_text().splitlines()
    for d in judged(path)["diagnoses"]:
        old = lines[d["source_line"] - 1]
        lines[d["source_line"] - 1] = old[: len(old) - len(old.lstrip())] + d["corrected"]
    (tmp_path / path.name).write_text("\n".join(lines))
    assert judged(tmp_path / path.name)["verdict"] == "right"


#: Where the line that is named shows the fault, and the one that made it stands beside it.
NEIGHBOURS = {"04_overwritten_in_d_relu.py"}


@pytest.mark.parametrize("path", VARIANTS, ids=lambda path: path.stem)
def test_no_variant_of_a_right_network_is_accused(path):
    if path.stem == "v14_helper_not_there":
        with pytest.raises(BadInput, match="my_helpers"):
            judged(path)
        return
    result = judged(path)
    assert (result["verdict"], result["diagnoses"]) == ("right", [])


@pytest.mark.parametrize(
    ("name", "layers", "activations", "output", "loss"),
    [
        ("right_16_adam.py", [784, 128, 64, 10], ["relu", "relu"], "softmax", "cross-entropy"),
        ("right_13_deep_leaky_he.py", [784, 100, 50, 10], ["leaky relu (0.05)"] * 2, "softmax", "cross-entropy"),
        ("right_18_regression_sine.py", [1, 20, 20, 1], ["tanh", "tanh"], "linear", "squared error"),
        ("right_23_binary_blobs.py", [2, 8, 1], ["tanh"], "sigmoid", "binary cross-entropy"),
    ],
)
def test_what_a_program_computes_is_understood_from_the_record_alone(name, layers, activations, output, loss):
    understood = judged(HERE / "learners" / name)["understood"]
    assert understood["layers"] == layers
    assert understood["activations"] == activations
    assert (understood["output"], understood["loss"]) == (output, loss)


@pytest.mark.parametrize(
    ("name", "update"),
    [
        ("right_16_adam.py", "Adam"),
        ("right_15_momentum.py", "SGD with momentum"),
        ("right_07_loss_method_grads_reg.py", "SGD, learning rate 0.095"),
    ],
)
def test_the_update_rule_is_recognised(name, update):
    assert judged(HERE / "learners" / name)["understood"]["update"].startswith(update)


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
    result = judged(HERE / "learners" / name)
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
