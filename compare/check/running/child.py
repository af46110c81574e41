"""The process in which a learner's program runs: `python -m compare.check.running.child REQUEST FOLDER`.

REQUEST is JSON: file (in the copy of its folder), name, seed, time_limit, definitions, digits. What is found out goes
into FOLDER as result.json: numbers and text, nothing that could be code. Whatever ends the process is seen by the
parent.
"""

import builtins
import contextlib
import json
import linecache
import os
import random
import sys
import threading
import traceback
import warnings
from os import _exit
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from compare.check import torch_programs
from compare.check.examine import LISTS, examine
from compare.check.recording.source import HELPERS, rewritten
from compare.check.running import failure
from compare.check.running.clock import Clock, TooLong
from compare.check.running.driver import drive
from compare.check.running.fences import Tail, raise_fences
from compare.check.running.program import Program, Unreadable, read_program
from compare.check.running.siblings import imports_of
from compare.check.running.trial import Unbindable
from compare.check.steps.recorder import Enough, Recorder
from compare.check.surroundings import Digits, missing, provide
from compare.check.training.judged import judged_training
from compare.check.training.watch import TrainingWatch

JUDGING = 60.0  # seconds for what was recorded to be judged, once the program has ended


class Child:
    """One request, from its reading to its answer."""

    def __init__(self, request: dict[str, Any], folder: Path) -> None:
        self.request, self.folder = request, folder
        self.file = Path(request["file"])
        self.theirs = Path(request["root"])
        self.printed, self.notes = Tail(), list[str]()
        self.written = threading.Lock()
        self.clock = Clock(self.give_up)

    def own(self, file: str) -> bool:
        """Is a code file the learner's?"""
        return file.startswith(str(self.theirs) + os.sep)

    def write(self, answer: dict[str, Any]) -> None:
        """The answer, the first time only; complete or not at all."""
        if self.written.acquire(blocking=False):
            content = {
                "notes": self.notes,
                "missing": missing,
                "printed": self.printed.kept.decode(errors="replace"),
                **answer,
            }
            (self.folder / "result.part").write_text(json.dumps(content))
            os.replace(self.folder / "result.part", self.folder / "result.json")

    def give_up(self, frames: traceback.StackSummary) -> None:
        """The program does not stop when it is asked to."""
        self.write({"status": "time", "message": "", **failure.where(frames, self.own, self.theirs)})
        _exit(3)

    def answer(self) -> dict[str, Any]:
        """Run the program; where that trains nothing, drive what it defines; judge what was recorded."""
        try:
            program = read_program(self.file)
        except Unreadable as error:
            return {"status": "syntax", "message": str(error), "line": error.line, "lacks": None}
        lines = program.text.splitlines(keepends=True)
        linecache.cache[str(self.file)] = (len(program.text), None, lines, str(self.file))
        self.notes += program.notes
        about = {"cells": program.cells, "driven": None}
        digits = self.request["digits"]
        self.digits = Digits(Path(digits)) if digits else Digits()
        provide(self.theirs, self.digits, self.notes.append)
        ended: BaseException | None = None
        as_it_is = not self.request["definitions"] and self.request["name"] is None
        if self.request.get("train"):
            return self.watched(program) | about
        if as_it_is:
            recorder, torch, ended = self.run(program)
            judged = self.judged_torch(torch, ended) if torch.steps.count or not recorder.updates else None
            if judged is not None:
                return judged | about
            if recorder.updates:
                return self.judged(recorder, ended) | about
            judged = self.driven_torch(torch.torch) if ended is None and torch.torch is not None else None
            if judged is not None:
                return judged | {"cells": program.cells}
            if ended is not None and not self.may_be_driven(ended):
                return failure.describe(ended, self.own, self.theirs) | about
        with self.clock.limit(self.request["time_limit"]), self.imports():
            driven = drive(program, self.request, self.clock, lambda: Recorder(own=self.own), rewritten)
        if driven.recorder is not None:
            return self.judged(driven.recorder, None) | about | {"driven": driven.words}
        why = ended or driven.error
        if why is not None and not isinstance(why, Unbindable):
            return failure.describe(why, self.own, self.theirs) | about | {"driven": driven.words}
        ran = f"it ran to its end, and no step of training was seen in it. {LISTS} What it defines was called, too: "
        ran = ran if as_it_is and program.runs else ""
        if self.request["definitions"] and program.runs:
            ran = "of it only imports, definitions and constants were run; "
        return {"status": "nothing", "message": ran + driven.words, "lacks": None} | about

    def may_be_driven(self, ended: BaseException) -> bool:
        """Did it end for want of data, or of arguments on the command line, and not by a mistake of its code?"""
        lacks = failure.describe(ended, self.own, self.theirs)["lacks"]
        return lacks in ("module", "file", "network") or isinstance(ended, SystemExit)

    def run(self, program: Program) -> tuple[Recorder, torch_programs.TorchWatch, BaseException | None]:
        """Run it as its author does. What was recorded, and what ended it, if it did not come to its end."""
        recorder, torch = Recorder(own=self.own), torch_programs.TorchWatch(self.own)
        with torch:
            ended = self.within(recorder, program)
        return recorder, torch, ended

    def driven_torch(self, torch: Any) -> dict[str, Any] | None:
        """The same of a program that only defines a model and a function that trains it; None where it does not."""
        watch, ended = torch_programs.TorchWatch(self.own), None
        words: str | None = None
        try:
            with watch, self.clock.limit(self.request["time_limit"]), self.imports():
                words = torch_programs.drive(self.space, torch, self.is_own)
        except Enough:
            pass
        except BaseException as error:
            if failure.is_ours(error):
                raise
            ended = error
        judged = self.judged_torch(watch, ended)
        return judged and judged | {"driven": words or self.space.get("<called>")}

    def is_own(self, value: Any) -> bool:
        """Is a class or a function the learner's?"""
        return getattr(value, "__module__", None) == "__main__"

    def judged_torch(self, watch: torch_programs.TorchWatch, ended: BaseException | None) -> dict[str, Any] | None:
        """What was seen of a program in PyTorch; None where it is none, or nothing was seen."""
        if not watch.tells:
            return None
        ending = None if ended is None else failure.describe(ended, self.own, self.theirs)
        try:
            with self.clock.limit(JUDGING):
                result = torch_programs.examine(watch, ended is not None)
                return None if result is None else {"status": "ok", "ended": ending, "result": result}
        except TooLong:
            return {"status": "unjudged", "message": f"judging took more than {JUDGING:g} s", "lacks": None}

    def within(self, seeing: contextlib.AbstractContextManager[Any], program: Program) -> BaseException | None:
        """Run it while something sees what it does. What ended it, if it did not come to its end."""
        main = ModuleType("__main__")
        main.__dict__.update(__file__=str(self.file), __builtins__=__builtins__)
        before, sys.modules["__main__"] = sys.modules["__main__"], main
        self.space = main.__dict__
        try:
            with self.clock.limit(self.request["time_limit"]), self.imports(), seeing:
                exec(program.code(rewritten), main.__dict__)
        except Enough:
            pass
        except BaseException as error:  # SystemExit, KeyboardInterrupt and TooLong among them
            if failure.is_ours(error):
                raise
            return error
        finally:
            sys.modules["__main__"] = before
        return None

    def watched(self, program: Program) -> dict[str, Any]:
        """Its training, for as long as it goes on and there is time; and why it does not learn, if it does not."""
        watch = TrainingWatch(self.own)
        ended = self.within(watch, program)
        ending = None if ended is None else failure.describe(ended, self.own, self.theirs)
        if not watch.moments and ending is not None and ending["status"] != "time":
            return ending
        try:
            with self.clock.limit(JUDGING):
                known = self.request["train"]
                training = judged_training(watch, self.digits, known["loss"], known["rates"])
                return {"status": "ok", "ended": ending, "training": training}
        except TooLong:
            return {"status": "unjudged", "message": f"judging took more than {JUDGING:g} s", "lacks": None}

    def imports(self) -> contextlib.AbstractContextManager[None]:
        """Modules as the learner's program finds them."""
        return imports_of(list(dict.fromkeys([self.file.parent, self.theirs])), rewritten)

    def judged(self, recorder: Recorder, ended: BaseException | None) -> dict[str, Any]:
        """What the recording shows, and how the program ended, if not by itself."""
        ending = None if ended is None else failure.describe(ended, self.own, self.theirs)
        try:
            with self.clock.limit(JUDGING):
                return {"status": "ok", "ended": ending, "result": examine(recorder)}
        except TooLong:
            return {"status": "unjudged", "message": f"judging took more than {JUDGING:g} s", "lacks": None}


def main() -> None:
    """Read the request, answer it, leave: no thread, no handler of the program's runs on."""
    request, folder = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
    child = Child(request, folder)
    sys.dont_write_bytecode = True
    random.seed(request["seed"])
    np.random.seed(request["seed"])
    os.chdir(child.file.parent)
    sys.argv[:] = [child.file.name]
    sys.stdout = sys.stderr = child.printed.opened()
    vars(builtins).update(HELPERS)
    raise_fences(folder)
    (folder / "started").touch()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            child.write(child.answer())
        except BaseException as error:  # a mistake of ours
            last = traceback.extract_tb(error.__traceback__)[-1]
            what = f"{type(error).__name__}: {error} ({Path(last.filename).name}, line {last.lineno})"
            child.write({"status": "broken", "message": what})
    _exit(0)


if __name__ == "__main__":
    from compare.check.running.child import main as run  # under its own name: `__main__` is the learner's

    run()
