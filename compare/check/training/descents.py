"""What would help? Begin where the program began, change one thing, and descend on its own examples by exact gradients.

No number of the program's own backward pass enters: a descent shows what its network, its data and its start can do.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import process_time  # a busy machine makes no descent shorter
from typing import Any

import numpy as np

from compare.check.recording.graph import Node
from compare.check.training.batch import Batch
from compare.check.training.course import Course, standing
from compare.check.understanding.replay import CannotFollow

Scaled = Callable[[Batch], Mapping[Node, Any]]


@dataclass(frozen=True)
class Descent:
    """A descent. after: the loss of an example on average; share: of those that are classified correctly, if known."""

    after: float
    share: float | None
    steps: int


def descend(
    course: Course, start: list[np.ndarray], rates: list[float], steps: int, seconds: float,
    given: Scaled | None = None,
) -> Descent:  # fmt: skip
    """Steps down the exact gradient of an example's loss. rates: by parameter; seconds: of a core."""
    parameters = [np.array(p, np.float64) for p in start]
    inputs = [given(batch) if given is not None else {} for batch in course.batches]
    until, made = process_time() + seconds, 0
    try:
        for k in range(steps):
            batch = course.batches[k % len(course.batches)]
            found = batch.gradients(parameters, inputs[k % len(course.batches)])
            for p, g, rate in zip(parameters, found, rates, strict=True):
                p -= rate * g
            made = k + 1
            if process_time() > until or not all(np.isfinite(p).all() for p in parameters):
                break
        return Descent(*standing(course.batches, parameters, inputs), made)
    except (CannotFollow, ValueError, FloatingPointError):
        return Descent(np.inf, None, made)


def fresh_start(course: Course, seed: int = 0) -> list[np.ndarray]:
    """Weights with standard deviation sqrt(2 / fan-in) for ReLUs, sqrt(1 / fan-in) else, and biases of zero.

    He et al. 2015, "Delving deep into rectifiers"; Glorot and Bengio 2010, "Understanding the difficulty ...".
    """
    rng, batch = np.random.default_rng(seed), course.batches[0]
    start = [np.zeros(leaf.shape) for leaf in batch.leaves]
    for layer in batch.layers:
        if layer.weights in batch.leaves:
            k = batch.leaves.index(layer.weights)
            start[k] = rng.standard_normal(layer.weights.shape) * np.sqrt(_gain(batch, layer) / max(layer.fan_in, 1))
    return start


def _gain(batch: Batch, layer: Any) -> float:
    a = batch.step.floats(layer.after)
    return 2.0 if a.min(initial=0) >= 0 and (a == 0).any() else 1.0
