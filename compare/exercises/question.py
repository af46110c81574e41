"""The chapter's exercises: without a number the questions, with one the answer, measured."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from compare.exercises.trained import Agreement, Conclusion, Exercise, Run, check_all, train_all
from compare.shared.dataset import load_mnist
from compare.shared.environment import environment
from compare.shared.errors import BadInput
from compare.shared.figures import save_figure
from compare.shared.output import Output
from compare.shared.settings import Settings
from compare.shared.terminal import print_files, print_table, print_text, progress
from compare.shared.threads import use_threads
from compare.shared.training import Digits, TrainingStopped, steps_per_epoch

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

    def as_json(self) -> dict[str, Any]:
        """Plain data: of each exercise the same keys that its answer has, the answers left open."""
        return {
            "exercises": [
                {"exercise": n, "question": exercise(n).QUESTION, "answer": None, "holds": None, "runs": []}
                for n in FILES
            ]
        }

    def print(self) -> None:
        """The questions, on stdout."""
        for number in FILES:
            print_text(f"{number}. {exercise(number).QUESTION}\n")
        print_text(
            "Try each first: change one thing and predict what will happen. Then ask for the answer, for example: "
            "python -m compare exercises 1"
        )


@dataclass(frozen=True)
class Answered:
    """One exercise, answered. It holds where the three compute the same gradients in every configuration."""

    number: int
    settings: Settings
    runs: list[Run]
    agreements: list[Agreement]
    conclusion: Conclusion
    files: list[Path]
    environment: dict[str, Any]

    @property
    def holds(self) -> bool:
        """Whether every line of every trace is within its bound."""
        return not any(agreement.wrong for agreement in self.agreements)

    @property
    def answer(self) -> str:
        """In words, with its numbers."""
        return f"{self.conclusion.answer} {self._parity()}"

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "exercise": self.number,
            "question": exercise(self.number).QUESTION,
            "answer": self.answer,
            "holds": self.holds,
            "runs": [run.as_json() for run in self.runs],
            "parity": [agreement.as_json() for agreement in self.agreements],
            "settings": self.settings.as_json(),
            "files": [str(path) for path in self.files],
            "environment": self.environment,
        }

    def print(self) -> None:
        """The question, tables and the answer, on stdout."""
        print_text(f"Exercise {self.number}. {exercise(self.number).QUESTION}\n")
        for table in self.conclusion.tables:
            print_table(table.title, table.header, table.rows)
        print_text(self.answer)
        print_files(self.files)

    def _parity(self) -> str:
        wrong = [(a.settings, line) for a in self.agreements for line in a.wrong]
        if wrong:
            settings, line = wrong[0]
            return (
                f"But the three do not compute the same gradients: with hidden layers {settings.hidden} and "
                f"{settings.activation}, the line {line} is outside its bound."
            )
        lines, used = sum(a.lines for a in self.agreements), max(a.bound_used for a in self.agreements)
        return (
            f"The three compute the same gradients in each of the {len(self.agreements)} configurations that were "
            f"trained in all of them (seed {self.settings.seed}), before and after training: all {lines:,} lines are "
            f"within their rounding bounds, and none uses more than {used:.0%} of its own. Other trainings are by "
            f"hand alone."
        )


def answer(number: int, settings: Settings, epochs: int | None, out: Path) -> Answered:
    """Train what the exercise asks for. Raises BadInput for a set, an option or a folder that cannot be used.

    epochs: None for the exercise's own number.
    """
    asked = exercise(number)
    settings = settings.with_(epochs=asked.EPOCHS if epochs is None else epochs)
    output = Output(out)
    data = load_mnist(settings.data)
    digits = Digits.of(data, settings)
    plans = asked.plan(settings)
    runs: list[Run] = []
    with use_threads(settings.threads) as threads:
        steps = sum(len(p.implementations) * p.settings.epochs for p in plans)
        try:
            with progress(f"exercise {number}", steps * steps_per_epoch(settings, len(digits.train_x))) as advance:
                train_all(plans, digits, runs, advance)
        except (KeyboardInterrupt, TrainingStopped):
            if runs:
                _save_runs(number, runs, output)
            raise
        with progress("gradients", sum(len(p.implementations) > 1 for p in plans)) as advance:
            agreements = check_all(runs, data, advance)
        conclusion = asked.conclude(runs, digits)
        _save_runs(number, runs, output)
        save_figure(asked.draw(runs), output, f"exercise-{number}")
        files = [*output.files, output.folder / f"exercise-{number}.json"]
        result = Answered(number, settings, runs, agreements, conclusion, files, environment(threads))
        output.write_json(f"exercise-{number}.json", result.as_json())
    return result


def _save_runs(number: int, runs: list[Run], output: Output) -> None:
    header = ("implementation", "seed", "hidden", "activation", "init", "epoch", "train_loss", "test_accuracy")
    rows = []
    for run in runs:
        s, curve = run.settings, run.curve
        about = (curve.implementation, s.seed, " ".join(map(str, s.hidden)), s.activation, s.init)
        by_epoch = zip(curve.train_loss, curve.test_accuracy, strict=True)
        rows += [(*about, epoch, *values) for epoch, values in enumerate(by_epoch, start=1)]
    output.write_csv(f"exercise-{number}.csv", header, rows)
