"""What a learner's program may not do in its process: write elsewhere, start processes, use all memory, print forever.

Refusals are OSErrors, as a system would give: libraries know what to do with them, and a program that does not names
the line. They hold for Python's own calls, which is what programs use; the parent ends whatever slips through.
"""

import contextlib
import faulthandler
import io
import os
import sys
from pathlib import Path
from typing import Any

MEMORY = 4 * 2**30  # bytes
LARGEST_FILE = 2**30
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
#: Audit events that change files -> which of their arguments are the paths, and whether a link is followed there.
CHANGES = {
    "os.truncate": ((0,), True), "os.chmod": ((0,), True), "os.chown": ((0,), True), "os.utime": ((0,), True),
    "os.remove": ((0,), False), "os.rmdir": ((0,), False), "os.mkdir": ((0,), False), "os.rename": ((0, 1), False),
    "os.link": ((1,), False), "os.symlink": ((1,), False), "shutil.rmtree": ((0,), False),
}  # fmt: skip
PROCESSES = {
    "os.fork", "os.forkpty", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile", "os.kill",
    "os.killpg", "subprocess.Popen", "pty.spawn",
}  # fmt: skip
CONNECTIONS = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname"}


class Refused(PermissionError):
    """What a program wanted is not let through. Not a mistake of its code."""


def raise_fences(folder: Path) -> None:
    """Let this process write in `folder` alone, start no other, open no connection, and use 4 GB."""
    inside = os.path.realpath(folder) + os.sep

    def refuse(path: Any, follow: bool) -> None:
        if isinstance(path, int) or path is None:
            return
        name = os.fsdecode(path)
        real = os.path.realpath(name if follow else os.path.dirname(name) or ".")
        if not (real + os.sep).startswith(inside) and name != os.devnull:
            raise Refused(f"nothing is written outside a copy of the program's own folder, and {name} lies outside")

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            if (flags or 0) & WRITES or (isinstance(mode, str) and set(mode) & set("wax+")):
                refuse(path, True)
        elif event in CHANGES:
            positions, follow = CHANGES[event]
            for position in positions:
                refuse(arguments[position], follow)
        elif event in PROCESSES:
            raise Refused(f"{event} is not run here: what another process computes cannot be followed")
        elif event in CONNECTIONS:
            raise Refused("no connection to the network is opened here")

    faulthandler.enable((folder / "fault.txt").open("w"))
    with contextlib.suppress(ImportError, ValueError, OSError):  # where the system knows such limits
        import resource

        for kind, most in (
            (resource.RLIMIT_AS, MEMORY),
            (resource.RLIMIT_FSIZE, LARGEST_FILE),
            (resource.RLIMIT_CORE, 0),
        ):
            resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))
    os.system = lambda command: 0  # noqa: ARG005 (most often `clear`)
    os._exit = sys.exit  # type: ignore[assignment]
    sys.addaudithook(audit)


class Tail(io.BufferedIOBase):
    """Somewhere to print: the last thousand bytes are kept."""

    def __init__(self) -> None:
        self.kept = b""

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any) -> int:
        """Keep the end."""
        size = len(data)
        self.kept = (self.kept + bytes(data[-1000:]))[-1000:]
        return size

    def opened(self) -> io.TextIOWrapper:
        """As sys.stdout is; all goes through at once."""
        return io.TextIOWrapper(self, encoding="utf-8", errors="replace", write_through=True)  # type: ignore[arg-type]
