"""The figure: the graphs side by side, equal lines at equal height, the forward pass above the backward pass."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from compare.shared.figures import INK, MUTED, new_figure
from compare.shared.settings import Settings
from compare.shared.words import in_words
from compare.worlds import MANUAL, NAMES, world

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from compare.side_by_side.lines import LineOfAll

FORWARD, BACKWARD = "#cfe3f1", "#f9dcc4"  # light blue and light orange: apart for colour-blind eyes, and in print
WIDTH, INDENT, RAIL = 0.97, 0.09, 0.045  # in columns: of a box, of dW and db, of the arrow that leads to them
HEIGHT = 0.66  # of a box, in rows


def draw(rows: Sequence["LineOfAll"], extra_bytes: Mapping[str, int], settings: Settings) -> "Figure":
    """A column of boxes for each world; in each box what the line is there, and the bytes that it keeps."""
    figure = new_figure(3.2 * len(NAMES), 10)
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.set_xlim(0, len(NAMES))
    axes.set_ylim(len(rows) + 0.5, -1.3)
    axes.set_title(
        f"The same line in {in_words(len(NAMES))} languages, and the bytes it keeps for the backward pass", pad=8
    )
    for column, name in enumerate(NAMES):
        words = [_words(row)[name] for row in rows]
        axes.text(
            column + WIDTH / 2,
            -0.75,
            world(name).title,
            color=world(name).colour,
            fontsize=12,
            weight="bold",
            ha="center",
        )
        axes.text(
            column + WIDTH / 2, len(rows) + 0.1, f"kept in all: {extra_bytes[name]:,} bytes",
            color=world(name).colour, fontsize=9, weight="bold", ha="center",
        )  # fmt: skip
        counted: set[int] = set()
        for y, (row, text) in enumerate(zip(rows, words, strict=True)):
            new = {
                kept.address: kept.bytes for kept in row.kept[name] if not kept.given and kept.address not in counted
            }
            counted |= new.keys()
            _box(axes, column, y, row, text, sum(new.values()))
        _arrows(axes, column, rows)
    figure.supxlabel(
        f"Blue: forward; orange: backward. A batch of {rows[0].shape[0]}, {settings.dtype}. An array is counted at the "
        f"first line that keeps it;\nthe parameters and the batch, which are there anyway, are not.",
        fontsize=9, color=MUTED,
    )  # fmt: skip
    return figure


def _box(axes: "Axes", column: int, y: int, row: "LineOfAll", text: str, kept: int) -> None:
    from matplotlib.patches import FancyBboxPatch

    left = column + _indent(row)
    colour = FORWARD if row.is_forward else BACKWARD
    axes.add_patch(
        FancyBboxPatch(
            (left, y - HEIGHT / 2), column + WIDTH - left, HEIGHT, boxstyle="round,pad=0,rounding_size=0.02",
            mutation_aspect=10, facecolor=colour, edgecolor="none",
        )
    )  # fmt: skip
    size = 7.8 if "\n" in text else 8.5  # two lines keep clear of each other and of the edges
    middle = "center" if "\n" in text else "center_baseline"
    axes.text(left + 0.02, y, text, va=middle, fontsize=size, color=INK, linespacing=1.35)
    if kept:
        axes.text(
            column + WIDTH - 0.02, y, f"{kept:,}", va="center", ha="right", fontsize=8.5, weight="bold", color=INK
        )


def _words(row: "LineOfAll") -> dict[str, str]:
    """What a box says, by column; two long names of nodes go on two lines."""
    statement = row.nodes[MANUAL].replace("self.", "").replace("activation_derivative", "activation'")
    broken = {name: nodes.replace(", ", "\n") if len(nodes) > 30 else nodes for name, nodes in row.nodes.items()}
    return {**broken, MANUAL: statement}


def _indent(row: "LineOfAll") -> float:
    """What ends in a parameter stands to the right of what goes on."""
    return INDENT if row.line[:2] in ("dW", "db") else 0


def _arrows(axes: "Axes", column: int, rows: Sequence["LineOfAll"]) -> None:
    """From each line to the next on the way, and from each dz to its dW and db."""
    on_the_way = [y for y, row in enumerate(rows) if not _indent(row)]
    for y, after in pairwise(on_the_way):
        arrow = {"arrowstyle": "->", "color": MUTED, "linewidth": 1, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", (column + RAIL, after - HEIGHT / 2), (column + RAIL, y + HEIGHT / 2), arrowprops=arrow)
    for y, row in enumerate(rows):
        if _indent(row):
            axes.plot([column + RAIL, column + INDENT], [y, y], color=MUTED, linewidth=1)
    last = rows[-1]
    if _indent(last):
        axes.plot([column + RAIL] * 2, [on_the_way[-1] + HEIGHT / 2, len(rows) - 1], color=MUTED, linewidth=1)
