"""Values that every option lets through and only the work finds too large: refused all the same, in one paragraph."""

import numpy as np
import pytest

from compare.run import question
from compare.shared.settings import Settings
from manual.network import Network

ONE_STEP = ["--batch-size", "640", "--epochs", "1"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--init-scale", "1e300"], "W1 holds a value that is not finite"),
        (["run", "--init-scale", "1e30"], "overflows: its first line that is not finite is z2"),
        (["run", "--learning-rate", "1e300", *ONE_STEP], "W1 holds a value that is not finite"),
        (["curves", "--init-scale", "1e300"], "stopped at step 1, in epoch 1"),
        (["parity", "--init-scale", "1e110"], "overflows: its first line that is not finite is z3"),
        (["parity", "--after", "3", "--learning-rate", "1e300"], "before the check stopped at step 2"),
        (["divergence", "--init-scale", "1e20"], "stopped at step 1, in epoch 1"),
        (["rosetta", "--init-scale", "1e300"], "overflows: its first line that is not finite is z2"),
        (
            ["exercises", "2", "--learning-rate", "1e38", *ONE_STEP],
            "overflows: its first line that is not finite is z2",
        ),
    ],
)
def test_weights_that_overflow_are_refused_and_not_laid_to_an_implementation(
    in_process, small_set, tmp_path, arguments, message
):
    done = in_process(*arguments, "--json", "--data", small_set, "--out", tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert message in done.stderr
    assert not list(tmp_path.glob("*.json"))


def test_where_only_one_implementation_overflows_it_is_named_and_nothing_is_refused(monkeypatch, small_set):
    backward = Network.backward

    def overflow(self, x, a1, a2, z3, labels):
        dz3, *rest = backward(self, x, a1, a2, z3, labels)
        return dz3 * np.inf, *rest

    monkeypatch.setattr(Network, "backward", overflow)
    with np.errstate(invalid="ignore"):
        compared = question.compare_gradients
        data = question.load_mnist(small_set)
        settings = Settings(data=small_set, init="he")
        weights = question.initial_weights(settings, question.Digits.of(data, settings))
        found = compared("before", weights, data, settings, lambda *_: None)
    assert [parity.checks["manual"].first_wrong_line for parity in found] == ["dz3", "dz3"]
    assert all(parity.checks[name].holds for parity in found for name in ("autograd", "torch_ref"))


@pytest.mark.parametrize(
    ("arguments", "option"), [(["parity", "--after"], "--after"), (["divergence", "--steps"], "--steps"),
                              (["run", "--epochs"], "--epochs")],
)  # fmt: skip
def test_more_steps_than_anybody_can_wait_for_are_refused(in_process, small_set, tmp_path, arguments, option):
    done = in_process(*arguments, "9" * 30, "--data", small_set, "--out", tmp_path)
    assert done.returncode == 2
    assert f"{option} is {'9' * 30}; expected a whole number of at least" in done.stderr


def test_a_name_that_is_not_utf_8_is_refused_before_the_work_and_not_when_the_report_is_written(in_process, tmp_path):
    done = in_process("curves", "--out", f"{tmp_path}/\udcff")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "\\udcff' is not text in UTF-8" in done.stderr
    assert not list(tmp_path.iterdir())
