"""What `curves` shows in the terminal."""

from compare.curves.answer import Curves
from compare.curves.chapter import tables as chapter_tables
from compare.shared.terminal import print_text
from compare.side_by_side.trainings_tables import print_curves


def show(answer: Curves) -> None:
    """The verdict, tables and the reasons, on stdout."""
    print_text(answer.verdict)
    print_text("")
    print_curves(answer.curves, answer.pairs)
    if answer.chapter:
        chapter_tables.show(answer.chapter)
    for reason in answer.reasons:
        print_text(reason)
