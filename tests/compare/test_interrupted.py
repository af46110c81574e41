"""Ctrl-C at any moment, and a disk that fills up at any file: an end in words, and every file whole or not there."""

import contextlib
import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from compare.commandline import main

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends signals and limits the size of files")

RUN = ["run", "--init", "he", "--hidden", "8,8", "--epochs", "12"]
FILES = {"curves.csv", "curves.png", "curves.svg", "results.json", "report.html"}
STOPPED = "Stopped. Files that were finished by then are kept.\n"
#: `python -m compare` that says when Python itself is up: before that, Ctrl-C is not ours to mind.
COLD = "import runpy, compare; print(flush=True); runpy.run_module('compare', run_name='__main__', alter_sys=True)"


def whole_files(folder):
    """Their names; fails where one is not whole."""
    for path in folder.iterdir():
        if path.suffix == ".json":
            json.loads(path.read_text())
        elif path.suffix == ".png":
            with Image.open(path) as image:
                image.load()
        elif path.suffix == ".csv":
            text = path.read_text()
            assert text.endswith("\n")
            assert len({len(row) for row in csv.reader(text.splitlines())}) == 1
        elif path.suffix == ".svg":
            ET.parse(path)
        else:
            assert path.suffix == ".html", f"{path.name} is left behind"
            assert path.read_text().rstrip().endswith("</html>")
    return {path.name for path in folder.iterdir()}


def assert_ended_in_words(code, stderr):
    assert (code, stderr) in ((0, ""), (130, STOPPED))


@pytest.mark.slow
def test_ctrl_c_at_any_of_14_moments_of_a_run_leaves_whole_files_and_says_so(command, small_set, tmp_path):
    rng = random.Random(0)
    codes = Counter()
    for moment in range(14):
        out = tmp_path / str(moment)
        done = command(*RUN, "--data", small_set, "--out", out, interrupt_after=rng.uniform(0.001, 1.5))
        assert_ended_in_words(done.returncode, done.stderr)
        codes[done.returncode] += 1
        if out.exists():
            names = whole_files(out)
            assert done.returncode == 130 or names == FILES
    assert codes[130] >= 7


@pytest.mark.slow
def test_ctrl_c_at_any_of_6_moments_of_the_start_prints_no_traceback(small_set, tmp_path):
    rng = random.Random(1)
    for _ in range(6):
        arguments = [*RUN, "--data", str(small_set), "--out", str(tmp_path / "out")]
        with subprocess.Popen(
            [sys.executable, "-c", COLD, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            process.stdout.readline()
            time.sleep(rng.uniform(0.005, 1))
            process.send_signal(signal.SIGINT)
            _, stderr = process.communicate(timeout=100)
        assert_ended_in_words(process.returncode, stderr)
        if (tmp_path / "out").exists():
            whole_files(tmp_path / "out")


@pytest.mark.parametrize(("largest", "fails", "left"), [(1000, "csv", set()), (10_000, "png", {"curves.csv"})])
def test_a_disk_that_is_full_ends_a_run_with_a_clear_error_and_what_fitted_is_whole(
    command, small_set, tmp_path, largest, fails, left
):
    done = command(*RUN, "--json", "--data", small_set, "--out", tmp_path / "out", largest_file=largest)
    assert done.returncode == 2
    assert done.stdout == ""
    path = tmp_path / "out" / f"curves.{fails}"
    assert done.stderr == f"error: {path} cannot be written: File too large. What was finished before is kept.\n"
    assert whole_files(tmp_path / "out") == left


@pytest.mark.parametrize(("written", "fails"), [(2, "curves.svg"), (3, "results.json"), (4, "report.html")])
def test_a_disk_that_fills_up_in_the_middle_of_a_later_file_leaves_the_earlier_ones_whole(
    monkeypatch, small_set, tmp_path, capsys, written, fails
):
    write = Path.write_bytes
    files = []

    def fill_up(path, content):
        files.append(path)
        if len(files) > written:
            write(path, content[: len(content) // 2])
            raise OSError(28, "No space left on device")
        write(path, content)

    monkeypatch.setattr(Path, "write_bytes", fill_up)
    monkeypatch.setattr(sys, "argv", ["compare", *RUN, "--json", "--data", str(small_set), "--out", str(tmp_path)])
    with pytest.raises(SystemExit) as end:
        main()
    stdout, stderr = capsys.readouterr()
    assert end.value.code == 2
    assert stdout == ""
    assert f"error: {tmp_path / fails} cannot be written: No space left on device." in stderr
    assert whole_files(tmp_path) == set(["curves.csv", "curves.png", "curves.svg", "results.json"][:written])


def test_an_answer_that_nobody_wants_printed_is_no_error():
    command = ["sh", "-c", '"$0" -m compare exercises >&-', sys.executable]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="has no file that is always full")
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_an_answer_that_cannot_be_printed_because_the_disk_is_full_is_a_clear_error(options):
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "compare", "hidden", *options]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr == "error: The answer cannot be printed: No space left on device. Files are kept.\n"


@pytest.fixture
def ends(monkeypatch, capsys):
    """Run `compare.__main__` with something else in the place of the commands: its exit code, and what it says."""
    import compare.__main__
    import compare.commandline

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGALRM)}

    def run(instead):
        monkeypatch.setattr(compare.commandline, "main", instead)
        with pytest.raises(SystemExit) as end:
            compare.__main__.main()
        return end.value.code, capsys.readouterr().err

    yield run
    for number, handler in before.items():
        signal.signal(number, handler)


def test_ctrl_c_that_a_library_reports_as_something_else_ends_in_words(ends):
    def interrupted():
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        raise ValueError("Invalid bounding box")

    assert ends(interrupted) == (130, STOPPED)


def test_ctrl_c_during_an_import_waits_until_the_import_is_over(ends, tmp_path, monkeypatch):
    (tmp_path / "imported_when_stopped.py").write_text(
        "import signal, time\nsignal.raise_signal(signal.SIGINT)\ntime.sleep(0.1)\nwhole = True\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    seen = []

    def importing():
        import imported_when_stopped

        seen.append(imported_when_stopped.whole)
        time.sleep(5)
        seen.append("never stopped")

    assert ends(importing) == (130, STOPPED)
    assert seen == [True]
