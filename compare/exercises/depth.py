"""Exercise 2: a third hidden layer."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from compare.exercises.trained import BY_HAND, IN_ALL, Conclusion, Plan, Training, median, seeds, sizes, spread
from compare.shared.settings import Settings
from compare.shared.terminal import Table
from compare.shared.training import Digits
from compare.worlds import MANUAL, world

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUESTION = (
    "Add a third hidden layer of 32 units after the two of 128 and 64. Does the accuracy improve, and by more than "
    "another seed would change it?"
)
EPOCHS = 10

DEPTHS = ((128, 64), (128, 64, 32))
INITS = {"chapter": "the chapter's", "he": "He's"}
WHY = (
    "Why the wait: weights of 0.01 x normal make the signal smaller in every layer, forward and backward; a third "
    "layer does so once more."
)
LEARNS = 0.2  # test accuracy above which a network has left the plateau; always the same class gives about 0.11


def plan(settings: Settings) -> list[Plan]:
    """Two and three hidden layers, from the chapter's initial weights and from He's, three seeds each.

    The three layers, which are new, are trained in all three.
    """
    base = settings.with_(activation="relu", init_scale=0.01)
    plans = [
        Plan(base.with_(widths=hidden, init="chapter"), IN_ALL if hidden == DEPTHS[-1] else BY_HAND)
        for hidden in DEPTHS
    ]
    plans += [
        Plan(base.with_(widths=hidden, init=init, seed=seed), BY_HAND, compared=False)
        for init in INITS
        for seed in seeds(settings)
        for hidden in DEPTHS
        if (init, seed) != ("chapter", settings.seed)
    ]
    return plans


def conclude(runs: Sequence[Training], digits: Digits) -> Conclusion:
    """Accuracy by depth and initial weights, seed by seed."""
    del digits
    rows = [
        (sizes(run.settings.widths), run.settings.init, world(run.curve.implementation).title, str(run.settings.seed),
         str(waiting(run)), f"{run.accuracy:.2%}")
        for run in runs
    ]  # fmt: skip
    header = ("hidden layers", "initial\nweights", "", "seed", "epochs on\nthe plateau", "test\naccuracy")
    return Conclusion(_answer(runs), [Table("Two hidden layers and three", header, rows)], _why(runs))


def waiting(run: Training) -> int:
    """How many epochs end before the test accuracy is above LEARNS."""
    accuracies = run.curve.test_accuracy
    return next((epoch for epoch, accuracy in enumerate(accuracies) if accuracy > LEARNS), len(accuracies))


def by_hand(runs: Sequence[Training], hidden: tuple[int, ...], init: str) -> list[Training]:
    """One for each seed."""
    return [
        run
        for run in runs
        if run.curve.implementation == MANUAL and run.settings.widths == hidden and run.settings.init == init
    ]


def _answer(runs: Sequence[Training]) -> str:
    sentences = []
    for init, whose in INITS.items():
        two, three = (by_hand(runs, hidden, init) for hidden in DEPTHS)
        gains = [b.accuracy - a.accuracy for a, b in zip(two, three, strict=True)]
        if min(gains) > 0 and median(three) - median(two) > spread(two) + spread(three):
            verdict = "better, by more than another seed would change it"
        elif max(gains) < 0:
            verdict = "worse with every seed"
        else:
            verdict = "no better than another seed would make it"
        sentences.append(
            f"From {whose} initial weights, three hidden layers classify {median(three):.2%} of the test images "
            f"correctly and two {median(two):.2%}: {verdict}."
        )
    return " ".join(sentences)


def _why(runs: Sequence[Training]) -> str:
    waits = [_wait(whose, [waiting(run) for run in by_hand(runs, DEPTHS[-1], init)]) for init, whose in INITS.items()]
    seeds_of = len(by_hand(runs, DEPTHS[0], "chapter"))
    return "\n".join([f"Accuracies are medians of {seeds_of} seeds. {' '.join(waits)}", WHY])


def _wait(whose: str, epochs: Sequence[int]) -> str:
    if not any(epochs):
        return f"From {whose} weights, the network with three layers learns from the first epoch on."
    count = f"{min(epochs)}" if len(set(epochs)) == 1 else f"{min(epochs)} to {max(epochs)}"
    return (
        f"From {whose} weights it waits on a plateau first: for {count} epochs its accuracy stays at or below "
        f"{LEARNS:.0%}."
    )


def draw(runs: Sequence[Training]) -> "Figure":
    """Test accuracy by epoch, for each depth and initial weights, each seed a line."""
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    from compare.shared.figures import BLUE, VERMILLION, new_figure

    figure = new_figure(9, 4.6)
    panels = figure.subplots(1, 2, sharey=True)
    styles = [(BLUE, "o", "-"), (VERMILLION, "s", "--")]
    for axes, (init, whose) in zip(panels, INITS.items(), strict=True):
        for hidden, (colour, marker, dashes) in zip(DEPTHS, styles, strict=True):
            for i, run in enumerate(by_hand(runs, hidden, init)):
                accuracy = run.curve.test_accuracy
                axes.plot(range(1, len(accuracy) + 1), accuracy, dashes, color=colour, marker=marker, markersize=4,
                          label=f"{len(hidden)} hidden layers" if i == 0 else None)  # fmt: skip
        axes.set_title(f"From {whose} initial weights")
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_ylim(0, 1.02)
        axes.legend(loc="best")
    panels[0].set_ylabel("test accuracy, one line a seed")
    return figure
