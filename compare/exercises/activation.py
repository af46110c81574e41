"""Exercise 1: sigmoid in place of ReLU."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from compare.exercises.trained import BY_HAND, IN_ALL, Conclusion, Plan, Training, median, seeds, steps_to
from compare.shared.settings import Settings
from compare.shared.terminal import Table
from compare.shared.training import Digits
from compare.worlds import MANUAL, build, world

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUESTION = (
    "Replace ReLU by sigmoid in both hidden layers. Does the network learn faster or slower, how many steps does it "
    "take to reach 90% and 97%, and what does the gradient of each layer have to do with it?"
)
EPOCHS = 12
LEVELS = (0.90, 0.97)
ROWS = 1000  # of the training set, for the size of a gradient

ACTIVATIONS = ("relu", "sigmoid")
SPOKEN = {"relu": "ReLU", "sigmoid": "sigmoid"}


def plan(settings: Settings) -> list[Plan]:
    """Both activations from the chapter's initial weights, three seeds; for one seed also from He's.

    The sigmoid, which is new, is trained in all three.
    """
    first, *others = seeds(settings)
    base = settings.with_(widths=(128, 64), init="chapter", init_scale=0.01)
    plans = [
        Plan(base.with_(activation=a, seed=first), IN_ALL if a == ACTIVATIONS[-1] else BY_HAND) for a in ACTIVATIONS
    ]
    alone = [base.with_(activation=a, seed=seed) for seed in others for a in ACTIVATIONS]
    alone += [base.with_(activation=a, init="he") for a in ACTIVATIONS]
    return plans + [Plan(one, BY_HAND, compared=False) for one in alone]


def conclude(runs: Sequence[Training], digits: Digits) -> Conclusion:
    """Steps to each level, the size of the gradients at the start, and what follows."""
    for run in runs:
        for level in LEVELS:
            run.found[f"steps_to_{level:.0%}".removesuffix("%")] = steps_to(level, run, digits)
        run.found["gradient_sizes"] = gradient_sizes(run, digits)
    curves = [
        (world(run.curve.implementation).title, SPOKEN[run.settings.activation], run.settings.init,
         str(run.settings.seed), *(_steps(run, level) for level in LEVELS), f"{run.accuracy:.2%}")
        for run in runs
    ]  # fmt: skip
    first = [run for run in runs if run.curve.implementation == MANUAL and run.settings.seed == runs[0].settings.seed]
    sizes = [
        (f"{SPOKEN[run.settings.activation]}, {run.settings.init}", *(f"{s:.1e}" for s in run.found["gradient_sizes"]))
        for run in first
    ]
    tables = [
        Table(
            "Steps to reach a test accuracy of 90% and 97% (-: not reached)",
            ("", "activation", "initial\nweights", "seed", "90%", "97%", "test accuracy\nat the end"),
            curves,
        ),
        Table("Size of the gradient at the start, root mean square of an entry", ("", "dW1", "dW2", "dW3"), sizes),
    ]
    return Conclusion(_answer(runs), tables, _why(runs))


def gradient_sizes(run: Training, digits: Digits) -> list[float]:
    """Root mean square of dW1, dW2, dW3 at the initial weights."""
    net = build(run.curve.implementation, run.curve.weights[0], run.settings.activation)
    _, gradients = net.gradients(digits.train_x[:ROWS], digits.train_labels[:ROWS])
    return [float(np.sqrt((gradients[f"W{k}"] ** 2).mean())) for k in (1, 2, 3)]


def _steps(run: Training, level: float) -> str:
    steps = run.found[f"steps_to_{level:.0%}".removesuffix("%")]
    return "-" if steps is None else f"{steps:,}"


def _by_start(runs: Sequence[Training], init: str) -> list[list[Training]]:
    """By hand, with ReLU and with sigmoid."""
    of_start = [run for run in runs if run.curve.implementation == MANUAL and run.settings.init == init]
    return [[run for run in of_start if run.settings.activation == a] for a in ACTIVATIONS]


def _answer(runs: Sequence[Training]) -> str:
    relu, sigmoid = _by_start(runs, "chapter")
    verdict = "Slower" if median(sigmoid) < median(relu) else "No slower"
    return (
        f"{verdict}: from the chapter's initial weights, ReLU reaches 90% after {_median_steps(relu, 0.90)} steps and "
        f"97% after {_median_steps(relu, 0.97)}, sigmoid after {_median_steps(sigmoid, 0.90)} and "
        f"{_median_steps(sigmoid, 0.97)} (medians of {len(relu)} seeds). After {relu[0].settings.epochs} epochs they "
        f"classify {median(relu):.2%} and {median(sigmoid):.2%} of the test images correctly."
    )


def _why(runs: Sequence[Training]) -> str:
    relu_sizes, sigmoid_sizes = (rs[0].found["gradient_sizes"] for rs in _by_start(runs, "chapter"))
    (relu_he,), (sigmoid_he,) = _by_start(runs, "he")
    he_sizes = [run.found["gradient_sizes"] for run in (relu_he, sigmoid_he)]
    return (
        f"The derivative of sigmoid is at most 1/4, that of an active ReLU is 1, and every hidden layer multiplies the "
        f"gradient by it once. From He's initial weights, which suit ReLU, dW1 at the start is "
        f"{he_sizes[0][0] / he_sizes[1][0]:,.0f} times as large with ReLU as with sigmoid; dW3, which has no "
        f"activation above it, {he_sizes[0][2] / he_sizes[1][2]:.1f} times as large.\n"
        f"From there ReLU reaches 90% and 97% after {_all_steps([relu_he], 0.90)} and {_all_steps([relu_he], 0.97)} "
        f"steps, sigmoid after {_all_steps([sigmoid_he], 0.90)} and {_all_steps([sigmoid_he], 0.97)}: better weights "
        f"help both, and the gap stays.\n"
        f"From the chapter's weights the first layers start with even less: dW1 is {relu_sizes[0]:.0e} with ReLU and "
        f"{sigmoid_sizes[0]:.0e} with sigmoid, against {relu_sizes[2]:.0e} and {sigmoid_sizes[2]:.0e} for dW3. So "
        f"sigmoid waits on a plateau first. (Sigmoid of 0 is 1/2, not 0: that keeps dW3 large, but all images look "
        f"alike to it.)"
    )


def _median_steps(runs: Sequence[Training], level: float) -> str:
    key = f"steps_to_{level:.0%}".removesuffix("%")
    found = sorted(runs, key=lambda run: math.inf if run.found[key] is None else run.found[key])
    return _all_steps([found[len(found) // 2]], level)


def _all_steps(runs: Sequence[Training], level: float) -> str:
    found = [_steps(run, level) for run in runs]
    if set(found) == {"-"}:
        return f"more than {len(runs[0].curve.loss_by_step):,}"
    return ", ".join(found[:-1]) + " and " + found[-1] if len(found) > 1 else found[0]


def draw(runs: Sequence[Training]) -> "Figure":
    """Test accuracy by epoch, for each activation and initial weights, each seed a line."""
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    from compare.shared.figures import BLUE, MUTED, VERMILLION, new_figure

    figure = new_figure(9, 4.6)
    panels = figure.subplots(1, 2, sharey=True)
    titles = {"chapter": "From the chapter's initial weights", "he": "From He's initial weights"}
    style = {"relu": (BLUE, "o", "-"), "sigmoid": (VERMILLION, "s", "--")}
    for axes, (init, title) in zip(panels, titles.items(), strict=True):
        for activation in ACTIVATIONS:
            colour, marker, dashes = style[activation]
            of_these = [r for r in runs if r.curve.implementation == MANUAL and r.settings.init == init]
            for i, run in enumerate(r for r in of_these if r.settings.activation == activation):
                accuracy = run.curve.test_accuracy
                label = SPOKEN[activation] if i == 0 else None
                axes.plot(range(1, len(accuracy) + 1), accuracy, dashes, color=colour, marker=marker, markersize=4,
                          label=label)  # fmt: skip
        for level in LEVELS:
            axes.axhline(level, color=MUTED, linewidth=0.9, linestyle=":")
        axes.set_title(title)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.set_yticks([0, 0.2, 0.4, 0.6, 0.8, *LEVELS])
        axes.set_ylim(0, 1.02)
        axes.legend(loc="best")
    panels[0].set_ylabel("test accuracy")
    return figure
