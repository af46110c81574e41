"""What every command does with its question: ask it, keep and show the answer, write its page, exit with its code."""

import functools
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

if TYPE_CHECKING:
    from compare.report.page import Page
    from compare.shared.output import Output
    from compare.shared.results import A, Results

# What needs NumPy, PyTorch or Matplotlib is imported inside, so that --help comes at once.


Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, and nothing else there.")]
Out = Annotated[Path, typer.Option(help="Folder for the files.")]
Force = Annotated[
    bool, typer.Option("--force", help="Overwrite an earlier page instead of keeping it under another name.")
]


class How(NamedTuple):
    """How an answer is given: as JSON or as tables, into which folder, and whether over an earlier page."""

    json: bool
    out: Path
    force: bool


def gives_results(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command --json, --out and --force in place of its parameter `how`, which is made of them."""
    options = [option for option in inspect.signature(command).parameters.values() if option.name != "how"]
    given = {
        "json": (Json, False),
        "out": (Out, Path("results") / command.__name__),
        "force": (Force, False),
    }

    @functools.wraps(command)
    def with_results(*arguments: Any, **named: Any) -> None:
        command(*arguments, how=How(**{name: named.pop(name) for name in given}), **named)

    own = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in given.items()
    ]
    with_results.__signature__ = inspect.Signature([*options, *own])  # type: ignore[attr-defined]
    with_results.__annotations__ = {option.name: option.annotation for option in [*options, *own]}
    return with_results


def answer(
    question: "Callable[[Output], A]",
    show: "Callable[[A], None]",
    how: How,
    threads: int = 1,
    page: "Callable[[Results[A], Path], Page] | None" = None,
) -> None:
    """Ask the question, keep and show the answer, write its page, and exit with the answer's code.

    page: of the answer and the folder beside which other commands keep theirs; None for the page that any answer gets.
    """
    from compare.report.writing import write_report
    from compare.shared.results import ask
    from compare.shared.terminal import noted, print_files, print_pieces

    try:
        results = ask(question, how.out, threads)
        with noted() as pieces:
            show(results.answer)
        report = write_report(sys.argv[1:], results, how.out, how.force, pieces, page) if results.files else None
        results.document.get("files", []).extend(map(str, [report] if report else []))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None  # which __main__.py puts into words
    if how.json:
        from compare.shared.output import dump_json

        print(dump_json(results.document))
    else:
        print_pieces(pieces)
        print_files([*results.files, report] if report else [])
        if report:
            print(f"Open {report} in a browser.")
    raise typer.Exit(0 if results.answer.holds else 1)
