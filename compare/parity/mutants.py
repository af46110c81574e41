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
class Mutant:
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


MUTANTS = (
    # the forward pass
    Mutant("bias forgotten", "z2", lambda v: v.a1 @ v.W2),
    Mutant("bias subtracted", "z3", lambda v: v.a2 @ v.W3 - v.b3),
    Mutant("W transposed where its shape permits", "z2", lambda v: v.a1 @ v.W2.T + v.b2),
    Mutant("weights of the step before", "z2", lambda v: v.a1 @ v.after.W2 + v.b2),
    Mutant("one weight in a million wrong", "z1", lambda v: v.x @ one_entry_off(v.W1) + v.b1, "a million"),
    Mutant("float32 in the forward pass", "z1", lambda v: half_precision(v.x) @ half_precision(v.W1) + v.b1),
    Mutant("ReLU forgotten", "a1", lambda v: v.z1),
    Mutant("ReLU leaks", "a2", lambda v: np.where(v.z2 > 0, v.z2, 0.01 * v.z2)),
    Mutant("float32 in the sigmoid", "a1", lambda v: sigmoid(half_precision(v.z1)), "sigmoid"),
    Mutant("activation of the layer below", "a2", lambda v: np.maximum(v.z1, 0)),
    # the loss
    Mutant("loss summed, not averaged", "loss", lambda v: -(v.y * log_softmax(v.z3)).sum()),
    Mutant("loss averaged over rows and classes", "loss", lambda v: -(v.y * log_softmax(v.z3)).mean()),
    Mutant("loss in bits", "loss", lambda v: -(v.y * log_softmax(v.z3)).sum() / v.m / np.log(2)),
    Mutant("1e-8 added inside the log", "loss", lambda v: -(v.y * np.log(softmax(v.z3) + 1e-8)).sum() / v.m),
    Mutant(
        "log of a softmax that underflows",
        "loss",
        lambda v: -np.log(softmax(v.z3)[np.arange(v.m), v.labels]).mean(),
        "large scores",
    ),
    # softmax and one-hot
    Mutant("1/m missing", "dz3", lambda v: softmax(v.z3) - v.y),
    Mutant("1/m twice", "dz3", lambda v: (softmax(v.z3) - v.y) / v.m / v.m),
    Mutant("1/(m - 1)", "dz3", lambda v: (softmax(v.z3) - v.y) / (v.m - 1)),
    Mutant("divided by the classes, not the rows", "dz3", lambda v: (softmax(v.z3) - v.y) / v.y.shape[1]),
    Mutant("sign flipped", "dz3", lambda v: (v.y - softmax(v.z3)) / v.m),
    Mutant("one-hot off by one", "dz3", lambda v: (softmax(v.z3) - np.roll(v.y, 1, axis=1)) / v.m),
    Mutant("labels of the wrong rows", "dz3", lambda v: (softmax(v.z3) - np.roll(v.y, 1, axis=0)) / v.m),
    Mutant("one-hot forgotten", "dz3", lambda v: softmax(v.z3) / v.m),
    Mutant("softmax over the wrong axis", "dz3", lambda v: (unshifted_softmax(v.z3, axis=0) - v.y) / v.m),
    Mutant("softmax twice", "dz3", lambda v: (softmax(softmax(v.z3)) - v.y) / v.m),
    Mutant(
        "softmax shifted by the batch's maximum",
        "dz3",
        lambda v: (unshifted_softmax(v.z3 - v.z3.max()) - v.y) / v.m,
        "large scores",
    ),
    Mutant("softmax not shifted", "dz3", lambda v: (unshifted_softmax(v.z3) - v.y) / v.m, "large scores"),
    # dW
    Mutant("1/m again", "dW3", lambda v: v.a2.T @ v.dz3 / v.m),
    Mutant("dW transposed where its shape permits", "dW2", lambda v: v.dz2.T @ v.a1),
    Mutant("a not transposed where its shape permits", "dW2", lambda v: v.a1 @ v.dz2),
    Mutant("a of the layer above", "dW2", lambda v: v.a2.T @ v.dz2),
    Mutant("z where a belongs", "dW3", lambda v: v.z2.T @ v.dz3),
    Mutant("the batch's last row left out", "dW1", lambda v: v.x[:-1].T @ v.dz1[:-1]),
    Mutant("gradient of the last step accumulated", "dW3", lambda v: v.before.dW3 + v.a2.T @ v.dz3),
    Mutant("update applied to the gradient", "dW3", lambda v: v.a2.T @ v.dz3 - RATE * v.W3),
    Mutant("weight decay slipped in", "dW2", lambda v: v.a1.T @ v.dz2 + 1e-4 * v.W2),
    Mutant("gradient clipped", "dW3", lambda v: np.clip(v.a2.T @ v.dz3, -0.01, 0.01)),
    Mutant("gradient scaled by 1 + 1e-7", "dW1", lambda v: v.x.T @ v.dz1 * (1 + 1e-7)),
    Mutant("float32 in the backward pass", "dW2", lambda v: half_precision(v.a1).T @ half_precision(v.dz2)),
    Mutant("one gradient in a million wrong", "dW1", lambda v: one_entry_off(v.x.T @ v.dz1), "a million"),
    Mutant("one gradient is not a number", "dW3", lambda v: one_entry_off(v.a2.T @ v.dz3, np.nan)),
    # db
    Mutant("db averaged where it is summed", "db2", lambda v: v.dz2.mean(axis=0)),
    Mutant("db summed over the wrong axis", "db2", lambda v: v.dz2.sum(axis=1)),
    Mutant("db from da", "db1", lambda v: v.da1.sum(axis=0)),
    Mutant("db of one row", "db3", lambda v: v.dz3[0]),
    # da
    Mutant("W not transposed where its shape permits", "da1", lambda v: v.dz2 @ v.W2),
    Mutant("W updated before the gradient below used it", "da2", lambda v: v.dz3 @ v.after.W3.T),
    Mutant("a layer passed over", "da1", lambda v: v.da2),
    Mutant("da where dz belongs", "da1", lambda v: v.da2 @ v.W2.T),
    # dz
    Mutant("mask missing", "dz2", lambda v: v.da2),
    Mutant("mask of the wrong layer", "dz2", lambda v: v.da2 * (v.z1 > 0)),
    Mutant("mask turned round", "dz1", lambda v: v.da1 * (v.z1 <= 0)),
    Mutant(">= 0 where > 0 belongs", "dz1", lambda v: v.da1 * (v.z1 >= 0), "exact zeros"),
    Mutant("mask taken after the update", "dz2", lambda v: v.da2 * (v.a1 @ v.after.W2 + v.after.b2 > 0)),
    Mutant("mask from the gradient's sign", "dz2", lambda v: v.da2 * (v.da2 > 0)),
    Mutant("multiplied by a, not by its sign", "dz1", lambda v: v.da1 * v.a1),
    Mutant("sigmoid' from z where a belongs", "dz2", lambda v: v.da2 * v.z2 * (1 - v.z2), "sigmoid"),
    Mutant("sigmoid' of a, not of z", "dz2", lambda v: v.da2 * sigmoid(v.a2) * (1 - sigmoid(v.a2)), "sigmoid"),
    Mutant("sigmoid' without 1 - a", "dz1", lambda v: v.da1 * v.a1, "sigmoid"),
    Mutant("ReLU's mask on a sigmoid", "dz1", lambda v: v.da1 * (v.z1 > 0), "sigmoid"),
)


@dataclass(frozen=True)
class Caught:
    """What became of one bug: named_line is the first line outside its bound, None if the check saw nothing."""

    mutant: Mutant
    named_line: str | None

    @property
    def caught(self) -> bool:
        """Whether the check found it, and on the line where it is."""
        return self.named_line == self.mutant.line


@dataclass(frozen=True)
class Proof:
    """All bugs tried, and whether the network without any of them passes on the same data."""

    mutants: tuple[Caught, ...]
    correct_holds: bool

    @property
    def caught(self) -> int:
        """How many were caught on their own line."""
        return sum(mutant.caught for mutant in self.mutants)

    @property
    def holds(self) -> bool:
        """Whether every bug is caught and nothing that is correct is."""
        return self.correct_holds and self.caught == len(self.mutants)

    @property
    def verdict(self) -> str:
        """How many were caught, in a sentence."""
        holds = "It holds." if self.holds else "It does not hold."
        correct = "" if self.correct_holds else " The network without any of them does not pass."
        return f"{holds} {self.caught} of {len(self.mutants)} planted bugs are caught on their own line.{correct}"

    def as_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "holds": self.holds,
            "verdict": self.verdict,
            "caught": self.caught,
            "planted": len(self.mutants),
            "mutants": [
                {
                    "name": tried.mutant.name,
                    "planted_line": tried.mutant.line,
                    "named_line": tried.named_line,
                    "caught": tried.caught,
                }
                for tried in self.mutants
            ],
        }


def try_mutants(seed: int = 0) -> Proof:
    """Plant every bug in turn, in float64, on the data that `cases` draws with that seed."""
    data = cases(seed)
    correct = all(_check(case, trace(case, case.lines)).holds for case in data.values())
    return Proof(tuple(Caught(mutant, try_mutant(mutant, data[mutant.case])) for mutant in MUTANTS), correct)


def try_mutant(mutant: Mutant, case: Case) -> str | None:
    """Plant one bug; the first line that the check finds outside its bound."""
    return _check(case, trace(case, case.lines | {mutant.line: mutant.wrong})).first_wrong_line


def _check(case: Case, found: dict[str, np.ndarray]) -> Judged:
    return check_lines(found, case.parameters, case.x, case.labels, case.activation)
