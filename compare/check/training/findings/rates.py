"""A training that would get on with another learning rate, or with more steps."""

from collections.abc import Iterator

import numpy as np

from compare.check.recording.graph import Node
from compare.check.training.case import SECONDS, STEPS, TrainingCase
from compare.check.training.descents import Descent
from compare.check.training.findings.finding import Cause, FoundCause
from compare.check.understanding.step import Step

CAUSES = {
    "learning-rate-too-small": Cause(
        "The steps are too small to be seen in the loss.",
        "a learning rate {times:,.0f} times as large",
    ),
    "learning-rate-too-large": Cause(
        "The steps are so large that they overshoot every minimum; units die, or the loss grows.",
        "a learning rate {fraction:,.0f} times as small",
    ),
    "too-few-steps": Cause(
        "Nothing is wrong: small initial weights leave it on a plateau first, and it needs more steps.",
        "some {steps:,} steps, or a start with standard deviation sqrt(2 / inputs)",
    ),
}


def another_rate(case: TrainingCase) -> Iterator[FoundCause]:
    """Steps of the wrong size."""
    best = _other_rate(case)
    if best is None:
        return
    times, descent = best
    step = case.course.batches[0].step
    updates = [step.parameters[k].updates[-1] for k in case.first.order]
    rate = next(filter(None, (_rate(step, update.step) for update in updates)), None)
    cure = f"a learning rate of {rate * times:.3g} in the place of {rate:.3g}" if rate else ""
    name = "learning-rate-too-small" if times > 1 else "learning-rate-too-large"
    words = {"times": times, "fraction": 1 / times}
    yield FoundCause(name, updates[0].node.place, words, descent=descent, cure=cure)


def more_steps(case: TrainingCase) -> Iterator[FoundCause]:
    """Nothing but patience."""
    descent = case.tried(steps=40 * STEPS, seconds=4 * SECONDS)
    if case.helps(descent):
        yield FoundCause("too-few-steps", None, {"steps": descent.steps}, descent=descent)


def _other_rate(case: TrainingCase) -> tuple[float, Descent] | None:
    """A rate with which it gets on: powers of ten times its own, first to the side on which it looks to lie."""
    finite = [x for x in case.course.losses if np.isfinite(x)]
    wild = len(finite) < len(case.course.losses) or max(finite) > 1.05 * case.reference
    for direction in (0.1, 10.0) if wild else (10.0, 0.1):
        best: tuple[float, Descent] | None = None
        for k in range(1, 9):
            descent = case.tried(times=direction**k, seconds=SECONDS / 2)
            if best is not None and not descent.after < best[1].after:
                return best
            if case.helps(descent):
                best = direction**k, descent
        if best is not None:
            return best
    return None


def _rate(step: Step, change: Node) -> float | None:
    """The number that a gradient is multiplied by, as it stands in the program."""
    numbers = [step.number(a) for a in change.arguments] if change.function is np.multiply else []
    known = [abs(number) for number in numbers if number]
    return known[0] if len(known) == 1 else None
