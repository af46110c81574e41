"""A network that learns, and whose answers are read wrongly."""

from collections.abc import Iterator

from compare.check.training.case import TrainingCase
from compare.check.training.findings.finding import Cause, FoundCause

CAUSES = {
    "accuracy-axis": Cause(
        "The network is right, and its answer is taken wrongly: the largest output is looked for along axis {axis}, "
        "which runs over the examples; the classes are along axis {right}.",
        "argmax along axis {right}",
    ),
}


def wrong_axis(case: TrainingCase) -> Iterator[FoundCause]:
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
                share = case.course.shares[-1]
                evidence = f"Of its own examples {share:.0%} are classified correctly along axis {across}."
                yield FoundCause("accuracy-axis", place, {"axis": axis, "right": across}, evidence)
                return
