"""Our end of a process in which PyTorch is timed."""

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
from types import TracebackType
from typing import IO, Any, cast

from compare.shared.processes import ProcessFailed, end, kill, last_line, with_our_path

LIMIT = 180.0  # seconds for an answer; compiling takes the longest


class TorchProcess:
    """Use it in a `with`: the process ends with it, and so does the folder that the compiler works in."""

    def __enter__(self) -> "TorchProcess":
        self.folder = tempfile.TemporaryDirectory()
        self.errors = tempfile.TemporaryFile("w+")
        changes = {
            "TORCHINDUCTOR_CACHE_DIR": self.folder.name,
            # Take the processor's word for its instructions: trying each out takes seconds that are not our step's.
            "TORCHINDUCTOR_VEC_ISA_OK": "1",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "compare.bench.torch_worker"], env=with_our_path(changes), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, start_new_session=True,
        )  # fmt: skip
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        end(self.process)
        for pipe in (self.process.stdin, self.process.stdout, self.errors):
            with contextlib.suppress(BrokenPipeError):  # a question that nobody reads any more
                cast("IO[str]", pipe).close()
        self.folder.cleanup()

    def ask(self, do: str, **arguments: Any) -> Any:
        """What `Worker`'s method of that name gives. Raises ProcessFailed where no answer comes."""
        self.send(do, **arguments)
        return self.receive()

    def send(self, do: str, **arguments: Any) -> None:
        """Put a question, whose answer `receive` brings: the first answer to the first question, and so on."""
        with contextlib.suppress(BrokenPipeError):  # then no answer comes either
            print(json.dumps({"do": do, **arguments}), file=self.process.stdin, flush=True)

    def receive(self) -> Any:
        """The answer to the first question that is open. Raises ProcessFailed where none comes."""
        too_late = threading.Timer(LIMIT, kill, [self.process])
        too_late.start()
        try:
            answer = cast("IO[str]", self.process.stdout).readline()
        finally:
            too_late.cancel()
        if not answer:
            self.process.wait()
            self.errors.seek(0)
            raise ProcessFailed(last_line(self.errors.read()) or f"it ended with code {self.process.returncode}")
        return json.loads(answer)

    def seconds(self, name: str, steps: int) -> float:
        """What each of so many steps of that rival takes on average."""
        return float(self.ask("seconds", name=name, steps=steps))
