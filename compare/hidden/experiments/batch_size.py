"""Batches of 1, 64, 1,024 and all images: the noise of the gradient, the time of an epoch, what a second teaches."""

import math
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from compare.hidden.frame.experiment import Finding, NotMeasured, plain
from compare.hidden.tools.gradient_noise import Noise, noise_by_size
from compare.hidden.tools.timing import median_seconds
from compare.shared.settings import PRESETS, Settings
from compare.shared.terminal import Advance
from compare.shared.training import endless_batches, initial_weights
from compare.worlds import MANUAL, NAMES, TORCH_REF, build, world
from manual.network import Network as ManualNetwork

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

QUESTION = "How large should a batch be: 1, 64, 1,024 or everything?"
CLAIM = (
    "A batch's gradient strays from that of all images by s / sqrt(B), s the spread of the single images' gradients, "
    "so that ever larger batches buy ever less; in the same time, batches of 64 reach a lower loss than the whole set "
    "as one batch."
)

Parameters = dict[str, np.ndarray]
SIZES = (1, 64, 1024)
ROUNDS = {1: 100, 64: 30, 1024: 5}  # steps that are timed
TIMED_ROWS = 12_000  # at most, of the whole set as one batch; its time is scaled up from theirs
SECONDS = 1.0  # of training by hand, for each size
JUDGED_ON = 1000  # training images, whose loss is read on the way; reading is not timed
STANDARD_ERRORS = 5  # of the mean square over the draws, for the measured noise to agree with the formula


@dataclass(frozen=True)
class TimedTraining:
    """A training by hand until its time is up: the loss by second, read about ten times."""

    learning_rate: float
    steps: int
    seconds: list[float]
    loss: list[float]


@dataclass(frozen=True)
class Measured:
    """Noise, seconds per epoch and trainings, each by batch size, the last of which is the whole set."""

    noise: dict[int, Noise]
    epochs: dict[str, dict[int, float]]
    curves: dict[int, TimedTraining]


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured | NotMeasured:
    """The noise at He's initial weights, the times of a step in all three, and trainings by hand against the clock."""
    start = initial_weights(settings.with_(init="he"), digits)
    rows = len(digits.train_x)
    sizes = [size for size in SIZES if size < rows]
    if 64 not in sizes:
        reason = (
            f"A training set of {rows:,} images is too small to be cut into batches of 64, so nothing was measured."
        )
        return NotMeasured(reason, "Try it with a larger set.")
    noise = noise_by_size(start, settings, digits, sizes)
    advance()
    epochs: dict[str, dict[int, float]] = {name: {} for name in NAMES}
    for size in [*sizes, rows]:
        for name, seconds in seconds_per_epoch(start, settings, digits, size).items():
            epochs[name][size] = seconds
        advance()
    curves = {}
    for size in [*sizes, rows]:
        rate = settings.learning_rate / 10 if size == 1 else settings.learning_rate
        curves[size] = trained(start, settings, digits, size, rate)
        advance()
    return Measured(noise, epochs, curves)


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    noise, epochs, curves = result.noise, result.epochs, result.curves
    *sizes, rows = curves
    as_predicted = all(
        abs(one.mean_square - one.expected_square) <= STANDARD_ERRORS * one.standard_error for one in noise.values()
    )
    ends = {size: curve.loss[-1] for size, curve in curves.items()}
    faster = ends[64] < ends[rows]
    said = {size: f"{size:,}" for size in sizes} | {rows: f"all {rows:,}"}
    names = ", ".join(said.values())
    strays = ", ".join(f"{one.relative:.0%}" for one in noise.values())
    times = ", ".join(f"{seconds:.2g}" for seconds in epochs[MANUAL].values())
    losses = ", ".join(f"{loss:.2f}" for loss in ends.values())
    by_hand = epochs[MANUAL]
    answer = (
        f"For batches of {names}, the error of the gradient is {strays}, 0% of its length, and an epoch by hand takes "
        f"{times} s. In {SECONDS:g} s of training they reach a loss of {losses}."
    )
    largest = sizes[-1]
    lesson = (
        f"The gradient of a batch is an estimate of that of all images, and its error falls with the root of the "
        f"batch: {largest / sizes[0]:,.0f} times the images and so the arithmetic, from {sizes[0]} to {largest:,}, "
        f"for an error {noise[sizes[0]].relative / noise[largest].relative:,.0f} times smaller. A single image "
        f"costs more than its share, because a step pays for its Python, its calls and its six updates however few "
        f"images it sees: an epoch of single images takes {by_hand[1] / by_hand[64]:.0f} times as long as one in "
        f"batches of 64 by hand, {epochs[TORCH_REF][1] / epochs[TORCH_REF][64]:.0f} times in PyTorch. All images "
        f"at once give the exact direction and hardly any steps: {curves[rows].steps} in the time of "
        f"{curves[64].steps:,} with 64. The chapter's loop, as printed, takes {PRESETS['chapter']['epochs']} in all."
    )
    measured = {
        "noise": noise, "seconds_per_epoch": epochs, "training": curves, "rows": rows,
        "scaled": f"seconds per epoch are medians of single steps times their number; the step of the whole set is "
        f"timed on at most {TIMED_ROWS:,} rows and scaled up; on one thread unless the settings say more",
    }  # fmt: skip
    return Finding(answer, as_predicted and faster, plain(measured), lesson)


def seconds_per_epoch(start: Parameters, settings: Settings, digits: "Digits", size: int) -> dict[str, float]:
    """The seconds of an epoch: a step's median on a batch of that size, times its steps; by implementation."""
    rows = len(digits.train_x)
    timed = min(size, TIMED_ROWS)
    x, labels = digits.train_x[:timed], digits.train_labels[:timed]
    networks = {name: build(name, start, settings.activation) for name in NAMES}
    rivals = {name: partial(net.step, x, labels, settings.learning_rate) for name, net in networks.items()}
    seconds = median_seconds(rivals, ROUNDS.get(size, 1))
    return {name: taken * (size / timed) * math.ceil(rows / size) for name, taken in seconds.items()}


def trained(start: Parameters, settings: Settings, digits: "Digits", size: int, rate: float) -> TimedTraining:
    """One of them, from these weights."""
    net = ManualNetwork(start)
    judged = digits.train_x[:JUDGED_ON], digits.train_labels[:JUDGED_ON]
    seconds, losses, spent = [0.0], [net.loss(*judged)], 0.0
    batches = endless_batches(settings.with_(batch_size=size), len(digits.train_x))
    for steps, batch in enumerate(batches, start=1):
        begun = time.perf_counter()
        net.step(*digits.batch(batch), rate)
        spent += time.perf_counter() - begun
        if spent >= min(seconds[-1] + SECONDS / 10, SECONDS):
            seconds.append(spent)
            losses.append(net.loss(*judged))
        if spent >= SECONDS:
            return TimedTraining(rate, steps, seconds, losses)
    raise AssertionError("the batches never end")


def draw(result: Measured) -> "Figure":
    """What a batch costs, in noise and in time, above; below what that comes to, the loss by second."""
    from compare.shared.figures import new_figure

    figure = new_figure(9, 7)
    grid = figure.add_gridspec(2, 2, height_ratios=(1, 1.25))
    _draw_noise(figure.add_subplot(grid[0, 0]), result)
    _draw_epochs(figure.add_subplot(grid[0, 1]), result)
    _draw_training(figure.add_subplot(grid[1, :]), result)
    return figure


def _draw_noise(axes: "Axes", result: Measured) -> None:
    from compare.shared.figures import INK, MUTED

    noise = result.noise
    axes.plot(list(noise), [one.expected for one in noise.values()], color=MUTED, label="expected: s / root of B")
    axes.plot(list(noise), [one.relative for one in noise.values()], "o", color=INK, label="measured")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(list(noise), [f"{size:,}" for size in noise])
    axes.minorticks_off()
    axes.set_xlabel("images a batch")
    axes.set_ylabel("noise / gradient")
    axes.set_title("Small batches are noisy")
    axes.legend()


def _draw_epochs(axes: "Axes", result: Measured) -> None:

    for name, by_size in result.epochs.items():
        axes.plot(
            list(by_size),
            list(by_size.values()),
            color=world(name).colour,
            marker=world(name).marker,
            label=world(name).title,
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(list(by_size), _names(list(by_size)))
    axes.minorticks_off()
    axes.set_xlabel("images a batch")
    axes.set_ylabel("seconds per epoch")
    axes.set_title("Single images are slow")
    axes.legend()


def _draw_training(axes: "Axes", result: Measured) -> None:
    curves = result.curves
    styles = (("#E69F00", "v"), ("#222222", "o"), ("#CC79A7", "D"), ("#56B4E9", "s"))
    for curve, name, (colour, marker) in zip(curves.values(), _names(list(curves)), styles, strict=False):
        steps = f"{curve.steps:,} step{'s' if curve.steps > 1 else ''}"
        label = f"{name} a batch, learning rate {curve.learning_rate:g}: {steps}".replace("all a batch", "all at once")
        axes.plot(curve.seconds, curve.loss, color=colour, marker=marker, markersize=5, label=label)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("seconds of training by hand")
    axes.set_ylabel("training loss")
    axes.set_title("What a second teaches: many steps of a fair direction beat few of an exact one")
    axes.legend(loc="best")


def _names(sizes: list[int]) -> list[str]:
    """Names of batch sizes, the last of which is the whole set."""
    return [*(f"{size:,}" for size in sizes[:-1]), "all"]
