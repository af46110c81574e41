"""`python -m compare`, also installed as `threeways`: Ctrl-C is minded from the first import to the last line."""

import errno
import os
import signal
import sys

STOPPED = 130


def main() -> None:
    """Run the command line. What Ctrl-C stops, be it an import, ends with a sentence and exit code 130."""
    code: int | str | None = 0
    try:
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
    except RuntimeError as error:
        if not isinstance(error.__cause__, KeyboardInterrupt):  # Python 3.11 wraps what stops a class body
            raise
        code = STOPPED
    except OSError as error:  # whatever names a file has been put into words already: this one is stdout
        if error.errno not in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is still to be printed
        print(f"error: The answer cannot be printed: {error.strerror}. Files are kept.", file=sys.stderr)
        code = 2
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done: what is left is Python's own tidying up
    if code == STOPPED:
        print("Stopped. Files that were finished by then are kept.", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
