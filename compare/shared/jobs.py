"""Several trainings at once, in processes beside each other: the same curves to the bit, sooner.

A training of batches of 64 gains little from a second thread (see `threads.py`), and several trainings gain all there
is from a second processor. Where there is none, or too little to do, they are trained here, one after the other.
"""

import json
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from compare.shared.processes import end, with_our_path
from compare.shared.settings import Settings
from compare.shared.terminal import Advance, in_seconds
from compare.shared.threads import available_threads
from compare.shared.training import (
    Curve,
    Digits,
    TrainingStopped,
    expected_seconds,
    initial_weights,
    steps_per_epoch,
    train,
)
from compare.worlds import MANUAL, NAMES, Network, build
from manual.preallocated import PreallocatedNetwork

MOST = 4  # processes: each holds the digits as floats, some 400 MB in float64
WORTH = 20.0  # seconds of training: for less, processes are not started, each of which takes two to import and read


@dataclass(frozen=True)
class Job:
    """One training.

    start: its initial weights, None for those of the settings. fast: by hand, with the arrays made once, as in
    `manual/preallocated.py`; for three layers with ReLU, and where only the curve matters. looks: as `train` has it.
    """

    implementation: str
    settings: Settings
    start: Mapping[str, np.ndarray] | None = None
    fast: bool = False
    looks: bool = True

    def run(self, digits: Digits, advance: Advance) -> Curve:
        """Train it here. Raises TrainingStopped."""
        curve = Curve(self.implementation)
        train(curve, self.settings, digits, advance, self.network(digits), self.looks)
        return curve

    def network(self, digits: Digits) -> Network:
        """What is trained."""
        start = dict(self.start) if self.start else initial_weights(self.settings, digits)
        if self.fast:
            return cast(Network, _Fast(start))
        return build(self.implementation, start, self.settings.activation)


class _Fast(PreallocatedNetwork):
    """With predictions, which are those of the network that it is."""

    def predict(self, x: np.ndarray) -> np.ndarray:
        return build(MANUAL, self.parameters()).predict(x)


def train_jobs(
    jobs: Sequence[Job], digits: Mapping[str, Digits], finished: Callable[[int, Curve], None], advance: Advance
) -> None:
    """Train all of them; `finished` hears of each job, by its place, with its curve, as soon as it is done.

    digits: by dtype. Whatever ends this early, no process is left. Raises TrainingStopped at the first loss that is
    not finite.
    """
    left = list(range(len(jobs)))
    processes = min(processes_for(jobs, digits), len(jobs))
    if processes > 1:
        left = _beside_each_other(jobs, processes, finished, advance)
    for place in left:
        finished(place, jobs[place].run(digits[jobs[place].settings.dtype], advance))


def processes_for(jobs: Sequence[Job], digits: Mapping[str, Digits]) -> int:
    """How many train at once: one where they would not gain, or where a world is not of the project."""
    if seconds_for(jobs, digits) < WORTH or not {job.implementation for job in jobs} <= set(NAMES):
        return 1
    return min(MOST, max(1, available_threads() // max(job.settings.threads for job in jobs)))


def seconds_for(jobs: Sequence[Job], digits: Mapping[str, Digits]) -> float:
    """About what they take together on one processor."""
    shapes = {dtype: one.train_x.shape for dtype, one in digits.items()}
    return sum(expected_seconds(job.settings, *shapes[job.settings.dtype]) for job in jobs)


def about_how_long(jobs: Sequence[Job], digits: Mapping[str, Digits]) -> str:
    """Like "about 50 s, 2 at a time"."""
    processes = min(processes_for(jobs, digits), len(jobs))
    aside = f", {processes} at a time" if processes > 1 else ""
    return f"about {in_seconds(seconds_for(jobs, digits) / processes)}{aside}"


def steps_for(jobs: Sequence[Job], digits: Mapping[str, Digits]) -> int:
    """How many steps they take together."""
    rows = {dtype: len(one.train_x) for dtype, one in digits.items()}
    return sum(job.settings.epochs * steps_per_epoch(job.settings, rows[job.settings.dtype]) for job in jobs)


def _beside_each_other(
    jobs: Sequence[Job], processes: int, finished: Callable[[int, Curve], None], advance: Advance
) -> list[int]:
    """As `train_jobs`; the places of those that no process has finished, since it ended."""
    todo: queue.SimpleQueue[int] = queue.SimpleQueue()
    for place in range(len(jobs)):
        todo.put(place)
    heard: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    left, working = set(range(len(jobs))), processes
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for _ in range(processes):
            process = subprocess.Popen(
                [sys.executable, "-m", "compare.shared.jobs_worker"], env=with_our_path({}), text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
            serving = threading.Thread(target=_serve, args=(process, jobs, todo, heard, folder), daemon=True)
            stack.callback(serving.join)
            stack.callback(_end, process)  # first, so that there is nothing more to serve
            serving.start()
        while working:
            said = heard.get()
            if "done" in said:
                left.remove(said["done"])
                finished(said["done"], read_curve(jobs[said["done"]].implementation, Path(said["curve"])))
            elif "stopped" in said:
                raise TrainingStopped(*said["stopped"])
            elif "ended" in said:
                working -= 1
            else:
                advance(said["steps"], said["status"])
    return sorted(left)


def _serve(
    process: subprocess.Popen[str],
    jobs: Sequence[Job],
    todo: "queue.SimpleQueue[int]",
    heard: "queue.SimpleQueue[dict[str, Any]]",
    folder: Path,
) -> None:
    """Give one process a job after the other, and pass on what it says."""
    with suppress(OSError, ValueError, queue.Empty):  # it has ended, or there are no more
        while True:
            place = todo.get_nowait()
            request = _request(jobs[place], place, folder)
            print(json.dumps(request), file=process.stdin, flush=True)
            for line in cast("IO[str]", process.stdout):
                said = json.loads(line)
                heard.put(said)
                if "done" in said:
                    break
            else:
                break
    heard.put({"ended": True})


def _end(process: subprocess.Popen[str]) -> None:
    end(process)
    for pipe in (process.stdin, process.stdout):
        with suppress(BrokenPipeError):  # a job that nobody reads any more
            cast("IO[str]", pipe).close()


def _request(job: Job, place: int, folder: Path) -> dict[str, Any]:
    """A job as `from_request` reads it."""
    settings = asdict(job.settings)
    settings["data"] = None if job.settings.data is None else str(job.settings.data.resolve())
    start = None
    if job.start is not None:
        start = str(folder / f"start-{place}.npz")
        np.savez(start, allow_pickle=False, **job.start)
    about = {"implementation": job.implementation, "fast": job.fast, "looks": job.looks, "start": start}
    return {**about, "settings": settings, "place": place, "curve": str(folder / f"curve-{place}.npz")}


def from_request(request: Mapping[str, Any]) -> Job:
    """The job of a request."""
    given = dict(request["settings"])
    given |= {name: tuple(given[name]) for name in ("widths", "worlds")}
    given["data"] = Path(given["data"]) if given["data"] else None
    start = dict(np.load(request["start"], allow_pickle=False)) if request["start"] else None
    return Job(request["implementation"], Settings(**given), start, request["fast"], request["looks"])


_LISTS = ("rows_per_step", "loss_by_step", "train_loss", "test_accuracy")


def write_curve(curve: Curve, path: Path) -> None:
    """As one .npz file."""
    arrays = {name: np.array(getattr(curve, name)) for name in _LISTS}
    arrays |= {f"predictions {i}": found for i, found in enumerate(curve.predictions)}
    arrays |= {f"weights {i} {name}": W for i, weights in enumerate(curve.weights) for name, W in weights.items()}
    np.savez(path, allow_pickle=False, seconds=np.array(curve.seconds), **arrays)


def read_curve(implementation: str, path: Path) -> Curve:
    """What `write_curve` wrote."""
    with np.load(path, allow_pickle=False) as found:
        lists = {name: found[name].tolist() for name in _LISTS}
        curve = Curve(implementation, **lists, seconds=float(found["seconds"]))
        for name in found.files:
            kind, *which = name.split()
            if kind == "predictions":
                curve.predictions.append(found[name])
            elif kind == "weights":
                i, parameter = int(which[0]), which[1]
                curve.weights += [{} for _ in range(i + 1 - len(curve.weights))]
                curve.weights[i][parameter] = found[name]
    return curve
