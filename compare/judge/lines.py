"""Lines of a calculation, by name: each is judged from what was found before it, and then taken as it was found.

`line(x, "z1")` names a value of a function written in NumPy, and its gradient: `dz1`. To NumPy and the engine it is x
itself. Under `judging.judge` it is where what somebody found is held against what should be there: on the way forward
the value, on the way back the gradient that arrives. From there on the calculation goes on with what was found, which
is exact; where nothing was found, with its ball. So a whole trace is judged line by line, gradients alone from end to
end, and whatever lies between as it comes.
"""

import copy
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from autograd import operation
from autograd.tensor import Tensor
from compare.judge.ball import Ball
from compare.judge.rules.errors import rounded
from compare.judge.verdict import Verdict, judged, misshapen

_judging: ContextVar["Lines | None"] = ContextVar("lines", default=None)


class Lines:
    """What was found, by the name of the line, and the verdicts, in the order in which the lines were met.

    names: of all lines that were met; balls: of those that were not found; kept: of those to keep, which were.
    """

    def __init__(self, found: Mapping[str, Any], keep: Collection[str] = ()) -> None:
        self.found, self.keep = found, keep
        self.names: list[str] = []
        self.verdicts: list[Verdict] = []
        self.balls: dict[str, Ball] = {}
        self.kept: dict[str, Ball] = {}

    def meet(self, name: str, ball: Ball, kept: bool) -> Ball:
        """Judge the line, if it was found, and hand on what was. kept: whether a VJP computes with this very ball."""
        self.names.append(name)
        if name not in self.found:
            self.balls[name] = ball
            return ball
        if name in self.keep:
            self.kept[name] = copy.copy(ball)
        found = np.asarray(self.found[name])
        if found.shape != ball.shape:
            self.verdicts.append(misshapen(name, found.shape, ball.shape))
            return ball
        self.verdicts.append(judged(name, found, ball, together=not self.balls))
        return ball.take(found) if kept else Ball.given(found, ball.run)


@contextmanager
def judging(lines: Lines) -> Iterator[None]:
    """Within it, `line` judges."""
    token = _judging.set(lines)
    try:
        yield
    finally:
        _judging.reset(token)


def line(x: Any, name: str) -> Any:
    """x itself, known by that name; an array, a ball, or a tensor of either."""
    lines = _judging.get()
    if isinstance(x, Tensor):
        return _line(x, name=name)
    return x if lines is None or not isinstance(x, Ball) else lines.meet(name, x, kept=True)


@operation
def _line(x: Any, /, name: str) -> Any:
    lines = _judging.get()
    if lines is None or not isinstance(x, Ball):
        return x, lambda g: g

    def vjp(g: Any) -> Any:  # that of the loss is an array: the gradient that the pullback was given
        return lines.meet(f"d{name}", g, kept=False) if isinstance(g, Ball) else g

    return lines.meet(name, x, kept=True), vjp


def parameter(x: Any, name: str, parts: int = 1) -> Any:
    """x itself, of which only the gradient is a line. parts: what that is divided by, where it was the sum's so far."""
    return _parameter(x, name=name, parts=parts) if isinstance(x, Tensor) else x


@operation
def _parameter(x: Any, /, name: str, parts: int) -> Any:
    lines = _judging.get()

    def vjp(g: Any) -> Any:
        if not isinstance(g, Ball):
            return g / parts
        if parts > 1:  # a division, or 1 / m and a product
            g = rounded(g.exact / parts, g.worst / parts, g.likely / parts, g.run, 2)
        return g if lines is None else lines.meet(f"d{name}", g, kept=False)

    return x, vjp
