"""The chapter's loop, taken at its word: why it does not learn, what rescues it, and the next chapter's beside it.

Part of `curves --preset chapter`. All of it is by hand and in float32, but for the next chapter's loop.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from compare.curves.chapter.answer import EVERY, SIGNAL, Change, Chapter
from compare.curves.chapter.figure import draw
from compare.judge.network import check_gradients, gradient_balls
from compare.shared.dataset import CLASSES, Dataset, pixels
from compare.shared.figures import save_figure
from compare.shared.initial import initial_parameters
from compare.shared.jobs import Job, about_how_long, steps_for, train_jobs
from compare.shared.output import Output
from compare.shared.settings import PRESETS, Settings
from compare.shared.terminal import announce, progress
from compare.shared.training import Curve, Digits, TrainingStopped
from compare.shared.words import in_words
from compare.side_by_side.trainings import save_curves
from compare.worlds import MANUAL, NAMES, TORCH_REF, build
from manual.preallocated import SLICE, PreallocatedNetwork

SEEDS = 3  # of the next chapter's loop
ROWS = 1000  # of the training set, for the sizes of activations and gradients
GRADIENT_ROWS = 2 * SLICE  # of the training set, for the gradients of the network that trains in slices


def is_the_chapters_loop(settings: Settings) -> bool:
    """Whether these settings are the chapter's loop and network, whatever the seed, the dtype and the data."""
    varied = settings.with_(seed=0, dtype="float64", data=None, threads=1, worlds=NAMES)
    return varied == Settings(**PRESETS["chapter"])


@dataclass
class Trainings:
    """The loop as printed by world; the changes by their title, with their learning rates; the next chapter's, by seed.

    A list holds those that are finished.
    """

    printed: list[Curve] = field(default_factory=list)
    changes: dict[str, tuple[float, Curve]] = field(default_factory=dict)
    next_chapter: list[Curve] = field(default_factory=list)


def train_with_changes(settings: Settings, data: Dataset, digits: Digits, output: Output) -> Trainings:
    """The chapter's loop in all worlds; changed once and twice, by hand; and the next chapter's, in PyTorch.

    digits: in the dtype of the settings. Of a change only its curve matters, so it is trained with its arrays made
    once. Where Ctrl-C, or a loss that is not finite, stops it, the printed loops that are finished are written to
    `output`. Raises KeyboardInterrupt or TrainingStopped.
    """
    short = settings.with_(dtype="float32")
    by_dtype = {settings.dtype: digits}
    if short.dtype not in by_dtype:
        by_dtype[short.dtype] = Digits.of(data, short)
    sizes = settings.sizes(digits.train_x.shape[1], CLASSES)
    changes = {title: short.with_(**change) for title, change in changes_of(len(digits.train_x)).items()}
    jobs = [
        *(Job(name, settings) for name in settings.worlds),
        *(Job(MANUAL, changed, fast=True, looks=False) for changed in changes.values()),
        *(
            Job(TORCH_REF, short, torch_default_weights(sizes, settings.seed + i), looks=False)
            for i in range(SEEDS)
        ),
    ]  # fmt: skip
    found: dict[int, Curve] = {}
    announce(
        f"The chapter's loop in {in_words(len(settings.worlds))}, {in_words(len(changes))} changes, and the next "
        f"chapter's from {in_words(SEEDS)} seeds: {about_how_long(jobs, by_dtype)}."
    )
    try:
        with progress("trainings", steps_for(jobs, by_dtype)) as advance:
            train_jobs(jobs, by_dtype, found.__setitem__, advance)
    except (KeyboardInterrupt, TrainingStopped):
        if finished := [found[place] for place in range(len(settings.worlds)) if place in found]:
            save_curves(finished, settings, output)
        raise
    curves = [found[place] for place in range(len(jobs))]
    first, last = len(settings.worlds), len(settings.worlds) + len(changes)
    changed = zip(changes, changes.values(), curves[first:last], strict=True)
    return Trainings(
        curves[:first], {title: (one.learning_rate, curve) for title, one, curve in changed}, curves[last:]
    )


def changes_of(rows: int) -> dict[str, Mapping[str, Any]]:
    """What is changed in the chapter's loop over so many images, by title: one thing, and then two."""
    minibatch = PRESETS["minibatch"]
    batches = {"batch_size": min(minibatch["batch_size"], rows), "epochs": minibatch["epochs"]}
    rate = {"learning_rate": minibatch["learning_rate"]}
    return {
        f"learning rate {rate['learning_rate']:g}": rate,
        "He's weights": {"init": "he"},
        f"batches of {batches['batch_size']}": batches,
        f"He's weights, rate {rate['learning_rate']:g}": {"init": "he", **rate},
        f"batches of {batches['batch_size']}, rate {rate['learning_rate']:g}": {**batches, **rate},
    }


def look_closer(settings: Settings, found: Trainings, data: Dataset, output: Output) -> Chapter:
    """What follows from the trainings, with the sizes of the signal; and the figure `plateau`."""
    settings = settings.with_(dtype="float32")
    starts = {name: settings.with_(init=name) for name in ("chapter", "he")}
    images = data.train_images[:GRADIENT_ROWS]
    few = pixels(images, settings.dtype), data.train_labels[:GRADIENT_ROWS]
    chapter = Chapter(
        {curve.implementation: _lines(curve) for curve in found.printed},
        [
            _change("this chapter, as printed", settings.learning_rate, found.printed[0]),
            *(_change(title, rate, curve) for title, (rate, curve) in found.changes.items()),
        ],
        [
            _change(f"the next chapter's, seed {settings.seed + i}", settings.learning_rate, curve)
            for i, curve in enumerate(found.next_chapter)
        ],
        {name: signal(one, *few) for name, one in starts.items()},
        max(fast_bound_used(one, *few) for one in starts.values()),
    )  # fmt: skip
    save_figure(draw(chapter), output, "plateau")
    return chapter


def signal(settings: Settings, x: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Root mean square of the lines in SIGNAL at the initial weights; gradients by image, so not divided by m."""
    x, labels = x[:ROWS], labels[:ROWS]
    trace = build(MANUAL, _start(settings, x)).trace(x, labels)
    sizes = {line: float(np.sqrt((trace[line].astype(np.float64) ** 2).mean())) for line in SIGNAL}
    return {line: size * len(x) if line.startswith("d") else size for line, size in sizes.items()}


def fast_bound_used(settings: Settings, x: np.ndarray, labels: np.ndarray) -> float:
    """Of the gradients that the changes are trained with, at the initial weights: the largest part of its bound."""
    start = _start(settings, x)
    _, gradients = PreallocatedNetwork(start).gradients(x, labels)
    return max(verdict.bound_used for verdict in check_gradients(gradients, gradient_balls(start, x, labels)))


def _start(settings: Settings, x: np.ndarray) -> dict[str, np.ndarray]:
    sizes = settings.sizes(x.shape[1], CLASSES)
    return initial_parameters(sizes, settings.init, settings.init_scale, settings.seed, settings.dtype)


def _change(title: str, learning_rate: float, curve: Curve) -> Change:
    first, last = curve.loss_by_step[0], curve.train_loss[-1]
    return Change(title, learning_rate, first, last, curve.test_accuracy[-1], curve.loss_by_step)


def torch_default_weights(sizes: Sequence[int], seed: int) -> dict[str, np.ndarray]:
    """What `torch.nn.Linear` starts from when nobody interferes, drawn by PyTorch itself: float32, W (fan_in, fan_out).

    PyTorch's own random state is left as it was.
    """
    import torch

    parameters = {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for k, (fan_in, fan_out) in enumerate(pairwise(sizes), start=1):
            layer = torch.nn.Linear(fan_in, fan_out)
            parameters[f"W{k}"] = layer.weight.detach().numpy().T.copy()
            parameters[f"b{k}"] = layer.bias.detach().numpy().copy()
    return parameters


def _lines(curve: Curve) -> list[tuple[int, float, float]]:
    epochs = [1, *range(EVERY, len(curve.train_loss) + 1, EVERY)]
    return [(epoch, curve.train_loss[epoch - 1], curve.test_accuracy[epoch - 1]) for epoch in epochs]
