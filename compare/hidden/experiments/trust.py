"""PyTorch itself on trial: many shapes, dtypes, thread counts and extreme inputs, each line against its bound."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from compare.hidden.frame.experiment import Finding, plain
from compare.judge.judging import Judged
from compare.judge.network import check_lines
from compare.shared.initial import initial_parameters
from compare.shared.settings import ACTIVATIONS, DTYPES, Settings
from compare.shared.terminal import Advance
from compare.shared.threads import use_threads
from compare.worlds import TORCH_REF, build

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

QUESTION = "The framework is usually right: is it, when you check?"
CLAIM = (
    "In every case tried, each line of PyTorch's calculation lies within the rounding error that the line may make; "
    "and a single entry with the wrong sign is caught wherever it is planted."
)

#: Layer widths: this project's; odd ones, which fill no vector register; ones; a wide output; one layer; five layers.
SHAPES = (
    (784, 128, 64, 10), (257, 33, 17, 5), (3, 1, 1, 2), (12, 16, 8, 64), (30, 7), (20, 9, 9, 9, 9, 4),
)  # fmt: skip
ROWS = (1, 2, 67)
THREADS = (1, 2, 3)  # the others for the largest shape only: small work is never shared

#: What to make of standard normal inputs, x (m, fan_in). Everything stays finite, in float32 too.
INPUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "ordinary": lambda x: x,
    "all zero": lambda x: x * 0,
    "huge, 1e8": lambda x: x * 1e8,
    "tiny, 1e-30": lambda x: x * 1e-30,
    "subnormal": lambda x: x * (np.finfo(x.dtype).tiny / 16),
    "one pixel 1e12 times the others": lambda x: np.where(np.arange(x.shape[1]) == 0, x * 1e6, x * 1e-6),
}


@dataclass(frozen=True)
class Circumstances:
    """One case: layer widths, rows of the batch, dtype, activation, a name in INPUTS, threads."""

    sizes: tuple[int, ...]
    rows: int
    dtype: str
    activation: str
    inputs: str
    threads: int


def trials() -> Iterator[Circumstances]:
    """All of them: every combination, but for the threads."""
    for sizes, rows, dtype, activation, inputs in itertools.product(SHAPES, ROWS, DTYPES, ACTIVATIONS, INPUTS):
        if sizes == SHAPES[0] and inputs != "ordinary":
            continue  # the extremes are tried on small shapes, which take little time
        for threads in THREADS if sizes == SHAPES[0] else THREADS[:1]:
            yield Circumstances(sizes, rows, dtype, activation, inputs, threads)


@dataclass(frozen=True)
class Outside:
    """A case in which a line is outside its bound, the first of them."""

    trial: str
    line: str


@dataclass(frozen=True)
class Measured:
    """Part of its bound that each line used, by kind and dtype; the cases outside, and how many there were.

    plants: how many errors were planted, and caught; worst: the most that a line used, and which.
    """

    used: dict[str, dict[str, list[float]]]
    outside: list[Outside]
    cases: int
    plants: tuple[int, int]
    worst: tuple[float, str]


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured:  # noqa: ARG001 (made-up data suffice)
    """Put every trial's trace through the line check."""
    used: dict[str, dict[str, list[float]]] = {}
    outside: list[Outside] = []
    worst: tuple[float, str] = (0.0, "")
    planted = caught = 0
    every = list(trials())
    for k, trial in enumerate(every):
        check, found_plant = run(trial, settings.seed)
        planted, caught = planted + (found_plant is not None), caught + (found_plant is True)
        for line in check.lines:
            used.setdefault(kind(line.name), {}).setdefault(trial.dtype, []).append(line.bound_used)
            worst = max(worst, (line.bound_used, f"{line.name} of {trial}"))
        if check.first_wrong_line:
            outside.append(Outside(str(trial), check.first_wrong_line))
        if k % (len(every) // 8 or 1) == 0:
            advance()
    return Measured(used, outside, len(every), (planted, caught), worst)


def run(trial: Circumstances, seed: int) -> tuple[Judged, bool | None]:
    """PyTorch's trace of a trial, judged; and whether a planted error is caught (None: only zeros, no sign to flip)."""
    random = np.random.default_rng((seed, 2))
    parameters = initial_parameters(trial.sizes, "he", seed=seed, dtype=trial.dtype)
    for name in parameters:
        if name.startswith("b"):
            parameters[name] = random.standard_normal(parameters[name].shape).astype(trial.dtype)
    x = INPUTS[trial.inputs](random.standard_normal((trial.rows, trial.sizes[0])).astype(trial.dtype))
    x = x.astype(trial.dtype)
    labels = random.integers(0, trial.sizes[-1], trial.rows)
    with use_threads(trial.threads):
        trace = build(TORCH_REF, parameters, trial.activation).trace(x, labels)
    check = check_lines(trace, parameters, x, labels, trial.activation)
    k = len(trial.sizes) - 1  # in the last db, which no extreme input makes so small that it underflows
    db = trace[f"db{k}"].copy()
    largest = np.abs(db).argmax()
    if db[largest] == 0:
        return check, None
    db[largest] *= -1
    wrong = check_lines({f"dz{k}": trace[f"dz{k}"], f"db{k}": db}, parameters, x, labels, trial.activation)
    return check, wrong.first_wrong_line == f"db{k}"


def kind(line: str) -> str:
    """The line without its layer: dW of dW3."""
    return line.rstrip("0123456789")


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    used, outside, cases, plants, worst = result.used, result.outside, result.cases, result.plants, result.worst
    lines = sum(len(values) for by_dtype in used.values() for values in by_dtype.values())
    exact = sum(values.count(0.0) for by_dtype in used.values() for values in by_dtype.values())
    planted, caught = plants
    holds = not outside and caught == planted > 0
    answer = (
        f"{len(outside) or 'None'} of {cases} cases is outside its bound: {lines:,} lines checked, "
        f"{exact / lines:.0%} of them exact, the nearest to its bound at {worst[0]:.1%} of it; of {planted} planted "
        f"errors {caught} are caught."
    )
    found = (
        f"The first case outside is {outside[0].trial}, line {outside[0].line}; look at it before you trust it."
        if outside
        else "Nothing was found: PyTorch rounds, and does nothing else."
    )
    lesson = (
        f"What was tried: networks of {len(SHAPES)} shapes with one to five layers, batches of "
        f"{', '.join(map(str, ROWS))}, {' and '.join(DTYPES)}, {' and '.join(ACTIVATIONS)}, up to {max(THREADS)} "
        f"threads, and inputs that are {'; '.join(INPUTS)}. {found} A bound may be used almost wholly, where a line is "
        f"a single product: a batch of one leaves dW a product that rounds once. Numbers that overflow were not "
        f"tried. Trust is not a feeling here: it is a bound, a search for what breaks it, and a planted error that "
        f"shows the search can find one."
    )
    summary = {
        name: {
            dtype: {"most": max(v), "median": float(np.median(v)), "exact": v.count(0.0) / len(v), "lines": len(v)}
            for dtype, v in by_dtype.items()
        }
        for name, by_dtype in used.items()
    }
    measured = {"cases": cases, "lines": lines, "outside": plain(outside), "planted": planted, "caught": caught,
                "worst": {"bound_used": worst[0], "line": worst[1]}, "bound_used": summary}  # fmt: skip
    return Finding(answer, holds, measured, lesson)


def draw(result: Measured) -> "Figure":
    """The part of its bound that each kind of line used, the median and the most, in either dtype."""
    from compare.shared.figures import BLUE, INK, VERMILLION, new_figure

    m = judge(result).measured
    summary = m["bound_used"]
    figure = new_figure(9, 5)
    axes = figure.subplots()
    floor = 1e-4
    for y, by_dtype in enumerate(summary.values()):
        for dtype, offset, colour, marker in (
            ("float32", -0.17, VERMILLION, "s"), ("float64", 0.17, BLUE, "o"),
        ):  # fmt: skip
            one = by_dtype[dtype]
            low, high = max(one["median"], floor), max(one["most"], floor)
            axes.plot([low, high], [y + offset] * 2, color=colour, linewidth=3, alpha=0.5)
            axes.plot(high, y + offset, color=colour, marker=marker, linestyle="none", label=dtype if y == 0 else None)
            if one["most"] == 0:
                axes.text(floor * 1.25, y + offset, f"{dtype}: always exact", va="center", fontsize=8, color=colour)
    axes.axvline(1, color=INK, linewidth=1.4)
    axes.text(1.1, len(summary) - 0.5, "the bound:\nbeyond it, a fault", fontsize=9, va="bottom")
    axes.set_xscale("log")
    axes.set_xlim(floor * 0.8, 9)
    axes.set_yticks(range(len(summary)), list(summary))
    axes.set_ylim(len(summary) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("part of the bound used: from the median of all cases to the largest (marker)")
    axes.set_title(f"PyTorch on trial: {m['cases']} cases, {m['lines']:,} lines, {len(m['outside'])} cases outside")
    axes.legend(loc="upper right", fontsize=9)
    return figure
