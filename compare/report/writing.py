"""Which page an answer gets, and where it is written."""

import shlex
from collections.abc import Sequence
from dataclasses import replace
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


def write_report(typed: Sequence[str], answer: Answer, files: Sequence[Path], out: Path, force: bool) -> Path:
    """report.html in the folder `out`, with the figures among the answer's `files`.

    typed: the command and its options, as they were given. force: overwrite an earlier report instead of keeping it.
    Raises BadInput where it cannot be written.
    """
    if isinstance(answer, Run):
        page = run_page(answer, beside=out.parent)
    else:
        page = answer_page(typed[0], answer.as_json(), files)
    named = [Path(part).name if Path(part).is_absolute() else part for part in typed]  # a page to show names no homes
    about = {"command": shlex.join(("python", "-m", "compare", *named)), **page.about}
    return write_page(replace(page, about=about), Output(out), force)
