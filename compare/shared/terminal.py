"""What a person sees in the terminal: tables on stdout, progress on stderr."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table as RichTable
from rich.text import Text


class TableShown(NamedTuple):
    """A table as it is shown."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


MOST_NAMED = 9  # files that were written; more are counted

WAIT = 8.0  # seconds

#: What is shown in one go: a text, or a table.
Piece = str | TableShown

_noting: ContextVar[list[Piece] | None] = ContextVar("_noting", default=None)


@contextmanager
def noted() -> Iterator[list[Piece]]:
    """What is printed within is put into this list instead, so that a page can say it in the same words."""
    pieces: list[Piece] = []
    before = _noting.set(pieces)
    try:
        yield pieces
    finally:
        _noting.reset(before)


def print_pieces(pieces: Sequence[Piece]) -> None:
    """What was noted, on stdout."""
    for piece in pieces:
        if isinstance(piece, TableShown):
            print_table(*piece)
        else:
            print_text(piece)


@dataclass(frozen=True)
class Table:
    """Rows of one kind, as text."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


class Advance(Protocol):
    """Says that some more steps are done, and in a few words where things stand."""

    def __call__(self, steps: int = 1, status: str = "") -> None: ...  # noqa: D102


@contextmanager
def progress(title: str, steps: int) -> Iterator[Advance]:
    """A bar for work of that many steps, on stderr; none where that is not a terminal."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[status]}"),
        console=Console(stderr=True),
        disable=not Console(stderr=True).is_terminal,
    )
    with bar:
        task = bar.add_task(title, total=steps, status="")

        def advance(steps: int = 1, status: str = "") -> None:
            if status:
                bar.update(task, advance=steps, status=status)
            else:
                bar.update(task, advance=steps)

        yield advance


def in_seconds(seconds: float) -> str:
    """A time that is only estimated: like "8 s", "40 s" or "3 min"."""
    if seconds < 10:
        return f"{max(1, round(seconds))} s"
    return f"{10 * round(seconds / 10)} s" if seconds < 115 else f"{round(seconds / 60)} min"


def announce(text: str) -> None:
    """What is about to begin, on stderr; nothing where that is not a terminal."""
    console = Console(stderr=True)
    if console.is_terminal:
        console.print(text, markup=False, highlight=False)


def announce_wait(work: str, seconds: float) -> None:
    """What is about to begin and about how long it takes, where that is longer than anybody waits without a word."""
    if seconds >= WAIT:
        announce(f"{work}: about {in_seconds(seconds)}.")


def print_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on stdout: words begin at the left of their column, numbers end at its right.

    All of it is taken as it is, without markup. Where the terminal is too narrow, cells go on in the next line.
    """
    if (pieces := _noting.get()) is not None:
        pieces.append(TableShown(title, header, rows))
        return
    _stdout().print(laid_out(title, header, rows))


def laid_out(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> RichTable:
    """The table before it knows how wide the terminal is."""
    caption = Text(title, style="bold") if title else None
    table = RichTable(title=caption, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    height = max(name.count("\n") for name in header)
    for i, name in enumerate(header):
        right = i > 0 and is_of_numbers([row[i] for row in rows])
        above = "\n" * (height - name.count("\n"))
        table.add_column(Text(above + name), justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def is_of_numbers(cells: Sequence[str]) -> bool:
    """Whether most cells of a column that say anything begin as numbers do."""
    said = [cell for cell in cells if cell not in ("", "-", "missed", "false alarm")]
    return 2 * sum(re.match(r"[-+]?\.?\d", cell) is not None for cell in said) > len(said) or not said


def print_text(text: str) -> None:
    """A paragraph on stdout, wrapped to the terminal; the text is taken as it is, without markup."""
    if (pieces := _noting.get()) is not None:
        pieces.append(text)
        return
    _stdout().print(text, markup=False, highlight=False)


def print_files(files: Sequence[Path]) -> None:
    """Where the results lie."""
    if files:
        folders = {str(path.parent) for path in files}
        if len(files) > MOST_NAMED and len(folders) == 1:
            print_text(f"Written: {len(files)} files in {folders.pop()}")
        else:
            print_text("Written: " + ", ".join(str(path) for path in files))


def _stdout() -> Console:
    console = Console()
    # Into a file or a pipe, tables are as wide as they need to be: nobody wants a column cut off at 80 characters.
    return console if console.is_terminal else Console(width=160)
