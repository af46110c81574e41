"""The kernels that OpenBLAS picks for this processor: another choice takes another time and gives other last bits."""

import os
import platform
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from compare.hidden.frame.experiment import Finding, NotMeasured, plain
from compare.judge.network import check_lines
from compare.shared.processes import ProcessFailed, run_python
from compare.shared.settings import Settings
from compare.shared.terminal import Advance
from compare.shared.training import initial_weights
from compare.worlds import AUTOGRAD, MANUAL

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

QUESTION = "Who multiplies your matrices, and would another processor get the same bits?"
CLAIM = (
    "The same NumPy code on the same processor gives other last bits when OpenBLAS uses other kernels; every line "
    "stays within its derived bound with either, by hand and on the engine."
)

Recorded = dict[str, Any]
IMAGES, TIMED = 64, 1024  # a batch for the bits, a larger one for the time
TURNS = 2  # processes for each choice of kernels, which take turns
LIMIT = 60.0  # seconds for one process
#: Kernels that run on every processor of a kind that has newer ones, the newest first.
OLDER = {"x86_64": ("Haswell", "Sandybridge", "Nehalem"), "aarch64": ("ARMV8", "CORTEXA57")}
MACHINES = {"AMD64": "x86_64", "arm64": "aarch64"}  # other systems' names for the same


@dataclass(frozen=True)
class Kernels:
    """What one choice of kernels did. seconds: of a step; bound_used: by implementation and line."""

    architecture: str
    version: str
    seconds: float
    bound_used: dict[str, dict[str, float]]


@dataclass(frozen=True)
class Measured:
    """Both choices, the picked kernels first, and the part of each line's entries that differ."""

    kernels: list[Kernels]
    changed: dict[str, float]


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured | NotMeasured:
    """A step in processes of its own: with the kernels that OpenBLAS picks, and with those of an older processor."""
    start = initial_weights(settings.with_(init="he"), digits)
    x, labels = digits.train_x[:IMAGES], digits.train_labels[:IMAGES]
    with tempfile.TemporaryDirectory() as folder:
        inputs = Path(folder) / "inputs.npz"
        many = {"many": digits.train_x[:TIMED], "many_labels": digits.train_labels[:TIMED]}
        np.savez(inputs, allow_pickle=False, **start, x=x, labels=labels, **many)
        try:
            picked = [work(inputs, None)]
            advance()
            choice = older_than(str(picked[0]["architecture"]))
            if choice is None:
                return aside(str(picked[0]["architecture"]))
            older = [work(inputs, choice)]
            for _ in range(TURNS - 1):
                advance()
                picked.append(work(inputs, None))
                older.append(work(inputs, choice))
        except ProcessFailed as failed:
            return aside(reason=f"A process with other kernels could not be run: {failed}")
    if picked[0]["architecture"] == older[0]["architecture"]:
        return aside(reason=f"This OpenBLAS has no kernels but {picked[0]['architecture']}, so nothing was compared.")
    return Measured([summary(runs, start, x, labels) for runs in (picked, older)], changed_entries(picked[0], older[0]))


def older_than(architecture: str) -> str | None:
    """Kernels that this processor can run too, if there are any that OpenBLAS did not pick."""
    if not architecture:
        return None
    known = OLDER.get(MACHINES.get(platform.machine(), platform.machine()), ())
    after = known.index(architecture) + 1 if architecture in known else 0
    return next(iter(known[after:]), None)


def aside(architecture: str = "", reason: str = "") -> NotMeasured:
    """Nothing to compare here, and why."""
    if not reason:
        reason = (
            f"OpenBLAS runs its {architecture} kernels here and none older are known, so nothing was compared."
            if architecture
            else "NumPy's BLAS is not OpenBLAS here, and its kernels cannot be chosen, so nothing was compared."
        )
    lesson = (
        "Matrix products are done by a BLAS that comes with NumPy or with the system, not by NumPy. Which one it is, "
        "and which of its kernels it picks, decides their speed and their last bits: note it beside your results."
    )
    return NotMeasured(reason, lesson)


def work(inputs: Path, coretype: str | None) -> Recorded:
    """One process on one thread; coretype: the kernels it is told to use, None to let OpenBLAS pick."""
    results = inputs.with_name("results.npz")
    environment = {"OPENBLAS_CORETYPE": coretype, "OPENBLAS_L2_SIZE": None, "OPENBLAS_NUM_THREADS": "1"}
    run_python(["-m", "compare.hidden.experiments.blas_worker", str(inputs), str(results)], environment, LIMIT)
    with np.load(results, allow_pickle=False) as found:
        return dict(found)


def summary(runs: list[Recorded], start: dict[str, np.ndarray], x: np.ndarray, labels: np.ndarray) -> Kernels:
    """What one choice of kernels did: its name, its time, and how much of the bound its lines used."""
    used = {}
    for name in (MANUAL, AUTOGRAD):
        trace = {key.removeprefix(f"{name} "): value for key, value in runs[0].items() if key.startswith(f"{name} ")}
        check = check_lines(trace, start, x, labels)
        used[name] = {line.name: line.bound_used for line in check.lines}
    seconds = statistics.median(float(run["seconds"]) for run in runs)
    return Kernels(str(runs[0]["architecture"]), str(runs[0]["version"]), seconds, used)


def changed_entries(one: Recorded, other: Recorded) -> dict[str, float]:
    """The part of a line's entries that have other bits, by line of the step by hand."""
    lines = [key for key in one if key.startswith("manual ")]
    return {key.removeprefix("manual "): float((one[key] != other[key]).mean()) for key in lines}


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    kernels, changed = result.kernels, result.changed
    picked, older = kernels
    most = max(used for one in kernels for lines in one.bound_used.values() for used in lines.values())
    ratio = older.seconds / picked.seconds
    answer = (
        f"OpenBLAS {picked.version} picks its {picked.architecture} kernels here; told to use "
        f"{older.architecture}'s, it takes {ratio:.2f} times as long and changes the bits of {changed['z1']:.0%} of "
        f"z1 and {changed['dW1']:.0%} of dW1; no line uses more than {most:.0%} of its bound with either."
    )
    lesson = (
        "`x @ W1` is one line of Python and NumPy does not do it either: it calls a BLAS, which carries products "
        "written for each kind of processor and picks one when it is loaded. Wider registers and other blocks mean "
        "another order of the sums, so the same code and the same data give other last bits on another computer, and "
        "on this one when OPENBLAS_CORETYPE says so. Neither is the right one. The bound on each line holds for "
        "every order, and so covers both; a file of expected values, compared bit by bit, covers one processor. The "
        "engine asks the same BLAS; PyTorch brings another, which the variable does not reach."
    )
    asked = os.environ.get("OPENBLAS_CORETYPE")
    if asked:
        lesson += f" (It says {asked} in the environment of this command; the measurement set it aside.)"
    measured = plain({"kernels": kernels, "changed": changed, "time_ratio": ratio})
    return Finding(answer, most <= 1 and max(changed.values()) > 0, measured, lesson)


def draw(result: Measured) -> "Figure":
    """Each line: above, the part of its bits that change; below, how much of its bound either choice uses."""
    from compare.shared.figures import INK, MUTED, new_figure

    kernels, changed = result.kernels, result.changed
    lines = [line for line in changed if line != "loss"]
    figure = new_figure(9, 6)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(1, 1.2))
    upper.bar(lines, [100 * changed[line] for line in lines], color=MUTED, width=0.6)
    upper.set_axisbelow(True)
    upper.set_ylabel("% of numbers changed")
    upper.set_title("Other kernels change last bits ...")
    for one, colour, marker, place in zip(kernels, ("#0072B2", "#E69F00"), "os", (-0.12, 0.12), strict=True):
        used = one.bound_used[MANUAL]
        seconds = f"{one.seconds * 1e3:.0f} ms for {TIMED:,} images"
        lower.plot(
            [i + place for i in range(len(lines))], [100 * used[line] for line in lines], marker, color=colour,
            markersize=7, label=f"{one.architecture} kernels ({seconds})",
        )  # fmt: skip
    lower.axhline(100, color=INK, linewidth=1.2)
    lower.text(0, 97, "the bound", color=INK, va="top", ha="center")
    lower.set_ylim(0, 108)
    lower.set_ylabel("% of the bound used")
    lower.set_title("... and no line comes near its bound, with either")
    lower.legend(loc="center right", bbox_to_anchor=(1, 0.7))
    return figure
