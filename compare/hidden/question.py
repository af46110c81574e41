"""What does a framework hide? The experiments listed, one of them run, or all."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compare.hidden import catalogue
from compare.hidden.experiment import Experiment, Finding
from compare.shared.errors import BadInput
from compare.shared.output import Output
from compare.shared.settings import Settings
from compare.shared.terminal import Advance, print_files, print_table, print_text, progress

#: Parts of the progress bar for each experiment: it takes a few of them as it works, and the rest when it is done.
PARTS = 12


@dataclass(frozen=True)
class Listing:
    """The answer where no name is given: what can be asked."""

    questions: dict[str, str]  # by name
    holds: bool = True

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"experiments": [{"name": name, "question": q} for name, q in self.questions.items()]}

    def print(self) -> None:
        """Names and questions, on stdout."""
        print_table("", ("experiment", "question"), list(self.questions.items()))
        print_text("Run one with `python -m compare hidden NAME`, or every one with `python -m compare hidden --all`.")


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

    def print(self) -> None:
        """The question, its answer and what to take from it, on stdout."""
        print_text(f"{self.name}: {self.question}\n\n{self.finding.answer}\n\n{self.finding.lesson}\n")
        if not self.finding.holds:
            print_text(f"The claim does not hold here: {self.claim}\n")


@dataclass(frozen=True)
class Answers:
    """The answer: some experiments, in the order in which they ran."""

    told: Sequence[Told]
    files: Sequence[Path]

    @property
    def holds(self) -> bool:
        """Whether every measurement supports its claim."""
        return all(one.finding.holds for one in self.told)

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"experiments": [one.as_json() for one in self.told]}

    def print(self) -> None:
        """Each experiment in full and, of several, the table of their answers, on stdout."""
        for one in self.told:
            one.print()
        if len(self.told) > 1:
            rows = [
                (one.name, "yes" if one.finding.holds else "NO", f"{one.seconds:.1f}", one.finding.answer)
                for one in self.told
            ]
            print_table("", ("experiment", "holds", "seconds", "answer"), rows)
            print_text(f"{sum(one.finding.holds for one in self.told)} of {len(self.told)} claims hold.")
        print_files(self.files)


def answer(settings: Settings, out: Path, name: str | None = None, everything: bool = False) -> Listing | Answers:
    """List the experiments, or run the one of that name or all, each leaving NAME.png, NAME.svg and NAME.json.

    Raises BadInput for an unknown name, and for a set, an option or a folder that cannot be used.
    """
    if name is not None and everything:
        raise BadInput(f"Both the experiment {name} and --all were asked for: leave one of them out.")
    if name is None and not everything:
        return Listing({known: catalogue.load(known).QUESTION for known in catalogue.NAMES})
    return _run(
        {known: catalogue.load(known) for known in (catalogue.NAMES if name is None else [name])}, settings, out
    )


def _run(experiments: dict[str, Experiment], settings: Settings, out: Path) -> Answers:
    """Measure one after the other; one that does not hold stops nothing."""
    from compare.shared.dataset import load_mnist
    from compare.shared.environment import environment
    from compare.shared.threads import use_threads
    from compare.shared.training import Digits

    output = Output(out)
    digits = Digits.of(load_mnist(settings.data), settings)
    told = []
    with use_threads(settings.threads) as threads, progress("hidden", len(experiments) * PARTS) as advance:
        for name, experiment in experiments.items():
            one = _tell(name, experiment, settings, digits, advance, output)
            about = {"settings": settings.as_json(), "environment": environment(threads)}
            output.write_json(f"{name}.json", {**one.as_json(), **about})
            told.append(one)
    return Answers(told, output.files)


def _tell(name: str, experiment: Experiment, settings: Settings, digits: Any, advance: Advance, output: Output) -> Told:
    """Measure, and draw what was measured."""
    import numpy as np

    from compare.shared.figures import save_figure

    done = 0

    def part(steps: int = 1, status: str = "") -> None:
        nonlocal done
        steps = min(steps, PARTS - done)
        done += steps
        advance(steps, f"{name} {status}".rstrip())

    begun = time.perf_counter()
    part(0)
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is in the measurement, and judged there
        finding = experiment.measure(settings, digits, part)
    if finding.measured.get("available", True):
        save_figure(experiment.draw(finding), output, name)
    part(PARTS)
    return Told(name, experiment.QUESTION, experiment.CLAIM, finding, round(time.perf_counter() - begun, 3))
