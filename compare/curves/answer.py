"""Three trainings, and how far each pair of them is apart."""

from dataclasses import dataclass
from typing import Any

from compare.curves.chapter.answer import Chapter
from compare.shared.account import Account
from compare.shared.differences import PairDifference
from compare.shared.settings import Settings
from compare.shared.training import Curve
from compare.side_by_side.trainings import curves_json, pairs_json


@dataclass(frozen=True)
class Curves:
    """The answer: three trainings, and how far each pair of them is apart."""

    settings: Settings
    curves: list[Curve]
    pairs: list[PairDifference]
    account: Account
    holds: bool
    chapter: Chapter | None = None  # a closer look, where the settings are the chapter's loop

    kept_in = "results.json"

    @property
    def verdict(self) -> str:
        """In two sentences."""
        return self.account.verdict

    @property
    def reasons(self) -> list[str]:
        """A paragraph each; of the chapter's loop, more than others have."""
        return [*self.account.reasons, *(self.chapter.reasons if self.chapter else ())]

    def as_json(self) -> dict[str, Any]:
        """As a JSON document has it."""
        return {
            "holds": self.holds,
            "verdict": self.verdict,
            "reasons": self.reasons,
            "settings": self.settings.as_json(),
            "implementations": curves_json(self.curves),
            **pairs_json(self.pairs),
            **({"chapter": self.chapter.as_json()} if self.chapter else {}),
        }
