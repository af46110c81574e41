"""How a learner's program ended, in words: what was raised, where in their files, and what is missing, if anything."""

import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from compare.check.recording.array import RecordedArray
from compare.check.recording.number import RecordedNumber
from compare.check.running.clock import TooLong
from compare.check.running.fences import MEMORY, Refused

Ending = dict[str, Any]
HERE = str(Path(__file__).parents[1])


def describe(error: BaseException, own: Callable[[str], bool], folder: Path) -> Ending:
    """status, message, and file, line, function of the innermost frame in the learner's files.

    lacks: what of the surroundings is missing, so that the code cannot be blamed: "module", "file", "network",
    "memory", "permission"; None where it is the code's own.
    """
    frames = traceback.extract_tb(error.__traceback__)
    if error.__context__ is not None and not where(frames, own, folder):  # raised while theirs was on its way
        return describe(error.__context__, own, folder)
    status = {SystemExit: "exit", TooLong: "time", SyntaxError: "syntax"}.get(type(error), "crash")
    ending = {"status": status, "message": words(error).replace(f"{folder}/", ""), "lacks": _lacks(error, own)}
    if isinstance(error, SyntaxError) and error.filename and own(error.filename):
        return ending | {"message": error.msg, "file": shown(error.filename, folder), "line": error.lineno}
    return ending | where(frames, own, folder)


def is_ours(error: BaseException) -> bool:
    """Whether an error is a name of the check's own that does not exist: its mistake, and not one of the program.

    Whatever else is raised while a program runs may be the program's; this must not pass for it.
    """
    frames = traceback.extract_tb(error.__traceback__)
    if not frames or not frames[-1].filename.startswith(HERE) or frames[-1].name == "__getattr__":
        return False
    if not isinstance(error, AttributeError):
        return isinstance(error, NameError)
    asked = error.obj
    if isinstance(asked, RecordedArray | RecordedNumber):  # for the program these are NumPy's and Python's
        return error.name is not None and error.name.startswith("_")
    kind = asked if isinstance(asked, type) else type(asked)
    return isinstance(asked, ModuleType) or kind.__module__.startswith("compare.")


def where(frames: list[traceback.FrameSummary], own: Callable[[str], bool], folder: Path) -> Ending:
    """The innermost of the frames that is the learner's."""
    theirs = [frame for frame in frames if own(frame.filename)]
    if not theirs:
        return {}
    last = theirs[-1]
    return {"file": shown(last.filename, folder), "line": last.lineno, "function": last.name}


def shown(file: str, folder: Path) -> str:
    """A file of theirs as they call it, from their own folder."""
    return str(Path(file).relative_to(folder)) if Path(file).is_relative_to(folder) else Path(file).name


def words(error: BaseException) -> str:
    """The exception in one line."""
    if isinstance(error, MemoryError):
        return f"MemoryError: it asks for more than the {MEMORY // 2**30} GB that it may use. {error}".strip()
    if isinstance(error, SystemExit):
        return f"sys.exit({error.code!r})" if error.code is not None else "sys.exit()"
    said = (
        str(error).replace("'RecordedArray'", "'numpy.ndarray'").replace("'RecordedNumber'", "'float'")
    )  # as it is without us
    return f"{type(error).__name__}: {said}"[:500]


def _lacks(error: BaseException, own: Callable[[str], bool]) -> str | None:
    if isinstance(error, ImportError):
        return None if error.path and own(error.path) else "module"  # a name that their own file does not have
    if isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError):
        return "file"
    if isinstance(error, Refused | PermissionError):
        return "permission"
    if isinstance(error, MemoryError):
        return "memory"
    return "network" if isinstance(error, OSError) else None
