"""Parts of experiments that need a process of their own: another environment, a fresh start, or several at once."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


class ProcessFailed(Exception):
    """A process that did not end well; its message is the last thing that it said, on one line."""


def run_python(arguments: Sequence[str], environment: Mapping[str, str | None], seconds: float) -> None:
    """Run this Python with those arguments, the project's packages on its path, and wait for it.

    environment: what differs from this process's; None unsets a variable. Nothing that is printed gets through.
    Raises ProcessFailed where the process fails or takes longer than `seconds`; it is then ended.
    """
    root = Path(__file__).parents[2]
    changed = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), *_path_so_far()]), **environment}
    kept = {name: value for name, value in changed.items() if value is not None}
    try:
        done = subprocess.run([sys.executable, *arguments], env=kept, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise ProcessFailed(f"it took longer than {seconds:g} s") from None
    if done.returncode:
        raise ProcessFailed(_last_line(done.stderr) or f"it ended with code {done.returncode}")


def _path_so_far() -> list[str]:
    path = os.environ.get("PYTHONPATH")
    return [path] if path else []


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
