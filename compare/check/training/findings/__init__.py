"""Why a training does not get on: what the recording shows by itself, else the change that helps when it is tried."""

from collections.abc import Iterator

import numpy as np

from compare.check.training.case import TrainingCase
from compare.check.training.findings import answers, examples, rates, weights
from compare.check.training.findings.finding import FoundCause

CAUSES = examples.CAUSES | weights.CAUSES | rates.CAUSES | answers.CAUSES


#: In order: what needs no descent, and what one shows, from the sure to the patient.
LOOKS = (examples.empty, examples.labels, examples.coverage, weights.alike, answers.wrong_axis)
CHANGES = (examples.unscaled, weights.another_start, rates.another_rate, rates.more_steps, weights.vanishing)


def shown_by_itself(case: TrainingCase) -> Iterator[FoundCause]:
    """What the recording shows, all of it."""
    for look in LOOKS:
        yield from look(case)


def tried(case: TrainingCase) -> FoundCause | None:
    """The first change that helps, for a training that gets nowhere; None where none does."""
    if not case.rates or not np.isfinite(case.rates).all():
        return None
    return next((finding for change in CHANGES for finding in change(case)), None)
