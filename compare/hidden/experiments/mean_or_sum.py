"""Where 1/m goes: into dz of the last layer, into each dW, or into the learning rate; and what a larger batch does."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from compare.hidden.frame.experiment import Finding, NotMeasured
from compare.hidden.tools.reductions import GRADIENTS, by_hand
from compare.judge.network import gradient_balls
from compare.judge.verdict import part_of
from compare.shared.settings import Settings
from compare.shared.terminal import Advance
from compare.shared.training import initial_weights
from compare.worlds import AUTOGRAD, MANUAL, TORCH_REF
from manual.network import Network as ManualNetwork

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

QUESTION = "Where does the 1/m go, and what does a larger batch then do to the learning rate?"
CLAIM = (
    "Divided by m in dz of the last layer, in each dW or in the learning rate, a step is the same to within rounding, "
    "and to the bit where m is a power of two; with the batch, the gradient of the sum grows and that of the mean "
    "does not."
)

#: It looks inside, in each in its own way, and so is about these.
WORLDS = (MANUAL, AUTOGRAD, TORCH_REF)

Parameters = dict[str, np.ndarray]
#: Each implementation's mean is its own; the others divide the gradients of the sum, or the learning rate.
PLACES = ("dz3", "each dW", "learning rate")
ROUND, POWER = 60, 64  # rows a batch: not a power of two, and one
SIZES = (16, 64, 256, 1024)
TUNED_AT = 64  # the batch at which the learning rate of the sum is that of the mean
STEPS = 100
LAST = 10  # steps whose mean loss is where a training ended


@dataclass(frozen=True)
class Measured:
    """Bound used by implementation and place, the part of the entries changed, and the sizes by batch.

    The mean of m independent gradients has the expected square |G|^2 + s^2 / m, so its size falls by no more than
    the root of the growth of m, and that of the sum, m times it, grows by no less. The mean's may grow by half
    before the claim fails: that much is left to chance.
    """

    used: dict[str, dict[str, float]]
    changed: dict[str, dict[int, float]]
    norms: dict[int, float]
    ends: dict[str, dict[int, float]]
    learning_rate: float


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured | NotMeasured:
    """Steps with 1/m in each place, in all three; then trainings by hand on batches of several sizes."""
    if len(digits.train_x) < POWER:
        reason = f"A training set of {len(digits.train_x)} images has no batch of {POWER}, so nothing was measured."
        return NotMeasured(reason, "Try it with a larger set.")
    start = initial_weights(settings, digits)
    used, changed = {}, {}
    for name in WORLDS:
        x, labels = digits.train_x[:ROUND].astype(np.float64), digits.train_labels[:ROUND]
        wide = {parameter: value.astype(np.float64) for parameter, value in start.items()}
        used[name] = bound_used(steps(name, wide, x, labels, settings.learning_rate), wide, x, labels, settings)
        changed[name] = {
            m: entries_changed(steps(name, start, digits.train_x[:m], digits.train_labels[:m], settings.learning_rate))
            for m in (ROUND, POWER)
        }
        advance()
    he = initial_weights(settings.with_(init="he"), digits)
    sizes = [m for m in SIZES if m <= len(digits.train_x)]
    norms = {m: gradient_norm(he, digits.train_x[:m], digits.train_labels[:m]) for m in sizes}
    ends: dict[str, dict[int, float]] = {"mean": {}, "sum": {}}
    for m in sizes:
        ends["mean"][m] = trained(he, settings, digits, m, settings.learning_rate)
        ends["sum"][m] = trained(he, settings, digits, m, settings.learning_rate / TUNED_AT * m)
        advance()
    return Measured(used, changed, norms, ends, settings.learning_rate)


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    used, changed, norms, ends, learning_rate = (
        result.used,
        result.changed,
        result.norms,
        result.ends,
        result.learning_rate,
    )
    small, large = min(norms), max(norms)
    growth = {"mean": norms[large] / norms[small], "sum": norms[large] / norms[small] * large / small}
    same = max(part for by_place in used.values() for part in by_place.values()) <= 1
    exact = all(by_size[POWER] == 0 for by_size in changed.values())
    holds = same and exact and growth["mean"] < 1.5 and growth["sum"] > math.sqrt(large / small)
    too_long = "" if ends["sum"][large] < ends["mean"][large] else ", until they are too long"
    other = max(by_size[ROUND] for by_size in changed.values())
    answer = (
        f"With 1/m in another place, {_none(max(c[POWER] for c in changed.values()))} of a step's numbers change "
        f"for m = {POWER}, and up to {other:.0%} for m = {ROUND}, in their last bits; from m = {small} to {large:,} "
        f"the gradient of the mean becomes {growth['mean']:.2g} times as large, that of the sum {growth['sum']:.2g}."
    )
    lesson = (
        f"The chapter divides each dW by m, the networks here divide dz3 once, and `reduction='sum'` leaves it to "
        f"the learning rate. On paper that is one formula. In floating point it is one formula to the bit where m is "
        f"a power of two, because dividing by {POWER} changes only the exponent, and one formula to within rounding "
        f"for any other m. What differs is what the learning rate means. The mean's gradient keeps its size when the "
        f"batch grows, the sum's grows with it. With the mean, learning rate {learning_rate:g} takes {STEPS} steps to "
        f"{_losses(ends['mean'])}. With the sum, the rate that is the same at m = {TUNED_AT} takes them to "
        f"{_losses(ends['sum'])}: below {TUNED_AT} its steps are shorter, and above longer{too_long}. A "
        f"framework that hides the 1/m in its loss hides this too, until you change `reduction`, or the batch."
    )
    measured = {
        "bound_used": used, "entries_changed": changed, "mean_gradient_norm": norms, "growth": growth,
        "loss_after_training": ends, "learning_rate": learning_rate,
    }  # fmt: skip
    return Finding(answer, holds, measured, lesson)


def _none(part: float) -> str:
    return f"{part:.0%}" if part else "none"


def _losses(by_size: dict[int, float]) -> str:
    said = [f"{loss:.2f}" if math.isfinite(loss) else "no finite loss" for loss in by_size.values()]
    sizes = [f"{m:,}" for m in by_size]
    return f"a loss of {', '.join(said)} for batches of {', '.join(sizes)}"


def steps(
    name: str, start: Parameters, x: np.ndarray, labels: np.ndarray, learning_rate: float
) -> dict[str, Parameters]:
    """What a step takes off each parameter, by where its 1/m stands."""
    m = len(x)
    mean, total = (GRADIENTS[name](start, x, labels, reduction) for reduction in ("mean", "sum"))
    return {
        "dz3": {parameter: learning_rate * d for parameter, d in mean.items()},
        "each dW": {parameter: learning_rate * (d / m) for parameter, d in total.items()},
        "learning rate": {parameter: (learning_rate / m) * d for parameter, d in total.items()},
    }


def bound_used(
    by_place: dict[str, Parameters], start: Parameters, x: np.ndarray, labels: np.ndarray, settings: Settings
) -> dict[str, float]:
    """The largest part of what rounding may do to a step in float64 that it has done, by place.

    A gradient may be off by its running error; the learning rate, the division by m and the product round too.
    """
    exact, u = gradient_balls(start, x, labels, settings.activation), 2.0**-53
    used = {}
    for place, found in by_place.items():
        parts = [
            part_of(
                np.asarray(abs(step - settings.learning_rate * exact[parameter].exact), np.float64),
                settings.learning_rate * (exact[parameter].worst + 4 * u * abs(step / settings.learning_rate)),
            ).max()
            for parameter, step in found.items()
        ]
        used[place] = float(max(parts))
    return used


def entries_changed(by_place: dict[str, Parameters]) -> float:
    """The part of a step's numbers that are not the same to the bit in all places."""
    first, *others = by_place.values()
    changed = sum(int(np.any([d != other[name] for other in others], axis=0).sum()) for name, d in first.items())
    return changed / sum(d.size for d in first.values())


def gradient_norm(start: Parameters, x: np.ndarray, labels: np.ndarray) -> float:
    """The length of the mean's gradient, all parameters together."""
    return math.sqrt(sum(float(np.vdot(d, d)) for d in by_hand(start, x, labels, "mean").values()))


def trained(start: Parameters, settings: Settings, digits: "Digits", m: int, learning_rate: float) -> float:
    """The mean loss of the last of a few steps by hand; a sum's gradient and a mean's with m times its rate are one."""
    net, random = ManualNetwork(start), np.random.default_rng((settings.seed, m))
    losses = []
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(STEPS):
            rows = random.choice(len(digits.train_x), m, replace=False, shuffle=False)
            losses.append(net.step(*digits.batch(rows), learning_rate))
    return float(np.mean(losses[-LAST:]))


def draw(result: Measured) -> "Figure":
    """The loss after the training by batch size, with the mean and with the sum, each at one learning rate."""
    from compare.shared.figures import INK, MUTED, new_figure

    ends, rate = result.ends, result.learning_rate
    figure = new_figure(9, 5)
    axes = figure.subplots()
    nothing = math.log(10)
    for kind, colour, marker, label in (
        ("sum", "#CC79A7", "D", f"sum, learning rate {rate:g} / {TUNED_AT} for all"),
        ("mean", INK, "o", f"mean, learning rate {rate:g} for all"),
    ):
        sizes = list(ends[kind])
        heights = [loss if math.isfinite(loss) else nothing for loss in ends[kind].values()]
        axes.plot(sizes, heights, color=colour, marker=marker, markersize=8, linewidth=2.2, label=label)
    axes.axhline(nothing, color=MUTED, linewidth=1, linestyle=(0, (1, 2)))
    axes.text(min(ends["mean"]), nothing - 0.03, "nothing learned", color=MUTED, va="top", fontsize=9)
    axes.set_xscale("log", base=2)
    axes.set_xticks(list(ends["mean"]), [f"{m:,}" for m in ends["mean"]])
    axes.set_ylim(0, nothing + 0.15)
    axes.set_xlabel("images a batch")
    axes.set_ylabel(f"loss after {STEPS} steps")
    axes.set_title("A learning rate tuned with the mean serves other batches; one tuned with the sum does not")
    axes.legend(loc="center", bbox_to_anchor=(0.45, 0.65))
    return figure
