"""Mixed precision: which operations run in bfloat16, how far that may take a gradient, and what a loss scale is for."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from compare.hidden.frame.experiment import Finding, plain
from compare.hidden.tools.batches import first_batch
from compare.judge.network import check_lines
from compare.judge.roundoff import Arithmetic
from compare.shared import autocast
from compare.shared.settings import Settings
from compare.shared.terminal import Advance
from compare.shared.training import initial_weights
from compare.worlds import MANUAL, TORCH_REF, build

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

QUESTION = "What does mixed precision run in half the bits, and what is the loss scale for?"
CLAIM = (
    "Under autocast PyTorch's products take and give bfloat16, while weights, their gradients and loss stay float32; "
    "each line keeps within what these roundings can do; and float16 would lose small gradients to underflow, unless "
    "the loss is scaled, where bfloat16 loses none."
)

WHOLE_SET = 60_000  # images in one batch, as in the chapter: each has that part of the gradient
SCALES = (1, 2**4, 2**8, 2**12, 2**16)
SHORT, LONG = ("z1", "a1", "z2", "a2", "z3", "dz3", "da2", "dz2", "da1", "dz1"), ("loss", "dW1", "db1", "dW2", "dW3")


@dataclass(frozen=True)
class Line:
    """A line of one run. error: the largest, of its largest entry; the others as in the judge's verdict on it."""

    line: str
    error: float
    bound_used: float
    probable_used: float
    power: float
    is_wrong: bool


@dataclass(frozen=True)
class Measured:
    """The lines by run, their dtypes under autocast, and what is lost by format and scale."""

    rows: dict[str, list[Line]]
    dtypes: dict[str, str]
    lost: dict[str, list[float]]


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured:
    """One batch under autocast, line by line against its bound; and what short formats lose of its gradients."""
    x, labels = first_batch(settings, digits)
    start = {name: value.astype(np.float32) for name, value in initial_weights(settings, digits).items()}
    x = x.astype(np.float32)
    trace, dtypes = autocast.trace(start, x, labels)
    advance()
    lines = {
        "autocast": check_lines(trace, start, x, labels, run=Arithmetic.under_autocast()).lines,
        "float32": check_lines(build(TORCH_REF, start).trace(x, labels), start, x, labels).lines,
    }
    advance()
    rows = {
        kind: [
            Line(one.name, one.error / _largest(trace[one.name]), one.bound_used, one.probable_used, one.power,
                 one.is_wrong)
            for one in found
        ]
        for kind, found in lines.items()
    }  # fmt: skip
    exact = build(MANUAL, {name: value.astype(np.float64) for name, value in start.items()})
    dz1 = exact.trace(x.astype(np.float64), labels)["dz1"] * (len(x) / WHOLE_SET)
    lost = {kind: [lost_of(dz1, kind, scale) for scale in SCALES] for kind in ("float16", "bfloat16")}
    return Measured(rows, dtypes, lost)


def lost_of(gradient: np.ndarray, kind: str, scale: int) -> float:
    """The part of the entries other than 0 that are 0 once they are multiplied by `scale` and put in a short format."""
    import torch

    short = torch.tensor(gradient * scale, dtype=torch.float32).to(getattr(torch, kind)).double().numpy()
    return float((short[gradient != 0] == 0).mean()) if gradient.any() else 0.0


def _largest(line: np.ndarray) -> float:
    return float(abs(line).max()) or 1.0


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    rows, dtypes, lost = result.rows, result.dtypes, result.lost
    short = all(dtypes[line] == "bfloat16" for line in SHORT) and all(dtypes[line] == "float32" for line in LONG)
    within = not any(row.is_wrong for found in rows.values() for row in found)
    scaled = lost["float16"][0] > lost["float16"][-1] and max(lost["bfloat16"]) == 0
    by = {kind: {row.line: row for row in found} for kind, found in rows.items()}
    worst = max(rows["autocast"], key=lambda row: row.error)
    most = max(rows["autocast"], key=lambda row: row.bound_used)
    answer = (
        f"{sum(d == 'bfloat16' for d in dtypes.values())} of {len(dtypes)} lines are computed in bfloat16: the error "
        f"of dW1 is {by['autocast']['dW1'].error:.0e} of its largest entry instead of "
        f"{by['float32']['dW1'].error:.0e}, and no line uses more than {most.bound_used:.0%} of its bound. With "
        f"all {WHOLE_SET:,} images in a batch, float16 turns {lost['float16'][0]:.0%} of dz1 into zeros, and "
        f"{lost['float16'][-1]:.0%} where the loss is first multiplied by {SCALES[-1]:,}."
    )
    lesson = (
        f"autocast is one line of code, and it changes most lines of the calculation: what goes into a matrix product "
        f"is rounded to bfloat16's 8 bits, is multiplied and added up in float32, and what comes out is rounded again. "
        f"The weights stay float32, as an update is often smaller than a 256th of its weight and would vanish, and so "
        f"do the loss and the gradients of the weights. Lines err by up to {worst.error:.0e} of their largest "
        f"entry, thousands of times float32's error, and none by more than its roundings can explain: the same rules "
        f"judge it, with one unit roundoff for what is multiplied and one for the sum. But nothing finer is seen, as a "
        f"fault of {max(row.power for row in rows['autocast']):.1%} would pass for rounding: test a gradient in "
        f"float32 or float64, then train in bfloat16. float16 has more bits and fewer exponents: what is below "
        f"3e-8 becomes 0. A GradScaler multiplies the loss, so that all gradients are larger, and divides them again "
        f"in float32. bfloat16 has float32's exponents and needs none."
    )
    return Finding(answer, short and within and scaled, {"lines": plain(rows), "dtypes": dtypes, "lost": lost}, lesson)


def draw(result: Measured) -> "Figure":
    """Each line's error in float32 and under autocast, with what would have been seen; and what a scale saves."""
    from compare.shared.figures import BLUE, GREEN, INK, MUTED, VERMILLION, new_figure

    rows, lost = result.rows, result.lost
    figure = new_figure(10, 5)
    left, right = figure.subplots(1, 2, width_ratios=(2, 1))
    floor = 1e-10
    names = [row.line for row in rows["autocast"]]
    # what lies below is the larger, so that neither hides the other
    for kind, colour, marker, size in (
        ("float32", BLUE, "o", 10), ("autocast", GREEN, "s", 5),
    ):  # fmt: skip
        errors = [max(row.error, floor) for row in rows[kind]]
        look = {"marker": marker, "markersize": size, "linestyle": "none"}
        left.plot(names, errors, color=colour, label=f"{kind}: error", **look)
        seen = [row.power or np.nan for row in rows[kind]]
        left.plot(
            names,
            seen,
            color=colour,
            marker="_",
            markersize=12,
            linestyle="none",
            label=f"{kind}: noticed from here on",
        )
    left.axhspan(floor / 2, floor * 2, color=MUTED, alpha=0.12, linewidth=0)
    left.annotate("exact", (len(names) - 1, floor), ha="right", va="center", fontsize=9, color=INK)
    left.set_yscale("log")
    left.set_ylim(floor / 2, 1)
    left.tick_params(axis="x", rotation=90)
    left.set_ylabel("of the line's largest entry")
    left.set_title("Products in bfloat16: errors within what it rounds")
    left.legend(loc="center", bbox_to_anchor=(0.5, 0.61), ncols=2, fontsize=8)
    for kind, colour, marker, size in (
        ("bfloat16", GREEN, "s", 11), ("float16", VERMILLION, "D", 5),
    ):  # fmt: skip
        right.plot(
            SCALES, [100 * part for part in lost[kind]], color=colour, marker=marker, markersize=size, label=kind
        )
    right.set_xscale("log", base=2)
    right.set_xlabel("loss scale")
    right.set_ylabel("per cent of dz1 lost to underflow")
    right.set_ylim(-3, 103)
    right.set_title("What a loss scale saves")
    right.legend(loc="center right", fontsize=9)
    return figure
