"""A question asked, and its answer kept: the results and the list of files are written here and nowhere else."""

import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from compare.shared.environment import environment
from compare.shared.output import Output
from compare.shared.threads import use_threads


class Answer(Protocol):
    """What a question comes back with. kept_in: the file where it stands as JSON; None where others keep its parts."""

    @property
    def kept_in(self) -> str | None: ...  # noqa: D102
    @property
    def holds(self) -> bool: ...  # noqa: D102
    def as_json(self) -> dict[str, Any]: ...  # noqa: D102


A = TypeVar("A", bound=Answer)


@dataclass(frozen=True)
class Results(Generic[A]):
    """An answer, as one JSON document, and the files that it left, in the order in which they were written."""

    answer: A
    document: dict[str, Any]
    files: list[Path]


def ask(question: Callable[[Output], A], out: Path, threads: int = 1) -> Results[A]:
    """Ask, and keep the answer in the folder `out`, with its files and with what decides its last bits.

    threads: that were computed with. Raises what the question raises, and BadInput where a file cannot be written.
    """
    output = Output(out)
    answer = question(output)
    document = answer.as_json()
    if output.files or answer.kept_in:
        own = [output.folder / answer.kept_in] if answer.kept_in else []
        with use_threads(threads) if "torch" in sys.modules else nullcontext():  # where it is not, it did not compute
            about = environment(threads)
        document |= {"files": [str(path) for path in [*output.files, *own]], "environment": about}
    if answer.kept_in:
        output.write_json(answer.kept_in, document)
    return Results(answer, document, output.files)
