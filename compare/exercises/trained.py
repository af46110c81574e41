"""What an exercise is made of: trainings, a line check of each configuration, and what is concluded from them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from compare.judge.network import check_lines
from compare.shared.dataset import Dataset, pixels
from compare.shared.jobs import Job, train_jobs
from compare.shared.settings import DTYPES, Settings
from compare.shared.terminal import Advance, Table
from compare.shared.training import Curve, Digits, epoch_batches, trace_all
from compare.worlds import MANUAL, NAMES, build, world

if TYPE_CHECKING:
    from matplotlib.figure import Figure

IN_ALL = NAMES
BY_HAND = (MANUAL,)  # where one implementation is enough
ROWS = 64  # of the training set, for the line check; fewer where the set is smaller


@dataclass(frozen=True)
class Plan:
    """One configuration to train, and in which implementations.

    compared: whether all of them are judged line by line, at its initial and its final weights; where they agree
    there, the curve of one is that of all.
    """

    settings: Settings
    implementations: Sequence[str] = IN_ALL
    compared: bool = True


@dataclass(frozen=True)
class Agreement:
    """One configuration at its initial and final weights: does every line of every trace stay within its bound?

    bound_used: the largest part of its bound that any line uses; wrong: lines outside, in words.
    """

    settings: Settings
    lines: int
    bound_used: float
    wrong: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """As a JSON document has it."""
        return {
            **configuration(self.settings),
            "lines": self.lines,
            "bound_used": self.bound_used,
            "wrong_lines": self.wrong,
            "holds": not self.wrong,
        }


@dataclass(frozen=True)
class Training:
    """One finished training. found: further numbers that an exercise measured on it, by name."""

    settings: Settings
    curve: Curve
    found: dict[str, Any] = field(default_factory=dict)

    @property
    def accuracy(self) -> float:
        """Of the test set, after the last epoch, 0 to 1."""
        return self.curve.test_accuracy[-1]

    @property
    def parameters(self) -> int:
        """How many numbers the network learns."""
        return sum(value.size for value in self.curve.weights[0].values())

    def as_json(self) -> dict[str, Any]:
        """As a JSON document has it."""
        return {
            "implementation": self.curve.implementation,
            **configuration(self.settings),
            "parameters": self.parameters,
            "test_accuracy": self.accuracy,
            "train_loss": self.curve.train_loss[-1],
            "test_accuracy_by_epoch": self.curve.test_accuracy,
            "train_loss_by_epoch": self.curve.train_loss,
            **self.found,
        }


@dataclass(frozen=True)
class Conclusion:
    """What an exercise found: the answer, the tables that it comes from, and the reasons."""

    answer: str
    tables: Sequence[Table]
    why: str


class Exercise(Protocol):
    """What each file of an exercise offers; the module itself is the exercise."""

    @property
    def QUESTION(self) -> str: ...  # noqa: D102
    @property
    def EPOCHS(self) -> int: ...  # noqa: D102
    def plan(self, settings: Settings) -> list[Plan]: ...  # noqa: D102
    def conclude(self, runs: Sequence[Training], digits: Digits) -> Conclusion: ...  # noqa: D102
    def draw(self, runs: Sequence[Training]) -> "Figure": ...  # noqa: D102


def configuration(settings: Settings) -> dict[str, Any]:
    """What an exercise may vary, as plain data."""
    return {
        "seed": settings.seed,
        "hidden": list(settings.widths),
        "activation": settings.activation,
        "init": settings.init,
    }


def seeds(settings: Settings) -> list[int]:
    """Three: the one given, and the next two."""
    return [settings.seed, settings.seed + 1, settings.seed + 2]


def jobs_of(plans: Sequence[Plan]) -> list[Job]:
    """The trainings that are planned, in their order."""
    return [Job(name, plan.settings) for plan in plans for name in plan.implementations]


def train_all(plans: Sequence[Plan], digits: Digits, runs: list[Training], advance: Advance) -> None:
    """Train all that is planned, side by side where that is sooner; those that are finished are put into `runs`.

    They stand there in the order of the plans, also where the rest has been stopped. Raises TrainingStopped.
    """
    jobs, found = jobs_of(plans), dict[int, Training]()

    def finished(place: int, curve: Curve) -> None:
        found[place] = Training(jobs[place].settings, curve)
        runs[:] = [found[known] for known in sorted(found)]

    train_jobs(jobs, {jobs[0].settings.dtype: digits}, finished, advance)


def check_all(plans: Sequence[Plan], runs: Sequence[Training], data: Dataset, advance: Advance) -> list[Agreement]:
    """The line check of each configuration that is to be compared, in both dtypes, before and after its training."""
    by_hand = {run.settings: run for run in runs if run.curve.implementation == MANUAL}
    found = []
    for plan in plans:
        if plan.compared:
            weights = by_hand[plan.settings].curve.weights
            found.append(agreement(plan.settings, [weights[0], weights[-1]], data))
            advance()
    return found


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # overflow is looked for here, and reported better
def agreement(settings: Settings, weights: Sequence[dict[str, np.ndarray]], data: Dataset) -> Agreement:
    """All three at each of these weights, in both dtypes, on the first ROWS of the training set.

    Raises BadInput where the weights are so large that the calculation overflows in all three.
    """
    labels = data.train_labels[:ROWS]
    verdicts = []
    for dtype in DTYPES:
        x = pixels(data.train_images[:ROWS], dtype)
        for parameters in ({name: value.astype(dtype) for name, value in w.items()} for w in weights):
            for name, trace in trace_all(parameters, x, labels, settings.activation).items():
                check = check_lines(trace, parameters, x, labels, settings.activation)
                verdicts += [(f"the line {line.name} {world(name).where}, in {dtype},", line) for line in check.lines]
    wrong = tuple(dict.fromkeys(name for name, line in verdicts if not line.holds))
    return Agreement(settings, len(verdicts), max(line.bound_used for _, line in verdicts), wrong)


def steps_to(level: float, run: Training, digits: Digits, every: int = 50) -> int | None:
    """After how many steps the test accuracy reaches `level`; None where no epoch ends at or above it.

    The first epoch that does is taken again, batch for batch, from the weights it began with, and the test set is
    read every so many steps. So the trainings themselves need not stop for it.
    """
    epoch = next((e for e, accuracy in enumerate(run.curve.test_accuracy, start=1) if accuracy >= level), None)
    if epoch is None:
        return None
    net = build(run.curve.implementation, run.curve.weights[epoch - 1], run.settings.activation)
    batches = list(epoch_batches(run.settings, len(digits.train_x), epoch))
    before = len(batches) * (epoch - 1)
    for step, batch in enumerate(batches, start=1):
        net.step(*digits.batch(batch), run.settings.learning_rate)
        if step % every == 0 and (net.predict(digits.test_x) == digits.test_labels).mean() >= level:
            return before + step
    return before + len(batches)


def median(runs: Sequence[Training]) -> float:
    """Of their accuracies: with three seeds, the one in the middle, whatever became of the others."""
    return float(np.median([run.accuracy for run in runs]))


def spread(runs: Sequence[Training]) -> float:
    """Half the way from the smallest accuracy to the largest."""
    values = [run.accuracy for run in runs]
    return (max(values) - min(values)) / 2


def sizes(hidden: Sequence[int]) -> str:
    """Like "128, 64"."""
    return ", ".join(str(width) for width in hidden)
