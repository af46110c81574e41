"""Why a training does not get on: what the recording shows by itself, else the change that helps when it is tried."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from compare.check.recording.graph import Node, Place
from compare.check.training.batch import Batch, classes_of
from compare.check.training.course import Course
from compare.check.training.sources import Seen, input_line, rows_behind, target_line
from compare.check.training.trials import Trial, descend, fresh_start
from compare.check.understanding.layers import activation
from compare.check.understanding.step import Step

SECONDS = 2.5  # of a trial
STEPS = 500
HELPS = 0.8  # of the best loss without the change: what is above has not helped
WIDE = 10.0  # inputs beyond that are not scaled
STUCK = 0.9  # of units that are saturated or dead
FEW = 3  # times as many examples as a batch has must be there, before the same batch every time is a mistake
FAINT = 1e-3  # of the last layer's gradient: what is below has vanished


@dataclass(frozen=True)
class Finding:
    """A cause. name: of EXPLANATIONS; place: the learner's line, if it is known; numbers: for the evidence."""

    name: str
    place: Place | None
    numbers: dict[str, Any] = field(default_factory=dict)
    trial: Trial | None = None


@dataclass(frozen=True)
class Looked:
    """batches: of each moment whose step is kept; largest: by line, shape and axis, how often; shuffled: the line."""

    batches: list[Seen]
    largest: dict[tuple[Place, tuple[int, ...], Any], int]
    shuffled: Place | None


class Case:
    """A training to be judged: its course, how it began, and the rates that it went with."""

    def __init__(self, course: Course, looked: Looked, operations: int, digits: Any, rates: list[float | None]) -> None:
        self.course, self.looked, self.operations, self.digits = course, looked, operations, digits
        self._known_rates = rates
        self.first = course.moments[0]
        self.start = [np.asarray(made, np.float64) if made.shape == value.shape else value
                      for made, value in zip(self.first.made, self.first.values, strict=True)]  # fmt: skip

    @property
    def steps(self) -> int:
        """How many steps the program has made, about."""
        return max(self.operations // max(self.first.cost, 1), 1)

    @property
    def end(self) -> float:
        """The last loss that was measured."""
        return self.course.losses[-1] if np.isfinite(self.course.losses[-1]) else np.inf

    @cached_property
    def reference(self) -> float:
        """The loss that a network has which has learnt nothing."""
        begun = [x for x in self.course.losses[:1] if np.isfinite(x)]
        return min([self.course.constant, *begun]) if begun or np.isfinite(self.course.constant) else np.inf

    @property
    def learns(self) -> bool:
        """Whether it reads clearly more than the commonest class, or has lost a third of the loss."""
        share, chance = self.course.shares, self.course.chance
        if share and share[-1] >= chance + 0.3 * (1 - chance):
            return True
        return self.end < 0.7 * self.reference

    @property
    def learns_slowly(self) -> bool:
        """Whether its loss still falls."""
        half = self.course.losses[len(self.course.losses) // 2]
        return self.end < 0.97 * self.reference and self.end < half

    @cached_property
    def rates(self) -> list[float]:
        """For each parameter, by how much it goes down the gradient of an example's loss.

        As told; else as it was in the first step that was seen, whatever the rule.
        """
        told = self._known_rates
        if told and len(told) == len(self.start) and all(told):
            return [float(rate) for rate in told if rate]
        batch, moment = self.course.batches[0], self.first
        try:
            found = batch.gradients(moment.values)
        except Exception:
            return []
        rates = []
        for k, gradient in zip(moment.order, found, strict=True):
            taken = batch.step.parameters[k].step_taken(batch.step) if k < len(batch.step.parameters) else None
            size = float(np.linalg.norm(gradient))
            usable = taken is not None and np.isfinite(taken).all() and size > 0 and np.isfinite(size)
            rates.append(float(np.linalg.norm(taken)) / size if usable and taken is not None else np.nan)
        known = [rate for rate in rates if np.isfinite(rate) and rate > 0]
        middle = float(np.median(known)) if known else np.nan
        return [rate if np.isfinite(rate) and rate > 0 else middle for rate in rates]

    def tried(self, start: list[np.ndarray] | None = None, times: float = 1.0, steps: int = STEPS,
              seconds: float = SECONDS, scaled: bool = False) -> Trial:  # fmt: skip
        """A descent from the program's own start, or another; with its own rates, or so many times those."""
        rates = [rate * times for rate in self.rates]
        return descend(self.course, start or self.start, rates, steps, seconds, self._scaled if scaled else None)

    @staticmethod
    def _scaled(batch: Batch) -> dict[Node, Any]:
        x = batch.inputs
        return {} if x is None else {x: batch.step.floats(x) / max(float(abs(x.value).max()), 1e-30)}

    @cached_property
    def unchanged(self) -> Trial:
        """The descent with nothing changed."""
        return self.tried()

    def helps(self, trial: Trial) -> bool:
        """Whether a change does what the program's own training, and the unchanged descent, did not."""
        plain = self.unchanged.after if np.isfinite(self.unchanged.after) else np.inf
        return bool(trial.after < HELPS * min(self.end, plain, self.reference))

    @cached_property
    def inputs(self) -> np.ndarray:
        """What enters the network, in all examples that were kept, flat."""
        given = [b.inputs.value.ravel() for b in self.course.batches if b.inputs is not None]
        return np.concatenate(given).astype(np.float64) if given else np.zeros(0)


def shown_by_itself(case: Case) -> Iterator[Finding]:
    """What needs no trial."""
    batch, course = case.course.batches[0], case.course
    x = case.inputs
    if x.size and not x.any():
        yield Finding("inputs-empty", input_line(batch, casts=True), {"n": course.rows})
    yield from _labels(case)
    yield from _coverage(case)
    yield from _alike(case)
    yield from _evaluation(case)


def _labels(case: Case) -> Iterator[Finding]:
    """Images that are digits of the set, beside the labels that the program gives them."""
    truth, kinds = list[int](), list[int]()
    for batch in case.course.batches:
        rows, labels = rows_behind(batch), [classes_of(t) for _, t in batch.loss.outputs]
        told = np.concatenate([np.ravel(k) for k in labels if k is not None] or [np.zeros(0, int)])
        if rows is None or rows.shape[1] not in (784, 785) or len(told) != len(rows) or len(truth) > 300:
            break
        truth += [int(digit) for digit in digits_of(rows, case.digits)]
        kinds += [int(k) for k in told]
    sure = [(t, k) for t, k in zip(truth, kinds, strict=True) if t >= 0]
    if len(sure) < 30 or len({k for _, k in sure}) < 5:
        return
    t, k = np.array(sure).T
    agree = float((t == k).mean())
    place = target_line(case.course.batches[0])
    table = {int(d): int(np.bincount(k[t == d]).argmax()) for d in np.unique(t)}
    follow = float(np.mean([table[int(d)] == c for d, c in zip(t, k, strict=True)]))
    if agree < 0.5 and follow > 0.95 and len(set(table.values())) == len(table):
        digit = next(d for d in table if table[d] != d)
        yield Finding("labels-shifted", place, {"digit": digit, "column": table[digit], "n": len(sure)})
    elif agree < 0.4:
        yield Finding("images-and-labels-apart", case.looked.shuffled, {"right": int((t == k).sum()), "n": len(sure)})


def digits_of(rows: np.ndarray, digits: Any) -> np.ndarray:
    """The label of the digit that each row of pixels shows, scaled or not; -1 where it shows none of the set."""
    labels = np.full(len(rows), -1)
    first = rows.shape[1] == 785 and np.ptp(rows[:, 0]) == 0 and rows[0, 0] != 0  # a column of ones for the biases
    ours = rows[:, -784:] if first else rows[:, :784]
    wanted = _normal(ours)
    best = np.zeros(len(rows))
    for images, names in ((digits.train_images, digits.train_labels), (digits.test_images, digits.test_labels)):
        for k in range(0, len(images), 10_000):
            match = wanted @ _normal(images[k : k + 10_000].reshape(-1, 784)).T
            at = match.argmax(axis=1)
            value = match[np.arange(len(at)), at]
            better = value > np.maximum(best, 0.999)
            labels[better], best[better] = names[k : k + 10_000][at[better]], value[better]
    return labels


def _normal(rows: np.ndarray) -> np.ndarray:
    x = rows.astype(np.float32)
    x = x - x.mean(axis=1, keepdims=True)
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-20)


def _coverage(case: Case) -> Iterator[Finding]:
    """The same examples again and again, though there are more."""
    seen = case.looked.batches
    if len(seen) < 8 or case.steps < 20 or not np.ptp(case.inputs):  # empty examples are all the same
        return
    whole, rows = max(s.whole for s in seen), case.course.batches[0].rows
    if whole <= rows:
        return
    if len({s.mark for s in seen}) == 1:
        copies = len({s.address for s in seen}) > len(seen) / 2  # all of them are still held
        if whole < FEW * rows or not (copies or any(s.anew for s in seen)):
            return  # a part that was set aside once and for all
        yield Finding("same-batch", seen[0].place, {"rows": rows, "whole": whole, "steps": case.steps})
        return
    late = [s for s in seen if s.operations > case.operations / 2 and s.positions is not None]
    where = [position for s in late for position in s.positions or ()]
    if case.steps * rows > 2 * whole and len(late) >= 4 and len(where) >= 20:  # 20 of all at random: once in 10^9
        reached = max(where) - min(where) + 1
        if reached < 0.3 * whole:
            yield Finding("batches-miss-most", seen[0].place, {"reached": reached, "whole": whole})


def _alike(case: Case) -> Iterator[Finding]:
    """Hidden units that begin alike, and stay so."""
    batch, last = case.course.batches[0], case.course.moments[-1]
    for layer in batch.layers[:-1]:
        if layer.weights not in batch.leaves or layer.fan_out < 2:
            continue
        k = batch.leaves.index(layer.weights)
        axis = _units(layer.weights.shape, layer.fan_out)
        both = case.start[k], last.values[k]
        begun, now = (np.moveaxis(np.asarray(v), axis, 0).reshape(layer.fan_out, -1) for v in both)
        same = [float(np.ptp(w, axis=0).max()) <= 1e-9 * max(float(abs(w).max()), 1e-300) for w in (begun, now)]
        if all(same):
            name = "weights-zero" if not case.start[k].any() else "weights-equal"
            yield Finding(name, case.first.makers[k], {"units": layer.fan_out, "value": float(case.start[k].flat[0])})
            return


def _units(shape: tuple[int, ...], fan_out: int) -> int:
    return len(shape) - 1 if shape[-1] == fan_out else 0


def _evaluation(case: Case) -> Iterator[Finding]:
    """The largest output is looked for over the examples, and not over the classes."""
    batch = case.course.batches[0]
    if len(batch.loss.outputs) != 1 or not case.course.shares:
        return
    o = batch.loss.outputs[0][0]
    if o.value.ndim != 2 or 1 in o.shape or batch.rows not in o.shape:
        return
    across = 0 if o.shape[1] == batch.rows and o.shape[0] != batch.rows else 1
    classes = o.shape[across]
    for (place, shape, axis), times in case.looked.largest.items():
        if len(shape) == 2 and shape[across] == classes and shape[1 - across] not in (classes, 1):
            wrong = axis is not None and axis % 2 != across
            if wrong and times:
                yield Finding("accuracy-axis", place, {"axis": axis, "right": across, "share": case.course.shares[-1]})
                return


def tried(case: Case) -> Iterator[Finding]:
    """What a trial shows, the first that helps; for a training that gets nowhere."""
    if not case.rates or not np.isfinite(case.rates).all():
        return
    batch, course = case.course.batches[0], case.course
    largest = float(abs(case.inputs).max(initial=0.0))
    if largest > WIDE:
        trial = case.tried(scaled=True)
        if case.helps(trial):
            yield Finding("inputs-not-scaled", input_line(batch), {"largest": largest}, trial)
            return
    suspicion = _suspicion(case)
    if suspicion is not None:
        trial = case.tried(fresh_start(course), scaled=largest > WIDE)
        if case.helps(trial):
            yield Finding(suspicion.name, suspicion.place, suspicion.numbers, trial)
            return
    best = _other_rate(case)
    if best is not None:
        times, trial = best
        name = "learning-rate-too-small" if times > 1 else "learning-rate-too-large"
        updates = [batch.step.parameters[k].updates[-1] for k in case.first.order]
        rate = next(filter(None, (_rate(batch.step, update.step) for update in updates)), None)
        yield Finding(name, updates[0].node.place, {"times": times, "rate": rate}, trial)
        return
    trial = case.tried(steps=40 * STEPS, seconds=4 * SECONDS)
    if case.helps(trial):
        yield Finding("too-few-steps", None, {"steps": trial.steps}, trial)
        return
    faint = _vanishing(case)
    if faint is not None:
        yield faint


def _other_rate(case: Case) -> tuple[float, Trial] | None:
    """A rate with which it gets on: powers of ten times its own, first to the side on which it looks to lie."""
    finite = [x for x in case.course.losses if np.isfinite(x)]
    wild = len(finite) < len(case.course.losses) or max(finite) > 1.05 * case.reference
    for direction in (0.1, 10.0) if wild else (10.0, 0.1):
        best: tuple[float, Trial] | None = None
        for k in range(1, 9):
            trial = case.tried(times=direction**k, seconds=SECONDS / 2)
            if best is not None and not trial.after < best[1].after:
                return best
            if case.helps(trial):
                best = direction**k, trial
        if best is not None:
            return best
    return None


def _rate(step: Step, change: Node) -> float | None:
    """The number that a gradient is multiplied by, as it stands in the program."""
    numbers = [step.number(a) for a in change.arguments] if change.function is np.multiply else []
    known = [abs(number) for number in numbers if number]
    return known[0] if len(known) == 1 else None


def _suspicion(case: Case) -> Finding | None:
    """What is odd about the weights that it began with."""
    batch = case.course.batches[0]
    try:
        values = batch.values(case.start)
    except Exception:
        return None
    for layer in batch.layers[:-1]:
        if layer.weights not in batch.leaves:
            continue
        k = batch.leaves.index(layer.weights)
        w, a = case.start[k], np.asarray(values.get(layer.after, batch.step.floats(layer.after)))
        usual = 1 / np.sqrt(max(layer.fan_in, 1))
        place = case.first.makers[k]
        numbers = {"std": float(w.std()), "usual": usual, "fan_in": layer.fan_in}
        share = _stuck(activation(batch.step.floats(layer.before), batch.step.floats(layer.after)), a)
        if share > STUCK and w.min() >= 0:
            return Finding("weights-all-positive", place, {**numbers, "share": share})
        if share > STUCK or w.std() > 5 * np.sqrt(2) * usual:
            return Finding("weights-too-large", place, {**numbers, "share": share})
        if w.std() < 0.2 * usual:
            return Finding("weights-too-small", place, numbers)
        if w.min() >= 0:
            return Finding("weights-all-positive", place, {**numbers, "share": share})
    return None


def _stuck(kind: str, a: np.ndarray) -> float:
    """The share of a layer's values at which its activation hardly has a slope."""
    if not np.isfinite(a).all():
        return 1.0
    flat = {"sigmoid": a * (1 - a) < 0.01, "tanh": 1 - a * a < 0.04, "relu": a == 0}
    return float(flat[kind].mean()) if kind in flat else 0.0


def _vanishing(case: Case) -> Finding | None:
    batch = case.course.batches[0]
    try:
        found = batch.gradients(case.start)
    except Exception:
        return None
    sizes = [float(np.sqrt(np.mean(np.square(found[batch.leaves.index(layer.weights)]))))
             for layer in batch.layers if layer.weights in batch.leaves]  # fmt: skip
    if len(sizes) > 2 and sizes[-1] > 0 and sizes[0] < FAINT * sizes[-1]:
        return Finding("gradients-vanish", batch.layers[0].weights.place, {"first": sizes[0], "last": sizes[-1]})
    return None
