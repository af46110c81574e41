"""A program's training, watched: it runs on by itself, and one step of it is recorded now and then."""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from time import monotonic
from typing import Any

import numpy as np

from compare.check.recording.graph import Node, Place
from compare.check.recording.makers import patched
from compare.check.recording.session import session
from compare.check.steps.recorder import Recorder
from compare.check.training.moments import Moment, moment_of
from compare.check.training.sources import products_of
from compare.check.understanding.step import Step

PAUSES = 4.0  # times as long as it took to record is not recorded
SHORTEST, LONGEST = 0.05, 3.0  # seconds of a pause, which besides grow with the time that has passed
PART = 1 / 12
MOST = 100  # moments
BYTES = 1_500_000_000  # of what is kept of their steps
PATIENCE = 30  # times as many operations as the first moment took: no step is seen here, an evaluation perhaps


class _Sample(Recorder):
    """A recorder that ends after a step as it is, and lets the program run on."""

    def __init__(self, own: Callable[[str], bool], ended: Callable[["_Sample"], None], most: int) -> None:
        super().__init__(own, shake=False)
        self._ended, self._most = ended, most

    def _watch(self, node: Node) -> None:
        super()._watch(node)
        if self._most and node.number > self.graph.after + self._most and not self._over:
            self._stop()

    def _stop(self) -> None:
        self.graph.watch = self.graph.due = None
        self._ended(self)


class TrainingWatch:
    """A context in which a program trains. moments: the steps that were recorded; operations: how many there were.

    looked: where the largest entries were asked for: the line, the shape of the array, the axis, and how often;
    shuffled: where something was shuffled in place before the first moment.
    """

    def __init__(self, own: Callable[[str], bool]) -> None:
        self.own = own
        self.moments: list[Moment] = []
        self.operations, self.lasted = 0, 0.0
        self.shuffled = list[Place]()
        self.looked: dict[tuple[Place, tuple[int, ...], Any], int] = {}
        self._scope, self._bytes, self._cost, self._until = ExitStack(), 0, 0, 0.0
        self._first: tuple[Any, Place | None, list[Any]] = None, None, []  # what a step begins with

    def __enter__(self) -> "TrainingWatch":
        self._scope.enter_context(patched(self.own))
        self.began = monotonic()
        self._record()
        return self

    def __exit__(self, *_: Any) -> None:
        self.lasted = monotonic() - self.began
        self.sample.graph.watch = self.sample.graph.due = None
        session.pause(lambda *_: True)
        self._scope.close()

    def _record(self) -> None:
        after = self.sample.graph.count if self.operations else 0
        self.sample: _Sample = _Sample(self.own, self._seen, PATIENCE * self._cost)
        self.sample.begin_graph(after)
        self._since = monotonic()

    def _seen(self, sample: _Sample) -> None:
        """A step was recorded, or none was to be seen."""
        took = sample.graph.count - sample.graph.after
        self.operations += took
        if not self.moments:
            self.shuffled = list(filter(None, sample.graph.shuffled))
        if sample.complete:
            moment = moment_of(sample, monotonic() - self.began, self.operations, self._around())
            if not self.moments and moment.step is not None:
                self._cost, self._first = took, _first_product(moment.step)
            self._bytes += moment.bytes
            if self.moments and self._bytes > BYTES:
                moment.step = None
            self.moments.append(moment)
        now = monotonic()
        took_seconds = now - self._since if len(self.moments) > 1 else 0.0
        passed = now - self.began - self.moments[0].seconds if self.moments else 0.0
        self._until = now + float(np.clip(max(PAUSES * took_seconds, PART * passed), SHORTEST, LONGEST))
        session.pause(self._goes_on)

    def _goes_on(self, function: Any, inputs: Any, options: dict[str, Any]) -> bool:
        """Whether the pause goes on; if not, recording has begun anew."""
        self.operations += 1
        if function is np.argmax:
            self._look(inputs, options)
        if monotonic() < self._until or len(self.moments) >= MOST or not self._begins(function, inputs):
            return True
        self._record()
        return False

    def _begins(self, function: Any, inputs: Any) -> bool:
        """Whether a step begins with this operation: updates whose gradients were not seen would only mislead."""
        known, place, shapes = self._first
        if function is not known or [np.shape(x) for x in inputs[:2]] != shapes:
            return False
        here = self.sample.graph.here()
        return here is not None and place is not None and (here.file, here.line) == (place.file, place.line)

    def _around(self) -> list[np.ndarray]:
        """The larger arrays that the learner's running functions have names for: their data among them."""
        frame, found = sys._getframe(1), dict[int, np.ndarray]()
        while frame.f_back is not None:
            frame = frame.f_back
            if self.own(frame.f_code.co_filename):
                for value in [*frame.f_locals.values(), *frame.f_globals.values()]:
                    if isinstance(value, np.ndarray) and value.ndim > 1 and value.dtype.kind in "fiu":
                        found[id(value)] = value.view(np.ndarray)
        return list(found.values())

    def _look(self, inputs: Any, options: dict[str, Any]) -> None:
        place, shape = self.sample.graph.here(), np.shape(inputs[0])
        axis = options.get("axis", inputs[1] if len(inputs) > 1 else None)
        if place is not None and (isinstance(axis, int) or axis is None):
            key = place, shape, axis
            self.looked[key] = self.looked.get(key, 0) + 1


def _first_product(step: Step) -> tuple[Any, Place | None, list[Any]]:
    """The operation, its line, and the shapes that it multiplies."""
    first = next(iter(products_of(step)), None)
    if first is None:
        return None, None, []
    return first.function, first.place, [np.shape(a.value if isinstance(a, Node) else a) for a in first.arguments[:2]]
