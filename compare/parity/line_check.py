"""The verdict: every line of a trace, recomputed from the trace's own inputs to it, must lie within its bound.

Errors of earlier lines do not enter a later one's bound, so the bounds stay tight, and the first line outside its
bound is the line that is wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from compare.parity.bounds import Rounding
from compare.parity.exact import Arithmetic, Number, longer_than, rounded
from compare.parity.lines import Line, calculation, one_hot, shapes


@dataclass(frozen=True)
class Entry:
    """One number of a line: where it is, what was found, the exact value, how far it is and may be from that.

    `exact` is rounded to float64; `error` is the difference from the exact value before that.
    """

    index: tuple[int, ...]
    found: float
    exact: float
    error: float
    bound: float


@dataclass(frozen=True)
class LineVerdict:
    """One line, judged.

    error: the largest |found - exact|; error_ulp: the largest such difference in units in the last place of the run's
    dtype; bound_used: the largest error / bound of an entry, where 0 / 0 = 0; probable_used: the same with the
    probabilistic bound in place of the worst case, for information (the same number where that is not smaller);
    worst: the entry with the largest part of its bound used, None where the line has the wrong shape; complaint: what
    is wrong with the line before any number is looked at, or "".
    """

    name: str
    error: float
    error_ulp: float
    bound_used: float
    probable_used: float
    worst: Entry | None
    complaint: str = ""

    @property
    def holds(self) -> bool:
        """Whether every entry is within its bound; one that is not a number is outside."""
        return self.bound_used <= 1


@dataclass(frozen=True)
class LineCheck:
    """A trace, judged.

    lines: those that could be judged, in the order of the calculation. unchecked: every other line, and what it would
    take to judge it: its own name where it is not in the trace, else the inputs that are missing or misshapen.
    """

    lines: tuple[LineVerdict, ...]
    unchecked: dict[str, tuple[str, ...]]

    @property
    def holds(self) -> bool:
        """Whether some line could be judged and none is outside its bound."""
        return bool(self.lines) and self.first_wrong_line is None

    @property
    def first_wrong_line(self) -> str | None:
        """The first line outside its bound, in the order of the calculation."""
        return next((line.name for line in self.lines if not line.holds), None)

    def __getitem__(self, name: str) -> LineVerdict:
        return next(line for line in self.lines if line.name == name)


def check_lines(
    trace: Mapping[str, np.ndarray],
    parameters: Mapping[str, np.ndarray],
    x: np.ndarray,
    labels: np.ndarray,
    activation: str = "relu",
    *,
    mean_at: str = "dz",
    arithmetic: Arithmetic | None = None,
) -> LineCheck:
    """Judge a trace, line by line.

    trace: any of z1 a1 z2 a2 ... loss and dz3 dW3 db3 da2 dz2 ...; what it lacks is listed as unchecked, and so is
    each line that cannot be recomputed without it. parameters: W1 (fan_in, fan_out), b1 (fan_out,), ..., with which
    the trace was computed; their dtype, float32 or float64, is that of the run. x: (m, fan_in); labels: (m,) class
    numbers. activation: relu, sigmoid or tanh. mean_at: "dz" where dz of the last layer is divided by m, "dW" where
    each dW and db is. arithmetic: in place of the one that `exact.longer_than` picks.

    Raises TypeError for another dtype and ValueError for an activation or mean_at that is not known.
    """
    dtype = parameters["W1"].dtype
    on = arithmetic or longer_than(dtype)
    rounding = Rounding.of(dtype, on)
    given = {"x": x, **parameters, "y": one_hot(labels, parameters[f"b{len(parameters) // 2}"].size)}
    values = {name: (on.number(value), np.asarray(value, dtype=np.float64)) for name, value in given.items()}
    expected = shapes(dict(parameters), len(x))

    verdicts: list[LineVerdict] = []
    unchecked: dict[str, tuple[str, ...]] = {}
    with np.errstate(all="ignore"):  # infinities and NaNs of a wrong trace are judged, not warned of
        for line in calculation(len(parameters) // 2, activation, mean_at):
            if line.name not in trace:
                unchecked[line.name] = (line.name,)
                continue
            found = np.asarray(trace[line.name])
            if found.shape != expected[line.name]:
                verdicts.append(_misshapen(line.name, found.shape, expected[line.name]))
                continue
            values[line.name] = (on.number(found), found.astype(np.float64))
            ways = [[name for name in way if name not in values] for way in line.inputs]
            if all(ways):
                unchecked[line.name] = tuple(ways[0])
                continue
            inputs = [values[name] for name in line.inputs[ways.index([])]]
            verdicts.append(_judge(line, found, inputs, on, rounding))
    return LineCheck(tuple(verdicts), unchecked)


def _judge(
    line: Line, found: np.ndarray, inputs: list[tuple[np.ndarray, np.ndarray]], on: Arithmetic, rounding: Rounding
) -> LineVerdict:
    plain = [as_float64 for _, as_float64 in inputs]
    exact = line.rule.exact(on, *(number for number, _ in inputs))
    bound = line.rule.bound(rounding, *plain)
    error = rounded(abs(on.number(found) - exact))
    used = part_of(error, bound)
    probable = line.rule.bound(replace(rounding, probable=True), *plain)
    return LineVerdict(
        line.name,
        error=largest(error),
        error_ulp=float(ulps(error, found, rounded(exact), rounding.u).max()),
        bound_used=float(used.max()),
        probable_used=float(part_of(error, probable).max()),
        worst=worst_entry(found, exact, error, bound),
    )


def _misshapen(name: str, found: tuple[int, ...], expected: tuple[int, ...]) -> LineVerdict:
    complaint = f"{name} has the shape {found}, and {expected} is expected"
    return LineVerdict(name, np.inf, np.inf, np.inf, np.inf, None, complaint)


def worst_entry(found: np.ndarray, exact: Number, error: np.ndarray, bound: np.ndarray) -> Entry:
    """The entry that uses the largest part of its bound."""
    used = part_of(error, bound)
    i = np.unravel_index(used.argmax(), used.shape)
    index = tuple(int(n) for n in i)
    return Entry(index, float(found[i]), float(rounded(exact)[i]), float(error[i]), float(bound[i]))


def largest(error: np.ndarray) -> float:
    """The largest error; one that is not a number is infinite."""
    return float(np.where(np.isnan(error), np.inf, error).max())


def part_of(error: np.ndarray, bound: np.ndarray) -> np.ndarray:
    """error / bound, elementwise: 0 / 0 is 0, anything else / 0 is infinite, and so is what is not a number."""
    used = np.where(error == 0, 0.0, np.inf)
    np.divide(error, bound, out=used, where=(bound > 0) & np.isfinite(error))
    return used


def ulps(error: np.ndarray, found: np.ndarray, exact: np.ndarray, u: float) -> np.ndarray:
    """An error in units in the last place, elementwise: of the larger of the two numbers in the run's dtype.

    u: its unit roundoff, half the spacing of the numbers from 1 to 2. Infinite for what is not a number.
    """
    dtype = np.float32 if u == 2.0**-24 else np.float64
    larger = np.maximum(abs(found), abs(exact)).astype(dtype)
    found_ulps = np.where(error == 0, 0.0, error / np.spacing(larger).astype(np.float64))
    return np.where(np.isfinite(found_ulps), found_ulps, np.inf)
