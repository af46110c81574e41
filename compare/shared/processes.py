"""Work that needs a process of its own: another environment, a fresh start, or several at once."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


class ProcessFailed(Exception):
    """A process that did not end well; its message is the last thing that it said, on one line."""


def run_python(arguments: Sequence[str], environment: Mapping[str, str | None], seconds: float) -> None:
    """Run this Python with those arguments, the project's packages on its path, and wait for it.

    environment: what differs from this process's; None unsets a variable. Nothing that is printed gets through.
    Raises ProcessFailed where the process fails or takes longer than `seconds`; it is then ended, and
    so is whatever it has started.
    """
    command, quiet = [sys.executable, *arguments], subprocess.DEVNULL
    process = subprocess.Popen(
        command,
        env=with_our_path(environment),
        stdout=quiet,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        _, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise ProcessFailed(f"it took longer than {seconds:g} s") from None
    finally:
        end(process)
    if process.returncode:
        raise ProcessFailed(last_line(errors) or f"it ended with code {process.returncode}")


def with_our_path(changes: Mapping[str, str | None]) -> dict[str, str]:
    """Our environment with those changes, of which None unsets a variable, and the project on Python's path."""
    path = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    changed = {**os.environ, "PYTHONPATH": os.pathsep.join(path), **changes}
    return {name: value for name, value in changed.items() if value is not None}


def end(process: subprocess.Popen[str]) -> None:
    """Nothing of it may outlive this call, not even after Ctrl-C: compilers and workers are processes of their own."""
    if process.poll() is None:
        kill(process)
        process.communicate()


def kill(process: subprocess.Popen[str]) -> None:
    """Kill it with all that it has started, without waiting for its end."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)  # it leads a group of its own
    else:
        process.kill()


def last_line(text: str) -> str:
    """The last that names an error, as Python's tracebacks end, or else the last with any letter in it."""
    lines = [line.strip() for line in text.splitlines() if any(letter.isalpha() for letter in line)]
    errors = [line for line in lines if re.match(r"[\w.]*(Error|Exception)\b", line)]
    return (errors or lines or [""])[-1]
