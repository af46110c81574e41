"""What the report of the main job shows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from compare.report.chart import Chart, linear_chart, log_chart
from compare.report.collected import collected
from compare.report.digits import galleries
from compare.report.page import Page
from compare.report.questions import QUESTIONS
from compare.report.sources import side_by_side, where_defined
from compare.report.tiles import Tiles, tiles
from compare.run.answer import GradientsAt, Run
from compare.run.question import ROWS
from compare.shared.dataset import pixels
from compare.shared.differences import PairDifference
from compare.shared.results import Results
from compare.shared.rounds import Timing
from compare.shared.training import Curve
from compare.shared.words import in_words
from compare.side_by_side.lines import compare_lines
from compare.worlds import MANUAL, build, spoken, world
from manual.functions import softmax

ROSETTA_ROWS = 8  # the names of nodes do not depend on how many rows a batch has


@dataclass(frozen=True)
class LineRow:
    """A line of the calculation: what it is in each world, and how near to its bound it came."""

    name: str
    nodes: list[tuple[str, str]]  # (a world's title, what the line is there); none for another depth
    moments: list[
        tuple[str, list[tuple[float, float, float] | None]]
    ]  # ("before training, float32", [(bound used, ulps, power), ...])

    @property
    def most_used(self) -> list[float | None]:
        """For each world, the largest part of the bound used at any moment; None where it does not tell the line."""
        by_world = zip(*(cells for _, cells in self.moments), strict=True)
        return [max((cell[0] for cell in cells if cell), default=None) for cells in by_world]

    @property
    def holds(self) -> bool:
        """Whether it is within its bound everywhere."""
        return all(used is None or used <= 1 for used in self.most_used)


def run_page(results: Results[Run], beside: Path) -> Page:
    """The page of a run; `beside` is the folder where other commands keep their results."""
    run = results.answer
    predictions = {curve.implementation: curve.predictions[-1] for curve in run.curves}
    disagreed, wrong = galleries(run.data, predictions, _probabilities(run))
    lines = _lines(run)
    return Page(
        QUESTIONS["run"].replace("three", in_words(len(run.settings.worlds))),
        run.holds,
        run.verdict,
        "run.html.j2",
        {"settings": run.settings.as_json(), "environment": results.document["environment"]},
        {
            "reasons": run.account.reasons,
            "charts": _panels(run.curves),
            "difference": _difference_chart(run.pairs, run.settings.dtype),
            "epochs": _epochs(run.curves, run.pairs),
            "pairs": run.pairs,
            "lines": lines,
            "learned": _learned(run),
            "gradient_rows": min(ROWS, len(run.data.train_labels)),
            "blocks": side_by_side(run.settings.worlds),
            "taken_over": {name: world(name).takes_over for name in run.settings.worlds},
            "took": {line.name: {title: where_defined(what) for title, what in line.nodes} for line in lines},
            "disagreed": disagreed,
            "wrong": wrong,
            "costs": _costs(run.costs),
            "rounds": max(timing.rounds for timing in run.costs.values()),
            "hidden": collected(beside / "hidden"),
            "exercises": collected(beside / "exercises"),
        },
        run.settings.worlds,
        above="Three ways to a gradient: run",
    )


def _probabilities(run: Run) -> Callable[[str, np.ndarray], np.ndarray]:
    """What each world's trained network gives to test images, by their indices."""
    trained = {c.implementation: build(c.implementation, c.weights[-1], run.settings.activation) for c in run.curves}
    return lambda name, i: softmax(trained[name].logits(pixels(run.data.test_images[i], run.settings.dtype)))


def _learned(run: Run) -> list[Tiles]:
    """W1 and its gradient, by hand, before the training and after it."""
    x, labels = pixels(run.data.train_images[:ROWS], run.settings.dtype), run.data.train_labels[:ROWS]
    found = []
    for when, weights in (("before training", run.curves[0].weights[0]), ("after training", run.curves[0].weights[-1])):
        _, gradients = build(MANUAL, weights, run.settings.activation).gradients(x, labels)
        found += [
            tiles(f"{name} {when}", value, run.data.image_shape)
            for name, value in (("W1", weights["W1"]), ("dW1", gradients["W1"]))
        ]
    return found


def _panels(curves: Sequence[Curve]) -> list[tuple[Chart, Chart]]:
    """For each implementation its loss and its accuracy, on axes that all three share."""
    losses = [value for curve in curves for value in curve.train_loss]
    accuracies = [value for curve in curves for value in curve.test_accuracy]
    return [
        (
            linear_chart("training loss", curve.implementation, curve.train_loss, (0, max(losses))),
            linear_chart(
                "test accuracy", curve.implementation, curve.test_accuracy, (min(accuracies), max(accuracies)), True
            ),
        )
        for curve in curves
    ]


def _difference_chart(pairs: Sequence[PairDifference], dtype: str) -> Chart:
    roundoff = float(np.finfo(dtype).eps) / 2
    words = "; ".join(
        f"{spoken(pair.name)} {'bit-identical' if not any(pair.weights) else f'{pair.weights[-1]:.1e} at the end'}"
        for pair in pairs
    )
    return log_chart(
        "largest difference of any weight",
        [(f"pair-{i}", pair.weights[1:]) for i, pair in enumerate(pairs)],
        roundoff,
        f"unit roundoff of {dtype}",
        f"The largest difference of any weight by epoch, on a log scale: {words}.",
    )


def _epochs(curves: Sequence[Curve], pairs: Sequence[PairDifference]) -> list[dict[str, Any]]:
    """What there is to read about each epoch."""
    return [
        {
            "number": e + 1,
            "values": [(world(c.implementation).title, c.train_loss[e], c.test_accuracy[e]) for c in curves],
            "differences": [(pair.name, pair.weights[e + 1], pair.disagreements[e]) for pair in pairs],
        }
        for e in range(len(curves[0].train_loss))
    ]


def _lines(run: Run) -> list[LineRow]:
    described = _rosetta(run)
    moments = [(f"{p.when} training, {p.dtype}", p) for p in run.parity]
    names = [line.name for line in next(iter(run.parity[0].checks.values())).lines]
    return [
        LineRow(name, described.get(name, []), [(when, _cells(parity, name)) for when, parity in moments])
        for name in names
    ]


def _cells(parity: GradientsAt, name: str) -> list[tuple[float, float, float] | None]:
    """Of each world; None where it does not tell that line."""
    lines = [check.get(name) for check in parity.checks.values()]
    return [(line.bound_used, line.error_ulp, line.power) if line else None for line in lines]


def _rosetta(run: Run) -> Mapping[str, list[tuple[str, str]]]:
    """By line what it is in each world, by that world's title; only the network that is written out has that."""
    if len(run.settings.widths) != 2:
        return {}
    x = pixels(run.data.train_images[:ROSETTA_ROWS], run.settings.dtype)
    rows, _ = compare_lines(run.curves[0].weights[0], x, run.data.train_labels[:ROSETTA_ROWS], run.settings.activation)
    return {row.line: [(world(name).title, words) for name, words in row.nodes.items()] for row in rows}


def _costs(costs: Mapping[str, Timing]) -> list[tuple[str, str, float, float]]:
    """Implementation, what it is called, milliseconds a step and that by the largest."""
    largest = max(timing.microseconds for timing in costs.values())
    return [
        (name, world(name).title, timing.microseconds / 1000, timing.microseconds / largest)
        for name, timing in costs.items()
    ]
