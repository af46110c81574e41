"""Which known loss a number is that a program computes for its loss, and what is to be differentiated then."""

from collections.abc import Callable
from typing import Any

import numpy as np

from compare.check.recording.graph import Node
from compare.check.understanding.known import CROSS
from compare.check.understanding.loss import Loss, differentiate
from compare.check.understanding.matching import proportional, single
from compare.check.understanding.replay import CannotFollow
from compare.check.understanding.step import Step


def name_own(step: Step, own: Loss, losses: list[Loss]) -> None:
    """Find out which known loss the program's own is."""
    for known in losses:
        if not known.derivatives:  # it was not tried
            try:
                differentiate(step, known)
            except CannotFollow:
                continue
        factor = own.multiple_of(known)
        if factor is None:
            continue
        one = known.name != CROSS  # of one entry, where others are not there yet
        numbers = all(  # any is a multiple of any other
            o.value.size == 1 or (one and single(own.derivatives[o])) for o, _ in known.outputs
        )
        if numbers and not abs(own.value - factor * known.value) <= 1e-3 * abs(own.value):
            continue
        factor = _without_epsilon(factor, known.outputs)
        own.name, own.output, own.outputs, own.factor = known.name, known.output, known.outputs, abs(factor)
        own.grows = factor < 0
        alike = (proportional(own.derivatives[leaf], known.derivatives.get(leaf, 0 * own.derivatives[leaf]), 1e-3)
                 for leaf in step.leaves if leaf in own.derivatives)  # fmt: skip
        if all(c is not None and abs(c / factor - 1) < 1e-3 for c in alike):  # no penalty on the weights
            own.formula, own.computed, own.node = _scaled(known.formula, abs(factor)), own.node, None
        else:  # a likelihood, which is to grow, is a loss with the other sign
            own.formula = _scaled(_with_slopes_of(step, own, known, factor), np.sign(factor))
        return


def _without_epsilon(factor: float, outputs: list[tuple[Node, np.ndarray]]) -> float:
    """The factor that was meant where an epsilon in a logarithm shifts it: 1, or the share of a mean, or twice that."""
    lengths = {1, len(outputs), *(n for o, _ in outputs for n in (*o.shape, o.value.size))}
    near = min((sign * x / n for sign in (1, -1) for x in (0.5, 1, 2) for n in lengths), key=lambda c: abs(c - factor))
    return near if abs(near / factor - 1) < 1e-3 else factor


def _with_slopes_of(step: Step, own: Loss, known: Loss, factor: float) -> Callable[[dict[Node, Any]], Any]:
    """A program's own loss, with its penalty, that has the derivatives of a known one by its outputs: no epsilon."""
    formula = own.formula
    off = [(o, step.floats(o), factor * known.derivatives[o] - own.derivatives[o]) for o, _ in known.outputs]
    return lambda values: formula(values) + sum(((values[o] - start) * slope).sum() for o, start, slope in off)


def _scaled(formula: Callable[[dict[Node, Any]], Any], factor: float) -> Callable[[dict[Node, Any]], Any]:
    return lambda values: factor * formula(values)
