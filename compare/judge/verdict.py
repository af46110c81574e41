"""What was found, against its ball: is it right, to within rounding, and would a fault have been seen?

Three tests, each of which it must pass. The worst case: outside of it, an entry is proved wrong. The likely one:
outside of it, it is not rounding, as good as certainly. The slope of the error on the exact value, over all entries
together: a common factor, such as m / (m - 1), is far smaller than any one entry's tolerance, and shows there.

Where even an error of a thousandth of the largest entry would pass at that entry, there is no verdict: "cannot tell".
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from compare.judge.ball import Ball
from compare.judge.roundoff import Arithmetic
from compare.judge.rules.errors import LAMBDA, pieces

#: Where the tolerance of an array's largest entry is wider than that part of it, a fault cannot be told from rounding.
#: In a short format nothing is told as finely: there it is wider than that and 32 of its roundings.
WIDEST = 1e-3

#: In underflows: an array of zeros whose tolerance is wider than that tells nothing.
NOTHING = 1e9

#: Entries from which on their slope is a verdict: of fewer, with like terms, rounding may go one way in all.
MANY = 256

Answer = Literal["holds", "proved wrong", "not rounding", "cannot tell"]


@dataclass(frozen=True)
class Entry:
    """One number: where it is, what was found, the exact value, how far it is and may be from that.

    `exact` is rounded to float64; `error` is the difference from the exact value before that.
    """

    index: tuple[int, ...]
    found: float
    exact: float
    error: float
    bound: float

    def in_words(self, certain: bool = True) -> str:
        """What is wrong with it. certain: whether the bound is the worst case or only what is likely."""
        place = f"entry {list(self.index)}" if self.index else "it"
        text = f"{place} is {self.found:.17g}, and its exact value is {self.exact:.17g}"
        if not np.isfinite(self.error):
            return text
        if self.bound == 0:
            return f"{text}: an error of {self.error:.3g}, where nothing is rounded and the bound is 0"
        cause = "can cause" if certain else "is likely to cause"
        times = f"{self.error / self.bound:.3g} times the {self.bound:.3g}"
        return f"{text}: an error of {self.error:.3g}, which is {times} that rounding {cause}"


@dataclass(frozen=True)
class Verdict:
    """One array, judged.

    error: the largest |found - exact|; error_ulp: the largest such difference in units in the last place of the run's
    dtype; bound_used, probable_used: the largest error / tolerance of an entry, by the worst case and by the likely one
    (0 / 0 is 0); relative_bound: the widest worst case, by the largest exact entry; slope, slope_sigma: that of the
    error on the exact value, itself and in standard deviations; power: how large an error at the largest entry would
    have been noticed, as a part of that entry; worst: the entry with the largest part of its tolerance used, None where
    the shape is wrong; route: by which way to compute it, where there are several; complaint: what is wrong before any
    number is looked at, or ""; is_short: whether the run has less than float64.
    """

    name: str
    answer: Answer
    error: float = math.inf
    error_ulp: float = math.inf
    bound_used: float = math.inf
    probable_used: float = math.inf
    relative_bound: float = 0.0
    slope: float = 0.0
    slope_sigma: float = 0.0
    power: float = 0.0
    worst: Entry | None = None
    route: str = ""
    complaint: str = ""
    is_short: bool = False

    @property
    def holds(self) -> bool:
        """Whether it is right, as far as rounding lets anybody tell."""
        return self.answer == "holds"

    @property
    def is_wrong(self) -> bool:
        """Whether a fault was found."""
        return self.answer in ("proved wrong", "not rounding")

    @property
    def fault(self) -> str:
        """What is wrong with it, in words, without its name; "" where nothing is."""
        if self.complaint or not self.is_wrong or self.worst is None:
            return self.complaint
        if max(self.bound_used, self.probable_used) > 1:
            return self.worst.in_words(certain=self.answer == "proved wrong")
        return (
            f"no single entry is outside its bound, but all together are {1 + self.slope:.10g} times what they should "
            f"be, which is {self.slope_sigma:.3g} standard deviations of rounding from 1"
        )

    @property
    def reason(self) -> str:
        """Why there is no telling, and what would help."""
        if self.complaint:
            return f"The {self.name} is {self.complaint}: choose arguments where the function is."
        return (
            f"The {self.name} cannot be judged: rounding may move its largest entry by {self.power:.2g} of itself, so "
            f"that a wrong one could pass. {'Judge it in float64, or choose' if self.is_short else 'Choose'} "
            "smaller or better scaled arguments."
        )


def judged(name: str, found: np.ndarray, ball: Ball, together: bool = False) -> Verdict:
    """One array against its ball; both of one shape. Of several ways to compute it, by the first one that explains it.

    together: whether the entries' errors are independent, so that their slope is a verdict. So it is where they have
    been rounded each for itself, from inputs that are given; not where they have inherited one error together, as from
    an input that was shortened for all of them.
    """
    verdict = None
    for route, way in (ball.ways or {"": ball}).items():
        other = _judged(name, np.asarray(found), way, route, together)
        if not other.is_wrong:
            return other
        if verdict is None or other.bound_used < verdict.bound_used:
            verdict = other
    assert verdict is not None, "there is at least one way"
    return verdict


def _judged(name: str, found: np.ndarray, ball: Ball, route: str, together: bool) -> Verdict:
    run, parts = ball.run, pieces(ball.shape)
    rows = np.array([_row(found[part], ball, part) for part in parts]).reshape(len(parts), 8)
    error, ulp, worst, likely, widest, largest = (float(most) for most in rows[:, :6].max(axis=0, initial=0.0))
    weights, errors = (float(total) for total in rows[:, 6:].sum(axis=0))
    slope, sigma = _slope(weights, errors, run)
    power, entry = 0.0, None
    if parts:
        top = _index(parts, rows[:, 5], lambda part: abs(ball.value[part]))
        at = _index(parts, rows[:, 2:4].max(axis=1), lambda part: np.maximum(*_used(found[part], ball, part)))
        power = float(min(ball.worst[top], ball.likely[top]) / largest) if largest else 0.0
        if not largest and np.minimum(*ball.radii).max() > NOTHING * run.tiny:
            power = math.inf  # all is 0, and there is no telling what is small
        bound = ball.worst[at] if worst > 1 else min(ball.worst[at], ball.likely[at])
        off = abs(np.asarray(found[at], run.longer) - ball.held[at])
        entry = Entry(at, float(found[at]), float(ball.held[at]), float(off), float(bound))
    is_finite = math.isfinite(largest)
    answer: Answer = (
        "cannot tell" if not is_finite
        else "proved wrong" if worst > 1
        else "not rounding" if likely > 1 or (sigma > LAMBDA and together and ball.size >= MANY and not run.short_u)
        else "holds" if power <= WIDEST + 32 * run.short_u
        else "cannot tell"
    )  # fmt: skip
    return Verdict(
        name, answer, error, ulp, worst, likely,
        relative_bound=widest / largest if largest else 0.0 if widest == 0 else math.inf,
        slope=slope, slope_sigma=sigma, power=power if is_finite else math.inf, worst=entry, route=route,
        complaint="" if is_finite else "not finite in longer arithmetic either", is_short=run.dtype != np.float64,
    )  # fmt: skip


@np.errstate(all="ignore")
def _used(found: np.ndarray, ball: Ball, part: Any) -> list[np.ndarray]:
    size = abs(np.asarray(np.asarray(found, ball.run.longer) - ball.held[part], np.float64))
    return [part_of(size, radius[part]) for radius in ball.radii]


@np.errstate(all="ignore")
def _row(found: np.ndarray, ball: Ball, part: Any) -> tuple[float, ...]:
    """The largest error of a part, also in ulp and as a part of either radius; the largest worst case and exact value.

    The last two numbers are the sums that `_slope` takes.
    """
    exact, worst, likely = ball.held[part], ball.worst[part], ball.likely[part]
    value, error = (np.asarray(x, np.float64) for x in (exact, np.asarray(found, ball.run.longer) - exact))
    by = np.where(likely > 0, LAMBDA / np.where(likely > 0, likely, 1.0), 0.0)
    weight, size = value * by, abs(error)
    used = part_of(size, worst), part_of(size, likely)
    most = size, ulps(size, found, value, ball.run.dtype), *used, worst, abs(value)
    sums = float(np.vdot(weight, weight)), float(np.vdot(weight, error * by))
    return *(float(np.where(np.isnan(x), np.inf, x).max()) for x in most), *sums


def _index(parts: list[Any], most: np.ndarray, of: Callable[[Any], np.ndarray]) -> tuple[int, ...]:
    """Of the largest entry of `of`, which is in the part where `most` is largest."""
    part = parts[int(most.argmax())]
    first, *rest = (*map(int, np.unravel_index(int(of(part).argmax()), np.shape(of(part)))), 0)
    return (first + (0 if part is ... else part.start), *rest)[:-1]


def misshapen(name: str, found: tuple[int, ...], expected: tuple[int, ...]) -> Verdict:
    """The verdict on an array of another shape."""
    return Verdict(name, "proved wrong", complaint=f"{name} has the shape {found}, and {expected} is expected")


def _slope(weights: float, errors: float, run: Arithmetic) -> tuple[float, float]:
    """The slope of the error on the exact value, and in standard deviations, each entry's being s = likely / LAMBDA.

    weights: sum(value^2 / s^2); errors: sum(error value / s^2). Their quotient is the least squares of errors that are
    independent, each with its own s, and itself off by 1 / sqrt(weights). A constant that all entries have met, 1 / m
    say, is rounded once and makes a slope of up to u: that is a standard deviation too.
    """
    if not 0 < weights < math.inf:
        return 0.0, 0.0
    slope = errors / weights
    sigma = abs(slope) / math.hypot(1 / math.sqrt(weights), run.likely_u)
    return (slope, sigma) if math.isfinite(sigma) else (0.0, 0.0)  # what is no number is outside already


def part_of(error: np.ndarray, bound: np.ndarray) -> np.ndarray:
    """error / bound, elementwise: 0 / 0 is 0, anything else / 0 is infinite, and so is what is not a number."""
    used = np.where(error == 0, 0.0, np.inf)
    np.divide(error, bound, out=used, where=(bound > 0) & np.isfinite(error))
    return used


def ulps(error: np.ndarray, found: np.ndarray, exact: np.ndarray, dtype: Any) -> np.ndarray:
    """An error in units in the last place of `dtype`, elementwise, at the larger number; else infinite."""
    larger = np.maximum(abs(found), abs(exact)).astype(dtype)
    found_ulps = np.where(error == 0, 0.0, error / np.spacing(larger).astype(np.float64))
    return np.where(np.isfinite(found_ulps), found_ulps, np.inf)
