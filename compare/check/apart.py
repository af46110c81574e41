"""The learner's file, run in a process of its own: what comes back is text and numbers, whatever the file does."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from compare.shared.errors import BadInput

GRACE = 5.0  # seconds for the child's own watchdog to say where it was, before it is ended from outside
LARGEST_RESULT = 2_000_000_000  # bytes


@dataclass(frozen=True)
class Answer:
    """What the child wrote: plain data, and the arrays that it refers to by name."""

    content: dict[str, Any]
    arrays: dict[str, np.ndarray]


def run_in_child(
    file: Path, name: str | None, *, seed: int, time_limit: float, train: dict[str, Any] | None = None
) -> Answer:
    """Run `file` in a child process. Raises BadInput, with the file's own line, for whatever keeps it from ending."""
    _refuse_what_is_no_python(file)
    root = Path(__file__).parents[2]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep),
        "MPLBACKEND": "agg",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with tempfile.TemporaryDirectory(prefix="check-") as folder:
        request = Path(folder) / "request.json"
        request.write_text(
            json.dumps(
                {"file": str(file.resolve()), "class": name, "seed": seed, "time_limit": time_limit, "train": train}
            )
        )
        command = [sys.executable, "-m", "compare.check.child", str(request), folder]
        child = subprocess.Popen(
            command, env=environment, cwd=folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            code = child.wait(time_limit + GRACE)
        except subprocess.TimeoutExpired:
            raise BadInput(
                f"{file} was not finished after {time_limit:g} s and would not be interrupted. Perhaps a loop never "
                f"ends. --time-limit gives it longer."
            ) from None
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
        answer = _read(Path(folder), file, code)
    _refuse(answer.content, file)
    return answer


def _refuse_what_is_no_python(file: Path) -> None:
    """A zero byte is in every image, archive and array file, and Python lets none into a source."""
    try:
        if file.is_dir():
            raise BadInput(f"{file} is a folder; name a .py file in it that holds your network.")
        if not file.is_file():
            raise BadInput(f"There is no file {file} to check. Name a Python file that holds your network.")
        content = file.read_bytes()
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.") from error
    if b"\0" in content:
        raise BadInput(f"{file} is not a Python file: it is not text. Name the .py file that holds your network.")


def _read(folder: Path, file: Path, code: int) -> Answer:
    """The result, if there is one: JSON, and arrays of numbers that are read without unpickling anything."""
    path, numbers = folder / "result.json", folder / "result.npz"
    if not path.is_file() or path.stat().st_size + numbers.stat().st_size > LARGEST_RESULT:
        raise BadInput(
            f"{file} ended the process it ran in (exit code {code}) before there was anything to judge. Look for "
            f"os._exit, os.kill, or something that uses up all the memory, in what it imports or calls."
        )
    content = json.loads(path.read_text())
    with np.load(numbers, allow_pickle=False) as arrays:
        return Answer(content, {name: arrays[name] for name in arrays.files})


def _refuse(content: dict[str, Any], file: Path) -> None:
    """One paragraph for each way in which a file cannot be judged."""
    status, message, line = content["status"], content.get("message", ""), content.get("line")
    where = f"{content_file(content, file)}, line {line}" if line else str(file)
    if status == "syntax":
        raise BadInput(f"{where}: Python cannot read this file: {message}. Mend that line, and the check can begin.")
    if status == "time":
        what = f" It was in `{content['function']}` then." if content.get("function") else ""
        raise BadInput(
            f"{where}: {message}.{what} Perhaps a loop there never ends. If it is only slow, --time-limit gives it "
            f"longer."
        )
    if status == "exit":
        raise BadInput(f"{where}: the file ends the program here ({message}), before there was anything to judge.")
    if status == "crash":
        raise BadInput(f"{where}: {message}. This stops the file before its network can be tried.")
    if status == "unchosen":
        raise BadInput(f"{file} cannot be judged as it is: {message}.")
    if status == "adapter":
        raise BadInput(
            f"{file} cannot be judged as it is: {message}. Known are a class with W1 b1 W2 b2 ..., forward(x) and "
            f"backward(x, y, output, lr); functions like init_params, forward_prop, backward_prop; and a function "
            f"gradients(parameters, x, labels). Ten lines like these at the end of the file make it fit:\n\n"
            f"{content['adapter']}"
        )


def content_file(content: dict[str, Any], file: Path) -> str:
    """The file that a message is about: the learner's, as given, or another of theirs, by its name."""
    other = Path(content.get("file") or file)
    return str(file) if other.name == file.name else other.name
