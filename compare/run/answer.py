"""The gradients of all worlds before and after training, their trainings, and the verdict on both."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from compare.judge.judging import Judged, Verdict
from compare.shared.account import Account
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
    account: Account
    data: Dataset

    kept_in = "results.json"

    @property
    def verdict(self) -> str:
        """In two sentences."""
        return self.account.verdict

    def as_json(self) -> dict[str, Any]:
        """As a JSON document has it."""
        return {
            "holds": self.holds,
            "verdict": self.verdict,
            "reasons": self.account.reasons,
            "settings": self.settings.as_json(),
            "implementations": curves_json(self.curves),
            **pairs_json(self.pairs),
            "step_microseconds": {name: round(timing.microseconds, 1) for name, timing in self.costs.items()},
            "parity": [row for parity in self.parity for row in parity.as_json()],
            "lines": [row for parity in self.parity for row in parity.lines_json()],
        }


def account(parity: Sequence[GradientsAt], trained_alike: bool, trainings: Account, learned: Account) -> Account:
    """What there is to say about all of it: the gradients, how far apart the trainings are, what they came to."""
    wrong, right = _first_wrong(parity), _all_right(parity)
    reasons = [*trainings.reasons, learned.verdict, *learned.reasons]
    if wrong:
        return Account(f"It does not hold: {wrong} {trainings.verdict}", reasons)
    if not trained_alike:
        return Account(f"It does not hold. {trainings.verdict}", [*reasons, f"T{right.verdict[1:]}", *right.reasons])
    return Account(f"It holds: {right.verdict} {trainings.verdict}", [*reasons, *right.reasons])


def _first_wrong(parity: Sequence[GradientsAt]) -> str:
    """The first line that is outside its bound, or the first gradient of a pair; nothing where none is."""
    for found in parity:
        for name, check in found.checks.items():
            if check.first_wrong_line:
                return (
                    f"{found.when} training, in {found.dtype}, the line {check.first_wrong_line} {world(name).where} "
                    f"is outside its bound (see python -m compare parity --dtype {found.dtype})."
                )
        for pair in found.pairs:
            if not pair.holds:
                return (
                    f"{found.when} training, in {found.dtype}, the gradients of {pair.parameter} differ between "
                    f"{spoken(pair.pair)} by more than rounding can explain."
                )
    return ""


def _all_right(parity: Sequence[GradientsAt]) -> Account:
    """That every line is within its bound, and which of them comes nearest."""
    name, line = max((found.most_used for found in parity), key=lambda named: named[1].bound_used)
    count = sum(len(check.lines) for found in parity for check in found.checks.values())
    return Account(
        f"the {in_words(len(parity[0].checks))} compute the same gradients, as each of the {count} lines checked is "
        f"within its rounding bound.",
        [
            f"The lines were checked before and after training, in float64 and in float32; {line.name} "
            f"{world(name).where} came nearest, at {line.bound_used:.0%} of its bound."
        ],
    )
