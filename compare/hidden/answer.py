"""What was asked of frameworks, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from compare.hidden.experiment import Finding


@dataclass(frozen=True)
class Listing:
    """The answer where no name is given: what can be asked."""

    questions: dict[str, str]  # by name
    holds: bool = True

    kept_in = None

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"experiments": [{"name": name, "question": q} for name, q in self.questions.items()]}


@dataclass(frozen=True)
class Told:
    """One experiment after its measurement."""

    name: str
    question: str
    claim: str
    finding: Finding
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

    told: Sequence[Told]

    kept_in = None

    @property
    def holds(self) -> bool:
        """Whether every measurement supports its claim."""
        return all(one.finding.holds for one in self.told)

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"experiments": [one.as_json() for one in self.told]}
