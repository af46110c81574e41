"""A training to be judged: its course, how it began, the rates that it went with, and what a change would do."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from compare.check.recording.graph import Node, Place
from compare.check.training.batch import Batch
from compare.check.training.course import Course
from compare.check.training.descents import Descent, descend
from compare.check.training.sources import Seen
from compare.check.understanding.replay import CannotFollow

SECONDS = 2.5  # of a descent
STEPS = 500
HELPS = 0.8  # of the best loss without the change: what is above has not helped
#: What the learner's operations may raise when they are run again on other numbers. A missing name of ours is no such.
FORGIVEN = (CannotFollow, ValueError)


@dataclass(frozen=True)
class Looked:
    """batches: of each moment whose step is kept; largest: by line, shape and axis, how often; shuffled: the line."""

    batches: list[Seen]
    largest: dict[tuple[Place, tuple[int, ...], Any], int]
    shuffled: Place | None


class TrainingCase:
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
        """By how much each parameter goes down the gradient of an example's loss.

        As the request has it; else as it was in the first step that was seen, whatever the rule.
        """
        known_rates = self._known_rates
        if known_rates and len(known_rates) == len(self.start) and all(known_rates):
            return [float(rate) for rate in known_rates if rate]
        batch, moment = self.course.batches[0], self.first
        try:
            found = batch.gradients(moment.values)
        except FORGIVEN:
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
              seconds: float = SECONDS, scaled: bool = False) -> Descent:  # fmt: skip
        """A descent from the program's own start, or another; with its own rates, or so many times those."""
        rates = [rate * times for rate in self.rates]
        return descend(self.course, start or self.start, rates, steps, seconds, self._scaled if scaled else None)

    @staticmethod
    def _scaled(batch: Batch) -> dict[Node, Any]:
        x = batch.inputs
        return {} if x is None else {x: batch.step.floats(x) / max(float(abs(x.value).max()), 1e-30)}

    @cached_property
    def unchanged(self) -> Descent:
        """The descent with nothing changed."""
        return self.tried()

    def helps(self, descent: Descent) -> bool:
        """Whether a change does what the program's own training, and the unchanged descent, did not."""
        plain = self.unchanged.after if np.isfinite(self.unchanged.after) else np.inf
        return bool(descent.after < HELPS * min(self.end, plain, self.reference))

    @cached_property
    def inputs(self) -> np.ndarray:
        """What enters the network, in all examples that were kept, flat."""
        given = [b.inputs.value.ravel() for b in self.course.batches if b.inputs is not None]
        return np.concatenate(given).astype(np.float64) if given else np.zeros(0)
