"""One run of a learner's network on one trial, watched: every array, where it came from, and where it crashed.

Runs in the child. Rows or columns, one-hot or class numbers: what is not known is tried.
"""

import inspect
import itertools
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from compare.check.binding import Unbindable
from compare.check.recorder import Event, Recorder
from compare.check.subjects import Subject
from compare.check.trials import Data

FORMATS = ("one-hot", "class numbers")


@dataclass(frozen=True)
class Layout:
    """How arrays lie. columns: x is (fan_in, m); out_in: W is (fan_out, fan_in); labels: one of FORMATS."""

    columns: bool
    out_in: bool
    labels: str


@dataclass
class Run:
    """What one run left behind. crash: {"message", "line", "file", "function"} of the exception that ended it."""

    trial: str
    layout: Layout
    data: Data
    events: list[Event] = field(default_factory=list)
    after: dict[str, np.ndarray] | None = None
    crash: dict[str, Any] | None = None


def weights_out_in(own: dict[str, np.ndarray]) -> bool:
    """Whether W is (fan_out, fan_in): what makes the layers fit each other, or else the biases fit the weights."""
    W = [value.shape for name, value in own.items() if name.startswith("W")]
    b = [value.shape for name, value in own.items() if name.startswith("b")]
    in_out = all(a[1] == c[0] for a, c in itertools.pairwise(W))
    out_in = all(a[0] == c[1] for a, c in itertools.pairwise(W))
    if in_out != out_in:
        return out_in
    fits = [int(np.prod(bias)) == shape[1] for shape, bias in zip(W, b, strict=True)]
    return not all(fits) or (b[0][-1] == 1 and len(b[0]) == 2 and W[0][0] == W[0][1])


def sizes_of(own: dict[str, np.ndarray], out_in: bool) -> list[int]:
    """Widths from the input to the scores."""
    W = [value.shape[::-1] if out_in else value.shape for name, value in own.items() if name.startswith("W")]
    return [W[0][0], *(shape[1] for shape in W)]


def in_their_shapes(
    parameters: dict[str, np.ndarray], own: dict[str, np.ndarray], out_in: bool
) -> dict[str, np.ndarray]:
    """W (fan_in, fan_out), b (fan_out,) as the learner keeps them."""
    return {
        name: (value.T.copy() if out_in else value.copy()) if name[0] == "W" else value.reshape(own[name].shape).copy()
        for name, value in parameters.items()
    }


def run_once(subject: Subject, data: Data, layout: Layout, folder: str) -> Run:
    """Forward, loss, backward and update, recorded. Whatever the learner's code raises is kept, not raised."""
    run = Run(data.name, layout, data)
    m, classes = len(data.x), data.parameters[f"b{len(data.parameters) // 2}"].size
    y: np.ndarray = data.labels
    if layout.labels == "one-hot":
        y = np.eye(classes, dtype=data.x.dtype)[data.labels]
        y = y.T.copy() if layout.columns else y
    x = data.x.T.copy() if layout.columns else data.x.copy()
    subject.load(in_their_shapes(data.parameters, subject.own, layout.out_in))
    subject.begin(x, y.copy(), m, data.learning_rate)
    parts = subject.functions()
    with Recorder(folder) as recorder, np.errstate(all="ignore"):
        try:
            for part in ("forward", "loss", "backward", "update"):
                function = parts[part]
                if function is not None:
                    _call(subject, function, part, recorder)
        except Exception as error:
            run.crash = crash_of(error, folder)
    run.events = recorder.events
    if run.crash is None or not isinstance(run.crash.get("unbindable"), str):
        try:
            run.after = subject.current()
        except KeyError:
            run.after = None
    return run


def _call(subject: Subject, function: Callable[..., Any], part: str, recorder: Recorder) -> None:
    try:
        found = subject.call(function)
    except Unbindable:
        if part != "loss":
            raise
        return
    except Exception:
        if part != "loss":  # the loss is for the eye; a function of that name that wants something else is no bug
            raise
        return
    name, file = getattr(function, "__name__", part), inspect.getsourcefile(function) or ""
    line = recorder.return_lines.get(name, function.__code__.co_firstlineno)
    if part == "forward":
        arrays = [value for value in found.values() if isinstance(value, np.ndarray)]
        output = found.get("output", arrays[0] if len(arrays) == 1 else None)
        if output is None:
            output = next((v for k, v in reversed(found.items()) if isinstance(v, np.ndarray)), None)
        if output is not None:
            subject.known["output"] = output
            recorder.events.append(Event("output", np.array(output), file, line, name))
    elif part == "loss":
        values = [value for value in found.values() if np.ndim(value) == 0 and value is not None]
        if len(values) == 1:
            recorder.events.append(Event("loss", np.asarray(values[0]), file, line, name))
    elif part == "backward":
        for spelled, value in found.items():
            if isinstance(value, np.ndarray | np.floating | float):
                recorder.events.append(Event(spelled, np.array(value), file, line, f"{name} returned"))


def crash_of(error: BaseException, folder: str) -> dict[str, Any]:
    """The exception in one line, and the last line of the learner's own that it came through."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith(folder)]
    last = frames[-1] if frames else None
    crash: dict[str, Any] = {"message": f"{type(error).__name__}: {error}"[:500]}
    if last is not None:
        crash |= {"line": last.lineno, "file": last.filename, "function": last.name}
    if isinstance(error, Unbindable):
        crash["unbindable"] = str(error)
    return crash


def try_layouts(make: Callable[[], Subject], data: Data, out_in: bool, folder: str) -> list[tuple[Subject, Run]]:
    """The runs that got to the end, in every layout in which one does; else the one that got furthest."""
    tried: list[tuple[Subject, Run]] = []
    for columns in (out_in, not out_in):
        for labels in FORMATS:
            subject = make()
            tried.append((subject, run_once(subject, data, Layout(columns, out_in, labels), folder)))
        finished = [pair for pair in tried if pair[1].crash is None]
        if finished:
            return finished
    return [max(tried, key=lambda pair: len(pair[1].events))]
