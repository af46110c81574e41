"""The figure of `bench`: how many times as long as its matrix multiplies alone a step takes."""

from typing import TYPE_CHECKING

from compare.bench.rivals import FLOOR, rivals
from compare.shared.settings import DTYPES
from compare.worlds import world

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from compare.bench.answer import Bench


def draw(bench: "Bench") -> "Figure":
    """A panel for each dtype; in it the batch sizes from left to right, the rivals of each beside one another."""
    from compare.shared.figures import MUTED, new_figure

    figure = new_figure(9, 5)
    panels = figure.subplots(1, len(DTYPES), sharey=True)
    for axes, dtype in zip(panels, DTYPES, strict=True):
        _draw_dtype(axes, bench, dtype)
    panels[0].set_ylabel("time of a step / its matrix multiplies alone")
    handles, labels = panels[0].get_legend_handles_labels()
    legend = figure.legend(
        handles, labels, loc="outside lower center", ncols=4, title=bench.circumstances, title_fontsize=9
    )
    legend.get_title().set_color(MUTED)
    figure.suptitle("What a training step takes beyond its arithmetic", x=0.01, ha="left", weight="bold")
    return figure


def _draw_dtype(axes: "Axes", bench: "Bench", dtype: str) -> None:
    from compare.shared.figures import INK

    rows = [row for row in bench.measured.rows if row.dtype == dtype and row.implementation != FLOOR]
    sizes = sorted({row.batch_size for row in rows})
    timed = {name: rival for name, rival in rivals(bench.settings.worlds).items() if rival.world}
    for place, (name, rival) in enumerate(timed.items()):
        looks = world(str(rival.world))
        found = {row.batch_size: row for row in rows if row.implementation == name}
        x = [i + (place - (len(timed) - 1) / 2) * 0.78 / len(timed) for i, size in enumerate(sizes) if size in found]
        floor = {size: bench.row(FLOOR, size, dtype).timing.microseconds for size in found}
        axes.errorbar(
            x, [row.over_floor for row in found.values()],
            yerr=[row.timing.spread / 2 / floor[size] for size, row in found.items()],
            fmt=looks.marker, markersize=7, color=looks.colour,
            markerfacecolor=looks.colour if rival.plain else "white",
            markeredgewidth=1.6, elinewidth=1.2, label=rival.title,
        )  # fmt: skip
    axes.axhline(1, color=INK, linewidth=1, label=rivals()[FLOOR].title)
    for i in range(1, len(sizes)):
        axes.axvline(i - 0.5, color="#dddddd", linewidth=0.8)
    axes.set_xlim(-0.5, len(sizes) - 0.5)
    axes.set_ylim(bottom=0)
    axes.set_xticks(range(len(sizes)), [f"{size:,}" for size in sizes])
    axes.grid(False, axis="x")
    axes.set_xlabel("images a batch")
    axes.set_title(dtype)
