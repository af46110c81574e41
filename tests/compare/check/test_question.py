"""The answer as it is printed, as JSON and as an exit code; and what cannot be judged, in one paragraph."""

import functools
import json
from pathlib import Path

import numpy as np
import pytest

from compare.check.running.program import read_program

RIGHT = """import numpy as np

W1, b1 = np.random.randn(6, 5) * 0.5, np.zeros(5)
W2, b2 = np.random.randn(5, 3) * 0.5, np.zeros(3)
for step in range(9):
    x, t = np.random.rand(8, 6), np.eye(3)[np.random.randint(3, size=8)]
    a1 = np.tanh(x @ W1 + b1)
    e = np.exp(a1 @ W2 + b2)
    p = e / e.sum(axis=1, keepdims=True)
    loss = -(t * np.log(p)).sum() / len(x)
    d2 = (p - t) / len(x)
    d1 = d2 @ W2.T * (1 - a1**2)
    W2 -= 0.1 * a1.T @ d2
    b2 -= 0.1 * d2.sum(axis=0)
    W1 -= 0.1 * x.T @ d1
    b1 -= 0.1 * d1.sum(axis=0)
"""
WRONG = RIGHT.replace("b2 -= 0.1 * d2.sum(axis=0)", "b2 -= 0.1 * d2.sum()")
KEYS = {
    "holds", "verdict", "first_wrong_line", "source_line", "found_out", "understood", "notes", "diagnoses", "lines",
    "training", "marks", "files", "settings", "environment",
}  # fmt: skip
NETWORK = "6 -> 5 tanh -> 3, softmax outputs; gradients of "


@pytest.fixture(scope="module")
def check(command, tmp_path_factory):
    """Check source texts, each once: exit code, stdout, stderr and where the files are."""
    folder = tmp_path_factory.mktemp("asked")

    @functools.cache
    def run(source, *options, name="net.py"):
        here = folder / str(len(list(folder.iterdir())))
        here.mkdir()
        (here / name).write_text(source)
        return command("check", here / name, "--out", here / "out", *options), here

    return run


def refused(command, tmp_path, target, *options):
    """The one paragraph."""
    done = command("check", target, "--out", tmp_path / "out", *options)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.strip().count("\n") == 0
    return done.stderr


def notebook(*cells):
    """A notebook of these cells."""
    cells = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    return json.dumps({"cells": cells, "nbformat": 4})


def test_a_right_program_is_told_what_was_understood_and_exits_with_0(check):
    done, _ = check(RIGHT)
    assert done.returncode == 0, done.stdout + done.stderr
    text = " ".join(done.stdout.split())
    assert text.startswith("The gradients of all 4 parameters are right")
    assert f" net.py: {NETWORK}the mean cross-entropy over a batch of 8; SGD" in text
    assert "It was run as it is" in text
    assert "The gradients of all 4 parameters are right, to within what rounding can cause." in text
    assert [row.split()[2:] for row in done.stdout.splitlines() if row.startswith(" gradient of")] == [
        ["W1", "15", "right"], ["b1", "16", "right"], ["W2", "13", "right"], ["b2", "14", "right"],
    ]  # fmt: skip


def test_a_mistake_is_printed_with_its_line_why_and_the_verdict_and_exits_with_1(check):
    done, _ = check(WRONG)
    assert done.returncode == 1, done.stdout + done.stderr
    for part in (
        NETWORK, "gradient of b2 14 wrong", "1. ", "axis wrong line 14: b2 -= 0.1 * d2.sum()",
        "A bias gets the sum of", "1 mistake, in line 14: axis wrong.", "so begin there.",
    ):  # fmt: skip
        assert part in " ".join(done.stdout.split()), done.stdout


def test_a_mistake_that_concerns_another_line_too_is_printed_with_both(check):
    done, _ = check(RIGHT.replace("b2 -= 0.1 * d2.sum(axis=0)", "db2 = d2.sum(axis=0)"))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "also line 14: db2 = d2.sum(axis=0)" in " ".join(done.stdout.split()), done.stdout


def test_json_has_the_documented_keys_and_is_what_results_json_holds(check):
    done, here = check(WRONG, "--json")
    assert (done.returncode, done.stderr) == (1, "")
    answer = json.loads(done.stdout)
    assert set(answer) == KEYS
    assert set(answer["understood"]) >= {"layers", "activations", "output", "loss", "reduction", "update", "data"}
    assert (answer["understood"]["layers"], answer["understood"]["activations"]) == ([6, 5, 3], ["tanh"])
    assert answer["found_out"].startswith(NETWORK)
    assert (answer["holds"], answer["source_line"]) == (False, 14)
    assert answer["verdict"].startswith("net.py: 1 mistake, in line 14: axis wrong.")  # not where it lies
    assert set(answer["diagnoses"][0]) >= {
        "name", "line", "source_line", "explanation", "evidence", "corrected", "harmless", "trial", "place", "also",
    }  # fmt: skip
    assert set(answer["lines"][0]) == {
        "line", "source_line", "holds", "error", "error_ulp", "bound_used", "complaint", "worst",
    }  # fmt: skip
    assert answer["settings"] == {"file": "net.py", "name": None, "definitions": False, "train": False, "seed": 0}
    assert answer["files"].pop() == str(here / "out" / "report.html")  # written last, from what is in results.json
    assert json.loads((here / "out" / "results.json").read_text()) == answer


def test_in_a_notebook_the_cell_is_named(check):
    head, loop = WRONG.split("for step", maxsplit=1)
    done, _ = check(notebook("%matplotlib inline\n" + head, "for step" + loop), name="net.ipynb")
    text = " ".join(done.stdout.split())
    assert done.returncode == 1, done.stdout + done.stderr
    assert "gradient of b2 cell 2, line 10 wrong" in text
    assert "cell 2, line 10: b2 -= 0.1 * d2.sum()" in text
    assert "1 mistake, in cell 2, line 10: axis wrong" in text


def test_what_was_given_in_place_of_data_is_said(check):
    load = "from keras.datasets import mnist\n(X, Y), _ = mnist.load_data()\nimport numpy as np"
    source = RIGHT.replace("import numpy as np", load).replace("(6, 5)", "(784, 5)").replace("(5, 3)", "(5, 10)")
    source = source.replace("zeros(3)", "zeros(10)").replace("np.random.rand(8, 6)", "X[:8].reshape(8, 784) / 255")
    done, _ = check(source.replace("np.eye(3)[np.random.randint(3, size=8)]", "np.eye(10)[Y[:8]]"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the digits that come with this tool" in done.stdout
    assert "784 -> 5 tanh -> 10" in done.stdout


def test_how_a_class_that_is_only_defined_was_called_is_said(command, tmp_path):
    done = command("check", Path(__file__).parent / "examples" / "mean_twice.py:NeuralNetwork", "--out", tmp_path)
    text = " ".join(done.stdout.split())
    assert done.returncode == 1, done.stdout + done.stderr
    assert "was called so: NeuralNetwork(): forward(x), backward(x, y, output, lr)" in text
    assert "line 42: db1 = np.mean(dz1, axis=0) / m" in text


def test_a_program_whose_end_was_a_crash_is_judged_by_what_came_before_it(check):
    done, _ = check(RIGHT + "print(history)\n")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("x = 1\n", ["net.py", "no class and no function"]),
        ("import numpy as np\nx = np.ones(3) * 2\n", ["net.py"]),
        ("import numpy as np\n\nprint(np.zeros(3) @ np.zeros(4))\n", ["net.py, line 3", "ValueError"]),
        ("import nonesuch\n", ["line 1", "nonesuch", "--python", "nothing about your code"]),
        ("def f(x)\n    pass\n", ["net.py, line 1", "cannot read this file"]),
    ],
    ids=["nothing", "no update", "crash", "module", "syntax"],
)
def test_what_cannot_be_judged_is_one_paragraph_and_exits_with_2(command, tmp_path, source, parts):
    (tmp_path / "net.py").write_text(source)
    message = refused(command, tmp_path, tmp_path / "net.py")
    for part in parts:
        assert part in message, message


def test_a_step_that_cannot_be_told_right_from_wrong_says_what_was_seen_and_what_would_help(command, tmp_path):
    source = RIGHT.replace("d2 = (p - t) / len(x)", "d2 = np.sin(9 * p + t)")
    source = "\n".join(line for line in source.splitlines() if "loss =" not in line)
    (tmp_path / "net.py").write_text(source)
    message = refused(command, tmp_path, tmp_path / "net.py")
    assert "net.py cannot be judged. It was run as it is" in message
    assert "let it compute its loss in the step" in message
    assert "What was understood: 6 -> 5 tanh -> 3" in message


@pytest.mark.parametrize(
    ("first_line", "encoding"),
    [("import numpy", "utf-8-sig"), ("# coding: latin-1", "latin-1")],
    ids=["byte order mark", "latin-1"],
)
def test_a_file_is_decoded_as_python_decodes_it(tmp_path, first_line, encoding):
    (tmp_path / "net.py").write_bytes(f"{first_line}\nx = 'ünmasked'\n".encode(encoding))
    assert read_program(tmp_path / "net.py").text.splitlines()[1] == "x = 'ünmasked'"


def test_files_that_are_no_programs_are_refused_before_anything_runs(command, tmp_path):
    np.save(tmp_path / "weights.npy", np.zeros(3))
    assert "There is no file nowhere.py" in refused(command, tmp_path, "nowhere.py")
    assert "is a folder; name a .py file or a notebook" in refused(command, tmp_path, tmp_path)
    assert "is not a Python file: it is not text" in refused(command, tmp_path, tmp_path / "weights.npy")


def test_options_that_cannot_be_used_are_refused(command, tmp_path):
    (tmp_path / "net.py").write_text(RIGHT)
    path = tmp_path / "net.py"
    assert "Nonesuch" in refused(command, tmp_path, f"{path}:Nonesuch")
    assert "--time-limit is -1.0" in refused(command, tmp_path, path, "--time-limit", "-1")
    assert "--python nopython is no program" in refused(command, tmp_path, path, "--python", "nopython")


LONG = RIGHT.replace("range(9)", "range(1500)").replace(
    "x, t = np.random.rand(8, 6), np.eye(3)[np.random.randint(3, size=8)]",
    "x = np.random.rand(8, 6); t = np.eye(3)[x[:, :3].argmax(axis=1)]",
)


def test_a_training_that_is_watched_is_shown_and_a_right_one_exits_with_0(check):
    done, here = check(LONG, "--train")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "It learns: in " in done.stdout
    training = json.loads((here / "out" / "results.json").read_text())["training"]
    assert training["verdict"] == "learns"
    assert training["course"]["losses"][-1] < training["course"]["losses"][0]


def test_a_training_that_does_not_learn_exits_with_1_and_names_the_line_and_a_rate_that_works(check):
    done, _ = check(LONG.replace("0.1 *", "1e-7 *"), "--train", "--json")
    assert done.returncode == 1, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert [(d["name"], d["source_line"]) for d in told["diagnoses"]] == [("learning-rate-too-small", 13)]
    assert "in the place of 1e-07" in told["diagnoses"][0]["corrected"]


def test_wrong_gradients_are_told_before_any_training(check):
    done, _ = check(WRONG, "--train", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["training"] is None


def test_a_program_without_a_training_of_its_own_cannot_be_watched(command, tmp_path):
    lines = ["def train():", *(f"    {line}" for line in RIGHT.splitlines()[2:])]
    (tmp_path / "net.py").write_text("import numpy as np\n" + "\n".join(lines) + "\n")
    said = refused(command, tmp_path, tmp_path / "net.py", "--train")
    assert "no training of its own" in said
    assert "leave out --definitions" in refused(command, tmp_path, tmp_path / "net.py", "--train", "--definitions")
