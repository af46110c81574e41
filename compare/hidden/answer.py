"""What was asked of frameworks, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from compare.hidden.frame.experiment import Finding, NotMeasured


@dataclass(frozen=True)
class Listing:
    """The answer where no name is given: what can be asked."""

    questions: dict[str, str]  # by name
    holds: bool = True

    kept_in = None

    def as_json(self) -> dict[str, Any]:
        """As a JSON document has it."""
        return {"experiments": [{"name": name, "question": q} for name, q in self.questions.items()]}


@dataclass(frozen=True)
class Outcome:
    """One experiment after its measurement."""

    name: str
    question: str
    claim: str
    finding: Finding | NotMeasured
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """What was asked, measured and found, as plain data."""
        found = self.finding
        return {
            "name": self.name, "question": self.question, "claim": self.claim, "answer": found.answer,
            "holds": found.holds, "seconds": self.seconds, "measured": found.measured, "lesson": found.lesson,
        }  # fmt: skip


@dataclass(frozen=True)
class Answers:
    """The answer: some experiments, in the order in which they ran."""

    outcomes: Sequence[Outcome]

    kept_in = None

    @property
    def holds(self) -> bool:
        """Whether no measurement refutes its claim. What was not measured says nothing of it."""
        return all(one.finding.holds is not False for one in self.outcomes)

    @property
    def verdict(self) -> str:
        """How many claims hold, of those that were measured, and how many were not."""
        measured = [one for one in self.outcomes if one.finding.holds is not None]
        others = len(self.outcomes) - len(measured)
        held = f"{sum(bool(one.finding.holds) for one in measured)} of {len(measured)} claims hold"
        return f"{held}, and {others} {'was' if others == 1 else 'were'} not measured here." if others else f"{held}."

    def as_json(self) -> dict[str, Any]:
        """As a JSON document has it."""
        verdict = self.verdict if len(self.outcomes) > 1 else self.outcomes[0].finding.answer
        return {
            "holds": self.holds,
            "verdict": verdict,
            "experiments": [one.as_json() for one in self.outcomes],
        }
