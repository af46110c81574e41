"""The trainings of all worlds, one after the other: taken, kept, and whether they were alike."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from compare.shared.account import Account
from compare.shared.differences import PairDifference
from compare.shared.figures import save_figure
from compare.shared.output import Output
from compare.shared.settings import PRESETS, Settings
from compare.shared.terminal import announce_wait, progress
from compare.shared.training import Curve, Digits, TrainingStopped, expected_seconds, steps_per_epoch, train
from compare.shared.words import in_words
from compare.side_by_side.trainings_figure import draw
from compare.worlds import world

#: Weights after a training in float64 are the same if they differ by less than this. Rounding leaves some 1e-15; one
#: ReLU that is on in one training and off in the other leaves 1e-6 or more.
SAME_WEIGHTS = 1e-12


#: In float32, rounding leaves weights closer together than this until a first ReLU flips, which leaves 1e-4 or more.
BEFORE_A_FLIP = 1e-6


def train_all(settings: Settings, digits: Digits, output: Output) -> list[Curve]:
    """Train the three, one after the other.

    Where a training is stopped, by Ctrl-C or by a loss that is not finite, the epochs that were finished are
    written to `output` first. Raises KeyboardInterrupt or TrainingStopped.
    """
    steps = settings.epochs * steps_per_epoch(settings, len(digits.train_x))
    seconds = len(settings.worlds) * expected_seconds(settings, *digits.train_x.shape)
    epochs = f"{settings.epochs} epoch{'s' if settings.epochs > 1 else ''}"
    announce_wait(f"{in_words(len(settings.worlds)).capitalize()} trainings of {epochs}", seconds)
    curves = []
    try:
        for name in settings.worlds:
            curves.append(Curve(name))
            with progress(f"{world(name).title:>8}", steps) as advance:
                train(curves[-1], settings, digits, advance)
    except (KeyboardInterrupt, TrainingStopped):
        finished = [curve for curve in curves if curve.train_loss]
        if finished:
            save_curves(finished, settings, output)
        raise
    return curves


def save_curves(curves: Sequence[Curve], settings: Settings, output: Output) -> None:
    """curves.csv, and the figure as curves.png and curves.svg."""
    output.write_csv("curves.csv", ("implementation", "epoch", "train_loss", "test_accuracy"), _csv_rows(curves))
    save_figure(draw(curves, settings), output, "curves")


def _csv_rows(curves: Sequence[Curve]) -> Iterator[tuple[str, int, float, float]]:
    for curve in curves:
        for epoch, (loss, accuracy) in enumerate(zip(curve.train_loss, curve.test_accuracy, strict=True), start=1):
            yield curve.implementation, epoch, loss, accuracy


def judge(settings: Settings, curves: Sequence[Curve], pairs: Sequence[PairDifference]) -> tuple[bool, Account]:
    """Whether the worlds trained alike, and in one sentence how far apart they are; with the reasons.

    In float64 the weights must stay within SAME_WEIGHTS of each other and all predictions must be equal. In float32
    the first ReLU that rounding flips sends two trainings on different, equally good ways, so there is nothing to
    hold them to: the difference is told, not judged.
    """
    weights = max(pair.weights[-1] for pair in pairs)
    disagreements = max(pair.disagreements[-1] for pair in pairs)
    images, epochs = len(curves[0].predictions[-1]), settings.epochs
    when = f"fter {epochs} epoch{'s' if epochs > 1 else ''} in {settings.dtype}"
    predictions = f"up to {disagreements:,} of the {images:,} test images are classified differently"
    apart = f"{when} no weight differs by more than {weights:.1e} between any two of the {in_words(len(curves))}, " + (
        f"and {predictions}." if disagreements else f"and all {images:,} predictions are the same."
    )
    if settings.dtype == "float64":
        if weights < SAME_WEIGHTS and not disagreements:
            return True, Account(f"They trained to the same network: a{apart}", [])
        said = f"They should have trained to the same network, but a{when} weights differ by up to {weights:.1e}, " + (
            f"and {predictions}." if disagreements else "though no prediction does."
        )
        return False, Account(said, ["See python -m compare divergence --dtype float64."])
    why = []
    if SAME_WEIGHTS <= weights < BEFORE_A_FLIP and not disagreements:
        why = ["In float32 that is rounding alone: no ReLU is on in one and off in another yet."]
    elif weights >= SAME_WEIGHTS:
        why = [
            "The difference is no bug: in float32, rounding soon switches a ReLU on in one and off in another, and "
            "from there on they take different paths."
        ]
    return True, Account(f"A{apart}", why)


def learned(curve: Curve) -> Account:
    """What a training came to, in one sentence; where it learned nothing, why."""
    accuracy, first, last = curve.test_accuracy[-1], curve.loss_by_step[0], curve.train_loss[-1]
    if accuracy > 0.2:
        return Account(f"By hand, {accuracy:.2%} of the test images are classified correctly.", [])
    steps, rows = len(curve.loss_by_step), sum(curve.rows_per_step) // len(curve.train_loss)
    small = math.ceil(rows / PRESETS["minibatch"]["batch_size"])
    more = f"Mini-batches make {small:,} of each epoch: --preset minibatch." if steps < small else ""
    return Account(
        f"But it does not learn: {steps:,} step{'s' if steps > 1 else ''} have taken the loss from {first:.4f} to "
        f"{last:.4f}, and {accuracy:.2%} of the test images are classified correctly, about what guessing gives.",
        [
            f"The gradients are right; from these initial weights, with this learning rate, {steps:,} steps are too "
            f"few. {more}".rstrip()
        ],
    )


def curves_json(curves: Sequence[Curve]) -> dict[str, Any]:
    """The curves as plain data, by implementation."""
    return {
        curve.implementation: {
            "test_accuracy": curve.test_accuracy[-1] if curve.test_accuracy else None,
            "seconds": round(curve.seconds, 3),
            "train_loss": curve.train_loss,
            "test_accuracy_by_epoch": curve.test_accuracy,
        }
        for curve in curves
    }


def pairs_json(pairs: Sequence[PairDifference]) -> dict[str, Any]:
    """How far each pair is apart at the end, as plain data."""
    return {
        "prediction_disagreements": {pair.name: pair.disagreements[-1] for pair in pairs},
        "largest_weight_difference": max(pair.weights[-1] for pair in pairs),
        "weight_difference_by_epoch": {pair.name: pair.weights for pair in pairs},
    }
