"""The figure of the divergence: the difference against the step, and the image for which the first ReLU flipped."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from compare.divergence.lockstep import Growth, Jump
from compare.shared.dataset import Dataset
from compare.shared.figures import INK, draw_roundoff, name_settings, new_figure
from compare.shared.pair_looks import pair_looks
from compare.shared.settings import Settings
from compare.worlds import spoken, world

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TOP = 1e6  # a training that overflows would flatten everything else


def draw(growths: Sequence[Growth], main: Growth, settings: Settings, data: Dataset) -> "Figure":
    """Each pair's difference on log scales; the event of the main pair is marked, and its image drawn beside."""
    figure = new_figure(9.5, 4.8)
    event = main.first_jump if main.first_jump and main.first_jump.flips else None
    if event:
        axes, beside = figure.subplots(1, 2, width_ratios=(3.4, 1))
        draw_event(beside, event, main, data)
    else:
        axes = figure.subplots()
    draw_growths(axes, growths, main, settings)
    name_settings(figure, settings)
    return figure


def draw_growths(axes: "Axes", growths: Sequence[Growth], main: Growth, settings: Settings) -> None:
    """Every pair's line, the unit roundoff, and the main pair's first jump as an arrow up."""
    from matplotlib.ticker import StrMethodFormatter

    roundoff = draw_roundoff(axes, settings.dtype)
    for growth in growths:
        differences = np.array(growth.difference_by_step)
        steps = np.flatnonzero((differences > 0) & (differences < _TOP)) + 1
        if steps.size:
            axes.plot(steps, differences[steps - 1], label=spoken(growth.name), **_style(growths, growth))
        else:
            axes.plot([], [], linestyle="none", label=f"{spoken(growth.name)}: bit-identical")
    jump = main.first_jump
    if jump and jump.after < _TOP:
        axes.plot(
            jump.step, jump.after, linestyle="none", marker="o", markersize=9, markerfacecolor="none",
            markeredgecolor=INK, markeredgewidth=1.6, zorder=5,
        )  # fmt: skip
        what = "a ReLU is on in one\nand off in the other" if jump.flips else "a jump without a flip"
        early = jump.step**2 < len(main.difference_by_step)  # in the left half: then below the curve, not above
        axes.annotate(
            f"step {jump.step:,}: {what}", (jump.step, jump.after), (24, -24) if early else (-24, 4),
            textcoords="offset points", ha="left" if early else "right", va="center",
            arrowprops={"arrowstyle": "-", "color": INK, "shrinkB": 7},
        )  # fmt: skip
    stays = ", which stays near rounding" if main.holds and not jump else ""
    axes.set_title(f"How far apart they are: largest difference of any weight{stays}")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_xlabel("step")
    axes.set_xlim(1, max(2, len(main.difference_by_step)) * 1.05)
    largest = max((d for growth in growths for d in growth.difference_by_step if d < _TOP), default=0.0)
    axes.set_ylim(roundoff / 100, max(largest, 10 * roundoff) * 10)
    axes.legend(loc="upper left", fontsize=9)


def _style(growths: Sequence[Growth], growth: Growth) -> dict[str, Any]:
    """Of a pair's line; a single pair has the first world's colour."""
    names = list(dict.fromkeys(name for other in growths for name in other.pair))
    if len(names) == 2:
        return {"color": world(names[0]).colour, "linewidth": 1.8}
    whose, wide = pair_looks(names, growth.pair)
    if whose is None:
        return {"color": INK, "linewidth": 1.8}
    dashes = ("--", "-.", ":")[names.index(growth.pair[0]) % 3]
    look = {"linewidth": 5, "alpha": 0.35} if wide else {"linewidth": 1.2, "linestyle": dashes}
    return {"color": world(whose).colour, **look}


def draw_event(axes: "Axes", event: Jump, main: Growth, data: Dataset) -> None:
    """The image of the event's largest flip, its label, and the two pre-activations below it."""
    flip = event.flips[0]
    axes.imshow(data.train_images[flip.image].reshape(data.image_shape), cmap="gray_r")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(True)
    axes.set_title(f"Image {flip.image:,}, a {data.train_labels[flip.image]}", fontsize=10)
    values = "\n".join(
        f"{world(name).title}: {z:+.1e}, {'on' if z > 0 else 'off'}"
        for name, z in zip(main.pair, flip.preactivations, strict=True)
    )
    axes.set_xlabel(f"layer {flip.layer}, unit {flip.unit},\npre-activation\n{values}", loc="left")
