"""The chapter's loop, taken at its word: why it does not learn, what rescues it, and the next chapter's beside it.

Part of `curves --preset chapter`. All of it is by hand and in float32, but for the next chapter's loop.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from compare.curves.chapter.answer import EVERY, SIGNAL, Change, Chapter
from compare.curves.chapter.figure import draw
from compare.shared.dataset import CLASSES, Dataset
from compare.shared.figures import save_figure
from compare.shared.output import Output
from compare.shared.settings import PRESETS, Settings
from compare.shared.terminal import progress
from compare.shared.training import Curve, Digits, network, steps_per_epoch, train
from compare.worlds import MANUAL, NAMES, TORCH_REF, build

SEEDS = 3  # of the next chapter's loop
ROWS = 1000  # of the training set, for the sizes of activations and gradients


def is_the_chapters_loop(settings: Settings) -> bool:
    """Whether these settings are the chapter's loop and network, whatever the seed, the dtype and the data."""
    varied = settings.with_(seed=0, dtype="float64", data=None, threads=1, worlds=NAMES)
    return varied == Settings(**PRESETS["chapter"])


def look_closer(settings: Settings, curves: Sequence[Curve], data: Dataset, output: Output) -> Chapter:
    """The chapter's loop, changed once and twice; the next chapter's; and the figure `plateau`.

    curves: the loop as printed, which is trained already.
    """
    settings = settings.with_(dtype="float32")
    digits = Digits.of(data, settings)
    minibatch = PRESETS["minibatch"]
    batches = {"batch_size": min(minibatch["batch_size"], len(digits.train_x)), "epochs": minibatch["epochs"]}
    rate = {"learning_rate": minibatch["learning_rate"]}
    changes: dict[str, Mapping[str, Any]] = {
        f"learning rate {rate['learning_rate']:g}": rate,
        "He's weights": {"init": "he"},
        f"batches of {batches['batch_size']}": batches,
        f"He's weights, learning rate {rate['learning_rate']:g}": {"init": "he", **rate},
        f"batches of {batches['batch_size']}, learning rate {rate['learning_rate']:g}": {**batches, **rate},
    }
    found = Chapter(
        {curve.implementation: _lines(curve) for curve in curves},
        [
            _change("this chapter, as printed", settings.learning_rate, curves[0]),
            *(_changed(title, settings.with_(**change), digits) for title, change in changes.items()),
        ],
        [_next_chapter(settings.with_(seed=settings.seed + i), digits) for i in range(SEEDS)],
        {name: signal(settings.with_(init=name), digits) for name in ("chapter", "he")},
    )
    save_figure(draw(found), output, "plateau")
    return found


def signal(settings: Settings, digits: Digits) -> dict[str, float]:
    """Root mean square of the lines in SIGNAL at the initial weights; gradients by image, so not divided by m."""
    x, labels = digits.train_x[:ROWS], digits.train_labels[:ROWS]
    trace = network(MANUAL, settings, digits).trace(x, labels)
    sizes = {line: float(np.sqrt((trace[line].astype(np.float64) ** 2).mean())) for line in SIGNAL}
    return {line: size * len(x) if line.startswith("d") else size for line, size in sizes.items()}


def _changed(title: str, settings: Settings, digits: Digits) -> Change:
    curve = Curve(MANUAL)
    with progress(title, settings.epochs * steps_per_epoch(settings, len(digits.train_x))) as advance:
        train(curve, settings, digits, advance)
    return _change(title, settings.learning_rate, curve)


def _change(title: str, learning_rate: float, curve: Curve) -> Change:
    first, last = curve.loss_by_step[0], curve.train_loss[-1]
    return Change(title, learning_rate, first, last, curve.test_accuracy[-1], curve.loss_by_step)


def _next_chapter(settings: Settings, digits: Digits) -> Change:
    weights = torch_default_weights(settings.sizes(digits.train_x.shape[1], CLASSES), settings.seed)
    net = build(TORCH_REF, weights)
    losses = []
    title = f"the next chapter's, seed {settings.seed}"
    with progress(title, settings.epochs) as advance:
        for _ in range(settings.epochs):
            losses.append(net.step(digits.train_x, digits.train_labels, settings.learning_rate))
            advance()
    accuracy = float((net.predict(digits.test_x) == digits.test_labels).mean())
    return Change(title, settings.learning_rate, losses[0], losses[-1], accuracy, losses)


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
