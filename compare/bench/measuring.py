"""The measuring itself: every rival in both dtypes on every batch size."""

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from compare.bench.memory import peak_bytes
from compare.bench.rivals import FLOOR, IN_PYTORCH, first_images, in_this_process, rivals, take_steps
from compare.bench.torch_process import TorchProcess
from compare.judge.network import check_gradients, gradient_balls
from compare.shared.dataset import Dataset
from compare.shared.products import products_in_numpy
from compare.shared.rounds import REST, Clock, Timing, stopwatch, take_turns
from compare.shared.settings import DTYPES, Settings
from compare.shared.terminal import Advance
from compare.shared.training import Digits, initial_weights
from compare.worlds import NAMES, TORCH_REF

BATCHES = (1, 64, 1024)  # and the whole set
BUDGET = {1: 1.0, 64: 1.0, 1024: 2.0}  # seconds of timing; the whole set takes what the fewest rounds take
JUDGED = 64  # rows, at most: there, in float64, each rival's gradients are held against their bounds


@dataclass(frozen=True)
class Timed:
    """One rival, in one dtype, on batches of one size.

    over_floor and over_torch: its time by that of the matrix multiplies alone, and by that of PyTorch run eagerly;
    peak_bytes: see `memory.peak_bytes`, None where it cannot be seen; of the matrix multiplies it is what they write.
    """

    implementation: str
    dtype: str
    batch_size: int
    timing: Timing
    over_floor: float
    over_torch: float
    peak_bytes: int | None

    def as_json(self) -> dict[str, Any]:
        """As a JSON document has it."""
        return {
            "implementation": self.implementation, "dtype": self.dtype, "batch_size": self.batch_size,
            "microseconds": self.timing.microseconds, "spread": self.timing.spread, "rounds": self.timing.rounds,
            "over_floor": self.over_floor, "over_torch": self.over_torch, "peak_bytes": self.peak_bytes,
        }  # fmt: skip


@dataclass
class Measured:
    """What there is so far.

    bound_used: of each rival but the floor, the largest part that a gradient uses of its rounding error bound;
    not_compiled: why PyTorch could not compile here, if so.
    """

    rows: list[Timed] = field(default_factory=list)
    bound_used: dict[str, float] = field(default_factory=dict)
    not_compiled: str | None = None


def batch_sizes(images: int) -> list[int]:
    """Those that a set of so many images allows, the whole set last."""
    return [*(size for size in BATCHES if size < images), images]


def measure(settings: Settings, data: Dataset, measured: Measured, advance: Advance) -> None:
    """Fill `measured`, a batch size at a time. Of the settings, the seed, the data and the threads count.

    Raises ProcessFailed where PyTorch cannot be timed.
    """
    sizes = batch_sizes(len(data.train_labels))
    judged = max(size for size in sizes if size <= JUDGED)
    in_dtype = {dtype: settings.with_(dtype=dtype, init="he", batch_size=None) for dtype in DTYPES}
    with ExitStack() as stack:
        processes = {dtype: stack.enter_context(TorchProcess()) for dtype in DTYPES}
        for dtype, process in processes.items():
            folder = str(settings.data) if settings.data else None
            process.send("load", sizes=sizes, dtype=dtype, seed=settings.seed, data=folder, threads=settings.threads)
        # Compilers are slow. They work side by side, and memory is measured meanwhile, but nothing is timed.
        peaks = {dtype: peaks_in_numpy(chosen, data, sizes) for dtype, chosen in in_dtype.items()}
        refusals = [process.receive() for process in processes.values()]
        measured.not_compiled = next(filter(None, refusals), None)
        advance(1, "compiled")
        for dtype, pytorch in processes.items():
            digits = Digits.of(data, in_dtype[dtype])
            for rows in sizes:
                peaks[dtype][rows] |= pytorch.ask("prepare", rows=rows)
                if dtype == "float64" and rows == judged:
                    measured.bound_used = judge(in_dtype[dtype], digits, rows, pytorch.ask("gradients"))
                measured.rows += time_all(in_dtype[dtype], digits, rows, pytorch, peaks[dtype][rows])
                advance(1, f"{dtype}, batches of {rows:,}")


def peaks_in_numpy(settings: Settings, data: Dataset, sizes: Sequence[int]) -> dict[int, dict[str, int | None]]:
    """By batch size and rival in this process: the peak memory of a step, in bytes; of the floor, what it writes.

    None for a world that was brought: what another library allocates is not seen here.
    """
    digits = Digits.of(data, settings)
    peaks: dict[int, dict[str, int | None]] = {}
    brought = set(settings.worlds) - set(NAMES)
    for rows in sizes:
        batch = initial_weights(settings, digits), *first_images(digits, rows)
        peaks[rows] = {FLOOR: sum(product.nbytes for product in products_in_numpy(*batch)())}
        peaks[rows] |= {
            name: None if name in brought else peak_bytes(partial(take_steps, made, *batch))
            for name, made in in_this_process(rows, settings.worlds).items()
        }
    return peaks


def time_all(
    settings: Settings, digits: Digits, rows: int, pytorch: TorchProcess, peaks: Mapping[str, int | None]
) -> list[Timed]:
    """All rivals on one batch, the first images of the set, in the order of the table.

    peaks: the peak memory of each, of those in PyTorch too, which the other process has prepared.
    """
    batch = initial_weights(settings, digits), *first_images(digits, rows)
    clocks: dict[str, Clock] = {FLOOR: stopwatch(products_in_numpy(*batch))}
    clocks |= {n: stopwatch(take_steps(made, *batch)) for n, made in in_this_process(rows, settings.worlds).items()}
    clocks |= {name: partial(pytorch.seconds, name) for name in IN_PYTORCH if name in peaks}
    timings = take_turns(clocks, BUDGET.get(rows, 0.0), Rest(settings.threads))
    floor, eager = timings[FLOOR].microseconds, timings[TORCH_REF].microseconds
    ordered = {name: timings[name] for name in rivals(settings.worlds) if name in timings}
    return [
        Timed(name, settings.dtype, rows, timing, timing.microseconds / floor, timing.microseconds / eager, peaks[name])
        for name, timing in ordered.items()
    ]


class Rest:
    """Called with the name of whose turn comes: waits where the library changes, until the other one's threads sleep.

    With one thread there are none to wait for.
    """

    def __init__(self, threads: int) -> None:
        self.seconds = REST if threads > 1 else 0.0
        self.in_pytorch: bool | None = None

    def __call__(self, name: str) -> None:
        """Wait where `name` is timed in the other process than the one before it."""
        if self.in_pytorch not in (None, name in IN_PYTORCH):
            time.sleep(self.seconds)
        self.in_pytorch = name in IN_PYTORCH


def judge(
    settings: Settings, digits: Digits, rows: int, in_pytorch: dict[str, dict[str, Sequence[Any]]]
) -> dict[str, float]:
    """By rival: the largest part that one of its gradients uses of its rounding error bound; up to 1 they are right.

    in_pytorch: the gradients from the other process, by rival and parameter.
    """
    start = initial_weights(settings, digits)
    x, labels = digits.train_x[:rows], digits.train_labels[:rows]
    gradients = {n: made(start).gradients(x, labels)[1] for n, made in in_this_process(rows, settings.worlds).items()}
    for name, found in in_pytorch.items():
        gradients[name] = {parameter: np.array(value) for parameter, value in found.items()}
    allowed = gradient_balls(start, x, labels)
    return {name: max(v.bound_used for v in check_gradients(found, allowed)) for name, found in gradients.items()}
