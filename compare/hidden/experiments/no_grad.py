"""The update of the weights as one more operation: what the tape becomes if it is recorded."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.network import Network as EngineNetwork
from autograd.network import array
from autograd.tape import no_grad
from autograd.tensor import Tensor
from compare.hidden.frame.experiment import Finding, plain
from compare.hidden.tools.batches import batches
from compare.hidden.tools.graphs import kept_arrays, nodes
from compare.shared.settings import Settings
from compare.shared.terminal import Advance
from compare.shared.training import initial_weights
from compare.worlds import AUTOGRAD, TORCH_REF, world

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

QUESTION = "Why must the weight update hide from the tape?"
CLAIM = (
    "A recorded update, W = W - rate * dW, makes the graph behind the loss longer by the same number of nodes in every "
    "step, on the engine and in PyTorch; under no_grad it does not grow. In place both refuse to record it, and the "
    "engine refuses to walk such a graph again once a backward has freed it."
)

STEPS = 20
WORLDS = (AUTOGRAD, TORCH_REF)


@dataclass(frozen=True)
class GraphGrowth:
    """The graph behind the loss by step: its nodes, and the bytes of arrays that it keeps."""

    nodes: list[int]
    bytes: list[int]


@dataclass(frozen=True)
class Measured:
    """Growth by implementation and way; whether an update in place was refused; and at which step
    the engine refused to walk a recorded one.
    """

    growth: dict[str, dict[str, GraphGrowth]]
    refused: dict[str, bool]
    refused_at: int | None


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured:
    """Nodes behind the loss and bytes that the graph keeps, in each of a few steps, with the update recorded or not."""
    start = initial_weights(settings, digits)
    growth: dict[str, dict[str, GraphGrowth]] = {}
    for name, steps_of in ((AUTOGRAD, on_the_engine), (TORCH_REF, in_pytorch)):
        growth[name] = {}
        for way in ("recorded", "no_grad"):
            data = batches(settings, digits, STEPS)
            growth[name][way] = steps_of(start, data, settings.learning_rate, way == "recorded")
            advance()
    refused_at = refused_step(start, batches(settings, digits, STEPS), settings.learning_rate)
    return Measured(growth, refusals(settings.dtype), refused_at)


def on_the_engine(start: dict[str, np.ndarray], data: Any, rate: float, recorded: bool) -> GraphGrowth:
    """Nodes and kept bytes by step; to go on over an old graph, it must be retained."""
    net = EngineNetwork(start)
    found = GraphGrowth([], [])
    for x, labels in data:
        loss = _loss(net, start, x, labels)
        graph = nodes(loss)
        found.nodes.append(len(graph))
        found.bytes.append(sum(held.nbytes for held in kept_arrays(graph).values()))
        loss.backward(retain_graph=True)
        _update(net, start, rate, recorded)
    return found


def refused_step(start: dict[str, np.ndarray], data: Any, rate: float) -> int | None:
    """The step, counted from 1, at which the engine's `backward`, which frees the graph, meets one freed before."""
    net = EngineNetwork(start)
    for step, (x, labels) in enumerate(data, start=1):
        try:
            _loss(net, start, x, labels).backward()
        except RuntimeError:
            return step
        _update(net, start, rate, recorded=True)
    return None


def _loss(net: EngineNetwork, names: Iterable[str], x: np.ndarray, labels: np.ndarray) -> Tensor:
    """The loss with its graph; a weight that is no leaf any more is asked to keep its gradient."""
    for name in names:
        getattr(net, name).zero_grad()
        getattr(net, name).retain_grad()
    loss: Tensor = world(AUTOGRAD).recorded_loss(net, x, labels)
    return loss


def _update(net: EngineNetwork, names: Iterable[str], rate: float, recorded: bool) -> None:
    """W = W - rate * dW, on the tape or off it."""
    for name in names:
        W = getattr(net, name)
        if recorded:
            setattr(net, name, W - rate * array(W.grad))
        else:
            with no_grad():
                W.data = (W - rate * array(W.grad)).data


def in_pytorch(start: dict[str, np.ndarray], data: Any, rate: float, recorded: bool) -> GraphGrowth:
    """Nodes and saved bytes by step, of the same network written with functions, as its weights are no parameters."""
    import torch
    from torch.nn.functional import cross_entropy as torch_cross_entropy

    weights = {name: torch.tensor(value, requires_grad=True) for name, value in start.items()}
    found = GraphGrowth([], [])
    saved: dict[int, Any] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        saved[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    for x, labels in data:
        updates = dict(saved)  # what the recorded updates before this step have saved
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            a1 = torch.relu(torch.from_numpy(x) @ weights["W1"] + weights["b1"])
            a2 = torch.relu(a1 @ weights["W2"] + weights["b2"])
            loss = torch_cross_entropy(a2 @ weights["W3"] + weights["b3"], torch.from_numpy(labels))
        found.nodes.append(len(nodes(loss)))
        found.bytes.append(sum(tensor.untyped_storage().nbytes() for tensor in saved.values()))
        gradients = torch.autograd.grad(loss, list(weights.values()))
        saved = updates  # backward has freed those of the step
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor), torch.set_grad_enabled(recorded):
            weights = {
                name: (W - rate * g).requires_grad_() for (name, W), g in zip(weights.items(), gradients, strict=True)
            }
    return found


def refusals(dtype: str) -> dict[str, bool]:
    """Whether `W -= 1` on a leaf that requires a gradient is refused."""
    import torch

    refused = {}
    one = np.ones(1, dtype)
    W: Any
    for name, W in (
        (AUTOGRAD, Tensor(one, requires_grad=True)),
        (TORCH_REF, torch.tensor(one, requires_grad=True)),
    ):
        try:
            W -= 1
            refused[name] = False
        except RuntimeError:
            refused[name] = True
    return refused


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    growth, refused, refused_at = result.growth, result.refused, result.refused_at
    per_step = {name: np.diff(growth[name]["recorded"].nodes).tolist() for name in WORLDS}
    steady = all(len(set(growth[name]["no_grad"].nodes)) == 1 for name in WORLDS)
    holds = steady and all(refused.values()) and refused_at is not None
    holds = holds and all(added[0] > 0 and len(set(added)) == 1 for added in per_step.values())
    first, last = (growth[TORCH_REF]["recorded"].nodes[k] for k in (0, -1))
    arrays = max(growth[name]["recorded"].bytes[-1] - growth[name]["recorded"].bytes[0] for name in WORLDS)
    answer = (
        f"Recorded, the graph grows by {per_step[AUTOGRAD][0]} nodes a step on the engine and by "
        f"{per_step[TORCH_REF][0]} in PyTorch, there from {first} to {last} in {STEPS} steps, and keeps {arrays:,} "
        f"bytes more of arrays; under no_grad it {'stays as it is' if steady else 'grows too'}."
    )
    lesson = (
        f"An update is arithmetic on tensors that require a gradient, so a framework would record it like any other. "
        f"The new weight is then no leaf: its history hangs on it, the graph behind each loss reaches back to the "
        f"first step, and its `grad` stays None, because only leaves get one. Subtracting needs no array on the way "
        f"back, so memory does not run out; but `backward` walks through every update since the "
        f"beginning. The engine, which marks what it has freed, stops you at step {refused_at}; PyTorch, where a "
        f"subtraction has nothing to free, goes on. Both refuse the usual slip, `W -= rate * W.grad` on a leaf. Hence "
        f"the `no_grad` around every update, which the optimizer's `step` has inside. By hand there is nothing to "
        f"hide from: `W1 -= ...` changes an array, and no one is watching."
    )
    measured = {"growth": plain(growth), "in_place_refused": refused, "engine_refuses_at_step": refused_at}
    return Finding(answer, holds, measured, lesson)


def draw(result: Measured) -> "Figure":
    """Nodes behind the loss by step, recorded and not, in both."""
    from matplotlib.ticker import MaxNLocator

    from compare.shared.figures import new_figure

    growth = result.growth
    figure = new_figure(9, 4.4)
    axes = figure.subplots()
    for name in WORLDS:
        for way, style in (("recorded", "-"), ("no_grad", "--")):
            found = growth[name][way].nodes
            steps = range(1, len(found) + 1)
            axes.plot(steps, found, style, color=world(name).colour, marker=world(name).marker, markersize=5,
                      markerfacecolor=world(name).colour if way == "recorded" else "white",
                      label=f"{world(name).title}, {'recorded' if way == 'recorded' else 'under no_grad'}")  # fmt: skip
    axes.set_ylim(0, None)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("step")
    axes.set_ylabel("nodes in the graph behind the loss")
    axes.set_title("A recorded update drags the whole training along")
    axes.legend()
    return figure
