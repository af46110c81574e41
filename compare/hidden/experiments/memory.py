"""What the forward pass must keep for the backward pass, in bytes, and what is given back."""

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.network import Network as EngineNetwork
from compare.hidden.frame.experiment import Finding, plain
from compare.hidden.tools.batches import first_batch
from compare.hidden.tools.graphs import kept_arrays, nodes
from compare.shared.settings import Settings
from compare.shared.terminal import Advance
from compare.shared.training import initial_weights
from compare.worlds import AUTOGRAD, MANUAL, TORCH_REF, world
from manual.network import Network as ManualNetwork

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

QUESTION = "What is kept alive for the backward pass, and who gives it back?"
CLAIM = (
    "The results that the forward pass leaves for the backward pass take the same memory in all three, to within 5%; "
    "besides these they keep the batch, and of the weights by hand and PyTorch just W2 and W3. After the backward "
    "pass none of the three holds a result any more."
)

#: It looks inside, in each in its own way, and so is about these.
WORLDS = (MANUAL, AUTOGRAD, TORCH_REF)

#: Where a kept array comes from: given by the caller, a parameter of the network, or a result of the forward pass.
KINDS = ("results", "batch", "parameters")


@dataclass(frozen=True)
class KeptBytes:
    """What one implementation keeps. bytes: by kind; parameters: by name; held_after: bytes of results."""

    bytes: dict[str, int]
    parameters: list[str]
    held_after: int


@dataclass(frozen=True)
class Measured:
    """What each keeps, by implementation, for so many rows."""

    kept: dict[str, KeptBytes]
    rows: int


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured:
    """One batch through each: the arrays kept, each once, and those of them that are held after the backward pass."""
    x, labels = first_batch(settings, digits)
    start = initial_weights(settings, digits)
    kept = {}
    for name, look in ((MANUAL, by_hand), (AUTOGRAD, on_the_engine), (TORCH_REF, in_pytorch)):
        kept[name] = look(start, x, labels)
        advance()
    return Measured(kept, len(x))


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    kept, rows = result.kept, result.rows
    bytes_of = {name: one.bytes for name, one in kept.items()}
    results = {name: found["results"] for name, found in bytes_of.items()}
    holds = (
        all(abs(found / results[MANUAL] - 1) < 0.05 for found in results.values())
        and len({found["batch"] for found in bytes_of.values()}) == 1
        and kept[MANUAL].parameters == kept[TORCH_REF].parameters == ["W2", "W3"]
        and not any(one.held_after for one in kept.values())
    )
    after = max(one.held_after for one in kept.values())
    answer = (
        f"For {rows} images the batch itself, {_kb(bytes_of[MANUAL]['batch'])}, and results of the forward pass: "
        f"{_kb(results[MANUAL])} by hand, {_kb(results[AUTOGRAD])} on the engine, {_kb(results[TORCH_REF])} in "
        f"PyTorch; {_kb(after) if after else 'nothing'} of these is still held after the backward pass."
    )
    engine, torch = (", ".join(kept[name].parameters) for name in (AUTOGRAD, TORCH_REF))
    lesson = (
        f"The backward pass multiplies by what went into each product, so the forward pass may not forget it: the "
        f"images for dW1, a1 for dW2, a2 for dW3, the scores for the loss, and W2 and W3 to go further back. By hand "
        f"you see this list: it is what `backward` is handed and reads. A framework keeps the same list behind your "
        f"back, no less and hardly more. It grows with the batch, here by {results[MANUAL] / rows:,.0f} bytes of "
        f"results an image, and with the depth, which is why training runs out of memory where predicting does not. "
        f"The weights are alive in any case, so it costs nothing that the engine holds on to {engine} where PyTorch "
        f"needs {torch}. The results go when `gradients` returns by hand, and as `backward` frees the tape behind "
        f"itself elsewhere."
    )
    return Finding(answer, holds, {"rows": rows, "kept": plain(kept)}, lesson)


def by_hand(start: dict[str, np.ndarray], x: np.ndarray, labels: np.ndarray) -> KeptBytes:
    """What `backward` is handed, and the arrays of the network that it reads."""
    kept: dict[str, np.ndarray] = {}

    class Watched(ManualNetwork):
        watching = False

        def __getattribute__(self, name: str) -> Any:
            value = super().__getattribute__(name)
            if isinstance(value, np.ndarray) and super().__getattribute__("watching"):
                kept[name] = value
            return value

        def backward(self, *handed: np.ndarray) -> tuple[np.ndarray, ...]:
            kept.update({f"handed {i}": array for i, array in enumerate(handed)})
            self.watching = True
            lines = super().backward(*handed)
            self.watching = False
            return lines

    net = Watched(start)
    net.gradients(x, labels)
    storages = {array.ctypes.data: array.nbytes for array in kept.values()}
    holders = {array.ctypes.data: [weakref.ref(array)] for array in kept.values()}
    parameters = {vars(net)[name].ctypes.data: name for name in start}
    kept.clear()
    return _by_kind(storages, holders, (x, labels), parameters)


def on_the_engine(start: dict[str, np.ndarray], x: np.ndarray, labels: np.ndarray) -> KeptBytes:
    """The arrays that the VJPs on the tape hold."""
    net = EngineNetwork(start)
    loss = world(AUTOGRAD).recorded_loss(net, x, labels)
    kept = kept_arrays(nodes(loss))
    storages = {address: array.nbytes for address, array in kept.items()}
    holders = {address: [weakref.ref(array)] for address, array in kept.items()}
    kept.clear()
    loss.backward()
    parameters = {getattr(net, name).data.ctypes.data: name for name in start}
    return _by_kind(storages, holders, (x, labels), parameters)


def in_pytorch(start: dict[str, np.ndarray], x: np.ndarray, labels: np.ndarray) -> KeptBytes:
    """The tensors that PyTorch saves, told of by its own hooks, each memory once."""
    import torch

    from torch_ref.network import Network as TorchNetwork

    storages: dict[int, int] = {}
    holders: dict[int, list[Any]] = {}

    class Saved:
        """What stands for a saved tensor: it goes when the graph lets go of it."""

        def __init__(self, tensor: torch.Tensor) -> None:
            self.tensor = tensor
            storage = tensor.untyped_storage()
            storages[storage.data_ptr()] = storage.nbytes()
            holders.setdefault(storage.data_ptr(), []).append(weakref.ref(self))

    net = TorchNetwork(start)
    with torch.autograd.graph.saved_tensors_hooks(Saved, lambda saved: saved.tensor):
        loss = world(TORCH_REF).recorded_loss(net, x, labels)
    loss.backward()
    layers = {"W1": net.layer1, "W2": net.layer2, "W3": net.layer3}
    weights = {layer.weight.data_ptr(): name for name, layer in layers.items()}
    return _by_kind(storages, holders, (x, labels), weights)


def _by_kind(
    storages: dict[int, int], holders: dict[int, list[Any]], batch: Sequence[np.ndarray], parameters: dict[int, str]
) -> KeptBytes:
    """Bytes by kind, from bytes by address; and what of the results is still held, by one weak reference or more."""
    given = {array.ctypes.data for array in batch}
    kinds = {a: "batch" if a in given else "parameters" if a in parameters else "results" for a in storages}
    held = [a for a in storages if kinds[a] == "results" and any(holder() is not None for holder in holders[a])]
    size = {kind: sum(storages[a] for a in storages if kinds[a] == kind) for kind in KINDS}
    return KeptBytes(size, sorted(parameters[a] for a in storages if a in parameters), sum(storages[a] for a in held))


def _kb(number: float) -> str:
    return f"{number / 1000:,.0f} kB"


def draw(result: Measured) -> "Figure":
    """A bar for each implementation: the results, and the batch. (The parameters are alive in any case.)"""
    from compare.shared.figures import MUTED, new_figure

    kept = result.kept
    figure = new_figure(9, 3.8)
    axes = figure.subplots()
    colours = {"results": "#D55E00", "batch": "#bbbbbb"}
    labels = {"results": "results of the forward pass, given back by the backward pass", "batch": "the batch itself"}
    left = np.zeros(len(WORLDS))
    for kind, label in labels.items():
        width = np.array([kept[name].bytes[kind] / 1000 for name in WORLDS])
        axes.barh([world(name).title for name in WORLDS], width, left=left, height=0.6, color=colours[kind],
                  edgecolor="white", label=label)  # fmt: skip
        for i, (begin, length) in enumerate(zip(left, width, strict=True)):
            ink = "white" if kind == "results" else "#222222"
            axes.text(begin + length / 2, i, f"{length:,.1f}", ha="center", va="center", fontsize=9, color=ink)
        left += width
    for i, total in enumerate(left):
        axes.annotate(f"{total:,.0f} kB", (total, i), (6, 0), textcoords="offset points", va="center", color=MUTED)
    axes.invert_yaxis()
    axes.set_xlim(0, left.max() * 1.12)
    axes.grid(False, axis="y")
    axes.set_axisbelow(True)
    axes.set_xlabel(f"kB kept for the backward pass of {result.rows} images, besides the parameters")
    axes.set_title("A framework keeps what you keep by hand")
    figure.legend(loc="outside lower left", ncols=2, fontsize=9)
    return figure
