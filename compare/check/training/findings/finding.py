"""A cause for which a training does not get on, and what it is called."""

from dataclasses import dataclass, field
from typing import Any

from compare.check.recording.graph import Place
from compare.check.training.descents import Descent


@dataclass(frozen=True)
class Cause:
    """Why it is one, in a sentence, and what helps against it; "" where that is said by the explanation."""

    explanation: str
    cure: str = ""


@dataclass(frozen=True)
class FoundCause:
    """A cause that was found. name: of the causes; place: the learner's line, if it is known.

    words: what fills the cause's sentences; evidence: what was measured, "" for its course and the descent; descent:
    the one that helped; cure: in the place of the cause's own.
    """

    name: str
    place: Place | None
    words: dict[str, Any] = field(default_factory=dict)
    evidence: str = ""
    descent: Descent | None = None
    cure: str = ""
