"""NumPy's default of float64 against PyTorch's of float32: what half the bits save, and what they cost."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from compare.hidden.frame.experiment import Finding, plain
from compare.hidden.tools.batches import first_batch
from compare.hidden.tools.timing import median_seconds
from compare.judge.network import gradient_balls
from compare.shared.settings import DTYPES, Settings
from compare.shared.terminal import Advance
from compare.shared.training import initial_weights
from compare.worlds import AUTOGRAD, MANUAL, NAMES, TORCH_REF, Network, build, world

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

QUESTION = "NumPy calculates in float64, PyTorch in float32: what does the default change?"
CLAIM = (
    "Left alone, NumPy and the engine take float64 and PyTorch float32. In each of the three, float32 halves the bytes "
    "and makes the gradient's error more than a million times as large, and it is still below a 10,000th."
)

PARAMETERS = ("W1", "b1", "W2", "b2", "W3", "b3")


@dataclass(frozen=True)
class Precision:
    """One implementation in one dtype. error: of the gradient, of its largest entry; bytes, seconds: of a step."""

    implementation: str
    dtype: str
    error: float
    bytes: int
    seconds: float


@dataclass(frozen=True)
class Measured:
    """The runs, and the dtypes taken by default."""

    rows: list[Precision]
    default: dict[str, str]


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured:
    """The same numbers, all of which float32 can hold, in both dtypes: errors against the exact gradient, times, bytes.

    So the two runs solve one problem, and only what they round differs.
    """
    x, labels = first_batch(settings, digits)
    start = {name: value.astype("float32") for name, value in initial_weights(settings, digits).items()}
    x = x.astype("float32")
    exact = gradient_balls(
        {name: value.astype("float64") for name, value in start.items()}, x.astype("float64"), labels
    )
    advance()
    errors, sizes, rivals = {}, {}, {}
    for name in NAMES:
        for dtype in DTYPES:
            net = build(name, {p: value.astype(dtype) for p, value in start.items()})
            inputs = x.astype(dtype)
            _, found = net.gradients(inputs, labels)
            errors[name, dtype] = max(
                float(np.abs(found[p] - exact[p].exact).max()) / float(np.abs(exact[p].value).max()) for p in PARAMETERS
            )
            sizes[name, dtype] = inputs.nbytes + sum(value.nbytes for value in net.parameters().values())
            rivals[f"{name} {dtype}"] = _step(net, inputs, labels)
        advance()
    seconds = median_seconds(rivals)
    rows = [
        Precision(name, dtype, error, sizes[name, dtype], seconds[f"{name} {dtype}"])
        for (name, dtype), error in errors.items()
    ]
    return Measured(rows, defaults())


def _step(net: Network, x: np.ndarray, labels: np.ndarray) -> Any:
    return lambda: net.step(x, labels, 0.01)


def defaults() -> dict[str, str]:
    """The dtype that each takes for random initial weights where none is asked for."""
    import torch

    from autograd.tensor import Tensor

    return {
        MANUAL: str(np.random.default_rng(0).standard_normal(3).dtype),
        AUTOGRAD: str(Tensor(np.random.default_rng(0).standard_normal(3)).dtype),
        TORCH_REF: str(torch.nn.Linear(3, 3).weight.dtype).removeprefix("torch."),
    }


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    rows, default = result.rows, result.default
    by = {(row.implementation, row.dtype): row for row in rows}

    def ratios(what: str) -> list[float]:
        return [getattr(by[name, "float32"], what) / getattr(by[name, "float64"], what) for name in NAMES]

    bytes_halved = all(ratio == 0.5 for ratio in ratios("bytes"))
    worst = max(by[name, "float32"].error for name in NAMES)
    holds = bytes_halved and min(ratios("error")) > 1e6 and worst < 1e-4
    holds = holds and default == {MANUAL: "float64", AUTOGRAD: "float64", TORCH_REF: "float32"}
    times = ratios("seconds")
    answer = (
        f"float32 takes {min(ratios('bytes')):.0%} of the bytes and {min(times):.0%} to {max(times):.0%} of the time "
        f"of float64; the error of its gradient is {worst:.0e} of the largest entry instead of "
        f"{max(by[name, 'float64'].error for name in NAMES):.0e}."
    )
    lesson = (
        f"`np.random.randn` gives float64 and `torch.nn.Linear` float32, and neither says so. Half the bits are half "
        f"the memory and, where arithmetic and not bookkeeping takes the time, about half the time. They leave some 7 "
        f"decimal digits, and an error {min(ratios('error')):.0e} times as large, which no training notices: the "
        f"difference between two batches is far larger. But a comparison notices. A gradient by hand in float64 and "
        f"one from PyTorch in float32 differ in the 7th digit though both are right, and a tolerance for the one is "
        f"nonsense for the other. Say the dtype before you compare; mixing both turns a NumPy calculation to float64 "
        f"without a word, and in PyTorch raises an error."
    )
    return Finding(answer, holds, plain({"runs": rows, "defaults": default}), lesson)


def draw(result: Measured) -> "Figure":
    """Error against time, an arrow from float64 to float32 for each implementation."""
    from compare.shared.figures import MUTED, new_figure

    by = {(row.implementation, row.dtype): row for row in result.rows}
    figure = new_figure(9, 4.6)
    axes = figure.subplots()
    for name in NAMES:
        ends = [by[name, dtype] for dtype in ("float64", "float32")]
        (x0, y0), (x1, y1) = ((1000 * end.seconds, end.error) for end in ends)
        axes.annotate("", (x1, y1), (x0, y0), arrowprops={"arrowstyle": "-|>", "color": world(name).colour, "lw": 1.6,
                      "shrinkA": 6, "shrinkB": 6})  # fmt: skip
        axes.plot(
            x0,
            y0,
            color=world(name).colour,
            marker=world(name).marker,
            markersize=9,
            linestyle="none",
            label=world(name).title,
        )
        axes.plot(x1, y1, color=world(name).colour, marker=world(name).marker, markersize=9, markerfacecolor="white")
    for dtype in DTYPES:
        eps = float(np.finfo(dtype).eps) / 2
        axes.axhline(eps, color=MUTED, linestyle=":", linewidth=1)
        axes.annotate(f"unit roundoff of {dtype}, {eps:.0e}", (0.995, eps), (0, -3), textcoords="offset points",
                      xycoords=("axes fraction", "data"), ha="right", va="top", fontsize=9, color=MUTED)  # fmt: skip
    axes.set_yscale("log")
    axes.set_ylim(1e-18, 1e-4)
    axes.set_xlim(0, 1300 * max(row.seconds for row in result.rows))
    axes.set_xlabel("milliseconds a step, median")
    axes.set_ylabel("error of the gradient, of its largest entry")
    axes.set_title("From float64 (filled) to float32 (hollow): less time, half of the digits")
    axes.legend(loc="center right")
    return figure
