"""The figure of the curves: panels on shared axes and, below them, how far they are apart."""

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from compare.shared.differences import PairDifference, differences
from compare.shared.figures import MUTED, draw_roundoff, name_settings, new_figure
from compare.shared.pair_looks import pair_looks
from compare.shared.settings import Settings
from compare.shared.training import Curve
from compare.worlds import spoken, world

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def _pair_style(names: Sequence[str], pair: tuple[str, str]) -> dict[str, Any]:
    """Of the line for a pair's weights."""
    whose, wide = pair_looks(names, pair)
    if whose is None:
        return {"color": MUTED, "linestyle": ":", "marker": "."}
    narrow = {"marker": world(pair[0]).marker, "markersize": 5}
    return {
        "color": world(whose).colour,
        **({"linewidth": 5, "alpha": 0.35, "marker": "o", "markersize": 9} if wide else narrow),
    }


def draw(curves: Sequence[Curve], settings: Settings) -> "Figure":
    """A panel of loss and accuracy for each world, on shared axes; below, each pair's difference on a log scale."""
    from matplotlib.ticker import MaxNLocator, PercentFormatter, ScalarFormatter

    figure = new_figure(max(9.5, 3.2 * len(curves)), 8)
    grid = figure.add_gridspec(2, 1, height_ratios=(2, 1.3))
    upper, lower = figure.add_subfigure(grid[0]), figure.add_subfigure(grid[1])
    panels = upper.subplots(2, len(curves), sharex=True, sharey="row", squeeze=False)
    for curve, top, below in zip(curves, *panels, strict=True):
        colour, marker = world(curve.implementation).colour, world(curve.implementation).marker
        epochs = np.arange(1, len(curve.train_loss) + 1)
        top.plot(epochs, curve.train_loss, color=colour, marker=marker, markersize=4)
        below.plot(epochs, curve.test_accuracy, color=colour, marker=marker, markersize=4)
        top.set_title(world(curve.implementation).title, color=colour)
        below.set_xlabel("epoch")
        below.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        final = f"{curve.test_accuracy[-1]:.2%}"
        below.text(0.97, 0.06, final, transform=below.transAxes, ha="right", color=colour, fontweight="bold")
    panels[0, 0].set_ylabel("training loss")
    panels[0, 0].yaxis.set_major_formatter(ScalarFormatter(useOffset=False))  # 2.30265, not 5 and elsewhere 1e-5+2.3026
    panels[1, 0].set_ylabel("test accuracy")
    panels[1, 0].yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
    draw_differences(lower.subplots(), differences(curves), settings)
    name_settings(lower, settings)
    return figure


def draw_differences(axes: "Axes", pairs: Sequence[PairDifference], settings: Settings) -> None:
    """Each pair's weight difference by epoch and loss difference by step; equal pairs are named in the legend."""
    from matplotlib.ticker import MaxNLocator

    names = list(dict.fromkeys(name for pair in pairs for name in pair.pair))
    roundoff = draw_roundoff(axes, settings.dtype)
    for pair in pairs:
        points = [(epoch, value) for epoch, value in enumerate(pair.weights) if value > 0]
        if points:
            axes.plot(
                *zip(*points, strict=True), label=f"weights, {spoken(pair.name)}", **_pair_style(names, pair.pair)
            )
        else:
            axes.plot([], [], linestyle="none", label=f"weights, {spoken(pair.name)}:\nbit-identical")
    step_pair = next((pair for pair in pairs if any(pair.losses)), None)
    if step_pair:
        steps, largest = _largest_in_windows(step_pair.losses, 120)
        epochs = steps * settings.epochs / len(step_pair.losses)
        axes.plot(epochs, largest, color=MUTED, linewidth=0.9, label=f"loss of a batch,\n{spoken(step_pair.name)}")
    axes.set_title("How far apart they are: largest difference of any weight, and of the loss")
    axes.set_yscale("log")
    drawn = [value for pair in pairs for value in (*pair.weights, *pair.losses) if value > 0]
    axes.set_ylim(min([roundoff / 30, *(value / 5 for value in drawn)]), 3)  # no marker is cut
    axes.set_xlim(0, settings.epochs * 1.02)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if pairs:
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=9)


def _largest_in_windows(values: Sequence[float], windows: int) -> tuple[np.ndarray, np.ndarray]:
    """The largest value in each of that many stretches, and where it ends; zeros, which a log scale lacks, left out."""
    edges = np.linspace(0, len(values), min(windows, len(values)) + 1).astype(int)
    largest = np.array([max(values[a:b]) for a, b in itertools.pairwise(edges)])
    return edges[1:][largest > 0], largest[largest > 0]
