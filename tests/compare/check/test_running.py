"""A program is read, copied, imported and run as its author reads and runs it."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from compare.check.running.copying import copy_program
from compare.check.running.parent import _refuse, run_in_child
from compare.check.running.program import Unreadable, read_program
from compare.check.running.python2 import converted
from compare.shared.errors import BadInput

ROOT = Path(__file__).parents[3]
TRAINS = """
import numpy as np
W = np.random.randn(6, 3)
for i in range(9):
    x, t = np.random.rand(5, 6), np.random.rand(5, 3)
    W -= 0.1 * x.T @ (x @ W - t)
"""


@pytest.fixture
def written(tmp_path):
    """Write files into a folder of their own; the first of them."""

    def written(files):
        files = {"net": files} if isinstance(files, str) else files
        for name, text in files.items():
            path = tmp_path / "theirs" / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path / "theirs" / f"{next(iter(files))}.py"

    return written


@pytest.fixture
def notebook(tmp_path):
    """Write a notebook with these cells."""

    def notebook(*cells):
        path = tmp_path / "net.ipynb"
        kinds = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
        kinds.insert(1, {"cell_type": "markdown", "source": "# words"})
        path.write_text(json.dumps({"cells": kinds, "nbformat": 4}))
        return path

    return notebook


def test_a_notebook_is_its_code_cells_with_every_line_where_it_was(notebook):
    path = notebook(
        "!pip install numpy\n%matplotlib inline\nimport numpy as np\nfiles = !ls",
        "%%time\nx = (100\n     %7)",
        "%%bash\nrm -rf /",
        "np.dot?\nif x:\n    %time y = f(x)\nz = 1",
    )
    program = read_program(path)
    assert program.text.splitlines() == [
        "pass", "pass", "import numpy as np", "files = None",
        "", "x = (100", "     %7)", "", "", "pass", "if x:", "    y = f(x)", "z = 1",
    ]  # fmt: skip
    assert [program.place(n) for n in (1, 4, 5, 7, 13)] == [
        "cell 1, line 1", "cell 1, line 4", "cell 2, line 1", "cell 2, line 3", "cell 4, line 4",
    ]  # fmt: skip


def test_a_notebook_that_crashes_names_the_cell(notebook):
    with pytest.raises(BadInput, match=r"net.ipynb, cell 2, line 2: NameError: name 'y' is not defined"):
        run_in_child(notebook("import numpy as np\nx = 1", "x = 2\ny"))


PYTHON2 = """
import cPickle
class A:
    def f(self):
\tprint "a", 1,
        print ("x") % 2
        if 1: print "one"; print 'two'  # said
        print >>sys.stderr, "x", "y"
        try:
            x = raw_input("z")
        except ValueError, e:
            raise ValueError, "no"
        for k, v in d.iteritems(): print k, v
        if 1 <> 2: n = len(zip(a, map(f, b)))
        print(1, 2)
"""


def test_python_2_becomes_python_3_line_by_line():
    text = converted(PYTHON2)
    ast.parse(text)
    lines = [line.strip() for line in text.splitlines()]
    assert len(lines) == len(PYTHON2.splitlines())
    assert lines[1] == "import pickle"
    assert lines[4:8] == [
        'print("a", 1, end=" ")', 'print(("x") % 2)', "if 1: print(\"one\"); print('two')  # said",
        'print( "x", "y", file=sys.stderr)',
    ]  # fmt: skip
    assert lines[9:] == [
        'x = input("z")', "except ValueError as e:", 'raise ValueError( "no")', "for k, v in d.items(): print(k, v)",
        "if 1 != 2: n = len(list(zip(a, list(map(f, b)))))", "print(1, 2)",
    ]  # fmt: skip


def test_python_2_that_python_3_can_parse_is_converted_too_and_said(written):
    program = read_program(written("for i in xrange(3):\n    print(i)\n"))
    assert program.text.startswith("for i in range(3)")
    assert "written for Python 2" in program.notes[0]


def test_definitions_constants_and_seeds_are_no_training_but_whatever_stands_under_main_is(written):
    defines = (
        '"""Doc."""\nimport numpy as np\nnp.random.seed(1)\nLR = 0.1 * 2\nD = {"a": lambda z: z * u}\ndef f(): pass\n'
    )
    assert not read_program(written(defines)).runs
    assert read_program(written(defines + "if __name__ == '__main__':\n    f()\n")).runs
    namespace = {}
    left = read_program(written(defines + "X = load()\nn = X + 1\n")).define(lambda tree: tree, namespace)
    assert left == ["X", "n"]
    assert namespace["LR"] == 0.2
    assert "D" in namespace


@pytest.mark.parametrize(("text", "line"), [("x = (\n", 1), ("x = 1\n  y = 2\n", 2), ("\n\nprint 'a' 'b' if\n", 3)])
def test_what_python_cannot_read_is_told_with_its_line(written, text, line):
    with pytest.raises(Unreadable) as raised:
        read_program(written(text))
    assert raised.value.line == line


def test_files_beside_it_come_first_also_where_they_are_called_like_ours_or_pythons_own(written):
    """compare and autograd are ours, random and statistics Python's; Python 2 is read in any of them."""
    asked = "print(compare.mine, autograd.mine, random.mine, statistics.mine, W0, os.path.exists('net.py'))"
    path = written({
        "net": f"import compare, autograd, random, statistics, os\nfrom layers.dense import W0\n{asked}\n{TRAINS}",
        "compare": "mine = 1", "autograd": "mine = 2", "random": "mine = 3",
        "statistics": "mine = 4\nfor i in xrange(2): print i", "layers/__init__": "", "layers/dense": "W0 = 5",
    })  # fmt: skip
    answer = run_in_child(path)
    assert answer["printed"].split() == ["0", "1", "1", "2", "3", "4", "5", "True"]


def test_a_file_in_a_package_finds_its_relatives_and_an_error_in_another_file_names_that(written):
    path = written({
        "pkg/net": "from pkg.parts import start\nstart()\n", "pkg/__init__": "",
        "pkg/parts": "\ndef start():\n    1 / 0\n",
    })  # fmt: skip
    with pytest.raises(BadInput, match=r"pkg/parts.py, line 3: ZeroDivisionError"):
        run_in_child(path)


def test_a_program_runs_as_main_in_a_copy_with_its_own_name_and_no_arguments(written):
    source = "import sys, os\nprint(__name__, sys.argv, __file__ == os.path.abspath('net.py'))\n"
    answer = run_in_child(written(source + TRAINS))
    assert answer["printed"] == "__main__ ['net.py'] True\n"
    assert answer["driven"] is None
    assert run_in_child(written(TRAINS))["status"] == "ok"


def test_a_program_that_stops_for_want_of_arguments_or_data_is_driven(written):
    source = "import numpy as np, sys\ndef train(X, y):\n    W = np.random.randn(6, 3)\n"
    source += "    for i in range(9):\n        W -= 0.1 * X.T @ (X @ W - y)\n"
    for ending in ("sys.exit('usage')", "open('mine.dat')", "import nonesuch"):
        assert run_in_child(written(f"{source}{ending}\n"))["driven"] == "train(X, y); rows, labels as one-hot"
    assert run_in_child(written(f"{source}while True: pass\n"), definitions=True)["driven"].startswith("train(X, y)")


def test_a_copy_holds_what_is_small_links_to_what_is_large_and_leaves_out_what_is_hidden(written, tmp_path):
    path = written({"net": "x = 1", "data/a": "y = 2"})
    for name, size in (("large.bin", 5_000_000), (".secret", 1), ("small.txt", 1)):
        (path.parent / name).write_bytes(b"1" * size)
    copy = copy_program(path, tmp_path / "copy")
    assert copy.read_text() == "x = 1"
    assert sorted(p.name for p in copy.parent.rglob("*")) == ["a.py", "data", "large.bin", "net.py", "small.txt"]
    assert (copy.parent / "large.bin").is_symlink()
    assert not (copy.parent / "small.txt").is_symlink()


def test_the_process_needs_no_package_but_numpy():
    """So that it may run in the learner's own Python. Each of ours that it imports is tried, with the rest blocked."""
    code = (
        "import sys\n"
        "class Blocked:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        root = name.partition('.')[0]\n"
        "        own = {'compare', 'autograd', 'manual', 'numpy'} | set(sys.stdlib_module_names)\n"
        "        if root not in own: raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Blocked())\n"
        "import compare.check.running.child\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_mistake_of_the_check_is_one_paragraph_too(tmp_path):
    answer = {"status": "broken", "message": "IndexError: list index out of range (loss.py, line 3)"}
    with pytest.raises(BadInput, match=r"the check itself failed .*loss\.py, line 3.*nothing about your code\.$"):
        _refuse(answer, tmp_path / "net.py", 60.0)


@pytest.mark.parametrize("seconds", [60, 0.05], ids=["kept", "overrun"])
def test_a_time_limit_leaves_the_interpreter_as_it_was(seconds):
    """Else a profiler, as `hidden what-vanished` is one, would never come to its end in this process."""
    program = f"""
import os, sys, threading, time
from compare.check.running.clock import Clock, TooLong
clock = Clock(lambda _: os._exit(1))
try:
    with clock.limit({seconds}):
        while {seconds} < 1: pass
except TooLong:
    print("stopped")
sys.setprofile(lambda *_: None)
print(sum(abs(n) for n in range(9)))
sys.setprofile(None)
time.sleep(0.5)
print(threading.active_count())
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["stopped"] * (seconds < 1) + ["36", "1"], done.stderr
