"""The gradients of all worlds before and after training, their trainings, and the verdict on both."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from compare.judge.judging import Judged, Verdict
from compare.shared.dataset import Dataset
from compare.shared.differences import PairDifference
from compare.shared.rounds import Timing
from compare.shared.settings import Settings
from compare.shared.training import Curve
from compare.shared.words import in_words
from compare.side_by_side.pairs import PairRow
from compare.side_by_side.trainings import curves_json, pairs_json
from compare.worlds import spoken, world


@dataclass(frozen=True)
class GradientsAt:
    """The gradients of one batch in all worlds: in one dtype, before or after the training."""

    dtype: str
    when: str
    pairs: list[PairRow]
    checks: dict[str, Judged]  # by implementation

    @property
    def holds(self) -> bool:
        """Whether every line of every implementation is within its bound, and every pair within theirs."""
        return all(check.holds for check in self.checks.values()) and all(pair.holds for pair in self.pairs)

    @property
    def most_used(self) -> tuple[str, Verdict]:
        """The line that came nearest to its bound, and whose it is."""
        lines = [(name, line) for name, check in self.checks.items() for line in check.lines]
        return max(lines, key=lambda named: named[1].bound_used)

    def as_json(self) -> list[dict[str, Any]]:
        """A row for each pair and parameter."""
        about = {"dtype": self.dtype, "when": self.when}
        return [{**about, **asdict(pair), "holds": pair.holds} for pair in self.pairs]

    def lines_json(self) -> list[dict[str, Any]]:
        """A row for each implementation and line."""
        return [
            {"dtype": self.dtype, "when": self.when, "implementation": name, "line": line.name, "error": line.error,
             "error_ulp": line.error_ulp, "bound_used": line.bound_used, "holds": line.holds}
            for name, check in self.checks.items()
            for line in check.lines
        ]  # fmt: skip


@dataclass(frozen=True)
class Run:
    """The answer."""

    settings: Settings
    curves: list[Curve]
    pairs: list[PairDifference]
    parity: list[GradientsAt]
    costs: dict[str, Timing]  # of a step, by implementation
    holds: bool
    verdict: str
    data: Dataset

    kept_in = "results.json"

    def as_json(self) -> dict[str, Any]:
        """As a JSON document has it."""
        return {
            "holds": self.holds,
            "verdict": self.verdict,
            "settings": self.settings.as_json(),
            "implementations": curves_json(self.curves),
            **pairs_json(self.pairs),
            "step_microseconds": {name: round(timing.microseconds, 1) for name, timing in self.costs.items()},
            "parity": [row for parity in self.parity for row in parity.as_json()],
            "lines": [row for parity in self.parity for row in parity.lines_json()],
        }


def gradient_verdict(parity: Sequence[GradientsAt]) -> str:
    """What the gradients show, in words: the nearest that a line came to its bound, or the first beyond it."""
    for found in parity:
        for name, check in found.checks.items():
            if check.first_wrong_line:
                return (
                    f"{found.when.capitalize()} training, in {found.dtype}, the line {check.first_wrong_line} "
                    f"{world(name).where} is outside its bound: see python -m compare parity --dtype {found.dtype}."
                )
        for pair in found.pairs:
            if not pair.holds:
                return (
                    f"{found.when.capitalize()} training, in {found.dtype}, the gradients of {pair.parameter} differ "
                    f"between {spoken(pair.pair)} by more than rounding can explain."
                )
    name, line = max((found.most_used for found in parity), key=lambda named: named[1].bound_used)
    count = sum(len(check.lines) for found in parity for check in found.checks.values())
    return (
        f"The {in_words(len(parity[0].checks))} compute the same gradients: before and after training, in float64 and "
        f"in float32, each of the {count} lines checked is within its rounding bound; {line.name} {world(name).where} "
        f"came nearest, at {line.bound_used:.0%} of its bound."
    )
