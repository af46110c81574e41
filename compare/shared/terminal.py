"""What a person sees in the terminal: tables on stdout, progress on stderr."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text


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


def print_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], sentences: bool = False) -> None:
    """A table on stdout: the first column left, the others right; the last is left too where it holds sentences.

    All of it is taken as it is, without markup. Where the terminal is too narrow, cells go on in the next line.
    """
    caption = Text(title, style="bold") if title else None
    table = Table(title=caption, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for i, name in enumerate(header):
        left = i == 0 or (sentences and i == len(header) - 1)
        table.add_column(Text(name), justify="left" if left else "right", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    _stdout().print(table)


def print_text(text: str) -> None:
    """A paragraph on stdout, wrapped to the terminal; the text is taken as it is, without markup."""
    _stdout().print(text, markup=False, highlight=False)


def print_files(files: Sequence[Path]) -> None:
    """Where the results lie."""
    if files:
        print_text("Written: " + ", ".join(str(path) for path in files))


def _stdout() -> Console:
    console = Console()
    # Into a file or a pipe, tables are as wide as they need to be: nobody wants a column cut off at 80 characters.
    return console if console.is_terminal else Console(width=160)
