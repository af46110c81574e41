"""The process in which a learner's file runs: `python -m compare.check.child REQUEST FOLDER`.

REQUEST is JSON: file, class, seed, time_limit, train. What happens goes into FOLDER as result.json and result.npz:
numbers and text, nothing that could be code. A watchdog thread ends the process at the time limit, and says at which
line it was; whatever else ends it is seen by the parent.
"""

import contextlib
import io
import json
import os
import sys
import threading
import time
import traceback
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from compare.check.adapters import ADAPTER, find_subject
from compare.check.binding import Unbindable
from compare.check.loading import execute
from compare.check.making import CannotJudge, Unchosen
from compare.check.recorder import source_text
from compare.check.runs import Run, crash_of, run_once, sizes_of, try_layouts, weights_out_in
from compare.check.subjects import Subject
from compare.check.training_run import train_theirs
from compare.check.trials import rows_for, trials


class CappedText(io.StringIO):
    """What the learner's code prints: the first thousand characters, and no more."""

    def write(self, text: str) -> int:
        """Keep what still fits."""
        if self.tell() < 1000:
            super().write(text[: 1000 - self.tell()])
        return len(text)


class Result:
    """result.json and result.npz in the making."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.written = folder, threading.Lock()
        self.arrays: dict[str, np.ndarray] = {}

    def key(self, array: np.ndarray) -> str:
        """Keep an array; the name it is kept under."""
        name = f"a{len(self.arrays)}"
        self.arrays[name] = np.asarray(array)
        return name

    def write(self, content: dict[str, Any]) -> None:
        """Both files, the first time only; the JSON last, as a sign that all is there."""
        if self.written.acquire(blocking=False):
            np.savez(self.folder / "result.npz", allow_pickle=False, **self.arrays)
            (self.folder / "result.json").write_text(json.dumps(content))


def watch_the_clock(seconds: float, folder: str, result: Result) -> None:
    """End the process at the time limit, with the learner's line that was running then."""
    main = threading.main_thread().ident

    def end() -> None:
        time.sleep(seconds)
        frames = traceback.extract_stack(sys._current_frames().get(main or 0))
        own = [f for f in frames if f.filename.startswith(folder)]
        where = {"line": own[-1].lineno, "function": own[-1].name, "file": own[-1].filename} if own else {}
        result.arrays.clear()
        result.write({"status": "time", "message": f"not finished after {seconds:g} s", **where})
        os._exit(3)

    threading.Thread(target=end, daemon=True).start()


def main() -> None:
    """Read the request, run, write the result."""
    request = json.loads(Path(sys.argv[1]).read_text())
    path, result = Path(request["file"]), Result(Path(sys.argv[2]))
    folder = str(path.parent)
    watch_the_clock(request["time_limit"], folder, result)
    printed = CappedText()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            content = judge_file(path, request, result)
        except SystemExit as error:
            content = {"status": "exit", **crash_of(error, folder)}
        except SyntaxError as error:
            content = {"status": "syntax", "message": error.msg, "line": error.lineno, "file": error.filename}
        except Unchosen as error:
            content = {"status": "unchosen", "message": str(error)}
        except (CannotJudge, Unbindable) as error:
            content = {"status": "adapter", "message": str(error), "adapter": ADAPTER}
        except BaseException as error:
            content = {"status": "crash", **crash_of(error, folder)}
    result.write({"printed": printed.getvalue(), **content})


def judge_file(path: Path, request: dict[str, Any], result: Result) -> dict[str, Any]:
    """Load the file, find the network in it, and run it on every trial."""
    module = ModuleType("learners_file")
    module.__file__ = str(path)
    sys.modules["learners_file"] = module
    sys.path.insert(0, str(path.parent))
    tree, skipped, notes = execute(source_text(path), str(path), module)
    make = find_subject(module, tree, request["class"])
    first = make()
    for name, value in first.own.items():
        if value.ndim != 2 and (name[0] == "W" or value.ndim > 2):
            raise CannotJudge(
                f"{name} has the shape {value.shape}; W has two dimensions, and b one number for each unit"
            )
    out_in = weights_out_in(first.own)
    sizes = sizes_of(first.own, out_in)
    if "m" not in vars(module) and "m" in skipped:
        module.__dict__["m"] = rows_for(sizes)
        notes.append(
            f"`m` is set in line {skipped['m']}, in a statement that is not run here; the number of rows was put in "
            f"its place."
        )
    if request["train"]:
        return {"status": "ok", "notes": notes, **train_theirs(make, module, first.own, request)}
    dtype = "float32" if all(value.dtype == np.float32 for value in first.own.values()) else "float64"
    found = run_all(make, sizes, out_in, "float64", request["seed"], str(path.parent))
    if dtype == "float32":  # float64 tells more, if the code lets it; else what it was made for
        found += run_all(make, sizes, out_in, "float32", request["seed"], str(path.parent))
    return {
        "status": "ok",
        "style": first.style,
        "notes": notes,
        "skipped": skipped,
        "own": {name: result.key(value) for name, value in first.own.items()},
        "runs": [[as_json(run, result) for run in runs] for runs in found],
    }


def run_all(make: Any, sizes: list[int], out_in: bool, dtype: str, seed: int, folder: str) -> list[list[Run]]:
    """Every layout in which the first trial runs to its end, and all trials in it."""
    plain, *others = trials(sizes, dtype, seed)
    found: list[list[Run]] = []
    subject: Subject
    for subject, run in try_layouts(make, plain, out_in, folder):
        runs = [run]
        if run.crash is None:
            runs += [run_once(subject, data, run.layout, folder) for data in others]
        found.append(runs)
    return found


def as_json(run: Run, result: Result) -> dict[str, Any]:
    """A run as plain data, its arrays by the names they are kept under."""
    return {
        "trial": run.trial,
        "columns": run.layout.columns,
        "out_in": run.layout.out_in,
        "labels_as": run.layout.labels,
        "learning_rate": run.data.learning_rate,
        "parameters": {name: result.key(value) for name, value in run.data.parameters.items()},
        "x": result.key(run.data.x),
        "labels": result.key(run.data.labels),
        "after": None if run.after is None else {name: result.key(value) for name, value in run.after.items()},
        "crash": run.crash,
        "events": [
            {"spelled": e.spelled, "value": result.key(e.value), "file": e.file, "line": e.line, "function": e.function}
            for e in run.events
        ],
    }


if __name__ == "__main__":
    main()
