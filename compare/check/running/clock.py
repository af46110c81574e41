"""How long a learner's program may run: a thread that watches, asks it to stop, and at last ends the process."""

import contextlib
import ctypes
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from time import monotonic  # as it is: programs may be given another

PATIENCE = 3.0  # seconds from the request to stop to the end of the process


class TooLong(BaseException):
    """Raised in the learner's program when its time is over; no `except Exception` of theirs keeps it."""


class Clock:
    """Watches the thread that makes it. end(frames): called when it will not stop; it ends the process."""

    def __init__(self, end: Callable[[traceback.StackSummary], None]) -> None:
        self._thread, self._end = threading.get_ident(), end
        self._asking, self._asked = threading.Lock(), False
        self._limits: list[float] = []

    @property
    def left(self) -> float:
        """Seconds until the nearest limit."""
        return min(self._limits, default=float("inf")) - monotonic()

    @contextlib.contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """Inside, TooLong is raised after so many seconds, and again and again."""
        over = threading.Event()
        if not self._limits:  # one thread watches the outermost limit and all within
            threading.Thread(target=self._watch, args=(over,), daemon=True).start()
        self._limits.append(monotonic() + seconds)
        try:
            yield
        finally:
            with self._asking:
                self._limits.pop()
                over.set()
                asked, self._asked = self._asked, False
                if asked:
                    self._raise(None)  # what was asked for and has not been raised yet
            if asked:
                self._settle()

    def _watch(self, over: threading.Event) -> None:
        while not over.wait(0.05):
            with self._asking:
                if over.is_set() or self.left > 0:
                    continue
                self._asked = True
                self._raise(TooLong)
                frames = traceback.extract_stack(sys._current_frames().get(self._thread))
            if self._limits and monotonic() > self._limits[0] + PATIENCE:
                self._end(frames)

    def _settle(self) -> None:
        """Let the interpreter see one that is caught: taken back alone, it would look for it for ever.

        Python 3.11 then asks at every step whether something is pending, and under a profiler it never gets on.
        """
        with contextlib.suppress(TooLong):
            self._raise(TooLong)
            while True:
                pass

    def _raise(self, error: type[BaseException] | None) -> None:
        reference = None if error is None else ctypes.py_object(error)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread), reference)
