"""How far a training has come: the loss and the accuracy of its parameters over time, on examples that it has used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from compare.check.recording.graph import Node
from compare.check.training.batch import Batch, classes_of
from compare.check.training.moments import Moment
from compare.check.training.sources import first_input
from compare.check.understanding.candidates import candidates, find_loss
from compare.check.understanding.known import BINARY, CROSS, SQUARED
from compare.check.understanding.layers import layers_of, rows_of
from compare.check.understanding.loss import Loss
from compare.check.understanding.meetings import families

ROWS = 512  # examples, or more, where one batch has them
BATCHES = 64


@dataclass
class Course:
    """A training, measured. losses: at each moment, of an example on average; shares: of those that are read rightly.

    constant: the loss of the best output that is the same for all; chance: the share of the commonest class.
    """

    batches: list[Batch]
    moments: list[Moment]
    losses: list[float]
    shares: list[float] | None
    constant: float
    chance: float

    @property
    def rows(self) -> int:
        """Examples that it is measured on."""
        return sum(batch.rows for batch in self.batches)


def measured(moments: list[Moment], name: str = "") -> Course | None:
    """The course of a training; None where its loss is not known. Raises CannotFollow.

    name: the loss, if it is known from a step at generic parameters, where nothing is saturated.
    """
    first = next((m for m in moments if m.step is not None), None)
    if first is None or first.step is None:
        return None
    met = families(first.step)
    loss = next((c for c in candidates(first.step, met) if c.node is None and c.name == name), None)
    loss = loss or find_loss(first.step, met)[0]
    if loss is None:
        return None
    shapes = [v.shape for v in first.values]
    moments = [m for m in moments if [v.shape for v in m.values] == shapes]
    batches, seen = list[Batch](), set[bytes]()
    for moment in moments:
        batch = _batch(moment, loss)
        if batch is not None and sum(b.rows for b in batches) < ROWS and len(batches) < BATCHES:
            mark = _mark(batch)
            if mark not in seen:
                seen.add(mark)
                batches.append(batch)
    if not batches:
        return None
    if sum(b.rows for b in batches) > 5000:
        moments = [moments[k] for k in sorted({int(k) for k in np.linspace(0, len(moments) - 1, 8)})]
    stood = [standing(batches, moment.values) for moment in moments]
    shares = [share for _, share in stood if share is not None]
    return Course(batches, moments, [loss for loss, _ in stood], shares or None, *_constant(batches))


def standing(
    batches: Sequence[Batch], parameters: Sequence[np.ndarray], inputs: Sequence[Mapping[Node, Any]] | None = None
) -> tuple[float, float | None]:
    """The loss of an example on average, and the share of outputs that show the class of their target, if they do.

    inputs: by batch, what is given in place of what it had. Raises CannotFollow.
    """
    total, right, count = 0.0, 0, 0
    for k, batch in enumerate(batches):
        values = batch.values(parameters, inputs[k] if inputs is not None else None)
        with np.errstate(all="ignore"):
            total += float(np.asarray(batch.loss.formula(values)).reshape(()))
        read = batch.read(values)
        right, count = right + read[0], count + read[1]
    return total / sum(batch.rows for batch in batches), right / count if count else None


def _mark(batch: Batch) -> bytes:
    return b"".join(np.ascontiguousarray(x).tobytes()[:4000] for x in _shown(batch))


def _shown(batch: Batch) -> list[np.ndarray]:
    given = [batch.inputs.value] if batch.inputs is not None else []
    return [*given, *(t for _, t in batch.loss.outputs)]


def _batch(moment: Moment, like: Loss) -> Batch | None:
    step = moment.step
    if step is None:
        return None
    found = [loss for loss in candidates(step, families(step)) if _alike(loss, like)]
    if not found:
        return None
    loss = found[0]
    layers = layers_of(step, loss)
    rows = max(rows_of(loss, [layer.fan_out for layer in layers]), 1)
    return Batch(step, loss, [step.leaves[k] for k in moment.order], rows, first_input(step), layers,
                 step.behind(loss.ends))  # fmt: skip


def _alike(loss: Loss, like: Loss) -> bool:
    """The same known loss of the same outputs, so that it is a sum over all; else the program's own number."""
    if not like.name:
        return loss.node is not None and like.node is not None and loss.node.place == like.node.place
    places = [[o.place for o, _ in each.outputs[:1]] for each in (loss, like)]
    return loss.node is None and (loss.name, loss.output) == (like.name, like.output) and places[0] == places[1]


def _constant(batches: list[Batch]) -> tuple[float, float]:
    """The loss of the best constant output, infinite where it is not known, and the share of the commonest class."""
    name, classes, rows = batches[0].loss.name, list[int](), list[np.ndarray]()
    for batch in batches:
        for _, t in batch.loss.outputs:
            kinds = classes_of(t)
            classes += [] if kinds is None else [int(k) for k in kinds.ravel()]
            across = t.ndim == 2 and t.shape[0] != batch.rows and t.shape[1] == batch.rows
            rows.append((t.T if across else t).reshape(batch.rows if len(batch.loss.outputs) == 1 else 1, -1))
    shares = np.unique(classes, return_counts=True)[1] / max(len(classes), 1)
    t = np.concatenate(rows) if len({r.shape[1] for r in rows}) == 1 else np.zeros((0, 1))
    constant = np.inf
    if name == CROSS and classes:
        constant = float(-(shares * np.log(shares)).sum())
    elif name == BINARY and t.size:
        p = np.clip(t.mean(axis=0), 1e-12, 1 - 1e-12)
        constant = float(-(p * np.log(p) + (1 - p) * np.log(1 - p)).sum())
    elif name == SQUARED and t.size:
        constant = float(0.5 * np.square(t - t.mean(axis=0)).sum() / len(t))
    return constant, float(shares.max()) if classes else 0.0
