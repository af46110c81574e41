"""The chapter's loop in tables."""

from compare.curves.chapter.answer import EVERY, SIGNAL, Change, Chapter
from compare.shared.terminal import print_table, print_text
from compare.shared.words import percent_of
from compare.worlds import world


def show(found: Chapter) -> None:
    """The lines that the loop prints, the next chapter's loop beside it, the sizes and the changes, on stdout."""
    rows = zip(*found.lines.values(), strict=True)
    print_table(
        f"The loop as the chapter prints it, a line every {EVERY} epochs: loss and test accuracy",
        ("epoch", *(world(name).title for name in found.lines)),
        [(str(row[0][0]), *(f"{loss:.4f}  {accuracy:.2%}" for _, loss, accuracy in row)) for row in rows],
    )
    header = ("", "learning\nrate", "steps", "first\nloss", "last\nloss", "test\naccuracy")
    print_table(
        "Both chapters side by side", header, [_row(change) for change in (found.changes[0], *found.next_chapter)]
    )
    print_text("The next chapter's: the same loop in PyTorch, from nn.Linear's own initial weights.\n")
    print_table(
        "Why: root mean square of each line at the start, gradients those of one image",
        ("initial weights", *SIGNAL),
        [(name, *(f"{sizes[line]:.1e}" for line in SIGNAL)) for name, sizes in found.signal.items()],
    )
    print_table("What a change does", header, [_row(change) for change in found.changes])
    print_text(
        "Of a change only the curve matters, so it is trained by hand with its arrays made once "
        f"(manual/preallocated.py). At the start its gradients are {'within' if found.holds else 'NOT within'} their "
        f"rounding bounds; the nearest uses {percent_of(found.bound_used)} of its own.\n"
    )


def _row(change: Change) -> tuple[str, ...]:
    return (
        change.title,
        f"{change.learning_rate:g}",
        f"{change.steps:,}",
        f"{change.first_loss:.4f}",
        f"{change.last_loss:.4f}",
        f"{change.test_accuracy:.2%}",
    )
