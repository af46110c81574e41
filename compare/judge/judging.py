"""A function written in NumPy, run and differentiated on balls: what it and its gradients should be.

`judge` also holds against that what was found on the way, line by line (`lines.py`).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import compare.judge.rules  # noqa: F401 (which enters the rules)
from autograd import vjp
from autograd.tensor import Tensor
from compare.judge.ball import Ball
from compare.judge.lines import Lines, judging
from compare.judge.roundoff import Arithmetic
from compare.judge.verdict import Verdict, judged

__all__ = ["CannotTell", "Judged", "Verdict", "expected", "judge", "judged"]


class CannotTell(ValueError):
    """Rounding may do so much to this function that a wrong gradient could not be told from a right one."""


@dataclass(frozen=True)
class Judged:
    """A calculation, judged.

    lines: the verdicts on what was found, in the order of the calculation; names: of all lines, in that order; balls:
    of the lines that were not found; kept: of those that were and were to be kept.
    """

    lines: tuple[Verdict, ...]
    names: tuple[str, ...]
    balls: Mapping[str, Ball]
    kept: Mapping[str, Ball] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether something was found, and all of it is right."""
        return bool(self.lines) and all(line.holds for line in self.lines)

    @property
    def unchecked(self) -> tuple[str, ...]:
        """The lines that were not found."""
        return tuple(name for name in self.names if name in self.balls)

    @property
    def first_wrong_line(self) -> str | None:
        """The first line in which there is a fault, in the order of the calculation."""
        return next((line.name for line in self.lines if line.is_wrong), None)

    def __getitem__(self, name: str) -> Verdict:
        return next(line for line in self.lines if line.name == name)

    def get(self, name: str) -> Verdict | None:
        """The verdict on that line, or None where it was not found."""
        return next((line for line in self.lines if line.name == name), None)


def expected(
    f: Callable[..., Any], inputs: Sequence[Any], places: tuple[int, ...], run: Any, gradient: float = 1.0
) -> tuple[Ball, ...]:
    """The balls of f's value and of its gradients by the inputs at `places`.

    inputs: arrays, of which those of floats are exact as they are given, or balls. run: the dtype of the run, or its
    Arithmetic. gradient: that of the value. Raises TypeError where f calls what has no rule, and ValueError where its
    value is not one number.
    """
    run = run if isinstance(run, Arithmetic) else Arithmetic.of(run)
    given = [Ball.given(i, run) if not isinstance(i, Ball) and np.asarray(i).dtype.kind == "f" else i for i in inputs]
    with np.errstate(all="ignore"):
        value, pullback = vjp(f, *given, argument=places)
        if value.size != 1:
            raise ValueError(f"The function's value has the shape {value.shape}: it must be one number, a loss.")
        gradients = pullback(np.full(value.shape, gradient))
    return tuple(_ball(x, run) for x in (value, *gradients))


def judge(
    f: Callable[..., Any],
    inputs: Sequence[Any],
    places: tuple[int, ...],
    run: Any,
    found: Mapping[str, Any],
    gradient: float = 1.0,
    keep: Collection[str] = (),
) -> Judged:
    """Judge what was found of the lines that f names, forward and back; see `lines.py`. The rest as for `expected`.

    keep: lines that were found whose balls are wanted all the same.
    """
    lines = Lines(found, keep)
    with judging(lines):
        expected(f, inputs, places, run, gradient)
    return Judged(tuple(lines.verdicts), tuple(lines.names), lines.balls, lines.kept)


def _ball(x: Any, run: Arithmetic) -> Ball:
    x = x.numpy() if isinstance(x, Tensor) else x
    return x if isinstance(x, Ball) else Ball.given(x, run)
