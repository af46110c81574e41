"""Exercise 3: fewer and fewer hidden units."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from compare.exercises.trained import BY_HAND, Conclusion, Plan, Training, mean_and_spread, seeds, sizes
from compare.shared.settings import Settings
from compare.shared.terminal import Table
from compare.shared.training import Digits
from compare.worlds import MANUAL, NAMES, build

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUESTION = (
    "Make the hidden layers smaller, to 32 and 16 units and on down to 2 and 2. How much accuracy is left for how many "
    "parameters, and where does it drop?"
)
EPOCHS = 10

LEARNS = 0.2  # test accuracy above which a network has learnt something; one class for all gives about 0.11
WIDTHS = ((128, 64), (64, 32), (32, 16), (16, 8), (8, 4), (4, 2), (2, 2))


def plan(settings: Settings) -> list[Plan]:
    """Every size from the chapter's initial weights, three seeds."""
    base = settings.with_(activation="relu", init="chapter", init_scale=0.01)
    return [
        Plan(base.with_(widths=hidden, seed=seed), NAMES if seed == settings.seed else BY_HAND)
        for hidden in WIDTHS
        for seed in seeds(settings)
    ]


def conclude(runs: Sequence[Training], digits: Digits) -> Conclusion:
    """Accuracy by size: the three side by side for one seed, mean and spread by hand."""
    for run in runs:
        run.found["silent"] = silent(run, digits)
    rows = []
    for hidden in WIDTHS:
        mean, spread = mean_and_spread([run.accuracy for run in by_hand(runs, hidden)])
        parity = [f"{r.accuracy:.2%}" for r in runs if r.settings.widths == hidden and r.settings.seed == _first(runs)]
        rows.append((sizes(hidden), f"{by_hand(runs, hidden)[0].parameters:,}", *parity, f"{mean:.2%} ± {spread:.2%}"))
    header = ("hidden layers", "parameters", *(f"{name}, seed {_first(runs)}" for name in NAMES), "by hand, all seeds")
    return Conclusion(_answer(runs), [Table("Test accuracy by size", header, rows)])


def by_hand(runs: Sequence[Training], hidden: tuple[int, ...]) -> list[Training]:
    """One for each seed."""
    return [run for run in runs if run.curve.implementation == MANUAL and run.settings.widths == hidden]


def silent(run: Training, digits: Digits) -> float:
    """The share of the test images, 0 to 1, for which every unit of the last hidden layer is off."""
    net = build(run.curve.implementation, run.curve.weights[-1], run.settings.activation)
    last = net.trace(digits.test_x, digits.test_labels)[f"a{len(run.settings.widths)}"]
    return float((last == 0).all(axis=1).mean())


def _first(runs: Sequence[Training]) -> int:
    return runs[0].settings.seed


def _answer(runs: Sequence[Training]) -> str:
    of_size = {hidden: by_hand(runs, hidden) for hidden in WIDTHS}
    mean = {hidden: mean_and_spread([r.accuracy for r in rs]) for hidden, rs in of_size.items()}
    epochs = runs[0].settings.epochs
    largest, smallest = WIDTHS[0], WIDTHS[-1]
    told = [
        f"{sizes(hidden)} units ({of_size[hidden][0].parameters:,} parameters) {mean[hidden][0]:.2%} "
        f"± {mean[hidden][1]:.2%}"
        for hidden in WIDTHS
    ]
    drops = {b: mean[a][0] - mean[b][0] for a, b in pairwise(WIDTHS)}
    steepest = max(drops, key=lambda hidden: drops[hidden])
    holds_out = [hidden for hidden in WIDTHS if mean[largest][0] - mean[hidden][0] <= 0.05]
    knee = holds_out[-1]
    share = of_size[knee][0].parameters / of_size[largest][0].parameters
    return (
        f"After {epochs} epochs, {len(of_size[largest])} seeds each: {'; '.join(told)}. Down to {sizes(knee)} units "
        f"no size loses more than 5 points against the chapter's, with {share:.0%} of its parameters. The steepest "
        f"drop is the step down to {sizes(steepest)}, {100 * drops[steepest]:.1f} points. With {sizes(smallest)} "
        f"units, two numbers must tell ten digits apart, and {mean[smallest][0]:.1%} is left on average. The narrower "
        f"the network, the more depends on the seed. {_stuck(runs)}"
        f"(The number of epochs keeps the exercise short; narrow networks leave the "
        f"plateau later and still gain with more: try --epochs.)"
    )


def _stuck(runs: Sequence[Training]) -> str:
    stuck = [r for r in runs if r.curve.implementation == MANUAL and r.accuracy <= LEARNS]
    if not stuck:
        return ""
    worst = max(stuck, key=lambda run: run.found["silent"])
    return (
        f"Trainings that end at or below {LEARNS:.0%}: {len(stuck)}. In that of {sizes(worst.settings.widths)} units "
        f"with seed {worst.settings.seed}, all units of the last hidden layer are off for "
        f"{worst.found['silent']:.1%} of the test images: these get the same scores, whatever they show, and a unit "
        f"that is off has no gradient to come back by. "
    )


def draw(runs: Sequence[Training]) -> "Figure":
    """Accuracy against parameters: each seed a dot, a line through the means."""
    from matplotlib.ticker import PercentFormatter

    from compare.shared.figures import BLUE, INK, VERMILLION, new_figure

    figure = new_figure(9, 4.8)
    axes = figure.subplots()
    parameters = [by_hand(runs, hidden)[0].parameters for hidden in WIDTHS]
    means = [mean_and_spread([run.accuracy for run in by_hand(runs, hidden)])[0] for hidden in WIDTHS]
    axes.plot(parameters, means, color=BLUE, label="mean")
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
