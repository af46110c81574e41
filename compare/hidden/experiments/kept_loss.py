"""Losses kept in a list: what each of them keeps alive, when its backward pass has run and when it has not."""

import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.network import Network as EngineNetwork
from autograd.tape import no_grad
from autograd.tensor import Tensor
from compare.hidden.frame.experiment import Finding
from compare.hidden.tools.batches import batches
from compare.hidden.tools.graphs import kept_arrays
from compare.shared.settings import Settings
from compare.shared.terminal import Advance
from compare.shared.training import initial_weights
from compare.worlds import AUTOGRAD, TORCH_REF, world

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

QUESTION = "What does a list of losses keep alive?"
CLAIM = (
    "On the engine and in PyTorch a loss kept after its backward pass keeps no arrays alive, one kept from an "
    "evaluation without no_grad those of its whole graph, so that the memory grows with every "
    "batch; losses kept as numbers, or under no_grad, keep none."
)

BATCHES = 20
WORLDS = (AUTOGRAD, TORCH_REF)
WAYS = {
    "item": "training: losses.append(loss.item())",
    "trained": "training: losses.append(loss)",
    "evaluated": "evaluation: losses.append(loss)",
    "no_grad": "evaluation under no_grad: losses.append(loss)",
}


@dataclass(frozen=True)
class Measured:
    """Bytes kept alive by implementation, way and batch."""

    kept: dict[str, dict[str, list[int]]]


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured:
    """Bytes that the kept losses keep alive, batch after batch, in every way and both implementations."""
    start = initial_weights(settings, digits)
    kept: dict[str, dict[str, list[int]]] = {}
    for name, bytes_of in ((AUTOGRAD, on_the_engine), (TORCH_REF, in_pytorch)):
        kept[name] = {}
        for way in WAYS:
            kept[name][way] = bytes_of(start, batches(settings, digits, BATCHES), way)
            advance()
    return Measured(kept)


def on_the_engine(start: dict[str, np.ndarray], data: Any, way: str) -> list[int]:
    """Bytes held by the graphs behind the kept losses, after each batch; without the parameters."""
    net = EngineNetwork(start)
    own = {getattr(net, name).data.ctypes.data for name in start}
    losses: list[Tensor | float] = []
    found = []
    for x, labels in data:
        if way == "no_grad":
            with no_grad():
                losses.append(world(AUTOGRAD).recorded_loss(net, x, labels))
        else:
            loss = world(AUTOGRAD).recorded_loss(net, x, labels)
            if way != "evaluated":
                loss.backward()
            losses.append(loss.item() if way == "item" else loss)
        found.append(sum(_held(loss, own) for loss in losses))
    return found


def _held(loss: Tensor | float, own: set[int]) -> int:
    """Bytes of the arrays behind one loss; a graph that `backward` has freed holds none."""
    if not isinstance(loss, Tensor) or loss.node is None:
        return 0
    reached, waiting = {loss.node}, [loss.node]
    while waiting:
        fresh = set(waiting.pop().parents) - reached
        reached |= fresh
        waiting += fresh
    return sum(array.nbytes for address, array in kept_arrays(list(reached)).items() if address not in own)


class Saved:
    """What PyTorch keeps in place of a tensor that it saves, so that we see when it lets go of it."""

    def __init__(self, tensor: Any) -> None:
        self.tensor = tensor


def in_pytorch(start: dict[str, np.ndarray], data: Any, way: str) -> list[int]:
    """Bytes saved by the graphs behind the kept losses, after each batch; without the parameters."""
    import torch

    from torch_ref.network import Network as TorchNetwork

    net = TorchNetwork(start)
    layers = (net.layer1, net.layer2, net.layer3)
    own = {parameter.untyped_storage().data_ptr() for layer in layers for parameter in layer.parameters()}
    alive: weakref.WeakSet[Saved] = weakref.WeakSet()

    def keep(tensor: torch.Tensor) -> Saved:
        saved = Saved(tensor)
        alive.add(saved)
        return saved

    losses: list[torch.Tensor | float] = []
    found = []
    for x, labels in data:
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda saved: saved.tensor):
            with torch.set_grad_enabled(way != "no_grad"):
                loss = world(TORCH_REF).recorded_loss(net, x, labels)
            if way in ("item", "trained"):
                loss.backward()
        losses.append(loss.item() if way == "item" else loss)
        del loss
        storages = [saved.tensor.untyped_storage() for saved in alive]
        found.append(sum({s.data_ptr(): s.nbytes() for s in storages if s.data_ptr() not in own}.values()))
    return found


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    kept = result.kept
    grows = all(min(np.diff(kept[name]["evaluated"], prepend=0)) > 0 for name in WORLDS)
    none = all(not any(kept[name][way]) for name in WORLDS for way in WAYS if way != "evaluated")
    steps = " and ".join(f"{kept[name]['evaluated'][0]:,} bytes {world(name).where}" for name in WORLDS)
    last = kept[TORCH_REF]["evaluated"][-1]
    answer = (
        f"In an evaluation without no_grad, all that a backward pass would need: {steps} with every batch, so "
        f"{last / 1e6:.1f} MB after {BATCHES} batches in PyTorch. After a backward pass, or as a number: "
        f"{'no array' if none else 'arrays too'}."
    )
    lesson = (
        "A loss is the root of its graph, and whoever keeps the root keeps the graph. `backward` empties the graph as "
        "it goes, so in a training a list of losses costs little: the nodes stay, the arrays do not. In an evaluation "
        "nothing calls `backward`, and every loss in the list holds the activations of its batch. The memory grows "
        "until the list goes, and no line complains. Append `loss.item()`, which is a number, and evaluate under "
        "torch.no_grad(), which records nothing. By hand there is nothing to keep: a loss is a number."
    )
    return Finding(answer, none and grows, {"bytes": kept}, lesson)


def draw(result: Measured) -> "Figure":
    """Bytes kept alive by batch."""
    from compare.shared.figures import MUTED, new_figure

    figure = new_figure(9, 4.2)
    axes = figure.subplots()
    counts = np.arange(1, BATCHES + 1)
    for name in WORLDS:
        by_way = {way: np.array(found) / 1e6 for way, found in result.kept[name].items()}
        looks, dashes = world(name), "-" if name == AUTOGRAD else "--"
        axes.plot(counts, by_way.pop("evaluated"), dashes, color=looks.colour, marker=looks.marker, markersize=4,
                  label=f"evaluation without no_grad, {looks.title}")  # fmt: skip
    rest = np.max([*by_way.values()], axis=0)
    axes.plot(counts, rest, color=MUTED, label="after backward, as numbers, or under no_grad")
    axes.set_xlabel("batches whose loss is in the list")
    axes.set_ylabel("kept alive, MB")
    axes.set_xticks(range(0, BATCHES + 1, 5))
    axes.set_title("A list of losses keeps every activation, where no backward pass has let go of them")
    axes.legend(loc="upper left")
    return figure
