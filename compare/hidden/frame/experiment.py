"""What an experiment is: a question, a claim, a measurement that can refute the claim, a figure and a lesson."""

from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, Protocol

from compare.shared.settings import Settings
from compare.shared.terminal import Advance

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.shared.training import Digits


@dataclass(frozen=True)
class Finding:
    """What a measurement came back with."""

    answer: str  # one line, its numbers measured
    holds: bool  # whether the measurement supports the module's CLAIM
    measured: dict[str, Any]  # plain data: what was measured, enough to draw the figure from
    lesson: str  # a paragraph: what to take from it (may contain measured numbers)


@dataclass(frozen=True)
class NotMeasured:
    """An experiment that cannot run here, and why: a result of its own, which neither holds nor fails to."""

    answer: str
    lesson: str
    holds: None = None

    @property
    def measured(self) -> dict[str, Any]:
        """As a JSON document has it."""
        return {"available": False, "reason": self.answer}


def plain(part: Any) -> Any:
    """What was measured as plain data: a dataclass by its own `as_json`, or by its fields."""
    if isinstance(part, dict):
        return {key: plain(value) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return type(part)(plain(value) for value in part)
    if hasattr(part, "as_json"):
        return part.as_json()
    if is_dataclass(part):
        return {field.name: plain(getattr(part, field.name)) for field in fields(part)}
    return part


class Experiment(Protocol):
    """What a module of an experiment offers.

    It imports neither PyTorch nor Matplotlib at its top, so that all questions can be listed at once.
    """

    QUESTION: str  # ends in a question mark
    CLAIM: str  # a sentence that a measurement can refute

    def measure(self, settings: Settings, digits: "Digits", advance: Advance) -> Any:
        """Measure on all implementations that have the thing: a frozen dataclass `Measured` of the experiment's own.

        Or NotMeasured. Calls `advance()` a few times on the way. The dtype of `digits` is settings.dtype, float32
        unless the user chose.
        """

    def judge(self, result: Any) -> Finding:
        """Whether what was measured supports the claim, and what to take from it. Spoilt measurements do not."""

    def draw(self, result: Any) -> "Figure":
        """The figure of what was measured: one message, readable at 800 pixels."""
