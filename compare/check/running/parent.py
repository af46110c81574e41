"""A learner's program, run in a process of its own: what comes back is text and numbers, whatever the program does."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from compare.check.running.copying import copy_program
from compare.shared.errors import BadInput

GRACE = 10.0  # seconds beyond the child's own limits, before it is ended from outside
JUDGING = 60.0
LARGEST_ANSWER = 200_000_000  # bytes
ROOT = Path(__file__).parents[3]


def run_in_child(
    file: Path, name: str | None = None, *, seed: int = 0, time_limit: float = 60.0, definitions: bool = False,
    python: Path | None = None, digits: Path | None = None, threads: int = 1, **options: Any,
) -> dict[str, Any]:  # fmt: skip
    """Run `file` in a child process: its answer, where something was recorded that could be judged.

    definitions: run no training code at module level; python: the interpreter to run it in; digits: other data than
    MNIST to give where it asks for the digits; threads: for NumPy to compute with. Raises BadInput, with the program's
    own line, for whatever else came.
    """
    refuse_what_is_no_program(file)
    with tempfile.TemporaryDirectory(prefix="check-", ignore_cleanup_errors=True) as folder:
        here = Path(os.path.realpath(folder))
        (here / "tmp").mkdir()
        (here / "program").mkdir()
        copy = copy_program(file.resolve(), here / "program")
        request = {
            "file": str(copy), "root": str(here / "program"), "name": name, "seed": seed, "time_limit": time_limit,
            "definitions": definitions, "digits": None if digits is None else str(digits.resolve()), **options,
        }  # fmt: skip
        (here / "request.json").write_text(json.dumps(request))
        code = _wait(here, python, time_limit, threads)
        answer = _read(here, file, code, python, time_limit)
    _refuse(answer, file, time_limit)
    return answer


def refuse_what_is_no_program(file: Path) -> None:
    """A zero byte is in every image, archive and array file, and Python lets none into a source."""
    try:
        if file.is_dir():
            raise BadInput(f"{file} is a folder; name a .py file or a notebook in it that holds your network.")
        if not file.is_file():
            raise BadInput(f"There is no file {file} to check. Name a Python file that holds your network.")
        content = file.read_bytes()
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.") from error
    if b"\0" in content:
        raise BadInput(f"{file} is not a Python file: it is not text. Name the .py file that holds your network.")


def _wait(folder: Path, python: Path | None, time_limit: float, threads: int) -> int | None:
    """The child's exit code; None if it had to be ended from outside. Nothing that it started is left."""
    environment = {
        **os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep),
        "MPLBACKEND": "agg", "MPLCONFIGDIR": str(folder / "tmp"), "TMPDIR": str(folder / "tmp"),
        "OPENBLAS_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads), "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    command = [str(python or sys.executable), "-m", "compare.check.running.child"]
    with (folder / "errors.txt").open("w") as errors:
        try:
            child = subprocess.Popen(
                [*command, str(folder / "request.json"), str(folder)], env=environment, cwd=folder,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise BadInput(f"--python {python} cannot be started: {error.strerror}.") from error
        try:
            return child.wait(time_limit + 2 * JUDGING + GRACE)
        except subprocess.TimeoutExpired:
            return None
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError, AttributeError):
                os.killpg(child.pid, signal.SIGKILL)  # the group outlives its leader as long as anyone is in it
            if child.poll() is None:
                child.kill()
                child.wait()


def _read(folder: Path, file: Path, code: int | None, python: Path | None, time_limit: float) -> dict[str, Any]:
    """The answer, if there is one: JSON, which cannot be code."""
    answer = folder / "result.json"
    if answer.is_file() and not answer.is_symlink() and answer.stat().st_size <= LARGEST_ANSWER:
        with contextlib.suppress(ValueError):
            content = json.loads(answer.read_text())
            if isinstance(content, dict) and "status" in content:
                return content
    if not (folder / "started").exists():
        said = (folder / "errors.txt").read_text(errors="replace").strip().splitlines() or [f"exit code {code}"]
        raise BadInput(
            f"{python or sys.executable} cannot run the check: {said[-1]}. It takes Python 3.11 or later with NumPy."
        )
    if code is None:
        raise BadInput(
            f"{file} was not finished after {time_limit:g} s and would not be interrupted. Perhaps a loop never ends. "
            f"--time-limit gives it longer."
        )
    raise BadInput(f"{file}{_last_line(folder)} ended the process that it ran in ({_cause(code)}), before there was "
                   f"anything to judge.")  # fmt: skip


def _cause(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    name = signal.Signals(-code).name
    hints = {
        "SIGSEGV": "a recursion without end, or a library that crashes",
        "SIGKILL": "perhaps all the memory was used",
    }
    return f"{name}: {hints[name]}" if name in hints else name


def _last_line(folder: Path) -> str:
    """Where it was when the system ended it, as Python's fault handler has written down."""
    text = (folder / "fault.txt").read_text(errors="replace") if (folder / "fault.txt").is_file() else ""
    place = re.search(rf'File "{re.escape(str(folder / "program"))}.*", line (\d+)', text)
    return f", line {place[1]}," if place else ""


def _refuse(answer: dict[str, Any], file: Path, time_limit: float) -> None:
    """One paragraph for each way in which a program cannot be judged."""
    status, message, lacks = answer["status"], answer.get("message", ""), answer.get("lacks")
    if status == "ok":
        return
    if status == "broken":
        raise BadInput(f"{file}: the check itself failed on this program, with {message}. That is a mistake of the "
                       f"check, and says nothing about your code.")  # fmt: skip
    where = place(answer, file)
    driven = f" It was called so: {answer['driven']}." if answer.get("driven") else ""
    if status == "syntax":
        raise BadInput(f"{where}: Python cannot read this file: {message}. Mend that line, and the check can begin.")
    if status == "time":
        what = f" It was in `{answer['function']}` then." if answer.get("function", "<module>") != "<module>" else ""
        raise BadInput(
            f"{where}: not finished after {time_limit:g} s.{what} Perhaps a loop there never ends. If it is only slow, "
            f"--time-limit gives it longer.{driven}"
        )
    if status == "unjudged":
        raise BadInput(f"{file}: {message}. Let it train on fewer rows, or with smaller layers; this says nothing "
                       f"about your code.")  # fmt: skip
    if status == "exit":
        raise BadInput(f"{where}: the program ends here ({message}), before a step of training was seen.")
    if status == "nothing":
        raise BadInput(
            f"{file} cannot be judged as it is: {message}. Let it train at module level, with small data if need be, "
            f"or name a class or a function: FILE:NAME."
        )
    if lacks == "module":
        raise BadInput(f"{where}: {message}. Install it, or name the Python that has it by --python; this says nothing "
                       f"about your code.")  # fmt: skip
    if lacks in ("file", "network"):
        raise BadInput(f"{where}: {message}. Run the check where the data is; this says nothing about your code.")
    if lacks is not None:
        raise BadInput(f"{where}: {message}. This is a limit of the check, and says nothing about your code.")
    if driven:
        raise BadInput(
            f"{where}: {message}. No step of training came to its end.{driven} If it is not meant so, let the program "
            f"train at module level."
        )
    raise BadInput(f"{where}: {message}. This stops the program before a step of training was seen.")


def place(answer: dict[str, Any], file: Path) -> str:
    """The file as it was given, or another of theirs by its name, and the line, in a notebook by its cell."""
    line, name = answer.get("line"), Path(answer.get("file") or file).name
    if line is None:
        return str(file)
    if name != file.name:
        return f"{answer['file']}, line {line}"
    starts = [start for start in answer.get("cells", []) if start <= line]
    return f"{file}, cell {len(starts)}, line {line - starts[-1] + 1}" if starts else f"{file}, line {line}"
