"""Two ways to begin: the chapter's small normal numbers, and what `torch.nn.Linear` draws when nobody asks."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from compare.hidden.frame.experiment import Finding
from compare.hidden.tools.batches import batches, first_batch
from compare.shared.settings import Settings
from compare.shared.terminal import Advance
from compare.shared.training import network
from compare.worlds import MANUAL, NAMES, world

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

QUESTION = "Does it matter that nn.Linear chooses the initial weights for you?"
CLAIM = (
    "With the same code and the same batches, the loss stays on its first plateau at least three times as many steps "
    "from 0.01 x normal as from the default of nn.Linear, in all three."
)

MOST = 2000  # steps before giving up
WINDOW = 20  # steps that the loss is averaged over
DROP = 0.1  # how far below ln 10 this mean must be for the plateau to have been left
PLATEAU = math.log(10)  # the loss of one who gives all ten classes the same probability
INITS = {"chapter": "0.01 x normal", "torch": "default of nn.Linear"}


@dataclass(frozen=True)
class Measured:
    """Losses by initial weights, implementation and step, up to where it left the plateau.

    sizes: the length of dW1 for the first batch, by initial weights.
    """

    losses: dict[str, dict[str, list[float]]]
    sizes: dict[str, float]


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured:
    """The loss by step, from either start, until it has left the plateau."""
    losses: dict[str, dict[str, list[float]]] = {init: {} for init in INITS}
    sizes = {}
    for init in INITS:
        for name in NAMES:
            net = network(name, settings.with_(init=init, init_scale=0.01), digits)
            if name == MANUAL:
                _, d = net.gradients(*first_batch(settings, digits))
                sizes[init] = float(np.linalg.norm(d["W1"]))
            losses[init][name] = found = []
            for x, labels in batches(settings, digits, MOST):
                found.append(net.step(x, labels, settings.learning_rate))
                if left_plateau(found):
                    break
            advance()
    return Measured(losses, sizes)


def left_plateau(losses: list[float]) -> bool:
    """Whether the mean of the last WINDOW losses is below the plateau by DROP."""
    return len(losses) >= WINDOW and float(np.mean(losses[-WINDOW:])) < PLATEAU - DROP


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    losses, sizes = result.losses, result.sizes
    steps = {init: {name: len(found) for name, found in by_name.items()} for init, by_name in losses.items()}
    slow, fast = steps["chapter"], steps["torch"]
    holds = all(left_plateau(found) for found in losses["torch"].values())
    holds = holds and all(slow[name] >= 3 * fast[name] for name in NAMES)
    unfinished = not all(left_plateau(found) for found in losses["chapter"].values())
    answer = (
        f"{'Yes: f' if holds else 'F'}rom 0.01 x normal the loss takes {'more than ' if unfinished else ''}"
        f"{_span(slow)} steps to fall {DROP} below ln 10 = {PLATEAU:.4f}, from the default of nn.Linear {_span(fast)}."
    )
    lesson = (
        f"Small weights make small activations, layer after layer, and on the way back small gradients: with 0.01 x "
        "normal the scores of all classes are nearly equal, the loss is ln 10, and the first dW1 is "
        f"short: from the default of nn.Linear it is {sizes['torch'] / sizes['chapter']:,.0f} times as long. "
        "Training is not stuck there, it is slow: the weights grow by a small factor each step, until they are large "
        "enough to matter. nn.Linear draws from uniform numbers within 1 / sqrt(fan_in), which hardly shrink the "
        "signal. You never see that line in PyTorch, and so never learn that it decides how long the plateau is. "
        "Whoever compares two frameworks, or reports that one trains faster, must hand both the same initial weights."
    )
    return Finding(
        answer, holds, {"loss_by_step": losses, "steps_on_plateau": steps, "length_of_first_dW1": sizes}, lesson
    )


def _span(steps: dict[str, int]) -> str:
    least, most = min(steps.values()), max(steps.values())
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def draw(result: Measured) -> "Figure":
    """The loss by step from either start; where the plateau is left is marked."""
    from compare.shared.figures import MUTED, new_figure

    losses = result.losses
    figure = new_figure(9, 4.4)
    axes = figure.subplots()
    axes.axhline(PLATEAU, color=MUTED, linestyle=":", linewidth=1)
    axes.annotate(f"ln 10 = {PLATEAU:.4f}", (0.995, PLATEAU), (0, 4), xycoords=("axes fraction", "data"),
                  textcoords="offset points", ha="right", fontsize=9, color=MUTED)  # fmt: skip
    # Equal curves lie on each other, the widest below.
    widths = dict(zip(NAMES, np.linspace(4.0, 1.2, len(NAMES)), strict=True))
    for init in INITS:
        for name in NAMES:
            means = np.convolve(losses[init][name], np.full(WINDOW, 1 / WINDOW), "valid")
            steps = np.arange(WINDOW, WINDOW + len(means))
            axes.plot(steps, means, color=world(name).colour, linewidth=widths[name],
                      label=world(name).title if init == "torch" else None)  # fmt: skip
            axes.plot(steps[-1], means[-1], color=world(name).colour, marker=world(name).marker, markersize=5)
        words = f"from {INITS[init]}:\nleft after {steps[-1]:,} steps"
        side, gap = ("left", 10) if init == "torch" else ("right", -10)
        axes.annotate(words, (steps[-1], means[-1]), (gap, 6), ha=side, va="bottom", textcoords="offset points")
    axes.set_xlim(0, None)
    axes.set_xlabel("step")
    axes.set_ylabel(f"loss, mean of {WINDOW} batches")
    axes.set_title("The same code, another start: how long the plateau lasts")
    axes.legend(loc="center")
    return figure
