"""Which page an answer gets, and where it is written."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from compare.report.answer_page import answer_page
from compare.report.page import write_page
from compare.report.run_page import run_page
from compare.run import Run
from compare.shared.output import Output


class Answer(Protocol):
    """What a question comes back with."""

    def as_json(self) -> dict[str, Any]: ...  # noqa: D102


def write_report(command: str, answer: Answer, files: Sequence[Path], out: Path, force: bool) -> Path:
    """report.html in the folder `out`, with the figures among the answer's `files`.

    force: overwrite an earlier report instead of keeping it. Raises BadInput where it cannot be written.
    """
    if isinstance(answer, Run):
        return write_page(run_page(answer, beside=out.parent), Output(out), force)
    return write_page(answer_page(command, answer.as_json(), files), Output(out), force)
