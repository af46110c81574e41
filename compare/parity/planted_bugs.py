"""The proof that the check can fail: planted bugs, each one line of a correct network written wrong.

Read a bug beside the line of the same name in `correct_pass.py`. Every one must be caught, and the first line that the
check finds outside its bound must be the line that was replaced.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from compare.judge.judging import Judged
from compare.judge.network import check_lines
from compare.parity.correct_pass import RATE, Case, Values, cases, log_softmax, sigmoid, softmax, trace


@dataclass(frozen=True)
class PlantedBug:
    """A bug by name: the line it replaces, what that line becomes, and the case on which it can show."""

    name: str
    line: str
    wrong: Callable[[Values], Any]
    case: str = "plain"


def one_entry_off(array: np.ndarray, factor: float = 1 + 1e-6) -> np.ndarray:
    """A copy whose largest entry is `factor` times what it was."""
    off = array.copy()
    off.flat[abs(off).argmax()] *= factor
    return off


def half_precision(array: np.ndarray) -> np.ndarray:
    """The same numbers, rounded to float32."""
    return array.astype(np.float32)


def unshifted_softmax(z: np.ndarray, axis: int = 1) -> np.ndarray:
    """As the formula says it: fine until a score passes 709."""
    return np.asarray(np.exp(z) / np.exp(z).sum(axis=axis, keepdims=True))


PLANTED_BUGS = (
    # the forward pass
    PlantedBug("bias forgotten", "z2", lambda v: v.a1 @ v.W2),
    PlantedBug("bias subtracted", "z3", lambda v: v.a2 @ v.W3 - v.b3),
    PlantedBug("W transposed where its shape permits", "z2", lambda v: v.a1 @ v.W2.T + v.b2),
    PlantedBug("weights of the step before", "z2", lambda v: v.a1 @ v.after.W2 + v.b2),
    PlantedBug("one weight in a million wrong", "z1", lambda v: v.x @ one_entry_off(v.W1) + v.b1, "a million"),
    PlantedBug("float32 in the forward pass", "z1", lambda v: half_precision(v.x) @ half_precision(v.W1) + v.b1),
    PlantedBug("ReLU forgotten", "a1", lambda v: v.z1),
    PlantedBug("ReLU leaks", "a2", lambda v: np.where(v.z2 > 0, v.z2, 0.01 * v.z2)),
    PlantedBug("float32 in the sigmoid", "a1", lambda v: sigmoid(half_precision(v.z1)), "sigmoid"),
    PlantedBug("activation of the layer below", "a2", lambda v: np.maximum(v.z1, 0)),
    # the loss
    PlantedBug("loss summed, not averaged", "loss", lambda v: -(v.y * log_softmax(v.z3)).sum()),
    PlantedBug("loss averaged over rows and classes", "loss", lambda v: -(v.y * log_softmax(v.z3)).mean()),
    PlantedBug("loss in bits", "loss", lambda v: -(v.y * log_softmax(v.z3)).sum() / v.m / np.log(2)),
    PlantedBug("1e-8 added inside the log", "loss", lambda v: -(v.y * np.log(softmax(v.z3) + 1e-8)).sum() / v.m),
    PlantedBug(
        "log of a softmax that underflows",
        "loss",
        lambda v: -np.log(softmax(v.z3)[np.arange(v.m), v.labels]).mean(),
        "large scores",
    ),
    # softmax and one-hot
    PlantedBug("1/m missing", "dz3", lambda v: softmax(v.z3) - v.y),
    PlantedBug("1/m twice", "dz3", lambda v: (softmax(v.z3) - v.y) / v.m / v.m),
    PlantedBug("1/(m - 1)", "dz3", lambda v: (softmax(v.z3) - v.y) / (v.m - 1)),
    PlantedBug("divided by the classes, not the rows", "dz3", lambda v: (softmax(v.z3) - v.y) / v.y.shape[1]),
    PlantedBug("sign flipped", "dz3", lambda v: (v.y - softmax(v.z3)) / v.m),
    PlantedBug("one-hot off by one", "dz3", lambda v: (softmax(v.z3) - np.roll(v.y, 1, axis=1)) / v.m),
    PlantedBug("labels of the wrong rows", "dz3", lambda v: (softmax(v.z3) - np.roll(v.y, 1, axis=0)) / v.m),
    PlantedBug("one-hot forgotten", "dz3", lambda v: softmax(v.z3) / v.m),
    PlantedBug("softmax over the wrong axis", "dz3", lambda v: (unshifted_softmax(v.z3, axis=0) - v.y) / v.m),
    PlantedBug("softmax twice", "dz3", lambda v: (softmax(softmax(v.z3)) - v.y) / v.m),
    PlantedBug(
        "softmax shifted by the batch's maximum",
        "dz3",
        lambda v: (unshifted_softmax(v.z3 - v.z3.max()) - v.y) / v.m,
        "large scores",
    ),
    PlantedBug("softmax not shifted", "dz3", lambda v: (unshifted_softmax(v.z3) - v.y) / v.m, "large scores"),
    # dW
    PlantedBug("1/m again", "dW3", lambda v: v.a2.T @ v.dz3 / v.m),
    PlantedBug("dW transposed where its shape permits", "dW2", lambda v: v.dz2.T @ v.a1),
    PlantedBug("a not transposed where its shape permits", "dW2", lambda v: v.a1 @ v.dz2),
    PlantedBug("a of the layer above", "dW2", lambda v: v.a2.T @ v.dz2),
    PlantedBug("z where a belongs", "dW3", lambda v: v.z2.T @ v.dz3),
    PlantedBug("the batch's last row left out", "dW1", lambda v: v.x[:-1].T @ v.dz1[:-1]),
    PlantedBug("gradient of the last step accumulated", "dW3", lambda v: v.before.dW3 + v.a2.T @ v.dz3),
    PlantedBug("update applied to the gradient", "dW3", lambda v: v.a2.T @ v.dz3 - RATE * v.W3),
    PlantedBug("weight decay slipped in", "dW2", lambda v: v.a1.T @ v.dz2 + 1e-4 * v.W2),
    PlantedBug("gradient clipped", "dW3", lambda v: np.clip(v.a2.T @ v.dz3, -0.01, 0.01)),
    PlantedBug("gradient scaled by 1 + 1e-7", "dW1", lambda v: v.x.T @ v.dz1 * (1 + 1e-7)),
    PlantedBug("float32 in the backward pass", "dW2", lambda v: half_precision(v.a1).T @ half_precision(v.dz2)),
    PlantedBug("one gradient in a million wrong", "dW1", lambda v: one_entry_off(v.x.T @ v.dz1), "a million"),
    PlantedBug("one gradient is not a number", "dW3", lambda v: one_entry_off(v.a2.T @ v.dz3, np.nan)),
    # db
    PlantedBug("db averaged where it is summed", "db2", lambda v: v.dz2.mean(axis=0)),
    PlantedBug("db summed over the wrong axis", "db2", lambda v: v.dz2.sum(axis=1)),
    PlantedBug("db from da", "db1", lambda v: v.da1.sum(axis=0)),
    PlantedBug("db of one row", "db3", lambda v: v.dz3[0]),
    # da
    PlantedBug("W not transposed where its shape permits", "da1", lambda v: v.dz2 @ v.W2),
    PlantedBug("W updated before da is computed from it", "da2", lambda v: v.dz3 @ v.after.W3.T),
    PlantedBug("a layer passed over", "da1", lambda v: v.da2),
    PlantedBug("da where dz belongs", "da1", lambda v: v.da2 @ v.W2.T),
    # dz
    PlantedBug("mask missing", "dz2", lambda v: v.da2),
    PlantedBug("mask of the wrong layer", "dz2", lambda v: v.da2 * (v.z1 > 0)),
    PlantedBug("mask inverted", "dz1", lambda v: v.da1 * (v.z1 <= 0)),
    PlantedBug(">= 0 where > 0 belongs", "dz1", lambda v: v.da1 * (v.z1 >= 0), "exact zeros"),
    PlantedBug("mask taken after the update", "dz2", lambda v: v.da2 * (v.a1 @ v.after.W2 + v.after.b2 > 0)),
    PlantedBug("mask from the gradient's sign", "dz2", lambda v: v.da2 * (v.da2 > 0)),
    PlantedBug("multiplied by a, not by its sign", "dz1", lambda v: v.da1 * v.a1),
    PlantedBug("sigmoid' from z where a belongs", "dz2", lambda v: v.da2 * v.z2 * (1 - v.z2), "sigmoid"),
    PlantedBug("sigmoid' of a, not of z", "dz2", lambda v: v.da2 * sigmoid(v.a2) * (1 - sigmoid(v.a2)), "sigmoid"),
    PlantedBug("sigmoid' without 1 - a", "dz1", lambda v: v.da1 * v.a1, "sigmoid"),
    PlantedBug("ReLU's mask on a sigmoid", "dz1", lambda v: v.da1 * (v.z1 > 0), "sigmoid"),
)


@dataclass(frozen=True)
class Caught:
    """What became of one bug: named_line is the first line outside its bound, None if the check saw nothing."""

    bug: PlantedBug
    named_line: str | None

    @property
    def caught(self) -> bool:
        """Whether the check found it, and on the line where it is."""
        return self.named_line == self.bug.line


@dataclass(frozen=True)
class Proof:
    """All bugs tried, and whether the network without any of them passes on the same data."""

    bugs: tuple[Caught, ...]
    correct_holds: bool

    @property
    def caught(self) -> int:
        """How many were caught on their own line."""
        return sum(tried.caught for tried in self.bugs)

    @property
    def holds(self) -> bool:
        """Whether every bug is caught and nothing that is correct is."""
        return self.correct_holds and self.caught == len(self.bugs)

    @property
    def verdict(self) -> str:
        """How many were caught, in a sentence."""
        holds = "It holds." if self.holds else "It does not hold."
        correct = "" if self.correct_holds else " The network without any of them does not pass."
        return f"{holds} {self.caught} of {len(self.bugs)} planted bugs are caught on their own line.{correct}"

    def as_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "holds": self.holds,
            "verdict": self.verdict,
            "caught": self.caught,
            "planted": len(self.bugs),
            "mutants": [
                {
                    "name": tried.bug.name,
                    "planted_line": tried.bug.line,
                    "named_line": tried.named_line,
                    "caught": tried.caught,
                }
                for tried in self.bugs
            ],
        }


def plant_all(seed: int = 0) -> Proof:
    """Plant every bug in turn, in float64, on the data that `cases` draws with that seed."""
    data = cases(seed)
    correct = all(_check(case, trace(case, case.lines)).holds for case in data.values())
    return Proof(tuple(Caught(bug, plant(bug, data[bug.case])) for bug in PLANTED_BUGS), correct)


def plant(bug: PlantedBug, case: Case) -> str | None:
    """Plant one bug; the first line that the check finds outside its bound."""
    return _check(case, trace(case, case.lines | {bug.line: bug.wrong})).first_wrong_line


def _check(case: Case, found: dict[str, np.ndarray]) -> Judged:
    return check_lines(found, case.parameters, case.x, case.labels, case.activation)
