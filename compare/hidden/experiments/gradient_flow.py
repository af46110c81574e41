"""The gradients inside a network: variables by hand, elsewhere only for those who ask."""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from compare.hidden.frame.experiment import Finding, plain
from compare.hidden.tools.batches import first_batch
from compare.judge.network import check_lines
from compare.shared.settings import Settings
from compare.shared.terminal import Advance
from compare.shared.training import initial_weights
from compare.worlds import AUTOGRAD, MANUAL, TORCH_REF, build, world

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

QUESTION = "Where are the gradients inside the network, and how large are they from layer to layer?"
CLAIM = (
    "By hand every inner gradient is a variable; the engine and PyTorch show none of them unasked and all of them "
    "after retain_grad, PyTorch also through hooks; and what the three then show is the same to within rounding."
)

#: It looks inside, in each in its own way, and so is about these.
WORLDS = (MANUAL, AUTOGRAD, TORCH_REF)

#: In the order of the backward pass: from the scores down to the first layer.
INNER = ("dz3", "da2", "dz2", "da1", "dz1")
#: Initial weights to compare: the chapter's, and those that are made to keep the gradient's size.
INITS = ("chapter", "he")
BINS = np.linspace(-12, 0, 49)


@dataclass(frozen=True)
class Distribution:
    """How large the entries of a gradient are.

    zero: the share that is exactly 0; median: of the others' sizes; shares: how many have a size between BINS, which
    are powers of ten, of all entries.
    """

    zero: float
    median: float
    shares: list[float]


@dataclass(frozen=True)
class Measured:
    """The gradients by initial weights, implementation and line; what is in view by way of looking; and bounds used.

    used: the most that any line used of its bound.
    """

    sizes: dict[str, dict[str, dict[str, Distribution]]]
    view: dict[str, int]
    used: float


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured:
    """The inner gradients of the first batch, from all three, for two kinds of initial weights."""
    x, labels = first_batch(settings, digits)
    sizes: dict[str, dict[str, dict[str, Distribution]]] = {}
    used = 0.0
    for init in INITS:
        start = initial_weights(settings.with_(init=init), digits)
        sizes[init] = {}
        for name in WORLDS:
            trace = build(name, start).trace(x, labels)
            used = max(used, *(line.bound_used for line in check_lines(trace, start, x, labels).lines))
            sizes[init][name] = {line: distribution(trace[line]) for line in INNER}
            advance()
    return Measured(sizes, in_view(start, x, labels), used)


def in_view(start: dict[str, np.ndarray], x: np.ndarray, labels: np.ndarray) -> dict[str, int]:
    """How many inner gradients there are to look at after a backward pass, by way of looking."""
    from torch import from_numpy
    from torch.nn.functional import cross_entropy

    import autograd.network
    import manual.network
    import torch_ref.network
    from autograd.losses import cross_entropy as engine_cross_entropy

    by_hand = manual.network.Network(start)
    _, a1, _, a2, z3 = by_hand.forward(x)
    lines = by_hand.backward(x, a1, a2, z3, labels)
    found = {"by hand": len(lines) - len(start)}  # without those of the parameters, which all three show
    for ask in (False, True):
        tensors = autograd.network.Network(start).forward(x)
        for tensor in tensors:
            if ask:
                tensor.retain_grad()
        engine_cross_entropy(tensors[-1], labels).backward()
        found["engine, retain_grad" if ask else "engine"] = sum(tensor.grad is not None for tensor in tensors)
    hooked: list[Any] = []
    for way in ("PyTorch", "PyTorch, retain_grad", "PyTorch, hooks"):
        outputs = torch_ref.network.Network(start).forward(x)
        for output in outputs:
            if way.endswith("retain_grad"):
                output.retain_grad()
            elif way.endswith("hooks"):
                output.register_hook(hooked.append)
        cross_entropy(outputs[-1], from_numpy(labels)).backward()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch warns of looking at the .grad of what is not a leaf
            found[way] = len(hooked) or sum(output.grad is not None for output in outputs)
    return found


def distribution(gradient: np.ndarray) -> Distribution:
    """The distribution of a gradient's entries, whatever its shape."""
    size = np.abs(gradient[gradient != 0])
    counts, _ = np.histogram(np.log10(size), BINS)
    median = float(np.median(size)) if size.size else 0.0
    return Distribution(float((gradient == 0).mean()), median, (counts / gradient.size).tolist())


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    sizes, view, used = result.sizes, result.view, result.used
    unasked, asked = (view["engine"], view["PyTorch"]), [n for way, n in view.items() if "," in way]
    holds = view["by hand"] == len(INNER) and set(unasked) == {0} and set(asked) == {len(INNER)} and used <= 1
    flow = {init: sizes[init][MANUAL] for init in INITS}
    shrunk = {init: found["dz1"].median / found["dz3"].median for init, found in flow.items()}
    answer = (
        f"Of {len(INNER)} inner gradients {view['by hand']} are in view by hand, {view['engine']} on the engine, "
        f"{view['PyTorch']} in PyTorch until you ask. From the scores down to the first layer their median size "
        f"shrinks to {shrunk['chapter']:.2g} of what it was with the chapter's weights, and to {shrunk['he']:.2g} with "
        "He's."
    )
    lesson = (
        f"By hand, dz2 is a variable: print it. A framework frees it as soon as the layer below has used it, which "
        f"saves memory, and hides the best hint there is when a network does not learn. Ask with retain_grad() before "
        f"backward, or with a hook, which sees each gradient as it passes. What they show is the same in all three "
        f"(no line exceeds {used:.0%} of its rounding bound). Here they show why the chapter's loop "
        f"starts so slowly: weights of 0.01 make each layer pass on only a little of the gradient. Exact zeros, "
        f"{flow['chapter']['dz1'].zero:.0%} of dz1, are units that the ReLU has switched off."
    )
    return Finding(
        answer, holds, {"bins": BINS.tolist(), "sizes": plain(sizes), "in_view": view, "bound_used": used}, lesson
    )


def draw(result: Measured) -> "Figure":
    """A column for each implementation, a row for each gradient: how its entries are distributed."""
    from compare.shared.figures import MUTED, new_figure

    sizes = result.sizes
    figure = new_figure(9.5, 6.6)
    panels = figure.subplots(len(INNER), len(WORLDS), sharex=True, sharey=True)
    for column, name in enumerate(WORLDS):
        for row, line in enumerate(INNER):
            axes = panels[row, column]
            he, chapter = (sizes[init][name][line] for init in ("he", "chapter"))
            axes.stairs(he.shares, BINS, color=MUTED, linewidth=1.4, label="He's initial weights")
            axes.stairs(chapter.shares, BINS, color=world(name).colour, fill=True, alpha=0.75, label="the chapter's")
            axes.text(0.02, 0.9, f"exact zeros: {chapter.zero:.0%}", transform=axes.transAxes, va="top", fontsize=9)
            axes.set_yticks([])
            axes.grid(axis="y", visible=False)
            if column == 0:
                axes.set_ylabel(line, rotation=0, ha="right", va="center", fontsize=11)
        panels[0, column].set_title(world(name).title, color=world(name).colour)
    filled = np.sum([one.shares for lines in sizes.values() for one in lines[MANUAL].values()], axis=0) > 2e-3
    panels[0, 0].set_xlim(BINS[:-1][filled].min() - 1.5, BINS[1:][filled].max() + 0.25)
    panels[0, 0].legend(fontsize=8, loc="center left", handlelength=1.2, borderaxespad=0.1)
    panels[-1, 1].set_xlabel("size of an entry, as a power of ten")
    figure.suptitle(
        "The same gradients in all three; from the chapter's weights they shrink from layer to layer",
        fontsize=11, fontweight="bold", x=0.01, ha="left",
    )  # fmt: skip
    return figure
