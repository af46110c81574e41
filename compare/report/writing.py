"""Which page an answer gets, and where it is written."""

from pathlib import Path
from typing import Any, Protocol

from compare.report.answer_page import answer_page
from compare.report.page import write_page
from compare.report.run_page import run_page
from compare.run import Run
from compare.shared.output import Output


class Answer(Protocol):
    """An answer that left files."""

    @property
    def files(self) -> list[Path]: ...  # noqa: D102
    def as_json(self) -> dict[str, Any]: ...  # noqa: D102


def write_report(command: str, answer: Answer, out: Path, force: bool) -> Path:
    """report.html in `out`, beside the files of the answer, which then counts it among them.

    force: overwrite an earlier report instead of keeping it. Raises BadInput where it cannot be written.
    """
    if isinstance(answer, Run):
        page = run_page(answer, out.parent)
    else:
        page = answer_page(command, answer.as_json(), answer.files)
    path = write_page(page, Output(out), force)
    answer.files.append(path)
    return path
