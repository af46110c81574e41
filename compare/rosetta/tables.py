"""What `rosetta` shows in the terminal."""

import textwrap
from collections.abc import Sequence

from compare.rosetta.answer import Rosetta
from compare.shared.terminal import print_table, print_text
from compare.shared.words import in_words
from compare.worlds import MANUAL, NAMES, world
from compare.worlds.columns.column import Kept

#: What PyTorch calls its operators.
OPERATORS = (
    "t transposes, mm multiplies matrices, addmm multiplies and adds, threshold_backward is that of the ReLU. view "
    "gives another shape and detach drops the history; both copy nothing.\n"
)


def show(answer: Rosetta) -> None:
    """The verdict and four tables, on stdout."""
    print_text(answer.verdict)
    print_text("")
    print_table(
        f"The same line in {in_words(len(NAMES))} languages",
        [world(name).nodes_title for name in NAMES],
        [[_wrapped(words, 38 if name == MANUAL else 20) for name, words in row.nodes.items()] for row in answer.rows],
    )
    print_text(
        "Nodes: those of the graph that made the line's value, or whose backward gave its gradient. TBackward0 belongs "
        "to a transpose, AddmmBackward0 to a matrix product with a sum, NllLossBackward0 to the negative "
        "log-likelihood.\n"
    )
    for name in answer.rows[0].operators:
        print_table(
            f"{world(name).operators_title}, as they ran",
            ("line", "operators"),
            [(row.line, row.operators[name]) for row in answer.rows],
        )
        print_text(OPERATORS)
    print_table(
        f"The values of each line in all {in_words(len(NAMES))}",
        ("line", "shape", "largest difference", "share of the bound"),
        [
            (
                row.line,
                " x ".join(map(str, row.shape)) or "1",
                f"{row.largest_difference:.1e}",
                f"{row.bound_used:.1%}",
            )
            for row in answer.rows
        ],
    )
    print_text(
        "share of the bound: the largest error of an entry in any of them, divided by the most that rounding "
        "can do in that line.\n"
    )
    print_table(
        "The arrays that a line keeps for the backward pass, in bytes",
        ("line", *(f"{world(name).title} keeps" for name in NAMES)),
        [
            (row.line, *(own_arrays(row.kept[name]) for name in NAMES))
            for row in answer.rows if any(own_arrays(row.kept[name]) for name in NAMES)
        ],
    )  # fmt: skip
    print_text(
        "The parameters, the images and the labels, which are kept anyway, are left out; an array that two lines "
        "keep is kept once.\n"
    )


def _wrapped(words: str, width: int) -> str:
    """On lines of that width, without the word `self`, broken where a person would."""
    return textwrap.fill(words.replace("self.", ""), width)


def own_arrays(arrays: Sequence[Kept]) -> str:
    """A line of text for each array but those given anyway: its name and its bytes."""
    own = [kept for kept in arrays if not kept.given]
    return "\n".join(f"{kept.name.replace('Backward0._saved_', '.')} {kept.bytes:,}" for kept in own)
