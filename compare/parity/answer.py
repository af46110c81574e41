"""One batch in all worlds: line by line, end to end, in pairs, before the referee; and the planted bugs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from compare.judge.judging import Judged
from compare.judge.verdict import Verdict
from compare.parity.planted_bugs import Proof
from compare.parity.referee import AGREEMENT, Referee
from compare.parity.sizes import Smallest
from compare.shared.settings import Settings
from compare.shared.words import percent_of
from compare.side_by_side.pairs import PairRow
from compare.worlds import spoken, world

ASKED = 6e-9  # the difference that people ask about


@dataclass(frozen=True)
class Parity:
    """The answer. checks, end_to_end: by implementation; after: training steps before the batch was looked at."""

    settings: Settings
    after: int
    checks: dict[str, Judged]
    end_to_end: dict[str, tuple[Verdict, ...]]
    pairs: list[PairRow]
    referee: Referee | None  # None where the loss has no derivative for it to find
    unexercised: list[str]  # what this batch could not have shown, in sentences

    kept_in = "results.json"

    @property
    def holds(self) -> bool:
        """Whether every line is right, and of the gradients, the pairs and the referee, if it judged, none is wrong."""
        lines = all(check.holds for check in self.checks.values())
        wrong = any(verdict.is_wrong for verdicts in self.end_to_end.values() for verdict in verdicts)
        referee = self.referee is None or self.referee.holds
        return lines and not wrong and all(pair.holds for pair in self.pairs) and referee

    @property
    def weakest(self) -> tuple[str, Verdict]:
        """The line in which an error could have been largest without being noticed, and whose it is."""
        lines = [(name, line) for name, check in self.checks.items() for line in check.lines]
        return max(lines, key=lambda named: named[1].power)

    def nearest(self, letters: str = "") -> tuple[str, Verdict]:
        """The line that uses most of its bound, and whose it is; among lines of those names, such as "z da dW"."""
        wanted = letters.split()
        lines = [
            (name, line)
            for name, check in self.checks.items()
            for line in check.lines
            if not wanted or line.name.rstrip("0123456789") in wanted
        ]
        return max(lines, key=lambda named: named[1].bound_used)

    def as_json(self) -> dict[str, Any]:
        """As a JSON document has it."""
        name, line = self.weakest
        return {
            "holds": self.holds,
            "verdict": verdict_sentence(self),
            "dtype": self.settings.dtype,
            "batch_size": self.settings.batch_size,
            "after": self.after,
            "settings": self.settings.as_json(),
            "lines": [
                {"implementation": name, "line": line.name, "error": line.error, "error_ulp": line.error_ulp,
                 "bound_used": line.bound_used, "probable_used": line.probable_used,
                 "slope_sigma": line.slope_sigma, "power": line.power, "answer": line.answer, "route": line.route,
                 "holds": line.holds}
                for name, check in self.checks.items()
                for line in check.lines
            ],
            "end_to_end": {
                "holds": not any(v.is_wrong for verdicts in self.end_to_end.values() for v in verdicts),
                "is_a_verdict": all(v.answer != "cannot tell" for vs in self.end_to_end.values() for v in vs),
                "gradients": [
                    {"implementation": name, "parameter": verdict.name, "error": verdict.error,
                     "bound_used": verdict.bound_used, "relative_bound": verdict.relative_bound,
                     "probable_used": verdict.probable_used, "power": verdict.power, "answer": verdict.answer,
                     "holds": not verdict.is_wrong}
                    for name, verdicts in self.end_to_end.items()
                    for verdict in verdicts
                ],
            },
            "pairs": [{**asdict(pair), "holds": pair.holds} for pair in self.pairs],
            "weakest": dict(zip(("implementation", "line", "power"), (name, line.name, line.power), strict=True)),
            "unexercised": self.unexercised,
            "referee": {"judged": False, "holds": None} if self.referee is None else
            {"judged": True, **asdict(self.referee), "holds": self.referee.holds},
        }  # fmt: skip


@dataclass(frozen=True)
class BugsPlanted:
    """The answer to --mutants: can the check fail?"""

    proof: Proof
    smallest: list[Smallest]

    kept_in = "mutants.json"

    @property
    def holds(self) -> bool:
        """Whether every planted bug is caught on its own line, and nothing that is correct."""
        return self.proof.holds

    def as_json(self) -> dict[str, Any]:
        """As a JSON document has it."""
        return {**self.proof.as_json(), "smallest": [one.as_json() for one in self.smallest]}


def is_it_right(parity: Parity) -> str:
    """Is a gradient that differs by 6e-9 wrong? What follows from the bounds of this batch."""
    widest = max(parity.pairs, key=lambda pair: pair.absolute)
    allowed = max(pair.bound for pair in parity.pairs)
    question = f"A common question: my gradient differs by {ASKED:g}, is it wrong?"
    found = f"the largest here is {widest.absolute:.1e}, in d{widest.parameter}, {spoken(widest.pair)}"
    if parity.settings.dtype == "float32":
        return (
            f"{question} In float32 the difference alone cannot tell, since rounding could in the worst case cause up "
            f"to {allowed:.1e}; {found}. That each of the two is right line by line is the proof."
        )
    if allowed < ASKED:
        return (
            f"{question} Not here, in float64: no two correct implementations can be further apart than {allowed:.1e} "
            f"in any entry of this batch; {found}."
        )
    return f"{question} Here it may be: up to {allowed:.1e} can be rounding in the worst case; {found}."


def referee_sentence(parity: Parity) -> str:
    """What the referee found."""
    referee = parity.referee
    if referee is None:
        return (
            "Referee: it could not judge at these weights. A ReLU stands so near 0 that it bends the loss within even "
            "the smallest step, and a finite difference across a bend is no derivative. The lines are judged all the "
            "same; a larger --init-scale, or --after some training steps, lets it judge."
        )
    redone = f" ({referee.redone} steps crossed a ReLU's bend and were redone smaller)" if referee.redone else ""
    return (
        f"Referee: finite differences of the loss alone, in extended precision, along {referee.directions} random "
        f"directions and on all {referee.entries} entries of a small network, "
        + ("confirm" if referee.holds else "do not confirm")
        + f" the formulas behind these bounds: the largest relative difference is {referee.relative_difference:.1e}, "
        f"and {AGREEMENT:g} is asked for{redone}."
    )


def first_failure(checks: Mapping[str, Judged]) -> str:
    """The first line that is wrong, else the first of which rounding lets nothing be told; "" where all are right.

    checks: by implementation.
    """
    for name, check in checks.items():
        if check.first_wrong_line:
            line = check[check.first_wrong_line]
            return f"It does not hold. {world(name).opening}, {line.name} is wrong, given its own inputs: {line.fault}."
    unsure = ((name, line) for name, check in checks.items() for line in check.lines if line.answer == "cannot tell")
    return next((f"It cannot tell. {world(name).opening}: {line.reason}" for name, line in unsure), "")


def verdict_sentence(parity: Parity) -> str:
    """Whether it holds, and if not, where it fails first."""
    failure = first_failure(parity.checks)
    if failure:
        return failure
    if not parity.holds:
        return "It does not hold: every line is within its bound, but not all of the rest; see the tables."
    implementation, line = parity.nearest()
    return (
        f"It holds. All {sum(len(check.lines) for check in parity.checks.values())} lines are within their rounding "
        f"bounds; {line.name} {world(implementation).where} comes nearest, at {percent_of(line.bound_used)} of its "
        + ("bound." if parity.referee else "bound, but the referee could not judge at these weights.")
    )


def power_sentence(parity: Parity) -> str:
    """How small an error would have been seen, in the line where it would have had to be largest."""
    _, line = parity.weakest
    if line.power == 0:
        return "No line rounds here: any error would have been noticed."
    return (
        f"The least sensitive line is {line.name}, where an error of {size_of(line.power)} of its largest entry would "
        "have been noticed; in every other line a smaller one."
    )


def share_of(part: float) -> str:
    """A part of a bound in words."""
    return "0" if part == 0 else "outside" if not np.isfinite(part) else f"{part:.2g}"


def size_of(power: float) -> str:
    """The smallest error that would have been seen, in words."""
    return "any" if power == 0 else f"{power:.1g}"
