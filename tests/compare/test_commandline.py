"""The command line as a user meets it: exit codes, one document on stdout, one paragraph for a mistake."""

import json
import os
import subprocess
import sys

import pytest

SMALL = ["--init", "he", "--hidden", "16,8", "--epochs", "1"]


def compare(*arguments, cwd=None, **options):
    command = [sys.executable, "-m", "compare", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, **options)


def assert_refused(done, *parts):
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    message = " ".join(done.stderr.replace("│", " ").split())
    for part in parts:
        assert part in message, message


def test_help_lists_the_commands_and_each_command_has_an_example():
    overview = compare("--help")
    assert overview.returncode == 0
    for command in ("run", "curves"):
        assert command in overview.stdout
        page = compare(command, "--help")
        assert page.returncode == 0
        assert f"Example: python -m compare {command}" in page.stdout


def test_without_a_command_the_help_is_shown():
    assert "Usage" in compare().stdout + compare().stderr


def test_json_is_the_only_thing_on_stdout_and_a_pipe_shows_no_progress_bar(small_set, tmp_path):
    done = compare("curves", *SMALL, "--json", "--data", small_set, "--out", tmp_path)
    assert done.returncode == 0
    assert json.loads(done.stdout)["holds"] is True
    assert done.stderr == ""


def test_the_default_output_is_a_table_and_a_verdict_and_lands_in_results(command, small_set, tmp_path):
    done = command("run", *SMALL, "--data", small_set, folder=tmp_path)
    assert done.returncode == 0
    assert "It holds: " in done.stdout
    assert (tmp_path / "results" / "run" / "results.json").exists()


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--epochs", "0"], "--epochs is 0; expected a whole number of at least 1"),
        (["--epochs", "many"], "Invalid value for '--epochs': Input should be a valid integer"),
        (["--learning-rate", "nan"], "--learning-rate is nan"),
        (["--learning-rate", "-1"], "--learning-rate is -1.0"),
        (["--batch-size", "641"], "--batch-size 641 is larger than the training set of 640 images"),
        (["--hidden", "128,x"], "--hidden '128,x'"),
        (["--hidden", "-4"], "--hidden is -4"),
        (["--dtype", "half"], "--dtype is 'half'"),
        (["--preset", "x"], "--preset is 'x'"),
        (["--data", "nowhere"], "No file train-images-idx3-ubyte"),
        (["--out", "/dev/null/x"], "--out /dev/null/x cannot be written"),
        (["--frobnicate"], "No such option"),
    ],
)
@pytest.mark.parametrize("name", ["run", "curves"])
def test_a_bad_option_is_one_clear_paragraph_and_exit_2(command, small_set, tmp_path, name, options, part):
    done = command(name, "--data", small_set, "--out", tmp_path / "out", *options)
    assert_refused(done, part)
    assert not list((tmp_path / "out").glob("*"))


def test_a_damaged_data_file_is_named(command, small_set, tmp_path):
    for path in small_set.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    images = tmp_path / "t10k-images-idx3-ubyte.gz"
    images.write_bytes(images.read_bytes()[:1000])
    assert_refused(command("run", "--data", tmp_path, "--out", tmp_path / "out"), str(images), "damaged gzip file")


def test_a_training_that_diverges_says_where_and_keeps_what_was_finished(command, small_set, tmp_path):
    one_step_an_epoch = ["--learning-rate", "1e200", "--batch-size", "640", "--epochs", "3"]
    done = command("curves", *one_step_an_epoch, "--data", small_set, "--out", tmp_path)
    assert_refused(done, "by hand stopped at step 2, in epoch 2", "first line of the calculation that is not finite")
    assert (tmp_path / "curves.csv").exists()
    assert not (tmp_path / "results.json").exists()


@pytest.mark.parametrize("name", ["autograd", "manual", "torch_ref"])
def test_another_module_of_that_name_on_the_path_is_refused_with_both_places(small_set, tmp_path, name):
    stranger = tmp_path / f"{name}.py"
    stranger.write_text("raise SystemExit('the wrong module was run')")
    done = compare("hidden", "tape", "--data", small_set, "--out", tmp_path / "out", cwd=tmp_path)
    assert_refused(done, f"Python finds the module `{name}` at {stranger}", "rename the file that hides it")


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_ctrl_c_stops_with_130_keeps_the_finished_epochs_and_says_so(command, small_set, tmp_path):
    forever = ["curves", "--epochs", "100000", "--data", small_set, "--out", tmp_path]
    done = command(*forever, interrupt_after=2)  # some of the epochs, which take a few hundredths of a second each
    assert done.returncode == 130
    assert done.stderr == "Stopped. Files that were finished by then are kept.\n"
    assert "manual,1," in (tmp_path / "curves.csv").read_text()
    assert {path.name for path in tmp_path.iterdir()} == {"curves.csv", "curves.png", "curves.svg"}


def test_a_command_given_again_leaves_the_same_files_to_the_bit_and_keeps_the_earlier_report(
    command, small_set, tmp_path
):
    def files():
        found = {name: (tmp_path / name).read_bytes() for name in ("curves.csv", "curves.png", "curves.svg")}
        document = json.loads((tmp_path / "results.json").read_text())
        for one in document["implementations"].values():
            del one["seconds"]
        return found, document

    arguments = ["curves", *SMALL, "--data", small_set, "--out", tmp_path]
    assert command(*arguments).returncode == 0
    report, first = (tmp_path / "report.html").read_text(), files()
    assert "Three ways to a gradient: curves" in report
    assert str(tmp_path / "report.html") in json.loads(command(*arguments, "--json").stdout)["files"]
    assert files() == first
    assert (tmp_path / "report-1.html").read_text() == report
    assert command(*arguments, "--force").returncode == 0
    assert not (tmp_path / "report-2.html").exists()


@pytest.mark.parametrize("typed", ["rosetta", "parity", "curves --epochs 1", "divergence --steps 40"])
def test_no_table_needs_more_than_80_columns(typed, in_process, small_set, tmp_path):
    shown = in_process(*typed.split(), "--data", small_set, "--out", tmp_path).stdout
    rules = [line for line in shown.splitlines() if set(line.strip()) == {"\N{BOX DRAWINGS LIGHT HORIZONTAL}"}]
    assert rules
    assert max(map(len, rules)) <= 80
