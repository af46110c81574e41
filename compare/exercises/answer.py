"""The exercises, with their answers or without."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

from compare.exercises.trained import Agreement, Conclusion, Exercise, Training
from compare.shared.errors import BadInput
from compare.shared.settings import Settings
from compare.shared.words import in_words
from compare.worlds import NAMES

FILES = {1: "activation", 2: "depth", 3: "width"}


def exercise(number: int) -> Exercise:
    """The file of that exercise. Raises BadInput where there is none."""
    if number not in FILES:
        raise BadInput(
            f"There is no exercise {number}. The chapter has {len(FILES)}; leave the number out to see them."
        )
    return cast(Exercise, import_module(f"compare.exercises.{FILES[number]}"))


@dataclass(frozen=True)
class Questions:
    """The exercises without their answers."""

    holds = True

    kept_in = None

    def as_json(self) -> dict[str, Any]:
        """As a JSON document has it: of each exercise the same keys that its answer has, the answers left open."""
        return {
            "exercises": [
                {"exercise": n, "question": exercise(n).QUESTION, "answer": None, "holds": None, "runs": []}
                for n in FILES
            ]
        }


@dataclass(frozen=True)
class Answered:
    """One exercise, answered. It holds where the three compute the same gradients in every configuration."""

    number: int
    settings: Settings
    runs: list[Training]
    agreements: list[Agreement]
    conclusion: Conclusion

    @property
    def kept_in(self) -> str:
        """Each exercise has one of its own."""
        return f"exercise-{self.number}.json"

    @property
    def holds(self) -> bool:
        """Whether every line of every trace is within its bound."""
        return not any(agreement.wrong for agreement in self.agreements)

    @property
    def answer(self) -> str:
        """In two sentences, with its numbers; where the three do not agree, that instead."""
        return self._disagreement() or self.conclusion.answer

    @property
    def why(self) -> str:
        """The reasons, a paragraph a line, and that the three agree."""
        return self.conclusion.why if self._disagreement() else f"{self.conclusion.why}\n{self._agreement()}"

    def as_json(self) -> dict[str, Any]:
        """As a JSON document has it."""
        return {
            "exercise": self.number,
            "question": exercise(self.number).QUESTION,
            "answer": self.answer,
            "why": self.why,
            "holds": self.holds,
            "runs": [run.as_json() for run in self.runs],
            "parity": [agreement.as_json() for agreement in self.agreements],
            "settings": self.settings.as_json(),
        }

    def _disagreement(self) -> str:
        """The first line that is wrong in one of them; nothing where none is."""
        for agreement in self.agreements:
            for line in agreement.wrong:
                widths = ", ".join(map(str, agreement.settings.widths))
                return (
                    f"It does not hold: the {in_words(len(NAMES))} do not compute the same gradients. With hidden "
                    f"layers {widths} and {agreement.settings.activation}, {line} is outside its bound."
                )
        return ""

    def _agreement(self) -> str:
        lines, used = sum(a.lines for a in self.agreements), max(a.bound_used for a in self.agreements)
        return (
            f"All three compute the same gradients: each of {lines:,} lines, in {len(self.agreements)} configurations "
            f"before and after training, is within its rounding bound; the nearest comes to {used:.0%} of it."
        )
