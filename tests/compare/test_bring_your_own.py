"""A world of one's own, by --with: the fourth column everywhere, and a clear word where it breaks the contract."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from compare.bench.measuring import peaks_in_numpy
from compare.bench.rivals import in_this_process, rivals
from compare.shared.dataset import load_mnist
from compare.shared.settings import Settings
from compare.shared.training import Digits, initial_weights
from compare.worlds import NAMES, bring_own, build, world

PLAIN = Path(__file__).parent / "own" / "plain.py"
JAX = Path(__file__).parents[2] / "docs" / "jax_network.py"
with_jax = pytest.mark.skipif(
    importlib.util.find_spec("jax") is None, reason="jax, of the dev extras, is not installed"
)

OWN = [f"{PLAIN}:Plain", pytest.param(f"{JAX}:Network", marks=with_jax)]
SMALL = ["--init", "he", "--hidden", "16,8", "--data"]


def brought(asked):
    """Under which name the command will know it: that of its file."""
    return Path(asked.rpartition(":")[0]).stem


@pytest.mark.parametrize("asked", OWN)
def test_parity_judges_it_beside_the_three(asked, in_process, small_set):
    done = in_process("parity", *SMALL, small_set, "--batch-size", 32, "--with", asked, "--json", "--out", "out")
    found, name = json.loads(done.stdout), brought(asked)
    assert (done.returncode, done.stderr, found["holds"]) == (0, "", True)
    assert list(dict.fromkeys(line["implementation"] for line in found["lines"])) == [*NAMES, name]
    assert f"torch_ref/{name}" in {pair["pair"] for pair in found["pairs"]}
    assert found["settings"]["worlds"] == [*NAMES, name]


@pytest.mark.parametrize("asked", OWN)
def test_run_and_curves_train_it_beside_the_three(asked, in_process, small_set, tmp_path):
    name = brought(asked)
    for command in ("curves", "run"):
        done = in_process(command, *SMALL, small_set, "--epochs", 2, "--with", asked, "--json", "--out", command)
        found = json.loads(done.stdout)
        assert (done.returncode, found["holds"]) == (0, True), done.stderr
        assert list(found["implementations"]) == [*NAMES, name]
        assert found["largest_weight_difference"] < 1e-12
    page = (tmp_path / "run" / "report.html").read_text()
    assert "the four compute the same gradients" in page
    assert "<h1>Are the four the same network?</h1>" in page
    assert f"--{name}: " in page
    assert f'class="{name}"' in page


@pytest.mark.parametrize("asked", OWN)
def test_divergence_compares_it_with_the_one_by_hand_unless_another_pair_is_named(asked, in_process, small_set):
    options = [*SMALL, small_set, "--steps", 20, "--with", asked, "--json", "--out", "out"]
    found = json.loads(in_process("divergence", *options).stdout)
    assert (found["pair"], found["holds"]) == (f"manual/{brought(asked)}", True)
    found = json.loads(in_process("divergence", *options, "--pair", f"autograd,{brought(asked)}").stdout)
    assert found["pair"] == f"autograd/{brought(asked)}"


@pytest.mark.parametrize("asked", OWN)
def test_bench_times_it_and_does_not_claim_to_have_seen_its_memory(asked, small_set):
    names = (*NAMES, *bring_own(asked))
    settings = Settings(data=small_set, worlds=names, batch_size=None, init="he", dtype="float32")
    data = load_mnist(small_set)
    digits = Digits.of(data, settings)
    peaks = peaks_in_numpy(settings, data, [8])[8]
    assert peaks["manual"] > 0
    assert peaks[names[-1]] is None
    assert list(rivals(names))[-1] == names[-1]
    start = initial_weights(settings, digits)
    made = in_this_process(8, names)
    losses = [
        made[name](start).step(digits.train_x[:8], digits.train_labels[:8], 0.1) for name in ("manual", names[-1])
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_without_a_trace_it_is_judged_by_its_loss_and_its_gradients_alone(in_process, small_set):
    done = in_process("parity", *SMALL, small_set, "--with", f"{PLAIN}:Plain", "--json", "--out", "out")
    lines = [line for line in json.loads(done.stdout)["lines"] if line["implementation"] == "plain"]
    assert {line["line"] for line in lines} == {"loss", "dW1", "db1", "dW2", "db2", "dW3", "db3"}
    assert all(line["holds"] for line in lines)


def test_a_wrong_gradient_of_it_is_found_and_named(in_process, small_set):
    done = in_process("parity", *SMALL, small_set, "--with", f"{PLAIN}:OnePercentOff", "--out", "out")
    assert done.returncode == 1
    assert "In `plain`, dW2 is wrong" in " ".join(done.stdout.split())


def test_what_it_does_to_its_inputs_is_no_matter_to_the_others(small_set):
    settings = Settings(data=small_set, init="he", widths=(16, 8))
    digits = Digits.of(load_mnist(small_set), settings)
    x, labels = digits.train_x[:8].copy(), digits.train_labels[:8].copy()
    start = initial_weights(settings, digits)
    net = build(*bring_own(f"{PLAIN}:SpoilsItsInputs"), start)
    net.gradients(x, labels)
    net.step(x, labels, 0.1)
    assert np.array_equal(x, digits.train_x[:8])
    assert np.array_equal(labels, digits.train_labels[:8])
    assert all(np.array_equal(value, initial_weights(settings, digits)[name]) for name, value in start.items())


@pytest.mark.parametrize(
    ("asked", "parts"),
    [
        ("plain", ["names no class. Write FILE:CLASS"]),
        ("plain.py", ["names no class. Write FILE:CLASS"]),
        ("nowhere.py:Network", ["there is no file nowhere.py"]),
        ("nowhere.at.all:Network", ["cannot be loaded: ModuleNotFoundError"]),
        (f"{PLAIN}:Plan", ["there is no class Plan", "Did you mean Plain?"]),
        (f"{PLAIN}:NOT_A_CLASS", ["there is no class NOT_A_CLASS"]),
        (f"{PLAIN}:Lacks", ["lacks 5 of the methods", "gradients(x, labels) -> (loss, dict"]),
        (f"{PLAIN}:TakesNoActivation", ["TakesNoActivation(parameters) cannot be built", "activation"]),
        (f"{PLAIN}:Transposed", ["`gradients` of `plain` breaks the contract", "(16, 784)", "expected (784, 16)"]),
        (f"{PLAIN}:OnlyGradients", ["`gradients` of `plain` breaks the contract", "a tuple (loss, dict of arrays)"]),
        (f"{PLAIN}:OtherDtype", ["`gradients` of `plain` breaks the contract", "float16", "float64"]),
        (f"{PLAIN}:Raises", ["`gradients` of `plain` raised AttributeError at line", "plain.py"]),
        (f"{PLAIN}:HalfATrace", ["`trace` of `plain` breaks the contract: it lacks loss"]),
    ],
)
def test_what_breaks_the_contract_is_told_what_is_missing(asked, parts, in_process, small_set):
    done = in_process("parity", *SMALL, small_set, "--with", asked, "--out", "out")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    message = " ".join(done.stderr.split())
    for part in parts:
        assert part in message, message


@pytest.mark.parametrize("options", [["--mutants"], ["--dtype", "bfloat16"]])
def test_where_it_has_no_place_it_is_refused_and_not_passed_over(options, in_process, small_set):
    done = in_process("parity", "--data", small_set, *options, "--with", f"{PLAIN}:Plain", "--out", "out")
    assert done.returncode == 2
    assert "--with has no --mutants and no --dtype bfloat16" in " ".join(done.stderr.split())


def test_a_name_that_is_taken_already_is_given_to_nobody_else(tmp_path):
    (tmp_path / "manual.py").write_text(PLAIN.read_text())
    names = bring_own(*2 * [f"{tmp_path / 'manual.py'}:Plain"])
    assert len({*names, *NAMES}) == len(NAMES) + 2
    assert len({world(name).colour for name in (*NAMES, *names)}) == len(NAMES) + 2


def test_a_file_that_ends_python_is_told_so(in_process, small_set, tmp_path):
    (tmp_path / "ends.py").write_text("raise SystemExit('no')\n")
    done = in_process("parity", "--data", small_set, "--with", f"{tmp_path / 'ends.py'}:Network", "--out", "out")
    assert done.returncode == 2
    assert "cannot be loaded: SystemExit: no" in done.stderr
