"""Files that a command leaves: each whole or not at all."""

import csv
import io
import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from compare.shared.errors import BadInput


class Output:
    """A folder for results, which is made once it is opened. files: what has been written so far."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: list[Path] = []
        self.is_open = False

    def open(self) -> None:
        """Make the folder and try it, before the work begins. Raises BadInput where it cannot be written."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.folder):
                pass
        except OSError as error:
            raise BadInput(
                f"--out {self.folder} cannot be written: {error.strerror}. Name a folder that you may write to."
            ) from error
        self.is_open = True

    def write(self, name: str, content: bytes) -> Path:
        """Write beside the final name, then rename: no reader ever sees half a file."""
        if not self.is_open:
            self.open()
        path = self.folder / name
        beside = path.with_name(f".{name}.{os.getpid()}.part")
        try:
            beside.write_bytes(content)
            beside.replace(path)
        except OSError as error:
            raise BadInput(f"{path} cannot be written: {error.strerror}. What was finished before is kept.") from error
        finally:
            beside.unlink(missing_ok=True)
        self.files.append(path)
        return path

    def set_aside(self, name: str) -> None:
        """Where there is a file of that name, NAME.html say, call it NAME-1.html, or the first number that is free."""
        path = self.folder / name
        number = 1
        while (aside := path.with_stem(f"{path.stem}-{number}")).exists():
            number += 1
        try:
            if path.exists():
                path.rename(aside)
        except OSError as error:
            raise BadInput(f"{path} cannot be renamed to keep it: {error.strerror}. Try another --out.") from error

    def write_json(self, name: str, content: Any) -> Path:
        """An indented JSON document."""
        return self.write(name, (dump_json(content) + "\n").encode())

    def write_csv(self, name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Path:
        """A table with its header; floats are written so that they read back to the bit."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
        return self.write(name, text.getvalue().encode())


def dump_json(content: Any) -> str:
    """One JSON document; numbers that are not finite, which JSON does not know, become null."""
    return json.dumps(_plain(content), indent=2, allow_nan=False)


def _plain(content: Any) -> Any:
    """Without NumPy's types, paths and numbers that are not finite."""
    if isinstance(content, dict):
        return {str(key): _plain(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_plain(value) for value in content]
    if hasattr(content, "tolist"):
        return _plain(content.tolist())
    if isinstance(content, float) and (content != content or content in (float("inf"), float("-inf"))):
        return None
    return str(content) if isinstance(content, Path) else content
