"""How small may a bug be and still be caught? Real bugs, shrunk until the check sees them no more, beside other checks.

A bug of size t is the right line plus t times what the bug does to it; at 1 it is the bug itself. The smallest t that
is caught is found by bisection. Each check is given the exact value to compare with, which only the judge works out
for itself.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from compare.judge.ball import Ball
from compare.judge.network import as_leaves, line_balls
from compare.judge.verdict import judged
from compare.parity.correct_pass import Case, Values, log_softmax, softmax, trace
from compare.shared.dataset import Dataset, pixels
from compare.shared.initial import initial_parameters
from compare.shared.settings import DTYPES
from compare.shared.terminal import progress

ROWS = (64, 1024, 60_000)
LARGEST, SMALLEST = 2.0**40, 2.0**-60  # sizes that are tried
STEPS = 16  # of the bisection: to a factor of 2^(100 / 2^16)

#: rtol and atol by dtype; torch.testing.assert_close and np.allclose by their documentation, gradcheck's own defaults.
TOLERANCES: dict[str, dict[str, tuple[float, float]]] = {
    "assert_close": {"float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7)},
    "allclose": {"float32": (1e-5, 1e-8), "float64": (1e-5, 1e-8)},
    "gradcheck": {"float32": (1e-3, 1e-5), "float64": (1e-3, 1e-5)},
}


def shortened(x: np.ndarray, bits: int) -> np.ndarray:
    """Rounded to that many bits, ties to even: 11 are TF32's, 8 bfloat16's. Numbers are normal, or 0.

    On the bits of the format itself, where adding to a mantissa carries into the exponent, as it should.
    """
    dropped = np.finfo(x.dtype).nmant + 1 - bits
    found = np.array(x)
    as_bits = found.view(f"u{x.itemsize}")
    one = as_bits.dtype.type(1)
    as_bits += ((as_bits >> dropped) & one) + ((one << (dropped - 1)) - one)
    as_bits &= ~((one << dropped) - one)
    return found


@dataclass(frozen=True)
class Bug:
    """A bug by name, the line that it is in, and what that line becomes."""

    name: str
    line: str
    wrong: Callable[[Values], Any]


BUGS = (
    Bug("TF32 inputs", "z1", lambda v: shortened(v.x, 11) @ shortened(v.W1, 11) + v.b1),
    Bug("last row left out", "loss", lambda v: -(v.y * log_softmax(v.z3))[:-1].sum() / v.m),
    Bug("log(p + 1e-8)", "loss", lambda v: -(v.y * np.log(softmax(v.z3) + v.x.dtype.type(1e-8))).sum() / v.m),
    Bug("label smoothing 1e-6", "dz3", lambda v: (softmax(v.z3) - (v.y * (1 - 1e-6) + 1e-7)) / v.m),
    Bug("last row left out", "dW3", lambda v: v.a2[:-1].T @ v.dz3[:-1]),
    Bug("last row left out", "db3", lambda v: v.dz3[:-1].sum(axis=0)),
    Bug("bfloat16 inputs", "dW2", lambda v: shortened(v.a1, 8).T @ shortened(v.dz2, 8)),
    Bug("TF32 inputs", "dW1", lambda v: shortened(v.x, 11).T @ shortened(v.dz1, 11)),
    Bug("times m / (m - 1)", "dW1", lambda v: v.dW1 * v.x.dtype.type(v.m / (v.m - 1))),
    Bug("times 1 + 1e-4", "dW1", lambda v: v.dW1 * v.x.dtype.type(1 + 1e-4)),
    Bug("weight decay 1e-4", "dW2", lambda v: v.dW2 + v.x.dtype.type(1e-4) * v.W2),
)


@dataclass(frozen=True)
class Smallest:
    """The smallest size of a bug that each check catches; 1 is the bug itself.

    Infinite if none was caught; 0 for an alarm where there is no bug.
    """

    bug: str
    line: str
    dtype: str
    rows: int
    judge: float
    assert_close: float
    allclose: float
    gradcheck: float

    def as_json(self) -> dict[str, Any]:
        """As a JSON document has it; None where none was caught."""
        return {key: None if value == math.inf else value for key, value in asdict(self).items()}


def smallest_sizes(data: Dataset, rows: tuple[int, ...] = ROWS, dtypes: tuple[str, ...] = DTYPES) -> list[Smallest]:
    """Every bug in each dtype, on the first rows of the training set and He's initial weights."""
    rows = tuple(dict.fromkeys(min(m, len(data.train_labels)) for m in rows))
    found = []
    with progress("bugs by size", len(rows) * len(dtypes) * len(BUGS)) as advance:
        for dtype in dtypes:
            parameters = initial_parameters((data.train_images.shape[1], 128, 64, 10), "he", dtype=dtype)
            for m in rows:
                case = Case(parameters, pixels(data.train_images[:m], dtype), data.train_labels[:m], "relu")
                right = trace(case, case.lines)
                lines = {bug.line for bug in BUGS}
                balls = line_balls(right, *as_leaves(parameters, case.x), case.labels, lines)
                y = np.eye(10, dtype=dtype)[case.labels]
                values = SimpleNamespace(x=case.x, y=y, m=m, **parameters, **right)
                for bug in BUGS:
                    found.append(_smallest(bug, values, right, balls[bug.line], dtype))
                    advance()
    return found


def _smallest(bug: Bug, values: Values, right: Mapping[str, np.ndarray], ball: Ball, dtype: str) -> Smallest:
    line = right[bug.line].astype(np.float64)
    change = np.asarray(bug.wrong(values), np.float64) - line
    value = np.asarray(ball.value, np.float64)

    def bisect(is_caught: Callable[[np.ndarray], bool]) -> float:
        if is_caught(right[bug.line]):
            return 0.0
        low, high = math.log2(SMALLEST), math.log2(LARGEST)
        if not change.any() or not is_caught(np.asarray(line + 2.0**high * change, dtype)):
            return math.inf
        for _ in range(STEPS):
            middle = (low + high) / 2
            if is_caught(np.asarray(line + 2.0**middle * change, dtype)):
                high = middle
            else:
                low = middle
        return float(2.0**high)

    def is_far(check: str) -> Callable[[np.ndarray], bool]:
        rtol, atol = TOLERANCES[check][dtype]
        allowed = atol + rtol * abs(value)
        return lambda x: not (abs(x - value) <= allowed).all()  # what is not finite is far

    with np.errstate(all="ignore"):
        return Smallest(
            bug.name, bug.line, dtype, values.m, bisect(lambda x: judged(bug.line, x, ball, together=True).is_wrong),
            *(bisect(is_far(check)) for check in TOLERANCES),
        )  # fmt: skip
