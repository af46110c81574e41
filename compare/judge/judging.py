"""A function written in NumPy, and what somebody found for its value and gradients: is it right, to within rounding?

The function is run on balls and differentiated by the engine. For each array that was found there are then the exact
one and two tolerances: the worst case, outside of which it is proved wrong, and the likely one, outside of which it is
not rounding, as good as certainly. Where even an error of a thousandth of the largest entry would pass at that entry,
there is no verdict: "cannot tell".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

import compare.judge.rules  # noqa: F401 (which enters the rules)
from autograd import vjp
from autograd.tensor import Tensor
from compare.judge.ball import Arithmetic, Ball
from compare.parity.line_check import Entry

#: Where the tolerance of an array's largest entry is wider than that part of it, a fault cannot be told from rounding.
WIDEST = 1e-3


class CannotTell(ValueError):
    """Rounding may do so much to this function that a wrong gradient could not be told from a right one."""


Answer = Literal["holds", "proved wrong", "not rounding", "cannot tell"]


@dataclass(frozen=True)
class Verdict:
    """One array, judged.

    name: what it is; answer: the verdict. error: the largest |found - exact|; worst_used and likely_used: the largest
    error / tolerance of an entry (0 / 0 is 0); power: how large an error at the largest entry would have been noticed,
    as a part of that entry. index: the entry with the largest part of its tolerance used; exact, found, tolerance: the
    arrays themselves, in float64, and the tolerance that was applied.
    """

    name: str
    answer: Answer
    error: float
    worst_used: float
    likely_used: float
    power: float
    index: tuple[int, ...]
    exact: np.ndarray
    found: np.ndarray
    tolerance: np.ndarray

    @property
    def worst_entry(self) -> Entry:
        """The entry with the largest part of its tolerance used."""
        found, exact = float(self.found[self.index]), float(self.exact[self.index])
        return Entry(self.index, found, exact, abs(found - exact), float(self.tolerance[self.index]))

    @property
    def reason(self) -> str:
        """Why there is no telling, and what would help."""
        if not np.isfinite(self.exact).all():
            return f"The {self.name} is not finite in longer arithmetic either: choose arguments where the function is."
        return (
            f"The {self.name} cannot be judged: rounding may move its largest entry by {self.power:.2g} of itself, so "
            "that a wrong one could pass. Judge it in float64, or choose smaller or better scaled arguments."
        )


def expected(f: Callable[..., Any], inputs: Sequence[Any], places: tuple[int, ...], dtype: Any) -> tuple[Ball, ...]:
    """The balls of f's value and of its gradients by the inputs at `places`, for a run in `dtype`.

    inputs: arrays; those of floats are exact as they are given. Raises TypeError where f calls what has no rule, and
    ValueError where its value is not one number.
    """
    run = Arithmetic.of(dtype)
    given = [Ball.given(i, run) if np.asarray(i).dtype.kind == "f" else i for i in inputs]
    with np.errstate(all="ignore"):
        value, pullback = vjp(f, *given, argument=places)
        if value.size != 1:
            raise ValueError(f"The function's value has the shape {value.shape}: it must be one number, a loss.")
        gradients = pullback(np.ones(value.shape))
    return tuple(_ball(x, run) for x in (value, *gradients))


def _ball(x: Any, run: Arithmetic) -> Ball:
    x = x.numpy() if isinstance(x, Tensor) else x
    return x if isinstance(x, Ball) else Ball.given(x, run)


def judged(name: str, found: np.ndarray, ball: Ball) -> Verdict:
    """One array against its ball; both of one shape."""
    with np.errstate(all="ignore"):
        error = np.asarray(abs(np.asarray(found, ball.run.longer) - ball.exact), np.float64)
        largest = float(abs(ball.value).max(initial=0.0))
        worst, likely = _used(error, ball.worst), _used(error, ball.likely)
        tolerance = np.minimum(ball.worst, ball.likely)
        top = np.unravel_index(int(abs(ball.value).argmax()), ball.shape) if ball.size else ()
        power = float(tolerance[top] / largest) if largest else 0.0
    answer: Answer = (
        "cannot tell" if not np.isfinite(ball.value).all()
        else "proved wrong" if (worst > 1).any()
        else "not rounding" if (likely > 1).any()
        else "holds" if power <= WIDEST
        else "cannot tell"
    )  # fmt: skip
    at = np.unravel_index(int(np.maximum(worst, likely).argmax()), likely.shape) if likely.size else ()
    return Verdict(
        name, answer, _largest(error), _largest(worst), _largest(likely),
        power, tuple(map(int, at)), exact=ball.value, found=np.asarray(found, np.float64), tolerance=tolerance,
    )  # fmt: skip


def _used(error: np.ndarray, tolerance: np.ndarray) -> np.ndarray:
    """error / tolerance, entry by entry; 0 where both are 0, infinite for what is not a number."""
    used = np.where(error == 0, 0.0, np.where(tolerance > 0, error / np.where(tolerance > 0, tolerance, 1), np.inf))
    return np.where(np.isnan(error), np.inf, used)


def _largest(x: np.ndarray) -> float:
    return float(np.where(np.isnan(x), np.inf, x).max(initial=0.0))
