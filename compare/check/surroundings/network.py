"""The network: an address of a file of digits gives it, any other an error. Nothing is fetched."""

import io
import os
from types import ModuleType
from typing import Any

from compare.check.surroundings.files import Files, basename
from compare.check.surroundings.standins import Mends, Modules


class Reply(io.BytesIO):
    """What a server would have answered, as `urlopen` and as `requests` give it."""

    status = status_code = 200
    ok = True

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.content, self.headers = content, {"content-length": str(len(content))}

    @property
    def raw(self) -> "Reply":
        return self

    @property
    def text(self) -> str:
        return self.content.decode()

    def iter_content(self, chunk_size: int = 2**16, **options: Any) -> Any:
        return iter(lambda: self.read(chunk_size), b"")

    def raise_for_status(self) -> None: ...

    def info(self) -> dict[str, str]:
        return self.headers

    def getcode(self) -> int:
        return self.status


class Network:
    """The functions that programs fetch files with."""

    def __init__(self, files: Files) -> None:
        self.files, self.giver = files, files.giver

    def get(self, address: Any, error: type[Exception]) -> Reply:
        """The file of that name; raises `error`, which is the library's own, for one that cannot be given."""
        url = str(getattr(address, "full_url", address))
        path = self.files.supply(basename(url)) if self.files.is_digits(basename(url)) else None
        if path is None:
            self.giver.lacks(url)
            raise error(f"{url} is not there: nothing is fetched from the network here")
        return Reply(path.read_bytes())

    def keep(self, reply: Reply, target: Any) -> None:
        """Into the program's own folder; elsewhere nothing is written, and the file is given when it is opened."""
        folder = os.path.dirname(os.path.abspath(target))
        if self.giver.holds(target) and os.path.isdir(folder):
            with open(target, "wb") as file:
                file.write(reply.content)

    def urllib(self, module: ModuleType) -> dict[str, Any]:
        """urlopen and urlretrieve."""

        def urlopen(url: Any, *args: Any, **options: Any) -> Reply:
            return self.get(url, module.URLError)

        def urlretrieve(url: str, filename: Any = None, *args: Any, **options: Any) -> tuple[str, Any]:
            target = os.fspath(filename or self.giver.folder / basename(url))
            reply = urlopen(url)
            self.keep(reply, target)
            return target, reply.headers

        return {"urlopen": urlopen, "urlretrieve": urlretrieve}

    def requests(self, error: type[Exception]) -> dict[str, Any]:
        """requests.get, and a session's."""

        class Session:
            headers: dict[str, str] = {}  # noqa: RUF012 - as there, changed by whoever has it

            @staticmethod
            def get(url: str, **options: Any) -> Reply:
                return self.get(url, error)

        return {"get": Session.get, "Session": Session, "session": Session}

    def download(self, url: str, out: Any = None, **options: Any) -> str:
        """wget.download"""
        target = os.fspath(out or basename(url))
        self.keep(self.get(url, OSError), os.path.join(target, basename(url)) if os.path.isdir(target) else target)
        return target

    def modules(self) -> Modules:
        """What stands in where they are not installed."""
        return {"requests": self.requests(ConnectionError), "wget": {"download": self.download}}

    def mends(self) -> Mends:
        """What is put into those that are."""
        return {
            "urllib.request": self.urllib,
            "requests": lambda module: self.requests(module.exceptions.ConnectionError),
            "wget": lambda module: {"download": self.download},
        }
