"""What the examples show that a program trains on: empty or unscaled inputs, strange labels, the same rows again."""

from collections.abc import Iterator

import numpy as np

from compare.check.training.batch import classes_of
from compare.check.training.case import TrainingCase
from compare.check.training.findings.finding import Cause, FoundCause
from compare.check.training.known_digits import digits_of
from compare.check.training.sources import input_line, rows_behind, target_line

CAUSES = {
    "inputs-empty": Cause(
        "Every input is 0: what was between 0 and 1 was cut to a whole number, so that all examples look "
        "alike and the weights of the first layer never get a gradient.",
        "divide without cutting to whole numbers",
    ),
    "inputs-not-scaled": Cause(
        "The inputs reach {largest:.4g}. Sums over them are so large that units saturate or die in "
        "the first steps, whatever the weights are.",
        "divide the inputs by their largest value, {largest:.4g}",
    ),
    "images-and-labels-apart": Cause(
        "Images and labels do not belong together any more: one was put into another order "
        "without the other. What the network could learn is chance.",
        "order = np.random.permutation(len(x)); x, y = x[order], y[order]",
    ),
    "labels-shifted": Cause(
        "Its targets mark a {digit} in column {column}. It learns to answer so; beside the true labels "
        "its answers look wrong.",
    ),
    "same-batch": Cause(
        "Every step sees the same {rows} examples of {whole:,}: it learns these by heart, and nothing else.",
        "take other rows in every step",
    ),
    "batches-miss-most": Cause(
        "Its batches come from {reached:,} of the {whole:,} examples; the others are never seen.",
        "let the batches go through all rows",
    ),
}
WIDE = 10.0  # inputs beyond that are not scaled
FEW = 3  # times as many examples as a batch has must be there, before the same batch every time is a mistake


def empty(case: TrainingCase) -> Iterator[FoundCause]:
    """Inputs that are all zero."""
    x = case.inputs
    if x.size and not x.any():
        yield FoundCause("inputs-empty", input_line(case.course.batches[0], casts=True))


def unscaled(case: TrainingCase) -> Iterator[FoundCause]:
    """Large inputs, where it helps to divide them."""
    largest = float(abs(case.inputs).max(initial=0.0))
    if largest > WIDE:
        descent = case.tried(scaled=True)
        if case.helps(descent):
            yield FoundCause(
                "inputs-not-scaled", input_line(case.course.batches[0]), {"largest": largest}, descent=descent
            )


def labels(case: TrainingCase) -> Iterator[FoundCause]:
    """Images that are digits of the set, beside the labels that the program gives them."""
    truth, kinds = list[int](), list[int]()
    for batch in case.course.batches:
        rows, labels = rows_behind(batch), [classes_of(t) for _, t in batch.loss.outputs]
        given = np.concatenate([np.ravel(k) for k in labels if k is not None] or [np.zeros(0, int)])
        if rows is None or rows.shape[1] not in (784, 785) or len(given) != len(rows) or len(truth) > 300:
            break
        truth += [int(digit) for digit in digits_of(rows, case.digits)]
        kinds += [int(k) for k in given]
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
        evidence = (
            f"So it is for all {len(sure)} examples that were looked at: each digit has one column, and it is another."
        )
        yield FoundCause("labels-shifted", place, {"digit": digit, "column": table[digit]}, evidence)
    elif agree < 0.4:
        evidence = f"Of {len(sure)} of its images {int((t == k).sum())} have the label of that digit."
        yield FoundCause("images-and-labels-apart", case.looked.shuffled, evidence=evidence)


def coverage(case: TrainingCase) -> Iterator[FoundCause]:
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
        evidence = f"In {case.steps:,} steps, looked at from beginning to end."
        yield FoundCause("same-batch", seen[0].place, {"rows": rows, "whole": whole}, evidence)
        return
    late = [s for s in seen if s.operations > case.operations / 2 and s.positions is not None]
    where = [position for s in late for position in s.positions or ()]
    if case.steps * rows > 2 * whole and len(late) >= 4 and len(where) >= 20:  # 20 of all at random: once in 10^9
        reached = max(where) - min(where) + 1
        if reached < 0.3 * whole:
            words = {"reached": reached, "whole": whole}
            yield FoundCause("batches-miss-most", seen[0].place, words, "Looked at for two epochs or more.")
