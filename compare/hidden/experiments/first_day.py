"""Mistakes of the first day with PyTorch: which it refuses, and what those cost that it does not."""

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from compare.hidden.experiments.first_day_mistakes import FINE, LEARN_NOTHING, LESS, REFUSED, TRAININGS
from compare.hidden.frame.experiment import Finding, plain
from compare.hidden.tools.batches import batches
from compare.shared.settings import Settings
from compare.shared.terminal import Advance
from compare.shared.training import initial_weights

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch import nn

    from compare.hidden.experiments.first_day_mistakes import Training
    from compare.shared.training import Digits

QUESTION = "Which mistakes of the first day with PyTorch does nobody tell you of?"
CLAIM = (
    "PyTorch refuses labels that are floats, one-hot labels that are integers, float64 images for float32 weights, and "
    "scores that were detached. It says nothing where zero_grad or step is in the wrong place, the optimizer holds "
    "weights that were replaced, or a hidden layer is detached: the first three learn nothing, the last one learns "
    "less. One-hot labels that are floats are right."
)

STEPS = 300
SEEDS = 3


@dataclass(frozen=True)
class RefusedTraining:
    """A training that raised. refused: the error's first line."""

    refused: str


@dataclass(frozen=True)
class Trained:
    """A training of STEPS steps. before, after: the test accuracy, 0 to 1; warnings: what was said on the way."""

    before: float
    after: float
    warnings: list[str]


@dataclass(frozen=True)
class Measured:
    """The trainings of each mistake, one a seed, or that the first of them was refused."""

    trained: dict[str, list[Trained]]
    refused: dict[str, RefusedTraining]

    def as_json(self) -> dict[str, Any]:
        """As a JSON document has it: a list of outcomes by mistake, in the order in which they are told."""
        refused = {mistake: [one] for mistake, one in self.refused.items()}
        return {mistake: plain([*self.trained.get(mistake, ()), *refused.get(mistake, ())]) for mistake in TRAININGS}


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured:
    """Every training from nn.Linear's start in float32, three seeds; what is refused is so in the first of them."""
    result = Measured({}, {})
    for mistake, training in TRAININGS.items():
        for seed in range(settings.seed, settings.seed + SEEDS):
            one = settings.with_(init="torch", seed=seed, dtype="float32", widths=(128, 64))
            found = outcome(training, one, digits)
            if isinstance(found, RefusedTraining):
                result.refused[mistake] = found
                break
            result.trained.setdefault(mistake, []).append(found)
        advance()
    return result


def outcome(training: "Training", settings: Settings, digits: "Digits") -> RefusedTraining | Trained:
    """What comes of one training."""
    import torch

    from compare.hidden.tools.softmax_networks import model

    net = model(initial_weights(settings, digits), twice=False)
    test_x = torch.from_numpy(digits.test_x).float()
    test_labels = torch.from_numpy(digits.test_labels)

    def accuracy(net: "nn.Sequential") -> float:
        with torch.no_grad():
            return (net(test_x).argmax(dim=1) == test_labels).float().mean().item()

    before = accuracy(net)
    data = ((torch.from_numpy(x).float(), torch.from_numpy(y)) for x, y in batches(settings, digits, STEPS))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            net = training(net, data, settings.learning_rate)
        except Exception as error:  # whatever it is, it is the outcome
            return RefusedTraining(f"{type(error).__name__}: {str(error).splitlines()[0]}")
    return Trained(before, accuracy(net), [str(w.message) for w in caught])


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    trained, refused = result.trained, result.refused
    ends = {mistake: median(runs) for mistake, runs in trained.items()}
    best = ends.get("no mistake", math.nan)
    silent = [mistake for mistake in ends if mistake not in ("no mistake", FINE)]
    holds = (
        set(refused) == set(REFUSED)
        and not any(run.warnings for runs in trained.values() for run in runs)
        and all(run.after == run.before for mistake in LEARN_NOTHING for run in trained[mistake])
        and ends[LESS] < best
        and abs(ends[FINE] - best) < 0.01
    )
    answer = (
        f"Of {len(TRAININGS) - 1} mistakes {len(refused)} are refused and {len(silent)} pass in silence. After {STEPS} "
        f"steps, with {best:.1%} for the right training: "
        + "; ".join(f"{mistake}, {ends[mistake]:.1%}" for mistake in silent)
        + f" (medians of {SEEDS} seeds)."
    )
    lesson = (
        "PyTorch checks what it can see: dtypes, and whether there is a graph to walk. That float labels are refused, "
        "and one-hot floats are not, has a reason: floats in the scores' shape are taken for probabilities of classes, "
        "and of such labels the loss is the same. What it cannot see is what you meant. Three objects must "
        "fit together, the model, the optimizer and the gradients that lie in the weights; each line that connects "
        "two of them can be in the wrong place without an error. The optimizer holds the tensors that "
        "model.parameters() gave when it was made: whatever replaces them later, it does not know. Since zero_grad "
        "sets gradients to None, a step after it skips every weight. And detach cuts the graph where you "
        "write it, so that all layers below keep their initial weights. Two lines notice all of these: after the "
        "first step, every parameter has a gradient, and none has its old value."
    )
    return Finding(answer, holds, {"outcomes": plain(result)}, lesson)


def median(runs: list[Trained]) -> float:
    """The accuracy afterwards, over the seeds."""
    return float(np.median([run.after for run in runs]))


def draw(result: Measured) -> "Figure":
    """A row for each mistake: what PyTorch says, and the test accuracy where it says nothing."""
    from compare.hidden.tools.coloured_table import draw_table
    from compare.shared.figures import new_figure

    best = median(result.trained["no mistake"])
    figure = new_figure(9.6, 6)
    cells = [_cells(mistake, result, best) for mistake in TRAININGS]
    draw_table(figure.subplots(), list(TRAININGS), ["PyTorch says", f"accuracy, {STEPS} steps"], cells, fontsize=8)
    figure.suptitle(
        "The first day: what is refused, and what passes and learns nothing",
        fontsize=11, fontweight="bold", x=0.01, ha="left",
    )  # fmt: skip
    return figure


def _cells(mistake: str, result: Measured, best: float) -> list[tuple[str, str]]:
    """Words and colours."""
    import textwrap

    if mistake in result.refused:
        message = textwrap.shorten(result.refused[mistake].refused.partition(": ")[2], 78, placeholder=" ...")
        return [(textwrap.fill(message, 40), "blue"), ("refused", "grey")]
    runs = result.trained[mistake]
    seeds = "  ".join(f"{run.after:.1%}" for run in runs)
    right = mistake == "no mistake" or median(runs) > best - 0.01
    return [("nothing", "green" if right else "orange"), (seeds, "green" if right else "orange")]
