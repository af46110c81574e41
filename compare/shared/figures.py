"""The look of every figure, and how it is saved."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from compare.shared.output import Output
from compare.shared.settings import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

# Okabe and Ito's palette (2008), told apart by colour-blind eyes too; markers and dashes repeat what colour says. The
# worlds have the same three: here they are for whatever else there is two or three of.
BLUE, VERMILLION, GREEN = "#0072B2", "#D55E00", "#009E73"
INK, MUTED, GRID = "#222222", "#666666", "#dddddd"

_STYLE: Any = {
    "figure.dpi": 160,
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.grid": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "svg.fonttype": "path",
    "svg.hashsalt": "three ways",  # the same figure gives the same file
}


def new_figure(width: float = 9, height: float = 5) -> "Figure":
    """An empty figure, inches, in the house style, with a layout that keeps labels apart."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib.figure import Figure

    matplotlib.rcParams.update(_STYLE)
    return Figure(figsize=(width, height), layout="constrained")


def name_settings(figure: "Figure | SubFigure", settings: Settings) -> None:
    """Write under the figure what it was measured with."""
    batches = f"batches of {settings.batch_size:,}" if settings.batch_size else "the whole set as one batch"
    figure.supxlabel(
        f"{settings.dtype}, seed {settings.seed}, {batches}, learning rate {settings.learning_rate:g}; the same "
        f"initial weights and batches for all",
        fontsize=9, color=MUTED,
    )  # fmt: skip


def draw_roundoff(axes: "Axes", dtype: str) -> float:
    """A dotted line at the unit roundoff of a dtype, named in the legend, where no curve lies on it; its value."""
    roundoff = float(np.finfo(dtype).eps) / 2
    label = f"unit roundoff of\n{dtype}, {roundoff:.1e}"
    axes.axhline(roundoff, color=MUTED, linewidth=1, linestyle=(0, (1, 2)), label=label)
    return roundoff


def save_figure(figure: "Figure", output: Output, name: str) -> list[Path]:
    """As NAME.png and NAME.svg, without a date in them, so that the same numbers give the same files."""
    paths = []
    if figure.axes and (layout := figure.get_layout_engine()):
        layout.execute(figure)  # once for both: saving would lay out, and draw in vain, for each
        figure.set_layout_engine(None)
    for kind, metadata in (("png", {"Software": None}), ("svg", {"Date": None, "Creator": None})):
        content = io.BytesIO()
        figure.savefig(content, format=kind, metadata=metadata)
        paths.append(output.write(f"{name}.{kind}", content.getvalue()))
    return paths
