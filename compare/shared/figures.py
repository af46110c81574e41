"""The look of every figure, and how it is saved."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compare.shared.output import Output

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's palette (2008), told apart by colour-blind eyes too; markers and dashes repeat what colour says.
COLOURS = {"manual": "#0072B2", "autograd": "#D55E00", "torch_ref": "#009E73"}
MARKERS = {"manual": "o", "autograd": "s", "torch_ref": "^"}
INK, MUTED, GRID = "#222222", "#666666", "#dddddd"

_STYLE: Any = {
    "figure.dpi": 100,
    "savefig.dpi": 160,
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


def save_figure(figure: "Figure", output: Output, name: str) -> list[Path]:
    """As NAME.png and NAME.svg, without a date in them, so that the same numbers give the same files."""
    paths = []
    for kind, metadata in (("png", {"Software": None}), ("svg", {"Date": None, "Creator": None})):
        content = io.BytesIO()
        figure.savefig(content, format=kind, metadata=metadata)
        paths.append(output.write(f"{name}.{kind}", content.getvalue()))
    return paths
