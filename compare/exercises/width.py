"""Exercise 3: fewer and fewer hidden units."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from compare.exercises.trained import BY_HAND, IN_ALL, Conclusion, Plan, Training, median, seeds, sizes
from compare.shared.settings import Settings
from compare.shared.terminal import Table
from compare.shared.training import Digits
from compare.worlds import MANUAL, build

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUESTION = (
    "Make the hidden layers smaller, to 32 and 16 units and on down to 2 and 2. How much accuracy is left for how many "
    "parameters, and where does it drop?"
)
EPOCHS = 10

LEARNS = 0.2  # test accuracy above which a network has learned something; one class for all gives about 0.11
WIDTHS = ((128, 64), (64, 32), (32, 16), (16, 8), (8, 4), (4, 2), (2, 2))


def plan(settings: Settings) -> list[Plan]:
    """Every size from the chapter's initial weights, three seeds; the chapter's own size is trained in all three."""
    base = settings.with_(activation="relu", init="chapter", init_scale=0.01)
    return [
        Plan(
            base.with_(widths=hidden, seed=seed),
            IN_ALL if (hidden, seed) == (WIDTHS[0], settings.seed) else BY_HAND,
            compared=seed == settings.seed,
        )
        for hidden in WIDTHS
        for seed in seeds(settings)
    ]


def conclude(runs: Sequence[Training], digits: Digits) -> Conclusion:
    """Accuracy by size, seed by seed."""
    for run in runs:
        run.found["silent"] = silent(run, digits)
    rows = []
    for hidden in WIDTHS:
        of_size = by_hand(runs, hidden)
        rows.append((sizes(hidden), f"{of_size[0].parameters:,}", f"{median(of_size):.2%}",
                     *(f"{run.accuracy:.2%}" for run in of_size)))  # fmt: skip
    first = by_hand(runs, WIDTHS[0])
    header = ("hidden\nlayers", "parameters", "median", *(f"seed {run.settings.seed}" for run in first))
    return Conclusion(_answer(runs), [Table("Test accuracy by size, by hand", header, rows)], _why(runs))


def units(hidden: tuple[int, ...]) -> str:
    """As a sentence has them: 32 and 16."""
    return " and ".join(map(str, hidden))


def by_hand(runs: Sequence[Training], hidden: tuple[int, ...]) -> list[Training]:
    """One for each seed."""
    return [run for run in runs if run.curve.implementation == MANUAL and run.settings.widths == hidden]


def silent(run: Training, digits: Digits) -> float:
    """The share of the test images, 0 to 1, for which every unit of the last hidden layer is off."""
    net = build(run.curve.implementation, run.curve.weights[-1], run.settings.activation)
    last = net.trace(digits.test_x, digits.test_labels)[f"a{len(run.settings.widths)}"]
    return float((last == 0).all(axis=1).mean())


def _answer(runs: Sequence[Training]) -> str:
    of_size = {hidden: by_hand(runs, hidden) for hidden in WIDTHS}
    middle = {hidden: median(of_this) for hidden, of_this in of_size.items()}
    largest = WIDTHS[0]
    knee = [hidden for hidden in WIDTHS if middle[largest] - middle[hidden] <= 0.05][-1]
    above, steepest = max(pairwise(WIDTHS), key=lambda pair: middle[pair[0]] - middle[pair[1]])
    share = of_size[knee][0].parameters / of_size[largest][0].parameters
    return (
        f"Down to {units(knee)} units it loses less than 5 points, {middle[knee]:.1%} instead of "
        f"{middle[largest]:.1%}, with {share:.0%} of the parameters. The steepest drop is the step from {units(above)} "
        f"to {units(steepest)} units, from {middle[above]:.1%} to {middle[steepest]:.1%} (medians of "
        f"{len(of_size[knee])} seeds)."
    )


def _why(runs: Sequence[Training]) -> str:
    smallest = WIDTHS[-1]
    return (
        f"With {units(smallest)} units, two numbers must tell ten digits apart, and "
        f"{median(by_hand(runs, smallest)):.1%} is left. The narrower the network, the more depends on the seed: look "
        f"at the single dots, not at the median alone.\n"
        f"{_stuck(runs)}Narrow networks leave the plateau later and are still improving after "
        f"{runs[0].settings.epochs} epochs: try more of them with --epochs."
    )


def _stuck(runs: Sequence[Training]) -> str:
    stuck = [r for r in runs if r.curve.implementation == MANUAL and r.accuracy <= LEARNS]
    if not stuck:
        return ""
    worst = max(stuck, key=lambda run: run.found["silent"])
    return (
        f"Trainings that end at or below {LEARNS:.0%}: {len(stuck)}. In the one with {units(worst.settings.widths)} "
        f"units and seed {worst.settings.seed}, all units of the last hidden layer are off for "
        f"{worst.found['silent']:.1%} of the test images. These all get the same scores, whatever they show, and a "
        f"unit that is off gets no gradient that could bring it back.\n"
    )


def draw(runs: Sequence[Training]) -> "Figure":
    """Accuracy against parameters: each seed a dot, a line through the medians."""
    from matplotlib.ticker import PercentFormatter

    from compare.shared.figures import BLUE, INK, VERMILLION, new_figure

    figure = new_figure(9, 4.8)
    axes = figure.subplots()
    parameters = [by_hand(runs, hidden)[0].parameters for hidden in WIDTHS]
    medians = [median(by_hand(runs, hidden)) for hidden in WIDTHS]
    axes.plot(parameters, medians, color=BLUE, label="median")
    for i, (hidden, x) in enumerate(zip(WIDTHS, parameters, strict=True)):
        accuracies = [run.accuracy for run in by_hand(runs, hidden)]
        axes.plot([x] * len(accuracies), accuracies, "o", color=VERMILLION, markersize=5, alpha=0.8,
                  label="one seed" if i == 0 else None)  # fmt: skip
        axes.annotate(sizes(hidden), (x, min(accuracies)), (0, -9), textcoords="offset points", ha="center", va="top",
                      color=INK, fontsize=9)  # fmt: skip
    axes.set_xscale("log")
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_xlabel("parameters of the network; at each point, the widths of its hidden layers")
    axes.set_ylabel("test accuracy")
    axes.set_title("Where fewer units begin to cost accuracy")
    axes.legend(loc="lower right")
    return figure
