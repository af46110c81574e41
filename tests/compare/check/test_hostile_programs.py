"""Broken and hostile programs, run for what they are: each ends in one clear message, in time, and leaves nothing."""

import os
import time

import pytest

from compare.check.running.parent import run_in_child
from compare.shared.errors import BadInput

TRAINS = """
import numpy as np
W = np.random.randn(6, 3)
for i in range(9):
    x, t = np.random.rand(5, 6), np.random.rand(5, 3)
    W -= 0.1 * x.T @ (x @ W - t)
"""


@pytest.fixture
def run(tmp_path):
    """Run a source text; the answer."""

    def run(source, name="net.py", **options):
        path = tmp_path / "theirs" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(source)
        return run_in_child(path, **{"time_limit": 20.0, **options})

    return run


@pytest.fixture
def refused(run):
    """Run a source text that cannot be judged; the message, which is one paragraph."""

    def refused(source, *parts, **options):
        with pytest.raises(BadInput) as raised:
            run(source, **options)
        message = str(raised.value)
        for part in parts:
            assert part in message, message
        assert "\n" not in message
        assert "check-" not in message  # where the copy lies is nobody's business
        return message

    return refused


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("import numpy as np\nfor i in range(3)\n", ["net.py, line 2", "cannot read this file"]),
        ("import numpy as np\nimport nonesuch_module\n", ["net.py, line 2", "'nonesuch_module'", "--python"]),
        ("import numpy\nopen('prices.txt')\n", ["line 2", "prices.txt", "where the data is", "nothing about"]),
        ("import sys\n\nsys.exit(3)", ["net.py, line 3", "the program ends here (sys.exit(3))"]),
        ("import os\n\nos._exit(7)", ["net.py, line 3", "the program ends here"]),
        ("quit()", ["net.py, line 1", "the program ends here"]),
        ("def f(x):\n    return undefined\n\nf(1)", ["net.py, line 2", "name 'undefined' is not defined"]),
        ("x = 1\n", ["no class and no function", "FILE:NAME"]),
        ("import os\nos.fork()\nwhile True: pass", ["line 2", "os.fork is not run here", "nothing about your code"]),
        ("import subprocess\nsubprocess.Popen(['sleep', '1000'])", ["line 2", "subprocess.Popen is not run"]),
        ("import os\nos.kill(os.getppid(), 9)", ["line 2", "os.kill is not run here"]),
        ("import os\nos.abort()", ["net.py, line 2, ended the process", "SIGABRT"]),
        ("import numpy as np\nx = np.ones(2**33)\n", ["line 2", "MemoryError", "more than the 4 GB"]),
        ("def f(n):\n    return f(n + 1)\nf(0)", ["net.py, line 2", "RecursionError"]),
        ("import socket\nsocket.create_connection(('10.0.0.1', 80))", ["line 2", "no connection to the network"]),
        ("x = [\n" * 300, ["cannot read this file"]),
    ],
    ids=["syntax", "module", "file", "exit", "hard exit", "quit", "name", "nothing", "fork", "process", "kill", "abort",
         "memory", "recursion", "network", "nested"],
)  # fmt: skip
def test_a_broken_program_is_one_clear_message_with_its_own_line(refused, source, parts):
    refused(source, *parts)


LOOPS = {
    "loop": "while True: pass",
    "that swallows what stops it": "while True:\n        try: f(1)\n        except: pass",
    "that waits": "from _thread import allocate_lock\n    l = allocate_lock(); l.acquire(); l.acquire()",
}


@pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS)
def test_an_endless_loop_ends_at_the_time_limit_with_the_line_it_was_in(refused, loop):
    started = time.perf_counter()
    refused(
        f"def f(x):\n    x + 1\ndef g():\n    {loop}\ng()", "net.py, line ", "not finished after 1 s", time_limit=1.0
    )
    assert time.perf_counter() - started < 20


def test_what_a_program_prints_starts_and_catches_leaves_the_answer_alone(run):
    """Also when it replaces sys.stdout, changes folder, sets handlers, and catches all that is raised in it."""
    source = (
        "import atexit, io, os, signal, sys, threading\n"
        "sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding='utf8')\n"
        "print('x' * 10**7); os.write(1, b'y' * 10**6); os.write(2, b'z' * 10**6)\n"
        "atexit.register(lambda: os.write(1, b'late'))\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "threading.Thread(target=lambda: [None for _ in iter(int, 1)]).start()\n"
        "os.chdir('/')\n"
        "os.system('sleep 100')\n"
        "try:" + TRAINS.replace("\n", "\n    ") + "\nexcept:\n    print('caught')\n"
    )
    answer = run(source)
    assert answer["status"] == "ok"
    assert len(answer["printed"]) <= 1000


def test_nothing_is_written_outside_the_copy_and_what_is_large_is_read_where_it_lies(run, tmp_path):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "large.bin").write_bytes(b"1" * 5_000_000)
    (theirs / "small.txt").write_text("before")
    outside = tmp_path / "outside.txt"
    attempts = [
        f"open({str(outside)!r}, 'w')", "open('large.bin', 'r+b')", "open('large.bin', 'ab')",
        f"os.mkdir({str(tmp_path / 'made')!r})", f"os.remove({str(theirs / 'small.txt')!r})",
        f"os.rename('small.txt', {str(outside)!r})", f"np.save({str(outside)!r}, np.ones(3))",
        f"os.open({str(outside)!r}, os.O_CREAT | os.O_WRONLY)", f"os.symlink('/etc/passwd', {str(outside)!r})",
    ]  # fmt: skip
    source = "import os\nimport numpy as np\ncount = 0\n" + "".join(
        f"try:\n    {attempt}\nexcept PermissionError:\n    count += 1\n" for attempt in attempts
    )
    source += (
        "open('small.txt', 'w').write('after'); open('new.txt', 'w').write('x')\nimport tempfile; tempfile.mkstemp()\n"
    )
    source += "print(count, len(open('large.bin').read()))\n" + TRAINS
    answer = run(source)
    assert answer["printed"].split() == [str(len(attempts)), "5000000"]
    assert sorted(os.listdir(theirs)) == ["large.bin", "net.py", "small.txt"]
    assert (theirs / "small.txt").read_text() == "before"
    assert (theirs / "large.bin").stat().st_size == 5_000_000
    assert os.listdir(tmp_path) == ["theirs"]


def test_processes_that_slip_through_do_not_outlive_the_answer(run):
    """The parent ends the whole group: what is started without Python's knowledge too."""
    source = "import ctypes, time\npid = ctypes.CDLL(None).fork()\nwhile pid == 0: time.sleep(0.1)\nprint(pid)\n"
    pid = int(run(source + TRAINS)["printed"])
    until = time.monotonic() + 10
    while is_running(pid):
        assert time.monotonic() < until
        time.sleep(0.05)


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("content", "name", "part"),
    [
        (None, "nowhere.py", "There is no file"),
        (b"\x93NUMPY\0\0", "weights.npy", "it is not text"),
        ("dz = da  # ünmasked".encode("latin-1"), "net.py", "it is not in utf-8"),
        (b"{}", "net.ipynb", "no notebook"),
        (b"not json", "net.ipynb", "cannot read this file"),
    ],
)
def test_what_is_no_program_is_refused_in_words(tmp_path, content, name, part):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=part):
        run_in_child(tmp_path / name)


def test_a_folder_and_an_interpreter_that_is_none_are_refused(refused, tmp_path):
    with pytest.raises(BadInput, match="is a folder"):
        run_in_child(tmp_path)
    refused("x = 1", "cannot be started", python=tmp_path / "nopython")
    lacking = tmp_path / "lacking"
    lacking.write_text("#!/bin/sh\necho No module named numpy >&2\nexit 1\n")
    lacking.chmod(0o755)
    refused("x = 1", "cannot run the check: No module named numpy", "3.11", python=lacking)
