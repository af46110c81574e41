"""The training loop, one for all worlds: same batches, same order, to the bit."""

import itertools
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from compare.shared.dataset import CLASSES, Dataset, pixels
from compare.shared.errors import BadInput
from compare.shared.initial import initial_parameters
from compare.shared.settings import Settings
from compare.shared.terminal import Advance
from compare.worlds import NAMES, Network, build, world

SLICE = 1000  # test images that are read at once


@dataclass(frozen=True)
class Digits:
    """A data set as the networks see it: x (n, pixels) in one dtype, labels (n,)."""

    train_x: np.ndarray
    train_labels: np.ndarray
    test_x: np.ndarray
    test_labels: np.ndarray

    @staticmethod
    def of(data: Dataset, settings: Settings) -> "Digits":
        """All pixels as floats. Raises BadInput where the set is smaller than a batch."""
        settings.rows_per_batch(len(data.train_labels))
        train_x, test_x = pixels(data.train_images, settings.dtype), pixels(data.test_images, settings.dtype)
        return Digits(train_x, data.train_labels, test_x, data.test_labels)

    def batch(self, rows: np.ndarray | slice) -> tuple[np.ndarray, np.ndarray]:
        """These training images and their labels: copied once, or not at all where a slice is asked for."""
        if isinstance(rows, slice):
            return self.train_x[rows], self.train_labels[rows]
        return self.train_x.take(rows, axis=0), self.train_labels.take(rows)  # sooner than train_x[rows]


@dataclass
class Curve:
    """What one training leaves behind. Lists by step hold one entry a step; those by epoch one an epoch."""

    implementation: str
    rows_per_step: list[int] = field(default_factory=list)
    loss_by_step: list[float] = field(default_factory=list)  # of the batch, before the step
    train_loss: list[float] = field(default_factory=list)  # by epoch: the mean of its batches' losses, row by row
    test_accuracy: list[float] = field(default_factory=list)  # by epoch, at its end, 0 to 1
    predictions: list[np.ndarray] = field(default_factory=list)  # by epoch, of the test set
    weights: list[dict[str, np.ndarray]] = field(default_factory=list)  # at the start, then by epoch
    seconds: float = 0.0  # steps and evaluations


class TrainingStopped(BadInput):
    """A loss that is not finite."""

    def __init__(self, implementation: str, step: int, epoch: int, line: str) -> None:
        super().__init__(
            f"The training {world(implementation).where} stopped at step {step:,}, in epoch {epoch}: the loss is not "
            f"finite. "
            f"The first line of the calculation that is not finite there is {line}. Usually the steps are too large: "
            f"try a smaller --learning-rate or --init-scale."
        )
        self.implementation, self.step, self.epoch, self.line = implementation, step, epoch, line


def initial_weights(settings: Settings, digits: Digits) -> dict[str, np.ndarray]:
    """The weights that every training with these settings starts from."""
    sizes = settings.sizes(digits.train_x.shape[1], CLASSES)
    return initial_parameters(sizes, settings.init, settings.init_scale, settings.seed, settings.dtype)


def network(name: str, settings: Settings, digits: Digits) -> Network:
    """That implementation's network with the initial weights of these settings."""
    return build(name, initial_weights(settings, digits), settings.activation)


def epoch_batches(settings: Settings, rows: int, epoch: int) -> Iterator[np.ndarray | slice]:
    """The batches of an epoch (counted from 1), as indices into the training set; the last may be smaller.

    The order depends on the seed and the epoch alone. A batch of the whole set is a slice: taken without a copy.
    """
    size = settings.rows_per_batch(rows)
    if size == rows:
        yield slice(None)
        return
    order = np.random.default_rng((settings.seed, 1, epoch)).permutation(rows)
    for start in range(0, rows, size):
        yield order[start : start + size]


def endless_batches(settings: Settings, rows: int) -> Iterator[np.ndarray | slice]:
    """The batches of one epoch after the other, for whoever counts steps and not epochs; it never ends."""
    for epoch in itertools.count(1):
        yield from epoch_batches(settings, rows, epoch)


def steps_per_epoch(settings: Settings, rows: int) -> int:
    """How many batches an epoch has."""
    return math.ceil(rows / settings.rows_per_batch(rows))


def expected_seconds(settings: Settings, rows: int, fan_in: int) -> float:
    """About what a training of that many images takes on one processor of 2024: said beforehand, promised to nobody."""
    batch, sizes = settings.rows_per_batch(rows), settings.sizes(fan_in, CLASSES)
    products = batch * sum(a * b for a, b in itertools.pairwise(sizes))
    a_step = 1e-4 + products * (1.3e-10 if settings.dtype == "float64" else 6.5e-11)
    return settings.epochs * steps_per_epoch(settings, rows) * a_step


def train(
    curve: Curve,
    settings: Settings,
    digits: Digits,
    advance: Advance,
    net: Network | None = None,
    looks: bool = True,
) -> None:
    """Train the implementation that `curve` is named after, and fill the curve; `advance` hears of every step.

    net: None for that world's network with the initial weights of these settings. looks: whether the test set is read,
    and the weights kept, after each epoch; else after the last one alone, which spares a tenth of the time.
    Whatever ends the training early, the curve keeps its finished epochs. Raises TrainingStopped at the first loss
    that is not finite.
    """
    net = net or network(curve.implementation, settings, digits)
    started = time.perf_counter()
    curve.weights.append(net.parameters())
    with np.errstate(over="ignore", invalid="ignore"):  # overflow is looked for here, and reported better
        for epoch in range(1, settings.epochs + 1):
            begun = len(curve.loss_by_step)
            for batch in epoch_batches(settings, len(digits.train_x), epoch):
                x, labels = digits.batch(batch)
                loss = net.step(x, labels, settings.learning_rate)
                if not math.isfinite(loss):
                    line = _first_line_not_finite(curve, settings, digits, epoch, len(curve.loss_by_step) - begun)
                    raise TrainingStopped(curve.implementation, len(curve.loss_by_step) + 1, epoch, line)
                curve.loss_by_step.append(loss)
                curve.rows_per_step.append(len(labels))
                advance()
            rows, losses = curve.rows_per_step[begun:], curve.loss_by_step[begun:]
            curve.train_loss.append(float(np.average(losses, weights=rows)))
            if not looks and epoch < settings.epochs:
                continue
            predictions = _predict(net, digits.test_x)
            accuracy = float((predictions == digits.test_labels).mean())
            curve.test_accuracy.append(accuracy)
            curve.predictions.append(predictions)
            curve.weights.append(net.parameters())
            curve.seconds = time.perf_counter() - started
            advance(0, f"loss {curve.train_loss[-1]:.4f}  accuracy {accuracy:.2%}")


def trace_all(
    parameters: dict[str, np.ndarray],
    x: np.ndarray,
    labels: np.ndarray,
    activation: str,
    names: Sequence[str] = NAMES,
) -> dict[str, dict[str, np.ndarray]]:
    """Every line of the calculation in each world, by its name. x (m, fan_in), labels (m,).

    Raises BadInput where the calculation overflows in all of them: then the weights are at fault. Where it does so only
    in some, an implementation is, and it is for a check to say so.
    """
    traces = {name: build(name, parameters, activation).trace(x, labels) for name in names}
    lines = [_not_finite(trace) for trace in traces.values()]
    if all(lines):
        raise BadInput(
            f"The weights are so large that the calculation overflows: its first line that is not finite is "
            f"{lines[0][0]}. Try a smaller --init-scale or --learning-rate."
        )
    return traces


def _predict(net: Network, x: np.ndarray) -> np.ndarray:
    """Class numbers (m,), computed a slice at a time, so that what one line writes is in the cache for the next."""
    return np.concatenate([net.predict(x[start : start + SLICE]) for start in range(0, len(x), SLICE)])


def _first_line_not_finite(curve: Curve, settings: Settings, digits: Digits, epoch: int, steps: int) -> str:
    """Repeat the epoch up to the step whose loss was not finite, and look at that step's lines in their order.

    The step itself has already changed the weights, so it must be reached again from the start of the epoch.
    """
    overflowed = _not_finite(curve.weights[-1])
    if overflowed:
        return f"z{overflowed[0][1:]}, because {overflowed[0]} was not finite any more"
    net = build(curve.implementation, curve.weights[-1], settings.activation)
    for batch in itertools.islice(epoch_batches(settings, len(digits.train_x), epoch), steps):
        net.step(*digits.batch(batch), settings.learning_rate)
    batch = next(itertools.islice(epoch_batches(settings, len(digits.train_x), epoch), steps, None))
    first = _not_finite(net.trace(*digits.batch(batch)))[0]
    overflowed = _not_finite(net.parameters())
    return f"{first}, because {overflowed[0]} was not finite any more" if overflowed else first


def _not_finite(arrays: dict[str, np.ndarray]) -> list[str]:
    """The names of those that hold a NaN or an infinity, in their order."""
    return [name for name, value in arrays.items() if not np.isfinite(value).all()]
