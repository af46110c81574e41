"""Softmax before `cross_entropy`, which takes it itself: the mistake of the first day with PyTorch."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from autograd.losses import cross_entropy as engine_cross_entropy
from autograd.tensor import Tensor
from compare.hidden.frame.experiment import Finding, plain
from compare.hidden.tools.batches import batches, first_batch
from compare.hidden.tools.softmax_networks import Once, Twice, beside_pytorch
from compare.shared.dataset import CLASSES
from compare.shared.settings import Settings
from compare.shared.terminal import Advance
from compare.shared.training import initial_weights
from compare.worlds import AUTOGRAD, MANUAL, TORCH_REF, world
from manual.functions import softmax
from manual.network import Network as ManualNetwork

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

QUESTION = "Where did softmax go, and what if you put it back?"
CLAIM = (
    "Softmax before cross_entropy raises no exception and no warning. It makes the first gradient of the scores a "
    "tenth of the right one and keeps the loss above ln(e + 9) - 1; and with the same start and batches, in each of "
    "three seeds, fewer test images are classified correctly than without it."
)

STEPS = 2814  # three epochs of MNIST in batches of 64
LOOKS = 6  # at the test set, of which every second one ends an epoch
BESIDE = 50  # steps that are taken beside PyTorch's, in float64, where rounding switches no ReLU
CLOSE = 1e-12  # how far the losses of those may differ
SEEDS = 3
STARTS = {"torch": "nn.Linear's start", "chapter": "0.01 x normal"}
WAYS = {"once": "scores", "twice": "softmax before cross_entropy"}
BY_HAND = {"once": Once, "twice": Twice}
FLOOR = math.log(math.e + CLASSES - 1) - 1  # the loss of probabilities that are exactly right, taken for scores
LEADS = tuple(range(0, 21))  # by how much the score of a wrong class is above those of all others


@dataclass(frozen=True)
class SoftmaxTraining:
    """A training. test_accuracy: before the first step and at every one of LOOKS; said: warnings and exceptions.

    apart: how far the loss of any of its first BESIDE steps in float64 is from PyTorch's.
    """

    loss_by_step: list[float]
    test_accuracy: list[float]
    said: list[str]
    apart: float


@dataclass(frozen=True)
class Measured:
    """Trainings by start, way and seed; the first gradients by start and implementation; and by lead."""

    curves: dict[str, dict[str, list[SoftmaxTraining]]]
    shrinking: dict[str, dict[str, float]]
    lengths: dict[str, list[float]]


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured:
    """Trainings with and without a softmax before the loss, and the gradients of the scores."""
    curves: dict[str, dict[str, list[SoftmaxTraining]]] = {start: {way: [] for way in WAYS} for start in STARTS}
    for start in STARTS:
        for seed in range(settings.seed, settings.seed + SEEDS):
            for way in WAYS:
                one = settings.with_(init=start, init_scale=0.01, seed=seed, widths=(128, 64), activation="relu")
                curves[start][way].append(train(way, one, digits))
            advance()
    x, labels = first_batch(settings, digits)
    z3 = {start: ManualNetwork(initial_weights(settings.with_(init=start), digits)).logits(x) for start in STARTS}
    return Measured(curves, {start: shrunk(z, labels) for start, z in z3.items()}, lengths_by_lead(settings.dtype))


def train(way: str, settings: Settings, digits: "Digits") -> SoftmaxTraining:
    """One of them, from the weights of the settings: by hand, which is faster, and its first steps in PyTorch too."""
    start = initial_weights(settings, digits)
    kind = BY_HAND[way]
    net = kind(start)
    losses, accuracy = [], [net.accuracy(digits.test_x, digits.test_labels)]
    for step, (x, labels) in enumerate(batches(settings, digits, STEPS), start=1):
        losses.append(float(net.step(x, labels, settings.learning_rate)))
        if step * LOOKS % STEPS == 0:
            accuracy.append(net.accuracy(digits.test_x, digits.test_labels))
    apart, said = beside_pytorch(kind, start, settings, digits, BESIDE)
    return SoftmaxTraining(losses, accuracy, said, apart)


def scores_gradient(z: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """The gradient of the scores z (m, 10) where the mean cross-entropy is given softmax(z), in all three."""
    import torch

    p, y = softmax(z), np.eye(z.shape[1], dtype=z.dtype)[labels]
    dp = (softmax(p) - y) / len(labels)
    by_hand = p * (dp - (p * dp).sum(axis=1, keepdims=True))  # softmax's own Jacobian, once more
    tensor = Tensor(z, requires_grad=True)
    engine_cross_entropy(tensor.log_softmax(axis=1).exp(), labels).backward()
    leaf = torch.tensor(z, requires_grad=True)
    torch.nn.functional.cross_entropy(torch.softmax(leaf, dim=1), torch.from_numpy(labels)).backward()
    assert tensor.grad is not None
    assert leaf.grad is not None
    return {MANUAL: by_hand, AUTOGRAD: tensor.grad, TORCH_REF: leaf.grad.numpy()}


def right_gradient(z: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The same of the scores themselves: (softmax(z) - y) / m."""
    return (softmax(z) - np.eye(z.shape[1], dtype=z.dtype)[labels]) / len(labels)


def shrunk(z: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """How long the gradient of the scores is with softmax taken twice, divided by the right one, by implementation."""
    right = np.linalg.norm(right_gradient(z, labels))
    return {name: float(np.linalg.norm(g) / right) for name, g in scores_gradient(z, labels).items()}


def lengths_by_lead(dtype: str) -> dict[str, list[float]]:
    """The length of the gradient of one image's scores, in either way, where a wrong class leads by so much."""
    labels, found = np.array([1]), dict[str, list[float]](once=[], twice=[])
    for lead in LEADS:
        z = np.zeros((1, CLASSES), dtype)
        z[0, 0] = lead
        found["once"].append(float(np.linalg.norm(right_gradient(z, labels))))
        found["twice"].append(float(np.linalg.norm(scores_gradient(z, labels)[TORCH_REF])))
    return found


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    curves, shrinking, lengths = result.curves, result.shrinking, result.lengths
    ends = {
        start: {way: [run.test_accuracy[-1] for run in runs] for way, runs in by_way.items()}
        for start, by_way in curves.items()
    }
    twice = [run for by_way in curves.values() for run in by_way["twice"]]
    least = min(loss for run in twice for loss in run.loss_by_step)
    behind = all(b < a for end in ends.values() for a, b in zip(end["once"], end["twice"], strict=True))
    tenth = all(abs(factor - 0.1) < 0.01 for by_name in shrinking.values() for factor in by_name.values())
    silent = not any(run.said for run in twice)
    apart = max(run.apart for by_way in curves.values() for runs in by_way.values() for run in runs)
    medians = {start: {way: float(np.median(end)) for way, end in by_way.items()} for start, by_way in ends.items()}
    told = "; ".join(
        f"from {STARTS[start]} {median['twice']:.1%} instead of {median['once']:.1%}"
        for start, median in medians.items()
    )
    answer = (
        f"It went into cross_entropy. Put before it once more, it {'raises nothing' if silent else 'is refused'}, and "
        f"after {STEPS:,} steps fewer test images are classified correctly: {told} (medians of {SEEDS} seeds)."
    )
    factor = shrinking["torch"][TORCH_REF]
    last = LEADS[-1] // 2
    lesson = (
        "By hand, softmax stood in your forward pass, and its derivative never on its own: together with the logarithm "
        "of the loss it became a3 - y. nn.CrossEntropyLoss takes scores and contains that softmax. A softmax at the "
        "end of the model is a second one: it takes probabilities for scores, its derivative is a factor of its own, "
        f"and nothing cancels it. At the start all probabilities are near 1/{CLASSES}, and the gradient of the scores "
        f"is {factor:.3f} of the right one, as if the learning rate were a tenth. Later it is worse. An image that is "
        f"confidently misclassified has probabilities near 0 and 1, where softmax is flat. With a lead of {last} for "
        f"the wrong class the right gradient has length {lengths['once'][last]:.2f}, this one "
        f"{lengths['twice'][last]:.1g}: the worst mistakes teach least. How to notice: the loss cannot fall "
        f"below ln(e + 9) - 1 = {FLOOR:.4f}, however good the network ({least:.4f} is the least of "
        f"{len(twice)} trainings). How to mend: let the model end in scores; take softmax only to show probabilities. "
        "For the predicted class not even then, since the largest score is the largest probability. "
        f"(The curves are trained by hand, which takes half the time. Of the first {BESIDE} steps of each, taken in "
        f"float64 beside PyTorch, no loss differs from PyTorch's by more than {apart:.0e}.)"
    )
    holds = behind and tenth and silent and least > FLOOR and apart <= CLOSE
    measured = {
        "curves": curves, "first_gradient": shrinking, "length_by_lead": lengths, "end": ends, "least": least,
        "apart": apart,
    }  # fmt: skip
    return Finding(answer, holds, plain(measured), lesson)


def draw(result: Measured) -> "Figure":
    """Test accuracy by step from either start, and the length of a misclassified image's gradient."""
    from compare.shared.figures import MUTED, new_figure

    figure = new_figure(10, 4.2)
    panels = figure.subplots(1, 3)
    colours = {"once": world(MANUAL).colour, "twice": world(AUTOGRAD).colour}
    for axes, start in zip(panels, STARTS, strict=False):
        _draw_curves(axes, result.curves[start], colours)
        axes.set_title(f"From {STARTS[start]}", fontsize=11)
    panels[0].set_ylabel(f"test accuracy, {SEEDS} seeds")
    panels[1].tick_params(labelleft=False)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=9)
    for way, values in result.lengths.items():
        panels[2].plot(LEADS, values, color=colours[way], marker="o" if way == "once" else "s", markersize=3)
    panels[2].set_yscale("log")
    panels[2].set_xlabel("lead of a wrong class, in scores")
    panels[2].set_ylim(top=20)
    panels[2].set_title("A misclassified image's gradient", fontsize=11)
    panels[2].annotate("scores", (1, 2.5), color=colours["once"], fontsize=9)
    panels[2].annotate("softmax twice:\nthe surer, the smaller", (0.5, 2e-6), color=colours["twice"], fontsize=9)
    for axes in panels:
        axes.tick_params(colors=MUTED)
    figure.suptitle(
        "Softmax before cross_entropy: no exception, a tenth of the gradient, and less for the worst mistakes",
        fontsize=11, fontweight="bold", x=0.01, ha="left",
    )  # fmt: skip
    return figure


def _draw_curves(axes: "Axes", by_way: dict[str, list[SoftmaxTraining]], colours: dict[str, str]) -> None:
    from matplotlib.ticker import PercentFormatter

    for way, runs in by_way.items():
        for i, run in enumerate(runs):
            steps = np.arange(len(run.test_accuracy)) * STEPS / LOOKS
            axes.plot(steps, run.test_accuracy, "-" if way == "once" else "--", color=colours[way],
                      label=WAYS[way] if i == 0 else None)  # fmt: skip
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_xlabel("step")
