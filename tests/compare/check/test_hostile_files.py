"""Broken and hostile files, in their process: each ends in one clear message, with the file's own line, in time."""

import functools
import json
import time
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).parent / "examples"


@pytest.fixture
def check(command):
    return functools.partial(command, "check")


@pytest.fixture
def refused(check, tmp_path):
    """Check a source text that cannot be judged; the message."""

    def run(source, *options):
        path = tmp_path / "network.py"
        path.write_text(source)
        done = check(path, "--out", tmp_path / "out", *options)
        assert done.returncode == 2, done.stdout + done.stderr
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
        return " ".join(done.stderr.split())

    return run


def body(statement, where="forward"):
    """A network whose forward or backward pass does something else first: in line 9, or line 12."""
    lines = {"forward": "pass", "backward": "pass", where: statement}
    return f"""import os, sys, time
import numpy as np


class Network:
    def __init__(self):
        self.W1, self.b1 = np.zeros((784, 10)), np.zeros(10)
    def forward(self, x):
        {lines["forward"]}
        return x @ self.W1 + self.b1
    def backward(self, x, y, output, lr):
        {lines["backward"]}
"""


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("import numpy as np\nclass Network:\n  def forward(self, x)\n", ["line 3", "cannot read this file"]),
        (body("import nonesuch_module"), ["network.py, line 9", "No module named 'nonesuch_module'"]),
        ("import nonesuch as np\n" + body("pass").replace("import numpy as np", ""), ["line 1 imports `nonesuch`"]),
        (body("sys.exit(3)"), ["network.py, line 9", "ends the program here"]),
        (body("os._exit(7)"), ["exit code 7"]),
        (body("return undefined"), ["network.py, line 9", "name 'undefined' is not defined"]),
        ("x = 1\n", ["no class with forward and backward", "def gradients(parameters, x, labels):"]),
        (body("pass").replace("W1", "V1"), ["there is no W1 beside b1"]),
        (body("pass").replace("(784, 10)", "(7, 10, 2)"), ["W1 has the shape (7, 10, 2)"]),
        ("data = open('x')\n" + body("return data"), ["network.py, line 10", "`data` is set in line 1"]),
        (body("pass", "backward").replace("y, output, lr", "frobnicator"), ["argument `frobnicator`", "ten lines"]),
    ],
    ids=["syntax", "import", "missing import", "exit", "hard exit", "name", "nothing", "no weights", "shape", "skipped",
         "argument"],
)  # fmt: skip
def test_a_broken_file_is_one_clear_message_with_its_own_line(refused, source, parts):
    message = refused(source)
    for part in parts:
        assert part in message, message


@pytest.mark.parametrize(
    ("source", "line"),
    [(body("while True: pass"), 9), (body("while True: pass", "backward"), 12), (body("time.sleep(1000)"), 9)],
)
def test_an_endless_loop_ends_at_the_time_limit_with_the_line_it_was_in(refused, source, line):
    started = time.perf_counter()
    message = refused(source, "--time-limit", "2")
    assert f"network.py, line {line}" in message
    assert "not finished after 2 s" in message
    assert time.perf_counter() - started < 60  # and not 1000


def test_a_million_prints_and_an_exception_that_is_swallowed_leave_the_verdict_and_stdout_alone(check, tmp_path):
    path = tmp_path / "network.py"
    path.write_text(body("print(list(range(10**6)), file=sys.stderr); print(list(range(10**6)))"))
    done = check(path, "--json", "--out", tmp_path / "out")
    assert done.returncode == 1, done.stderr
    answer = json.loads(done.stdout)
    assert answer["holds"] is False
    assert {d["name"] for d in answer["diagnoses"]} == {"update-missing"}


def test_nothing_at_module_level_runs_but_imports_definitions_and_constants(check, tmp_path, write_network):
    path, trace = tmp_path / "network.py", tmp_path / "trace"
    path.write_text(
        write_network() + f"\nopen({str(trace)!r}, 'w').write('ran')\nnet = NeuralNetwork()\nwhile True: pass\n"
    )
    assert check(path, "--out", tmp_path / "out").returncode == 0
    assert not trace.exists()


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["nowhere.py"], "There is no file nowhere.py"),
        (
            [EXAMPLES / "right.py", "--activation", "gelu"],
            "--activation is 'gelu'; expected one of relu, sigmoid, tanh",
        ),
        ([EXAMPLES / "right.py", "--time-limit", "-1"], "--time-limit is -1.0"),
        ([EXAMPLES], "examples is a folder; name a .py file"),
        ([f"{EXAMPLES / 'right.py'}:Other"], "there is no class Other; the classes here are: NeuralNetwork"),
    ],
)
def test_a_bad_option_is_one_paragraph_and_exit_2(check, tmp_path, options, part):
    done = check(*options, "--out", tmp_path)
    assert done.returncode == 2
    assert part in " ".join(done.stderr.split())


def test_a_file_that_is_not_text_is_not_a_python_file(check, tmp_path):
    path = tmp_path / "weights.npy"
    np.save(path, np.zeros(3))
    done = check(path, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "weights.npy is not a Python file" in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("name", "part"),
    [(":Nonsense", "the classes here are: Network, Other"), ("", "say which one you mean: FILE:Network, FILE:Other")],
    ids=["unknown class", "several networks"],
)
def test_where_only_the_class_is_unclear_no_adapter_is_shown(check, tmp_path, name, part):
    path = tmp_path / "network.py"
    path.write_text(body("pass") + body("pass").replace("class Network", "class Other"))
    done = check(f"{path}{name}", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert part in " ".join(done.stderr.split())
    assert "def gradients" not in done.stderr
    assert "adapter" not in done.stderr


@pytest.mark.parametrize("name", ["", ":Network"])
def test_methods_of_other_names_are_named_with_what_to_call_them(check, tmp_path, name):
    path = tmp_path / "network.py"
    path.write_text(body("pass").replace("def forward", "def predict").replace("def backward", "def learn"))
    done = check(f"{path}{name}", "--out", tmp_path / "out")
    assert done.returncode == 2
    message = " ".join(done.stderr.split())
    assert "class Network has predict and learn: rename the two passes forward and backward" in message
    assert "def gradients" in message


def test_json_has_the_documented_shape_and_names_the_learners_own_line(check, tmp_path):
    done = check(EXAMPLES / "mask_missing.py", "--json", "--out", tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    answer = json.loads(done.stdout)
    assert (answer["holds"], answer["first_wrong_line"]) == (False, "dz2")
    source = (EXAMPLES / "mask_missing.py").read_text().splitlines()
    assert source[answer["source_line"] - 1].strip().startswith("dz2 =")
    assert {"name", "line", "explanation", "evidence"} <= set(answer["diagnoses"][0])
    assert {line["line"] for line in answer["lines"]} >= {"z1", "dz2", "dW1"}
    assert {"verdict", "files", "settings", "environment"} <= set(answer)
    assert answer["verdict"].startswith("mask_missing.py: 1 mistake, in line ")  # the name alone, not where it lies
    assert ": mask-missing. " in answer["verdict"]
    assert answer["verdict"].endswith("Every line seen before it is right, so begin there.")
    assert answer["files"].pop() == str(tmp_path / "report.html")  # written last, from what is in results.json
    assert json.loads((tmp_path / "results.json").read_text()) == answer


@pytest.mark.parametrize(
    ("first_line", "encoding"),
    [("import numpy", "utf-8-sig"), ("# coding: latin-1", "latin-1")],
    ids=["byte order mark", "latin-1"],
)
def test_a_file_is_decoded_as_python_decodes_it(check, tmp_path, write_network, first_line, encoding):
    path = tmp_path / "network.py"
    source = write_network(replaced={"dz2": "dz2 = da2  # ünmasked"})
    path.write_bytes(f"{first_line}\n{source}".encode(encoding))
    done = check(path, "--out", tmp_path / "out")
    assert done.returncode == 1, done.stderr
    assert "dz2 = da2  # ünmasked" in done.stdout


def test_a_file_in_another_encoding_than_it_declares_is_refused_in_words(check, tmp_path, write_network):
    path = tmp_path / "network.py"
    path.write_bytes(write_network(replaced={"dz2": "dz2 = da2  # ünmasked"}).encode("latin-1"))
    done = check(path, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "cannot read this file: it is not in utf-8" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_the_printed_answer_shows_the_line_both_values_and_what_it_could_read(check, tmp_path):
    done = check(EXAMPLES / "mask_missing.py", "--out", tmp_path)
    for part in ("1. dz2: mask-missing", "line ", "dz2 = dz3 @ self.W3.T", "expected at [", "found: ", "It could read:",
                 "(self.z2 > 0)", "so begin there"):  # fmt: skip
        assert part in done.stdout, done.stdout
