"""One step of a training: the parameters before it, and the step itself as long as there is room for it."""

from dataclasses import dataclass

import numpy as np

from compare.check.recording.graph import Place
from compare.check.saying.source import parameter_names
from compare.check.steps.recorder import Recorder
from compare.check.understanding.step import Step


@dataclass
class Moment:
    """A step that was recorded while a program trains. seconds, operations: since that began.

    order: the step's parameters in an order that is always the same; values: what they are before the step, in that
    order; made: what they were when they were first used, if known, and makers: where; bytes: of what the step holds;
    cost: how many operations it is; around: the program's larger arrays.
    """

    seconds: float
    operations: int
    step: Step | None
    order: list[int]
    values: list[np.ndarray]
    made: list[np.ndarray]
    makers: list[Place | None]
    bytes: int
    cost: int
    around: list[np.ndarray]


def moment_of(recorder: Recorder, seconds: float, operations: int, around: list[np.ndarray]) -> Moment:
    """What is kept of a step that was recorded."""
    names = parameter_names([nodes[-1] for nodes in recorder.updated], [leaf.shape for leaf in recorder.leaves])
    step = Step(recorder, names)
    order = recorder.in_order()
    held = {id(n.value): n.value.nbytes for n in step.nodes if n.known and n.value.base is None}
    values = [np.array(recorder.leaves[k].value) for k in order]
    starts = [recorder.parameters[k].start for k in order]
    made = [np.array(start.value) for start in starts]
    size = sum(held.values())
    makers = [start.place for start in starts]
    return Moment(seconds, operations, step, order, values, made, makers, size, len(step.nodes), around)
