"""The second `backward`: over a graph that was freed, over one that was kept, and by hand, where there is none."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.tensor import Tensor
from compare.hidden.frame.experiment import Finding
from compare.hidden.tools.batches import first_batch
from compare.hidden.tools.coloured_table import draw_table
from compare.shared.settings import Settings
from compare.shared.terminal import Advance
from compare.shared.training import initial_weights
from compare.worlds import AUTOGRAD, MANUAL, TORCH_REF, build, world
from manual.network import Network as ManualNetwork

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

QUESTION = "Why can backward run only once?"
CLAIM = (
    "A second backward over the same graph is an error on the engine and in PyTorch; with retain_graph it adds the "
    "same gradient again; by hand a second call returns the first one's gradients to the bit. Over a graph that saved "
    "no array PyTorch lets it run and doubles the gradient; the engine refuses."
)

#: It looks inside, in each in its own way, and so is about these.
WORLDS = (MANUAL, AUTOGRAD, TORCH_REF)

#: The worlds that record a graph, which is what is freed.
RECORDING = (AUTOGRAD, TORCH_REF)

CASES = {
    "second": "backward, twice",
    "retained": "twice, the first with\nretain_graph=True",
    "nothing saved": "twice, over (w + 1).sum(),\nwhich saves no array",
}


@dataclass(frozen=True)
class Measured:
    """Multiples of the right gradient, the errors' messages, and whether by hand both calls agreed."""

    times: dict[str, dict[str, float | None]]
    messages: dict[str, str]
    same: bool


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured:
    """The gradient after a second backward pass as a multiple of the right one, or None where it was refused."""
    x, labels = first_batch(settings, digits)
    start = initial_weights(settings, digits)
    by_hand = ManualNetwork(start)
    _, right = by_hand.gradients(x, labels)
    _, again = by_hand.gradients(x, labels)
    same = all(np.array_equal(right[name], again[name]) for name in right)
    times: dict[str, dict[str, float | None]] = {name: {} for name in WORLDS}
    messages: dict[str, str] = {}
    times[MANUAL]["second"] = multiple(again["W2"], right["W2"])
    advance()
    for retain in (False, True):
        networks = {name: build(name, start) for name in RECORDING}
        losses = {name: world(name).recorded_loss(net, x, labels) for name, net in networks.items()}
        refusals = {name: twice(loss, retain) for name, loss in losses.items()}
        found = {name: world(name).gradients_left(net)["W2"] for name, net in networks.items()}
        for name, refusal in refusals.items():
            times[name]["retained" if retain else "second"] = None if refusal else multiple(found[name], right["W2"])
        messages = messages or refusals
        advance()
    for name, w in leaves(settings.dtype).items():
        message = twice((w + 1).sum(), False)
        times[name]["nothing saved"] = None if message else float(np.asarray(w.grad)[0])
    advance()
    return Measured(times, messages, same)


def leaves(dtype: str) -> dict[str, Any]:
    """Three numbers that require a gradient, on the engine and in PyTorch."""
    import torch

    w = np.ones(3, dtype)
    return {AUTOGRAD: Tensor(w, requires_grad=True), TORCH_REF: torch.tensor(w, requires_grad=True)}


def twice(loss: Any, retain: bool) -> str:
    """Run `backward` two times; the message of the error that the second one raised, or nothing."""
    loss.backward(retain_graph=retain)
    try:
        loss.backward()
    except RuntimeError as error:
        return str(error)
    return ""


def multiple(found: np.ndarray, right: np.ndarray) -> float:
    """How many times the right gradient this is, by least squares over its entries."""
    return float(np.vdot(found, right) / np.vdot(right, right))


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    times, messages, same = result.times, result.messages, result.same
    engine, torch = times[AUTOGRAD], times[TORCH_REF]
    holds = same and engine["second"] is None and torch["second"] is None and engine["nothing saved"] is None
    holds = holds and all(
        value is not None and abs(value - 2) < 1e-5
        for value in (engine["retained"], torch["retained"], torch["nothing saved"])
    )
    answer = (
        f"A second backward is {_said(engine['second'])} on the engine and {_said(torch['second'])} in PyTorch; by "
        f"hand it gives {_said(times[MANUAL]['second'])}. With retain_graph it gives {_said(engine['retained'])} and "
        f"{_said(torch['retained'])}; over a graph that saved nothing, {_said(engine['nothing saved'])} on the engine "
        f"and {_said(torch['nothing saved'])} in PyTorch."
    )
    lesson = (
        f"A graph is made for one walk. As `backward` passes a node it lets go of what the node saved, so that the "
        f"memory of a training step is free before the next begins; what is gone cannot be walked again. PyTorch says "
        f'"{messages.get(TORCH_REF, "").split("(")[0].strip()}". With retain_graph=True the arrays stay, and the '
        f"second walk adds the same gradient once more, since gradients accumulate. PyTorch notices only where it "
        f"misses an array: a graph of sums saves none, is walked twice and doubles the gradient without a word. The "
        f"engine marks its nodes as freed and refuses in both cases. By hand there is no graph: `backward` is a "
        f"function of arrays that you hold, and you may call it as often as you like."
    )
    return Finding(answer, holds, {"times_right_gradient": times, "messages": messages, "by_hand_same": same}, lesson)


def _said(value: float | None) -> str:
    return "refused" if value is None else f"{value:.3g} times the gradient"


def draw(result: Measured) -> "Figure":
    """The gradient after the second pass, or the refusal, by case and implementation."""
    from compare.shared.figures import new_figure

    times = result.times

    def cell(name: str, case: str) -> tuple[str, str]:
        if case not in times[name]:
            return "no graph", "grey"
        value = times[name][case]
        if value is None:
            return "refused:\nRuntimeError", "blue"
        return f"{value:.3g} x the gradient", "green" if abs(value - 1) < 0.01 else "orange"

    figure = new_figure(9, 4)
    axes = figure.subplots()
    cells = [[cell(name, case) for name in WORLDS] for case in CASES]
    draw_table(axes, list(CASES.values()), [world(name).title for name in WORLDS], cells, fontsize=11)
    axes.set_title("A second backward is refused, or adds the same gradient again", pad=14)
    return figure
