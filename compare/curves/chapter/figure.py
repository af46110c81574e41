"""The figure `plateau`: how small the signal starts, and how long the loss lies still."""

from typing import TYPE_CHECKING

import numpy as np

from compare.curves.chapter.answer import LEFT, PLATEAU, SIGNAL, WINDOW, Chapter
from compare.shared.figures import BLUE, MUTED, VERMILLION, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIZES = {"chapter": ("0.01 x normal", BLUE, "o", "-"),
          "he": ("He's", VERMILLION, "s", "--")}  # fmt: skip
_COLOURS = ("#0072B2", "#56B4E9", "#D55E00", "#E69F00", "#CC79A7", "#009E73")  # Okabe and Ito
_DASHES = ("-", ":", "--", "-", "-.", "-")


def draw(found: Chapter) -> "Figure":
    """Left, the sizes of activations and gradients by layer; right, the loss by step of every change."""
    figure = new_figure(10, 5)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.35))
    positions = np.arange(len(SIGNAL))
    for name, sizes in found.signal.items():
        label, colour, marker, dashes = _SIZES[name]
        values = [sizes[line] for line in SIGNAL]
        left.plot(positions[:3], values[:3], dashes, color=colour, marker=marker, label=label)
        left.plot(positions[3:], values[3:], dashes, color=colour, marker=marker)
    left.axvline(2.5, color=MUTED, linewidth=0.9)
    left.set_yscale("log")
    left.set_xticks(positions, SIGNAL)
    left.set_xlabel("forward: activations | backward: gradients")
    left.set_ylabel("root mean square of an entry, at the start")
    left.set_title("Small weights shrink every signal")
    smallest = min(min(sizes.values()) for sizes in found.signal.values())
    left.set_ylim(smallest / 30, 3)  # room for the legend
    left.legend(title="initial weights", loc="lower left", alignment="left")

    for change, colour, dashes in zip(found.changes, _COLOURS, _DASHES, strict=True):
        losses = np.array(change.losses)
        if change.steps > 10 * WINDOW:  # single batches jump
            window = np.cumsum(np.insert(losses, 0, 0.0))
            ends = np.arange(1, change.steps + 1)
            starts = np.maximum(ends - WINDOW, 0)
            losses = (window[ends] - window[starts]) / (ends - starts)
        label = f"{change.title}: {change.test_accuracy:.1%}"
        right.plot(np.arange(1, change.steps + 1), losses, dashes, color=colour, label=label)
    right.axhline(LEFT * PLATEAU, color=MUTED, linewidth=0.9, linestyle=(0, (1, 2)))
    right.set_xscale("log")
    right.set_yticks([0, 0.5, 1, 1.5, 2, 2.5])
    right.set_ylim(-1.6, 1.1 * max(change.losses[0] for change in found.changes))
    right.set_xlabel(f"step (loss of batches: mean of the last {WINDOW} steps)")
    right.set_ylabel("training loss")
    right.set_title("... and the loss waits on a plateau")
    right.legend(loc="lower left", fontsize=9, title="change: test accuracy at its end", alignment="left")
    return figure
