"""How long a learner's program may run: a thread that watches, asks it to stop, and at last ends the process."""

import contextlib
import ctypes
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from time import monotonic, sleep  # as they are: programs are given others, that do not wait

PATIENCE = 3.0  # seconds from the request to stop to the end of the process


class TooLong(BaseException):
    """Raised in the learner's program when its time is over; no `except Exception` of theirs keeps it."""


class Clock:
    """Watches the thread that makes it. end(frames): called when it will not stop; it ends the process."""

    def __init__(self, end: Callable[[traceback.StackSummary], None]) -> None:
        self._thread, self._end = threading.get_ident(), end
        self._asking = threading.Lock()
        self._limits: list[float] = []
        threading.Thread(target=self._watch, daemon=True).start()

    @property
    def left(self) -> float:
        """Seconds until the nearest limit."""
        return min(self._limits, default=float("inf")) - monotonic()

    @contextlib.contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """Inside, TooLong is raised after so many seconds, and again and again."""
        self._limits.append(monotonic() + seconds)
        try:
            yield
        finally:
            with self._asking:
                self._limits.pop()
                self._raise(None)  # what was asked for and has not been raised yet

    def _watch(self) -> None:
        while True:
            sleep(0.05)
            with self._asking:
                if not self._limits or self.left > 0:
                    continue
                self._raise(TooLong)
                frames = traceback.extract_stack(sys._current_frames().get(self._thread))
            if self._limits and monotonic() > self._limits[0] + PATIENCE:
                self._end(frames)

    def _raise(self, error: type[BaseException] | None) -> None:
        reference = None if error is None else ctypes.py_object(error)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread), reference)
