"""One batch shared among several processes: the average of their gradients against one process with the whole."""

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from compare.hidden.frame.experiment import Finding, NotMeasured
from compare.judge.ball import Ball
from compare.judge.network import gradient_balls
from compare.judge.verdict import part_of
from compare.shared.processes import ProcessFailed, run_python
from compare.shared.settings import Settings
from compare.shared.terminal import Advance
from compare.shared.training import initial_weights
from compare.worlds import AUTOGRAD, MANUAL, TORCH_REF, build, world

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

QUESTION = "When several processes share a batch, do they learn from it what one would?"
CLAIM = (
    "Averaged over processes, in PyTorch and by hand and on the engine, the gradients of equal shards are those of the "
    "whole batch to within rounding; those of unequal shards are so only where each counts by its rows, and their "
    "plain mean of means is far outside the bound."
)

Gradients = dict[str, np.ndarray]
PROCESSES = 2
IMAGES = 60  # the batch
#: Where each process's shard ends.
SHARDS = {"equal": (30, 60), "unequal": (45, 60)}
WAYS = ("equal, mean of means", "unequal, weighted", "unequal, mean of means")
RIGHT = WAYS[:2]
LIMIT = 60.0  # seconds for the processes
#: Gloo's setting for the network interface that never leaves this computer, by sys.platform.
LOOPBACK = {"linux": {"GLOO_SOCKET_IFNAME": "lo"}, "darwin": {"GLOO_SOCKET_IFNAME": "lo0"}}


@dataclass(frozen=True)
class Measured:
    """Bound used by implementation and way, and the relative error of the plain mean of unequal shards."""

    used: dict[str, dict[str, float]]
    wrong_by: float


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured | NotMeasured:
    """The gradients of one batch, whole and in shards, in float64, where the end-to-end bound is a verdict."""
    import torch.distributed

    x, labels = digits.train_x[:IMAGES].astype(np.float64), digits.train_labels[:IMAGES]
    if len(x) < IMAGES:
        return aside(f"A training set of {len(x)} images has no batch of {IMAGES}, so nothing was measured.")
    if not (torch.distributed.is_available() and torch.distributed.is_gloo_available()):
        return aside("This PyTorch comes without gloo, which its processes talk through, so nothing was measured.")
    start = initial_weights(settings.with_(init="he", dtype="float64"), digits)
    allowed = gradient_balls(start, x, labels, settings.activation)
    advance()
    try:
        across = across_processes(start, x, labels)
    except ProcessFailed as failed:
        return aside(f"PyTorch's processes could not be run here: {failed}")
    advance()
    found = {
        name: {"one process": build(name, start).gradients(x, labels)[1], **in_shards(name, start, x, labels)}
        for name in (MANUAL, AUTOGRAD)
    }
    found[TORCH_REF] = {"one process": build(TORCH_REF, start).gradients(x, labels)[1], **across}
    used = {
        name: {way: bound_used(gradients, allowed) for way, gradients in ways.items()} for name, ways in found.items()
    }
    return Measured(used, relative_error(found[TORCH_REF][WAYS[2]], allowed))


def aside(reason: str) -> NotMeasured:
    """Nothing measured here, and why."""
    lesson = (
        "Data parallel training gives each process a part of the batch and averages the gradients. With parts of equal "
        "size that is the gradient of the whole batch; with unequal ones each must count by its rows."
    )
    return NotMeasured(reason, lesson)


def across_processes(start: Gradients, x: np.ndarray, labels: np.ndarray) -> dict[str, Gradients]:
    """PyTorch's gradients by way of averaging, from processes that it launches itself; they talk over loopback."""
    with tempfile.TemporaryDirectory() as folder:
        inputs, results = Path(folder) / "inputs.npz", Path(folder) / "results.npz"
        ends = {name: np.array(last) for name, last in SHARDS.items()}
        np.savez(inputs, allow_pickle=False, **start, **ends, x=x, labels=labels)
        launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={PROCESSES}"]
        worker = ["-m", "compare.hidden.experiments.all_reduce_worker", str(inputs), str(results)]
        run_python([*launcher, *worker], {"OMP_NUM_THREADS": "1", **LOOPBACK.get(sys.platform, {})}, LIMIT)
        with np.load(results, allow_pickle=False) as found:
            return {way: {name: found[f"{way} {name}"] for name in start} for way in WAYS}


def in_shards(name: str, start: Gradients, x: np.ndarray, labels: np.ndarray) -> dict[str, Gradients]:
    """The same in one process, shard after shard: what all-reduce does, without the processes."""
    network = build(name, start)
    found = {}
    for shards, last in SHARDS.items():
        parts = [slice(begin, end) for begin, end in zip((0, *last[:-1]), last, strict=True)]
        of_parts = [network.gradients(x[part], labels[part])[1] for part in parts]
        rows = [len(labels[part]) for part in parts]
        found[f"{shards}, mean of means"] = added_up(of_parts, [1 / len(parts)] * len(parts))
        found[f"{shards}, weighted"] = added_up(of_parts, [m / len(x) for m in rows])
    return {way: found[way] for way in WAYS}


def added_up(gradients: Sequence[Gradients], weights: Sequence[float]) -> Gradients:
    """The weighted sum, name by name."""
    return {
        name: np.sum([weight * one[name] for weight, one in zip(weights, gradients, strict=True)], axis=0)
        for name in gradients[0]
    }


def bound_used(gradients: Gradients, allowed: dict[str, Ball]) -> float:
    """The largest part of its bound that an entry uses.

    Sharing reorders the sum over the rows, which the running error covers already, and rounds three times more: the
    weight, the product with it, and where it is 1/m of a shard that one too. Each term of the sum of m may meet them,
    so what g(m) allows for the sum grows by no more than 3 / m of itself.
    """
    slack = 1 + 3 / IMAGES
    return max(
        float(part_of(np.asarray(abs(found - allowed[name].exact), np.float64), slack * allowed[name].worst).max())
        for name, found in gradients.items()
    )


def relative_error(gradients: Gradients, allowed: dict[str, Ball]) -> float:
    """The length of the error of all gradients together, by that of the exact ones."""
    error = sum(float(np.sum((found - allowed[name].value) ** 2)) for name, found in gradients.items())
    return float(np.sqrt(error / sum(float(np.sum(allowed[name].value ** 2)) for name in gradients)))


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    used, wrong_by = result.used, result.wrong_by
    right = max(max(ways["one process"], *(ways[way] for way in RIGHT)) for ways in used.values())
    wrong = min(ways[WAYS[2]] for ways in used.values())
    shares = " + ".join(
        str(end - begin) for begin, end in zip((0, *SHARDS["unequal"][:-1]), SHARDS["unequal"], strict=True)
    )
    answer = (
        f"Over {PROCESSES} processes, equal shards and unequal ones weighted by rows give the whole batch's gradient, "
        f"using at most {right:.1g} of the bound; the plain mean of the gradients of {shares} images is {wrong_by:.0%} "
        f"off, {wrong:.0e} times the bound or more."
    )
    lesson = (
        f"Each process computes the mean over its shard, then an all-reduce adds the gradients up and every process "
        f"divides by their number. The mean of means is the mean only where the shards are equal. Where they are not, "
        f"at the end of an epoch, or with sentences of unequal length, each must count by its rows, or the images of "
        f"the small shard count for more than the others: here by {wrong_by:.0%} of the gradient. No error is raised, "
        f"so only a comparison with one process shows it. `DistributedDataParallel` takes the plain mean, and its "
        f"sampler makes shards equal by repeating images. By hand it is a loop over shards and a sum."
    )
    return Finding(answer, right <= 1 < wrong, {"bound_used": used, "mean_of_means_off_by": wrong_by}, lesson)


def draw(result: Measured) -> "Figure":
    """How much of its bound each way uses, on a log scale, by implementation."""
    from compare.shared.figures import INK, new_figure

    used = result.used
    figure = new_figure(9, 4.6)
    axes = figure.subplots()
    ways = ["one process", *WAYS]
    titles = [
        "one process, whole batch", "equal shards,\nmean of means", "unequal shards,\nweighted by rows",
        "unequal shards,\nmean of means",
    ]  # fmt: skip
    for j, (name, by_way) in enumerate(used.items()):
        places = [i + 0.2 * (j - 1) for i in range(len(ways))]
        label = world(name).title + (f", {PROCESSES} processes" if name == TORCH_REF else ", shard after shard")
        axes.plot(
            [by_way[way] for way in ways],
            places,
            world(name).marker,
            color=world(name).colour,
            markersize=9,
            label=label,
        )
    axes.axvline(1, color=INK, linewidth=1.2)
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    axes.axvspan(1, high, color="#f9ddc7", zorder=0, linewidth=0)
    axes.set_xlim(low, high)
    axes.set_yticks(range(len(ways)), titles)
    axes.set_ylim(len(ways) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.set_xlabel("largest error of a gradient / its bound (beyond 1: not rounding, but wrong)")
    axes.set_title("The mean of means is the mean only for equal shards")
    axes.legend(loc="center", bbox_to_anchor=(0.5, 0.68))
    return figure
