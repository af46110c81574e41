"""Which page an answer gets, and where it is written."""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from compare.report.answer_page import answer_page
from compare.report.page import Page, write_page
from compare.shared.output import Output
from compare.shared.results import A, Results
from compare.shared.terminal import Piece


def write_report(
    typed: Sequence[str],
    results: Results[A],
    out: Path,
    force: bool,
    pieces: Sequence[Piece] = (),
    page_of: Callable[[Results[A], Path], Page] | None = None,
) -> Path:
    """The page in the folder `out`, with the figures among the files of the results.

    typed: the command and its options, as they were given. force: overwrite an earlier page instead of keeping it.
    pieces: what is shown in the terminal, which the page says in the same words.
    page_of: makes the page of a command that has one of its own. Raises BadInput where it cannot be written.
    """
    page = page_of(results, out.parent) if page_of else answer_page(typed, results.document, results.files, pieces)
    named = [Path(part).name if Path(part).is_absolute() else part for part in typed]  # a page to show names no homes
    about = {"command": shlex.join(("python", "-m", "compare", *named)), **page.about}
    return write_page(replace(page, about=about), Output(out), force)
