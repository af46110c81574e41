"""What is looked at: the arrays of every line, in every world, at each moment of the training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from compare.shared.settings import Settings
from compare.shared.words import in_words
from compare.side_by_side.lines import LineOfAll
from compare.worlds import world


@dataclass(frozen=True)
class Snapshot:
    """The network after so many epochs.

    accuracy: of the test digits, 0 to 1; None before the training. parameters: W1 (fan_in, fan_out), b1 (fan_out,) and
    so on, which every world was given. probabilities: a3 (m, classes), by hand; no other world forms them. traces: by
    world, each line's array. bound_used: by line, the most that any world used of its rounding bound.
    """

    epoch: int
    accuracy: float | None
    parameters: Mapping[str, np.ndarray]
    probabilities: np.ndarray
    traces: Mapping[str, Mapping[str, np.ndarray]]
    bound_used: Mapping[str, float]

    @property
    def loss(self) -> float:
        """The mean of the rows looked at, as the first world has it."""
        return float(next(iter(self.traces.values()))["loss"])

    def differences(self, line: str) -> float:
        """The largest difference of an entry of that line between any two worlds."""
        values = np.stack([trace[line] for trace in self.traces.values()])
        return float((values.max(axis=0) - values.min(axis=0)).max())

    def as_json(self) -> dict[str, Any]:
        """As a JSON document has it: the largest entry and the largest difference of each line, and not its array."""
        first = next(iter(self.traces.values()))
        return {
            "epoch": self.epoch,
            "accuracy": self.accuracy,
            "loss": self.loss,
            "lines": [
                {"line": line, "largest_entry": float(np.abs(value).max()),
                 "largest_difference": self.differences(line), "bound_used": self.bound_used[line]}
                for line, value in first.items()
            ],
        }  # fmt: skip


@dataclass(frozen=True)
class Look:
    """The answer.

    x (m, pixels) in the dtype of the settings and labels (m,): the rows looked at, which begin at `first` in the
    training set. rows: what each line is in each world. moments: in the order of the training.
    """

    settings: Settings
    first: int
    x: np.ndarray
    labels: np.ndarray
    image_shape: tuple[int, int]
    rows: Sequence[LineOfAll]
    moments: Sequence[Snapshot]

    kept_in = "results.json"

    @property
    def holds(self) -> bool:
        """Whether every line of every world is within its rounding bound at every moment."""
        return all(used <= 1 for moment in self.moments for used in moment.bound_used.values())

    @property
    def seen(self) -> str:
        """What is looked at, in words."""
        if len(self.x) == 1:
            return f"training image {self.first:,}, a {self.labels[0]}"
        return f"the first {len(self.x):,} training images"

    @property
    def verdict(self) -> str:
        """Whether every line keeps to its bound, and where two worlds differ most."""
        for moment in self.moments:
            for line, used in moment.bound_used.items():
                if not used <= 1:
                    return (
                        f"It does not hold. {after(moment.epoch).capitalize()}, the line {line} is outside its "
                        f"rounding bound in one of the {in_words(len(moment.traces))}."
                    )
        moment, line = max(
            ((moment, line) for moment in self.moments for line in moment.bound_used),
            key=lambda found: found[0].differences(found[1]),
        )
        *others, one = (world(name).where for name in moment.traces)
        return (
            f"It holds: for {self.seen}, all {len(self.rows)} lines are within their rounding bounds "
            f"{', '.join(others)} and {one}. The largest difference between two of them is "
            f"{moment.differences(line):.1e}, in {line} {after(moment.epoch)}."
        )

    def as_json(self) -> dict[str, Any]:
        """As a JSON document has it."""
        return {
            "holds": self.holds,
            "verdict": self.verdict,
            "settings": {**self.settings.as_json(), "epochs": self.moments[-1].epoch},
            "rows": {"first": self.first, "count": len(self.x), "labels": self.labels},
            "moments": [moment.as_json() for moment in self.moments],
        }


def after(epoch: int) -> str:
    """When in the training, as in "after epoch 3"."""
    return "before training" if epoch == 0 else f"after epoch {epoch}"
