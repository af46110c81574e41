"""The figure of a verdict: how much of its bound each line uses, on a log scale, the bound as a line."""

from typing import TYPE_CHECKING

import numpy as np

from compare.judge.verdict import Verdict
from compare.shared.figures import INK, MUTED, new_figure
from compare.worlds import world

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.parity.answer import Parity

FLOOR = 1e-5  # of the scale; what is exact lies on a strip below it


def draw(parity: "Parity") -> "Figure":
    """One column a line, in the order of the calculation; one marker an implementation."""
    worlds = list(parity.checks)
    names = [line.name for line in parity.checks[worlds[0]].lines]
    place = {name: x for x, name in enumerate(names)}
    figure = new_figure(max(9.0, 0.42 * len(names) + 1.5), 4.8)
    axes = figure.subplots()
    strip = FLOOR / 4
    highest = 10.0
    offsets = np.linspace(-0.25, 0.25, len(worlds))
    for offset, name in zip(offsets, worlds, strict=True):
        lines = parity.checks[name].lines
        heights = np.array([_height(line, strip) for line in lines])
        highest = max(highest, 3 * heights.max())
        looks = world(name)
        axes.plot(
            [place[line.name] + offset for line in lines], heights, linestyle="none", marker=looks.marker, markersize=6,
            color=looks.colour, markeredgecolor="white", markeredgewidth=0.5, label=looks.title,
        )  # fmt: skip
    axes.axhline(1, color=INK, linewidth=1.6)
    axes.annotate("the bound: above it, rounding is no excuse", (0, 1), (0, 5), textcoords="offset points", va="bottom")
    axes.axhspan(strip / 2.5, FLOOR / 1.5, color=MUTED, alpha=0.12, linewidth=0)
    axes.set_yscale("log")
    axes.set_ylim(strip / 2.5, highest)
    top = int(np.log10(highest))
    powers = range(-5, top + 1) if top < 4 else range(-4, top + 1, 4)
    axes.set_yticks([strip, *(10.0**k for k in powers)], ["0", *(f"$10^{{{k}}}$" for k in powers)])
    axes.minorticks_off()
    for left in range(1, len(names), 2):
        axes.axvspan(left - 0.5, left + 0.5, color=MUTED, alpha=0.05, linewidth=0)
    axes.grid(visible=False, axis="x")
    axes.set_xticks(range(len(names)), names, rotation=0 if len(names) < 24 else 90)
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.set_xlabel("line, in the order of the calculation")
    axes.set_ylabel("largest error / bound")
    axes.set_title("How much of its rounding-error bound each line uses")
    figure.legend(loc="outside lower center", ncols=3 if len(worlds) != 4 else 2)
    settings = parity.settings
    figure.suptitle(
        f"{settings.dtype}, batch of {settings.batch_size:,}, hidden {', '.join(map(str, settings.widths))}, "
        f"{settings.activation}, {f'after {parity.after:,} steps' if parity.after else 'initial weights'}",
        x=0.01, ha="left", fontsize=9, color=MUTED,
    )  # fmt: skip
    return figure


def _height(line: Verdict, strip: float) -> float:
    """Where its marker stands: exact ones and those below the scale at its foot, infinite ones far above the bound."""
    if line.bound_used == 0:
        return strip
    return float(np.clip(line.bound_used, FLOOR, 1e12))
