"""`python -m compare`, also installed as `threeways`: Ctrl-C is minded from the first import to the last line."""

import errno
import gc
import os
import signal
import sys
from types import FrameType

STOPPED = 130


class Interrupt:
    """Ctrl-C: raises KeyboardInterrupt, but never in the middle of an import. came: whether it was pressed.

    Libraries in C++ end the process, without a word, where their first lines are interrupted.
    """

    def __init__(self) -> None:
        self.came = False

    def mind(self) -> None:
        """Take Ctrl-C over, from here on."""
        signal.signal(signal.SIGINT, self)
        if hasattr(signal, "SIGALRM"):
            signal.signal(signal.SIGALRM, self)

    def __call__(self, _: int, frame: FrameType | None) -> None:
        """Handle the signal: at once, or in a moment if something is being imported."""
        self.came = True
        while frame is not None and hasattr(signal, "SIGALRM"):
            if frame.f_code.co_filename.startswith("<frozen importlib"):
                signal.setitimer(signal.ITIMER_REAL, 0.02)  # and look again
                return
            frame = frame.f_back
        raise KeyboardInterrupt


def main() -> None:
    """Run the command line. What Ctrl-C stops ends with a sentence and exit code 130."""
    code: int | str | None = 0
    interrupt = Interrupt()
    try:
        interrupt.mind()
        try:
            from compare.commandline import main as command_line

            command_line()
        finally:
            if sys.stdout is not None:  # which may have been closed from the start: then nothing is printed
                sys.stdout.flush()
    except KeyboardInterrupt:
        code = STOPPED
    except SystemExit as end:
        code = end.code
    except OSError as error:  # whatever names a file has been put into words already: this one is stdout
        if error.errno not in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is still to be printed
        print(f"error: The answer cannot be printed: {error.strerror}. Files are kept.", file=sys.stderr)
        code = 2
    except Exception:
        if not interrupt.came:  # what it stops in C++ is reported as something else
            raise
        code = STOPPED
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done: what is left is Python's own tidying up
    if code == STOPPED:
        print("Stopped. Files that were finished by then are kept.", file=sys.stderr)
    gc.freeze()  # or Python would, at its end, look through all of PyTorch's objects: half a second
    sys.exit(code)


if __name__ == "__main__":
    main()
