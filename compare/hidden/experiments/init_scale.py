"""Initial weights of several scales: what is left of the digits, and of the gradient, layer by layer."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from compare.hidden.frame.experiment import Finding, plain
from compare.hidden.tools.batches import batches
from compare.shared.settings import Settings
from compare.shared.terminal import Advance
from compare.shared.training import initial_weights
from compare.worlds import MANUAL, NAMES, build
from manual.network import Network as ManualNetwork

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

QUESTION = "How much does the scale of the initial weights matter?"
CLAIM = (
    "Ten times smaller weights make scores 1,000 times and weight gradients 100 times smaller in all three "
    "implementations; from 0.0001 nothing but the frequency of the digits is learned in 938 steps, from 0.01 and 0.1 "
    "the digits are, and from 1 the loss starts at more than ten times ln 10 and ends above that from 0.1."
)

SCALES = (0.0001, 0.001, 0.01, 0.1, 1.0)
LINES = ("x", "a1", "a2", "z3", "dz3", "dz2", "dz1")  # forward, then back
WEIGHTS = ("dW1", "dW2", "dW3")
IMAGES = 256  # that the sizes of the lines are measured on
STEPS = 938  # an epoch of MNIST in batches of 64
JUDGED_ON = 10_000  # training images, at most, that the loss is read on
NEAR = 0.02  # how close to a loss, or to a power of the scale, counts as there


@dataclass(frozen=True)
class Start:
    """A start from one scale. size: by implementation and line; loss_before, loss_after: of a training by hand."""

    size: dict[str, dict[str, float]]
    loss_before: float
    loss_after: float


@dataclass(frozen=True)
class Measured:
    """The starts by scale, and the loss of knowing only the digits' frequencies."""

    found: dict[float, Start]
    frequency: float


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured:
    """The size of each line at the start, in all three, and a training by hand, from every scale."""
    x, labels = digits.train_x[:IMAGES], digits.train_labels[:IMAGES]
    judged = digits.train_x[:JUDGED_ON], digits.train_labels[:JUDGED_ON]
    found = {}
    for scale in SCALES:
        start = initial_weights(settings.with_(init="chapter", init_scale=scale), digits)
        traces = {name: {"x": x, **build(name, start).trace(x, labels)} for name in NAMES}
        net = ManualNetwork(start)
        before = net.loss(*judged)
        advance()
        with np.errstate(over="ignore", invalid="ignore"):  # from 1 on, that is the point
            for batch in batches(settings, digits, STEPS):
                net.step(*batch, settings.learning_rate)
            after = net.loss(*judged)
        sizes = {name: {line: size(trace[line]) for line in LINES + WEIGHTS} for name, trace in traces.items()}
        found[scale] = Start(sizes, before, after)
        advance()
    return Measured(found, frequency_loss(judged[1]))


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    found, frequency = result.found, result.frequency
    tiny, small, chapter, good, large = (found[scale] for scale in SCALES)
    powers = {
        name: {line: math.log10(small.size[name][line] / tiny.size[name][line]) for line in ("z3", *WEIGHTS)}
        for name in NAMES
    }
    as_powers = all(
        abs(power - (3 if line == "z3" else 2)) < NEAR for each in powers.values() for line, power in each.items()
    )
    nothing = abs(tiny.loss_after - frequency) < NEAR
    learnt = max(chapter.loss_after, good.loss_after) < frequency / 2
    exploded = large.loss_before > 10 * math.log(10) and not large.loss_after <= good.loss_after
    losses = ", ".join(f"{one.loss_after:.2f}" for one in found.values())
    of_weights = ", ".join(f"{powers[MANUAL][line]:.2f}" for line in WEIGHTS)
    answer = (
        f"From scales {', '.join(f'{scale:g}' for scale in SCALES)}, {STEPS} steps end at a loss of {losses}; by hand "
        f"the scores change as the scale to the power {powers[MANUAL]['z3']:.2f}, the gradients of W1, W2, W3 as to "
        f"{of_weights}, and a start from 1 has a loss of {large.loss_before:.0f}."
    )
    lesson = (
        f"Every layer multiplies by its weights, forward and backward, so what passes three layers feels the scale "
        f"three times. From {SCALES[0]:g} the scores are {tiny.size[MANUAL]['z3']:.0e}: every digit looks alike, "
        f"and the gradients of the weights, {tiny.size[MANUAL]['dW1']:.0e} for W1, are too small to change that. "
        f"Only the last bias, which multiplies nothing, gets a full gradient. It learns how frequent each digit is, "
        f"and the loss stays at {tiny.loss_after:.4f}; knowing the frequencies and nothing else gives "
        f"{frequency:.4f}. The chapter's 0.01 lies on the edge: it learns ({chapter.loss_after:.2f}), after a long "
        f"wait, and ten times more is better ({good.loss_after:.2f}). From 1 the scores are in the hundreds, the "
        f"first steps are far too large, and the loss ends at {large.loss_after:.2f}. He's scale, the root of "
        f"2 / fan-in, is the one that leaves sizes as they are. A framework picks a scale for you without a word, "
        f"and it is not always that one."
    )
    measured = {"by_scale": plain(found), "powers": powers, "loss_of_frequencies": frequency}
    return Finding(answer, as_powers and nothing and learnt and exploded, measured, lesson)


def size(array: np.ndarray) -> float:
    """The root of the mean square of the entries."""
    return float(np.sqrt(np.mean(np.square(array, dtype=np.float64))))


def frequency_loss(labels: np.ndarray) -> float:
    """The cross-entropy of the best scores that do not look at the image: the entropy of the labels, in nats."""
    parts = np.bincount(labels) / len(labels)
    return float(-(parts[parts > 0] * np.log(parts[parts > 0])).sum())


def draw(result: Measured) -> "Figure":
    """The size of each line from the digits to the scores and back, for every scale, and where its training ended."""
    import matplotlib

    from compare.shared.figures import MUTED, new_figure

    figure = new_figure(9, 5.6)
    axes = figure.subplots()
    by_scale = result.found
    colours = matplotlib.colormaps["viridis"](np.linspace(0.9, 0, len(by_scale)))
    places = range(len(LINES))
    for (scale, one), colour, marker in zip(reversed(by_scale.items()), colours, "vDos^", strict=True):
        sizes = [one.size[MANUAL][line] for line in LINES]
        loss = f"{one.loss_after:.2f}" if math.isfinite(one.loss_after) else "not finite"
        axes.plot(places, sizes, color=colour, marker=marker, markersize=6)
        axes.annotate(
            f"scale {scale:g}\nloss {loss}", (places[-1], sizes[-1]), (10, 0), textcoords="offset points",
            va="center", fontsize=10,
        )  # fmt: skip
    axes.axvline(3.5, color=MUTED, linewidth=1, linestyle=(0, (1, 2)))
    axes.set_yscale("log")
    axes.set_xticks(places, LINES)
    axes.set_xlim(-0.2, len(LINES) - 0.1)
    axes.set_ylabel("size (root mean square)")
    axes.set_xlabel(f"forward, then backward; loss: after {STEPS} steps")
    axes.set_title("Each layer multiplies by the scale: signals vanish, arrive or explode")
    return figure
