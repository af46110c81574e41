"""A copy of the folder that a program lies in, so that nothing which the program writes reaches the original."""

import os
import shutil
from collections import deque
from pathlib import Path

LARGE = 4_000_000  # bytes; what is larger is linked to: it can be read where it lies, and `fences.py` keeps it whole
MOST_BYTES, MOST_FILES = 200_000_000, 2_000  # of a whole folder; what lies deeper than these reach is linked to
SKIPPED = {"__pycache__", "node_modules", "site-packages"}


def copy_program(file: Path, folder: Path) -> Path:
    """Copy the file and what lies around it into `folder`, nearest first; where the file is then.

    A file in a package is copied with its package, so that `from .layers import Dense` finds what it means.
    """
    source = file.parent
    while (source / "__init__.py").is_file() and source.parent != source:
        source = source.parent
    inside = file.relative_to(source)
    if source != file.parent:  # the package itself, and nothing else of what lies beside it
        source, folder = source / inside.parts[0], folder / inside.parts[0]
        inside = file.relative_to(source)
    target = folder / inside
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, target)
    _copy_around(source, folder)
    return target


def _copy_around(source: Path, folder: Path) -> None:
    """Breadth first: copy what is small, link to what is large, leave out what cannot be read."""
    files, size = 0, 0
    waiting = deque([(source, folder)])
    while waiting:
        here, there = waiting.popleft()
        try:
            entries = sorted(
                os.scandir(here), key=lambda entry: (not entry.name.endswith((".py", ".ipynb")), entry.name)
            )
        except OSError:
            continue
        for entry in entries:
            target = there / entry.name
            try:
                if entry.name.startswith(".") or entry.name in SKIPPED or (target.exists() and not target.is_dir()):
                    continue
                full = files >= MOST_FILES or size >= MOST_BYTES
                if entry.is_dir() and not entry.is_symlink() and not full:
                    if not _holds(entry.path, folder):
                        target.mkdir(exist_ok=True)
                        waiting.append((Path(entry.path), target))
                elif entry.is_file() and not full and entry.stat().st_size <= LARGE:
                    shutil.copyfile(entry.path, target)
                    files, size = files + 1, size + entry.stat().st_size
                elif entry.is_file() or entry.is_dir():
                    target.symlink_to(os.path.realpath(entry.path))
            except OSError:
                continue


def _holds(path: str, folder: Path) -> bool:
    """Whether the folder that is being filled lies in there: a program in the folder for temporary files."""
    return os.path.realpath(folder).startswith(os.path.realpath(path) + os.sep)
