"""Where the time of a step goes: matrix products, the other arithmetic, and everything that is not arithmetic."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from compare.hidden.frame.experiment import Finding, plain
from compare.hidden.tools.timing import median_seconds
from compare.shared.initial import initial_parameters
from compare.shared.products import products_in_numpy
from compare.shared.settings import Settings
from compare.shared.terminal import Advance
from compare.shared.threads import use_threads
from compare.shared.training import initial_weights
from compare.worlds import AUTOGRAD, MANUAL, NAMES, TORCH_REF, build, world
from manual.network import Network as ManualNetwork

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

QUESTION = "Where does the time of a step go?"
CLAIM = (
    "In each implementation the share of Python and bookkeeping is smaller for a batch of 1,024 images than for one "
    "image, and there it is less than the share of the eight matrix products."
)

Parameters = dict[str, np.ndarray]
SIZES = (1, 64, 1024)
ROUNDS = {1: 60, 64: 60, 1024: 8}
PARTS = ("products", "arithmetic", "bookkeeping")


@dataclass(frozen=True)
class StepTime:
    """Seconds of a step, and of its parts, which add up to it."""

    step: float
    products: float
    arithmetic: float
    bookkeeping: float

    @property
    def shares(self) -> dict[str, float]:
        """Each part of it, of 1."""
        return {part: getattr(self, part) / self.step for part in PARTS}


@dataclass(frozen=True)
class Measured:
    """Steps by batch size and implementation."""

    table: dict[int, dict[str, StepTime]]

    @property
    def shares(self) -> dict[int, dict[str, dict[str, float]]]:
        """Each part of a step's time, of 1."""
        return {m: {name: one.shares for name, one in by_name.items()} for m, by_name in self.table.items()}


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured:
    """The parts of a step, for all three and several batches, on one thread, where parts add up to the whole."""
    start = initial_weights(settings.with_(init="he"), digits)
    table = {}
    with use_threads(1):
        for m in SIZES:
            rows = np.arange(m) % len(digits.train_x)
            table[m] = parts(start, digits.train_x[rows], digits.train_labels[rows], ROUNDS[m])
            advance()
    return Measured(table)


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    table, shares = result.table, result.shares
    few, some, many = SIZES
    holds = all(
        shares[many][name]["bookkeeping"] < min(shares[few][name]["bookkeeping"], shares[many][name]["products"])
        for name in NAMES
    )

    def of(part: str, m: int) -> str:
        return ", ".join(f"{shares[m][name][part]:.0%}" for name in NAMES)

    answer = (
        f"By hand, engine, PyTorch: of a step of {some} images, products take {of('products', some)}, the other "
        f"arithmetic {of('arithmetic', some)}, Python and bookkeeping {of('bookkeeping', some)}; of one image "
        f"{of('bookkeeping', few)} are bookkeeping, of {many:,} images {of('bookkeeping', many)}."
    )
    extra = {name: table[some][name].bookkeeping * 1e6 for name in NAMES}
    lesson = (
        f"Bookkeeping is paid per step, arithmetic per image. The same code was timed on a network one unit wide and "
        f"a batch of one image: it makes every call and hardly any arithmetic, so its time is that of Python, of the "
        f"calls, of the tape and the optimizer: {extra[MANUAL]:.0f} microseconds by hand, "
        f"{extra[AUTOGRAD]:.0f} on the engine, {extra[TORCH_REF]:.0f} in PyTorch. The products are the eight that "
        f"no implementation can do without, timed alone; the other arithmetic is what is left. A larger batch shares "
        f"the bookkeeping among more images, and in the end all three wait for the same matrix products. So look at "
        f"the batch before you blame the language, and time a step's floor before you try to speed it up."
    )
    return Finding(answer, holds, {"seconds": plain(table), "shares": shares, "threads": 1}, lesson)


def parts(start: Parameters, x: np.ndarray, labels: np.ndarray, rounds: int) -> dict[str, StepTime]:
    """Seconds of a step's parts and of the whole, by implementation: medians of rounds in which all take turns."""
    widths = (1, 1, 1, start["b3"].size)
    tiny = initial_parameters(widths, "he", dtype=str(x.dtype))
    one, label = np.ones((1, 1), x.dtype), labels[:1]
    rivals: dict[str, Callable[[], object]] = {}
    for name in NAMES:
        products = products_in_torch if name == TORCH_REF else products_in_numpy
        net, narrow = build(name, start), build(name, tiny)
        rivals |= {
            f"{name} step": partial(net.step, x, labels, 0.0),  # a rate of 0: the same work, nothing learned
            f"{name} bookkeeping": partial(narrow.step, one, label, 0.0),
            f"{name} products": products(start, x, labels),
            f"{name} calls": products(tiny, one, label),
        }
    seconds = median_seconds(rivals, rounds)
    return {name: split(*(seconds[f"{name} {part}"] for part in ("step", "bookkeeping", "products", "calls")))
            for name in NAMES}  # fmt: skip


def split(step: float, bookkeeping: float, products: float, calls: float) -> StepTime:
    """A step's seconds, shared out.

    calls: the eight products on the narrow network, which are calls and nothing else; they are in `bookkeeping` too,
    so they come off the products here. What neither explains is the other arithmetic; noise can make it less than 0.
    """
    products -= calls
    return StepTime(step, products, step - products - bookkeeping, bookkeeping)


def products_in_torch(start: Parameters, x: np.ndarray, labels: np.ndarray) -> Callable[[], object]:
    """The same in PyTorch, as its layers lay them out: weights (fan_out, fan_in), and nothing recorded."""
    import torch

    lines = {"x": x, **ManualNetwork(start).trace(x, labels)}
    W1, W2, W3 = (torch.tensor(np.ascontiguousarray(start[name].T)) for name in ("W1", "W2", "W3"))
    v, a1, a2, dz1, dz2, dz3 = (torch.tensor(lines[name]) for name in ("x", "a1", "a2", "dz1", "dz2", "dz3"))
    return lambda: (
        v @ W1.T, a1 @ W2.T, a2 @ W3.T,
        dz3.T @ a2, dz3 @ W3, dz2.T @ a1, dz2 @ W2, dz1.T @ v,
    )  # fmt: skip


def draw(result: Measured) -> "Figure":
    """One bar a batch size and implementation: the shares of its step, and how long the whole takes."""
    from compare.shared.figures import MUTED, new_figure

    table, shares = result.table, result.shares
    figure = new_figure(9, 5.4)
    axes = figure.subplots()
    colours = dict(zip(PARTS, ("#56B4E9", "#F0E442", "#CC79A7"), strict=True))
    labels = {
        "products": "eight matrix products",
        "arithmetic": "other arithmetic",
        "bookkeeping": "Python, bookkeeping",
    }
    places, names = [], []
    for i, (m, by_name) in enumerate(shares.items()):
        axes.text(-0.005, 4 * i - 0.85, f"{m:,} image{'s' if m > 1 else ''} a batch", fontweight="bold", va="center")
        for j, (name, one) in enumerate(by_name.items()):
            place, left = 4 * i + j, 0.0
            places.append(place)
            names.append(world(name).title)
            for part in PARTS:
                width = max(one[part], 0)
                label = labels[part] if place == 0 else None
                axes.barh(place, width, left=left, color=colours[part], edgecolor="white", label=label)
                if width > 0.05:
                    axes.text(left + width / 2, place, f"{width:.0%}", ha="center", va="center")
                left += width
            axes.text(1.01, place, _time(table[m][name].step), va="center", color=MUTED)
    axes.set_yticks(places, names)
    axes.set_ylim(max(places) + 0.6, -1.3)
    axes.set_xlim(0, 1.1)
    axes.set_xticks([])
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    axes.set_title("Bookkeeping is paid per step, arithmetic per image", pad=30)
    axes.legend(loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=3)
    return figure


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:.1f} ms" if seconds > 1e-3 else f"{seconds * 1e6:.0f} µs"
