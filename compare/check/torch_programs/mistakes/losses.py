"""What goes into the loss, and is not what that loss takes."""

import re
from collections.abc import Iterator

import numpy as np

from compare.check.recording.graph import Place
from compare.check.saying.source import text
from compare.check.torch_programs.mistakes.mistake import Mistake
from compare.check.torch_programs.rebuilt import RULES
from compare.check.torch_programs.seen import Backward, Failed, Op, Ref

#: What leaves numbers as they are: a softmax before one of these is still a softmax.
SHAPING = {"view", "reshape", "flatten", "squeeze", "unsqueeze", "contiguous", "clone", "to", "float", "double", "cpu"}
EXPLANATIONS = {
    "softmax-before-cross-entropy": "PyTorch's cross-entropy takes the softmax itself, of scores. Here it gets "
    "probabilities and takes a softmax of those: the derivatives are right for that loss, and it is not the one that "
    "is meant.",
    "sigmoid-before-bce-with-logits": "This loss takes the sigmoid itself, of scores. Here it gets what has been "
    "through a sigmoid already.",
    "log-softmax-before-cross-entropy": "No harm: the log_softmax of a log_softmax is the same numbers. "
    "Cross-entropy takes scores, so the first one can go; or keep it, and let the loss be nll_loss.",
    "nll-of-probabilities": "nll_loss picks the entry of the right class and takes its negative: it wants the "
    "logarithm of probabilities, and here it gets the probabilities.",
    "nll-of-scores": "nll_loss picks the entry of the right class and takes its negative: it wants the logarithm of "
    "probabilities. Here it gets scores, and growing scores make this loss as small as you like.",
    "labels-as-floats": "Cross-entropy takes class numbers, which are whole numbers: an int64 tensor of as many "
    "entries as there are rows.",
    "labels-one-hot": "Cross-entropy takes class numbers, one whole number a row, or probabilities in floats; here it "
    "gets rows of whole numbers.",
    "dtypes-differ": "NumPy's numbers are float64, PyTorch's weights float32, and PyTorch does not mix them.",
    "targets-broadcast": "Outputs and targets have different shapes, and are stretched to a table in which every "
    "output meets every target.",
}


def in_loss(moment: Backward) -> Iterator[Mistake]:
    """What was seen in the loss of a backward pass."""
    op = moment.criterion
    if op is None or op.value is None:
        return
    before = _before(moment, op)
    if op.name == "cross_entropy" and before is not None and op.value.ndim == 2:
        yield from _softmax_twice(op, op.value, before)
    if op.name == "binary_cross_entropy_with_logits" and before is not None and before.name == "sigmoid":
        yield Mistake(
            "sigmoid-before-bce-with-logits", before.place,
            f"What goes into the loss lies between {op.value.min():.3g} and {op.value.max():.3g}.",
            corrected="the scores, without the sigmoid", also=(op.place,),
        )  # fmt: skip
    if op.name == "nll_loss" and op.value.ndim == 2:
        yield from _no_logarithm(op, op.value.astype(float), before)
    labels = labels_of(op)
    if op.name == "mse_loss" and labels is not None and labels.shape != op.value.shape:
        size = "x".join(map(str, np.broadcast_shapes(labels.shape, op.value.shape)))
        yield Mistake(
            "targets-broadcast", op.place,
            f"The outputs are {op.value.shape}, the targets {labels.shape}: the mean is over a table of {size}.",
            corrected="outputs and targets of one shape",
        )  # fmt: skip


def labels_of(op: Op | None) -> np.ndarray | None:
    """The targets of a loss, where they follow from no parameter."""
    target = op.given(1, "target") if op is not None else None
    return op.constants.get(target.id) if op is not None and isinstance(target, Ref) else None


def _before(moment: Backward, op: Op) -> Op | None:
    """What made the input of an operation, its shape aside."""
    made = {one.out: one for one in moment.ops}
    source = op.given(0, "input")
    while isinstance(source, Ref) and source.id in made:
        before = made[source.id]
        if before.name not in SHAPING:
            return before
        source = before.given(0, "input")
    return None


def _softmax_twice(op: Op, x: np.ndarray, before: Op) -> Iterator[Mistake]:
    if before.name == "softmax" and np.allclose(x.sum(axis=1), 1, atol=1e-4):
        classes = x.shape[1]
        least = np.log(1 + (classes - 1) / np.e)
        yield Mistake(
            "softmax-before-cross-entropy", before.place,
            f"The rows that go into the loss add up to 1. Of {classes} classes a certain and right answer would "
            f"still have a loss of {least:.3f}, and gradients are small wherever a probability is near 0 or 1.",
            corrected=_without_softmax(before.place), also=(op.place,),
        )  # fmt: skip
    if before.name == "log_softmax":
        yield Mistake(
            "log-softmax-before-cross-entropy", before.place, "The loss and its gradients are the same without it.",
            harmless=True, also=(op.place,),
        )  # fmt: skip


def _without_softmax(place: Place | None) -> str:
    """The line with its softmax taken out, where that is simple."""
    line = text(place) if place is not None else ""
    for pattern, instead in (
        (r",\s*(nn\.)?Softmax\([^()]*\)", ""),
        (r"(F|torch|nn\.functional)\.softmax\((\w+|[\w.]+\([\w.]*\))\s*,[^()]*\)", r"\2"),
        (r"\.softmax\([^()]*\)", ""),
    ):
        shorter = re.sub(pattern, instead, line)
        if shorter != line:
            return shorter
    return "the scores, without the softmax"


def _no_logarithm(op: Op, x: np.ndarray, before: Op | None) -> Iterator[Mistake]:
    with np.errstate(all="ignore"):
        is_log = np.allclose(np.exp(x).sum(axis=1), 1, atol=1e-3)
    if not is_log and np.allclose(x.sum(axis=1), 1, atol=1e-4) and (x >= 0).all():
        yield Mistake(
            "nll-of-probabilities", op.place, "The rows that go in add up to 1, and are not negative.",
            corrected="log_softmax in the place of the softmax, or cross_entropy of the scores",
            also=(before.place,) if before is not None and before.place != op.place else (),
        )  # fmt: skip
    elif not is_log and before is not None and before.name in ("linear", "matmul", "addmm", "mm", "add", "relu"):
        total = float(np.exp(x[0]).sum())
        line = text(op.place) if op.place else ""
        yield Mistake(
            "nll-of-scores", op.place,
            f"The exp of the first row that goes in adds up to {total:.4g}; of log-probabilities it would be 1.",
            corrected=line.replace("nll_loss", "cross_entropy").replace("NLLLoss", "CrossEntropyLoss"),
        )  # fmt: skip


def in_failure(failed: Failed) -> Iterator[Mistake]:
    """A call that PyTorch refused, for a reason that is known."""
    evidence = f"PyTorch stops here: {failed.message.splitlines()[0]}"
    labels = failed.labels
    if failed.name in ("cross_entropy", "nll_loss") and labels is not None:
        if labels.dtype.kind == "f" and labels.ndim == 1 and (labels == np.round(labels)).all():
            yield Mistake("labels-as-floats", failed.place, evidence, corrected="the labels as .long()")
        elif labels.ndim == 2 and labels.shape == failed.shapes[0] and (labels.sum(axis=1) == 1).all():
            yield Mistake(
                "labels-one-hot", failed.place, evidence,
                corrected="labels.argmax(dim=1) for class numbers, or labels.float() for probabilities",
            )  # fmt: skip
    if failed.name in RULES and {"float32", "float64"} <= set(failed.dtypes) and "dtype" in failed.message:
        yield Mistake("dtypes-differ", failed.place, evidence, corrected="the data as .float()")
