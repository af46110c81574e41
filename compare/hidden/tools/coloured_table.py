"""A table as a figure: cells whose colour says what their words say."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Pale enough to read ink on, told apart by colour-blind eyes; the words in the cell repeat what they say.
PALE = {"blue": "#cfe3f1", "orange": "#f9ddc7", "green": "#cdeae0", "grey": "#eeeeee"}


def draw_table(
    axes: "Axes", rows: Sequence[str], columns: Sequence[str], cells: Sequence[Sequence[tuple[str, str]]], **text: Any
) -> None:
    """Rows and columns of (words, name of a colour in PALE), under the columns' titles."""
    from matplotlib.patches import FancyBboxPatch

    for i, row in enumerate(cells):
        for j, (words, colour) in enumerate(row):
            box = FancyBboxPatch(
                (j + 0.03, i + 0.06), 0.94, 0.88, boxstyle="round,pad=0,rounding_size=0.05",
                facecolor=PALE[colour], edgecolor="none", mutation_aspect=len(rows) / len(columns),
            )  # fmt: skip
            axes.add_patch(box)
            axes.text(j + 0.5, i + 0.5, words, ha="center", va="center", **{"fontsize": 10, **text})
    axes.set_xlim(0, len(columns))
    axes.set_ylim(len(rows), 0)
    axes.set_xticks([j + 0.5 for j in range(len(columns))], columns, fontsize=11, fontweight="bold")
    axes.set_yticks([i + 0.5 for i in range(len(rows))], rows, fontsize=10)
    axes.tick_params(length=0, top=False, labeltop=True, labelbottom=False, labelcolor="#222222")
    axes.grid(False)
    axes.spines[:].set_visible(False)
