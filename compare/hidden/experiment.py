"""What an experiment is: a question, a claim, a measurement that can refute the claim, a figure and a lesson."""

from dataclasses import dataclass
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


class Experiment(Protocol):
    """What a module of an experiment offers.

    It imports neither PyTorch nor Matplotlib at its top, so that all questions can be listed at once.
    """

    QUESTION: str  # ends in a question mark
    CLAIM: str  # a sentence that a measurement can refute

    def measure(self, settings: Settings, digits: "Digits", advance: Advance) -> Finding:
        """Measure on all implementations that have the thing; call `advance()` a few times on the way.

        The dtype of `digits` is settings.dtype, float32 unless the user chose. Where the experiment cannot run here,
        it stands aside: the answer says why, `holds` is True and `measured` is {"available": False}.
        """

    def draw(self, finding: Finding) -> "Figure":
        """The figure of a finding whose measurement was available: one message, readable at 800 pixels."""
