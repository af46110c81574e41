"""Gradients that are added up: what happens to a training that forgets `zero_grad`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.network import Network as EngineNetwork
from compare.hidden.frame.experiment import Finding
from compare.hidden.tools.batches import batches, first_batch
from compare.shared.differences import largest_difference
from compare.shared.settings import Settings
from compare.shared.terminal import Advance
from compare.shared.training import initial_weights
from compare.worlds import AUTOGRAD, MANUAL, TORCH_REF, world
from manual.network import Network as ManualNetwork

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

QUESTION = "What if you forget zero_grad?"
CLAIM = (
    "Without zero_grad the gradient after k backward passes is k times the right one on the engine and in PyTorch, "
    "but not by hand; a training is then, to the bit, one with momentum 1, and its loss ends above the right one's."
)

PASSES = 3
STEPS = 300
SAME_FOR = 20  # steps over which forgetting is compared with momentum 1, long before either overflows
LAST = 50  # steps whose mean loss is where a training ended


@dataclass(frozen=True)
class Measured:
    """Gradients as multiples of the right one by pass, the losses by step, and the distance to momentum 1."""

    times: dict[str, list[float]]
    losses: dict[str, list[float]]
    distance: float


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured:
    """Gradients at fixed weights, then trainings from He's initial weights, with and without `zero_grad`."""
    from torch_ref.network import Network as TorchNetwork

    x, labels = first_batch(settings, digits)
    start = initial_weights(settings.with_(init="he"), digits)
    _, right = ManualNetwork(start).gradients(x, labels)
    times, losses = {}, {}
    distance = 0.0
    by_hand = ManualNetwork(start)
    times[MANUAL] = growth(by_hand, x, labels, right)
    losses["right"] = train(by_hand, batches(settings, digits, STEPS), settings.learning_rate)
    advance()
    for name, kind in ((AUTOGRAD, EngineNetwork), (TORCH_REF, TorchNetwork)):
        times[name] = growth(forgetful(kind(start)), x, labels, right)
        heavy, forgets = kind(start), forgetful(kind(start))
        set_momentum(heavy, 1.0)
        for net in (heavy, forgets):
            train(net, batches(settings, digits, SAME_FOR), settings.learning_rate)
        distance = max(distance, largest_difference(heavy.parameters(), forgets.parameters()))
        losses[name] = train(forgetful(kind(start)), batches(settings, digits, STEPS), settings.learning_rate)
        advance()
    return Measured(times, losses, distance)


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    times, losses, distance = result.times, result.losses, result.distance
    expected = {MANUAL: [1.0] * PASSES}
    counted = all(
        np.allclose(found, expected.get(name, range(1, PASSES + 1)), rtol=1e-4) for name, found in times.items()
    )
    ends = {name: float(np.mean(values[-LAST:])) for name, values in losses.items()}
    learns = ends["right"] < losses["right"][0]
    worse = learns and all(not ends[name] <= ends["right"] for name in (AUTOGRAD, TORCH_REF))  # NaN is worse too
    said = {name: " ".join(f"{factor:.3g}" for factor in found) for name, found in times.items()}
    answer = (
        f"The gradient is {said[TORCH_REF]} times the right one after 1 2 3 passes in PyTorch ({said[AUTOGRAD]} "
        f"on the engine, {said[MANUAL]} by hand), and {len(losses['right'])} steps end at a loss of "
        f"{ends[TORCH_REF]:.2f} instead of {ends['right']:.2f}."
    )
    lesson = (
        f"By hand, `dW1 = ...` assigns: the old gradient is gone. The engine and PyTorch add to what lies in `grad`, "
        f"because the gradient of a weight that is used twice is the sum over both uses, and because two half batches "
        f"can then stand for a whole one. The price is a line that you must not forget. Nothing complains if you do: "
        f"the shapes fit, the code runs, and each step also repeats all the steps before it. That is gradient descent "
        f"with momentum 1, a ball without friction: over {SAME_FOR} steps the weights of the two differ by "
        f"{distance:.1g}."
    )
    measured = {"gradient_by_pass": times, "loss_by_step": losses, "end": ends, "distance_to_momentum_1": distance}
    return Finding(answer, counted and worse and distance == 0, measured, lesson)


def do_nothing(*_: Any, **__: Any) -> None:
    """Clear nothing, in place of `zero_grad`."""


def forgetful(net: Any) -> Any:
    """The same network, which from now on never forgets a gradient."""
    net.optimizer.zero_grad = do_nothing
    return net


def set_momentum(net: Any, momentum: float) -> None:
    """Set the momentum of either SGD."""
    if hasattr(net.optimizer, "param_groups"):
        net.optimizer.param_groups[0]["momentum"] = momentum
    else:
        net.optimizer.momentum = momentum


def growth(net: Any, x: np.ndarray, labels: np.ndarray, right: dict[str, np.ndarray]) -> list[float]:
    """How many times the right gradient there is after each pass, by least squares over all of its entries."""
    squares = sum(np.vdot(g, g) for g in right.values())
    found = (net.gradients(x, labels)[1] for _ in range(PASSES))
    return [float(sum(np.vdot(g[name], right[name]) for name in right) / squares) for g in found]


def train(net: Any, data: Iterable[tuple[np.ndarray, np.ndarray]], learning_rate: float) -> list[float]:
    """The loss of each step."""
    with np.errstate(over="ignore", invalid="ignore"):
        return [net.step(x, labels, learning_rate) for x, labels in data]


def draw(result: Measured) -> "Figure":
    """The loss by step: the right training, and those without zero_grad."""
    from matplotlib.ticker import LogLocator, NullLocator

    from compare.shared.figures import MUTED, new_figure

    losses = result.losses
    figure = new_figure(9, 4.6)
    axes = figure.subplots()
    styles: dict[str, dict[str, Any]] = {
        "right": {"color": MUTED, "label": "gradients set to zero before each step"},
        AUTOGRAD: {"color": world(AUTOGRAD).colour, "label": f"forgotten, {world(AUTOGRAD).title}"},
        TORCH_REF: {
            "color": world(TORCH_REF).colour,
            "linestyle": "--",
            "label": f"forgotten, {world(TORCH_REF).title}",
        },
    }
    for name, values in losses.items():
        axes.plot(range(1, len(values) + 1), values, **styles[name])
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("step")
    axes.set_ylabel("loss of the batch")
    axes.set_title("Without zero_grad every step repeats all the steps before it")
    axes.legend()
    return figure
