"""What is odd about the weights that a network begins with: all alike, too large, too small, none below zero."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from compare.check.training.case import FORGIVEN, TrainingCase
from compare.check.training.descents import fresh_start
from compare.check.training.findings.examples import WIDE
from compare.check.training.findings.finding import Cause, FoundCause
from compare.check.understanding.layers import activation

CAUSES = {
    "weights-zero": Cause(
        "The weights of a hidden layer begin at zero. Nothing goes through them, so nothing comes back: "
        "they stay zero.",
        "random weights, with standard deviation sqrt(2 / inputs)",
    ),
    "weights-equal": Cause(
        "All {units} hidden units begin alike, get the same gradient, and stay alike: they do the work of "
        "one. Random weights make them differ.",
        "random weights, with standard deviation sqrt(2 / inputs)",
    ),
    "weights-too-large": Cause(
        "The weights begin with a standard deviation of {std:.3g}; for {fan_in} inputs about {usual:.2g} is usual. "
        "{stuck:.0f}% of the units begin where their activation is flat and hands back no gradient.",
        "weights with standard deviation {usual:.2g}",
    ),
    "weights-too-small": Cause(
        "The weights begin with a standard deviation of {std:.3g}; for {fan_in} inputs about "
        "{usual:.2g} is usual. The signal shrinks in every layer, and with it the gradient: a long plateau.",
        "weights with standard deviation {usual:.2g}",
    ),
    "weights-all-positive": Cause(
        "No weight begins below zero, so the sums over {fan_in} inputs are large and alike: "
        "{stuck:.0f}% of the units begin where their activation is flat.",
        "weights around zero: randn in the place of rand, or rand - 0.5",
    ),
    "gradients-vanish": Cause(
        "On the way down the gradient shrinks: in the first layer it is {ratio:.1g} times what it is in the last.",
        "ReLUs, or a start with standard deviation sqrt(2 / inputs)",
    ),
}
STUCK = 0.9  # of units that are saturated or dead
FAINT = 1e-3  # of the last layer's gradient: what is below has vanished


def alike(case: TrainingCase) -> Iterator[FoundCause]:
    """Hidden units that begin alike, and stay so."""
    batch, last = case.course.batches[0], case.course.moments[-1]
    for layer in batch.layers[:-1]:
        if layer.weights not in batch.leaves or layer.fan_out < 2:
            continue
        k = batch.leaves.index(layer.weights)
        axis = _units(layer.weights.shape, layer.fan_out)
        both = case.start[k], last.values[k]
        begun, now = (np.moveaxis(np.asarray(v), axis, 0).reshape(layer.fan_out, -1) for v in both)
        same = [float(np.ptp(w, axis=0).max()) <= 1e-9 * max(float(abs(w).max()), 1e-300) for w in (begun, now)]
        if all(same):
            name = "weights-zero" if not case.start[k].any() else "weights-equal"
            yield FoundCause(name, case.first.makers[k], {"units": layer.fan_out})
            return


def _units(shape: tuple[int, ...], fan_out: int) -> int:
    return len(shape) - 1 if shape[-1] == fan_out else 0


def another_start(case: TrainingCase) -> Iterator[FoundCause]:
    """Odd weights, where the usual ones help."""
    suspicion = _suspicion(case)
    if suspicion is not None:
        descent = case.tried(fresh_start(case.course), scaled=float(abs(case.inputs).max(initial=0.0)) > WIDE)
        if case.helps(descent):
            yield replace(suspicion, descent=descent)


def _suspicion(case: TrainingCase) -> FoundCause | None:
    """What is odd about the weights that it began with."""
    batch = case.course.batches[0]
    try:
        values = batch.values(case.start)
    except FORGIVEN:
        return None
    for layer in batch.layers[:-1]:
        if layer.weights not in batch.leaves:
            continue
        k = batch.leaves.index(layer.weights)
        w, a = case.start[k], np.asarray(values.get(layer.after, batch.step.floats(layer.after)))
        usual = 1 / np.sqrt(max(layer.fan_in, 1))
        place = case.first.makers[k]
        numbers = {"std": float(w.std()), "usual": usual, "fan_in": layer.fan_in}
        share = _stuck(activation(batch.step.floats(layer.before), batch.step.floats(layer.after)), a)
        if share > STUCK and w.min() >= 0:
            return FoundCause("weights-all-positive", place, {**numbers, "stuck": 100 * share})
        if share > STUCK or w.std() > 5 * np.sqrt(2) * usual:
            return FoundCause("weights-too-large", place, {**numbers, "stuck": 100 * share})
        if w.std() < 0.2 * usual:
            return FoundCause("weights-too-small", place, numbers)
        if w.min() >= 0:
            return FoundCause("weights-all-positive", place, {**numbers, "stuck": 100 * share})
    return None


def _stuck(kind: str, a: np.ndarray) -> float:
    """The share of a layer's values at which its activation hardly has a slope."""
    if not np.isfinite(a).all():
        return 1.0
    flat = {"sigmoid": a * (1 - a) < 0.01, "tanh": 1 - a * a < 0.04, "relu": a == 0}
    return float(flat[kind].mean()) if kind in flat else 0.0


def vanishing(case: TrainingCase) -> Iterator[FoundCause]:
    """A gradient that is lost on the way down."""
    batch = case.course.batches[0]
    try:
        found = batch.gradients(case.start)
    except FORGIVEN:
        return
    sizes = [float(np.sqrt(np.mean(np.square(found[batch.leaves.index(layer.weights)]))))
             for layer in batch.layers if layer.weights in batch.leaves]  # fmt: skip
    if len(sizes) > 2 and sizes[-1] > 0 and sizes[0] < FAINT * sizes[-1]:
        yield FoundCause("gradients-vanish", batch.layers[0].weights.place, {"ratio": sizes[0] / sizes[-1]})
