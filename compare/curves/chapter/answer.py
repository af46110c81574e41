"""What a closer look at the chapter's loop found, and what follows from it in words."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from compare.shared.dataset import CLASSES

EVERY = 10  # epochs between two lines of the chapter's loop


SINGLE = 3  # how many of the changes change one thing; the others change two


PLATEAU = math.log(CLASSES)  # the loss of a network that finds all classes equally likely


LEFT = 0.95  # of that: the loss below which the plateau has been left


WINDOW = 50  # steps whose mean loss is looked at, as single batches jump


#: The lines whose sizes are shown, in the order of the calculation.
SIGNAL = ("a1", "a2", "z3", "dz3", "dz2", "dz1")


@dataclass(frozen=True)
class Change:
    """A training that differs from the chapter's loop in what `title` says."""

    title: str
    learning_rate: float
    first_loss: float
    last_loss: float  # mean over the last epoch
    test_accuracy: float
    losses: list[float] = field(repr=False)  # by step

    @property
    def steps(self) -> int:
        """How many it took."""
        return len(self.losses)

    @property
    def left_plateau(self) -> int | None:
        """The step at which the mean loss of the last WINDOW steps first lies below the plateau; None if it never does.

        Fewer steps than WINDOW have no such mean.
        """
        if self.steps < WINDOW:
            return None
        means = np.convolve(self.losses, np.ones(WINDOW) / WINDOW, mode="valid")
        below = np.flatnonzero(means < LEFT * PLATEAU)
        return int(below[0]) + WINDOW if below.size else None

    def as_json(self) -> dict[str, Any]:
        """As a JSON document has it, without the loss of every step."""
        content = asdict(self)
        del content["losses"]
        return {**content, "steps": self.steps, "left_plateau": self.left_plateau}


@dataclass(frozen=True)
class Chapter:
    """What a closer look found.

    signal: by initial weights, the root mean square of each line in SIGNAL. bound_used: the largest part of its bound
    that a gradient of the changes' own network uses at the start.
    """

    lines: dict[str, list[tuple[int, float, float]]]  # by implementation: epoch, loss, test accuracy
    changes: list[Change]  # the first one is none: as printed
    next_chapter: list[Change]
    signal: dict[str, dict[str, float]]
    bound_used: float

    @property
    def holds(self) -> bool:
        """Whether the changes were trained with right gradients."""
        return self.bound_used <= 1

    def as_json(self) -> dict[str, Any]:
        """As a JSON document has it."""
        return {
            "lines": {
                name: [dict(zip(("epoch", "loss", "test_accuracy"), line, strict=True)) for line in lines]
                for name, lines in self.lines.items()
            },
            "changes": [change.as_json() for change in self.changes],
            "next_chapter": [change.as_json() for change in self.next_chapter],
            "signal": self.signal,
            "bound_used": self.bound_used,
        }

    @property
    def reasons(self) -> list[str]:
        """Why, what rescues it, and whether the next chapter's loop does better, in words."""
        printed, *changed = self.changes
        chapter, he = self.signal.values()
        accuracies = [change.test_accuracy for change in self.next_chapter]
        first, last = (np.mean([getattr(c, which) for c in self.next_chapter]) for which in ("first_loss", "last_loss"))
        too_few = self._too_few(printed)
        return [
            f"At the chapter's initial weights the signal shrinks in every layer: z3 is "
            f"{chapter['a1'] / chapter['z3']:,.0f} times smaller than a1, and on the way back dz1 is "
            f"{chapter['dz3'] / chapter['dz1']:,.0f} times smaller than dz3. From He's weights the scores are "
            f"{he['z3'] / chapter['z3']:,.0f} times and dz1 is {he['dz1'] / chapter['dz1']:,.0f} times as large.",
            *([too_few] if too_few else []),
            f"One change at a time: {_told(changed[:SINGLE])}. Two at a time: {_told(changed[SINGLE:])}.",
            f"The next chapter runs the same loop in PyTorch and trusts its default initial weights: over "
            f"{len(accuracies)} seeds the loss goes from {first:.2f} to {last:.2f}, and {min(accuracies):.1%} to "
            f"{max(accuracies):.1%} are classified correctly. "
            f"{'It does not learn either.' if max(accuracies) <= 0.2 else 'It learns.'}",
        ]

    def _too_few(self, printed: Change) -> str:
        rescue = self.changes[-1]
        if rescue.left_plateau is None:
            return ""
        needed = rescue.left_plateau * rescue.learning_rate / printed.learning_rate
        return (
            f"{printed.steps} steps are few: with mini-batches and a rate of {rescue.learning_rate:g} the plateau "
            f"ends after {rescue.left_plateau:,} steps; at {printed.learning_rate:g} the same way takes about "
            f"{needed:,.0f}."
        )


def _told(changes: Sequence[Change]) -> str:
    return "; ".join(f"{c.title}: {c.test_accuracy:.2%} after {c.steps:,} steps" for c in changes)
