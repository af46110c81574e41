"""The answer on one file: what was found out, the lines, the mistakes, and how they are shown."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from compare.check.chain import Convention
from compare.check.evidence import Diagnosis
from compare.check.source import Sources
from compare.check.train import ROWS, STEPS, Training
from compare.parity.line_check import LineVerdict
from compare.shared.terminal import print_files, print_table, print_text


@dataclass(frozen=True)
class Check:
    """The answer. lines: every line that was seen, with the verdict on it; notes: what was found out, in words."""

    file: str
    style: str
    found_out: str
    notes: list[str]
    lines: list[LineVerdict]
    places: dict[str, int | None]
    diagnoses: list[Diagnosis]
    sources: Sources
    layout: dict[str, Any]
    convention: Convention
    initial: dict[str, np.ndarray]
    training: Training | None = None
    files: list[Path] = field(default_factory=list)
    made_with: dict[str, Any] = field(default_factory=dict)  # settings and environment, for the record

    @property
    def holds(self) -> bool:
        """Whether every gradient is right, and, with --train, whether it learns."""
        return not self.faults and bool(self.lines) and (self.training is None or self.training.holds)

    @property
    def faults(self) -> list[Diagnosis]:
        """What is wrong, without what does no harm."""
        return [d for d in self.diagnoses if not d.harmless]

    @property
    def first_wrong_line(self) -> str | None:
        """The line of the first fault."""
        return self.faults[0].line if self.faults else None

    @property
    def source_line(self) -> int | None:
        """The number of the learner's line that most likely made it."""
        place = self.faults[0].place if self.faults else None
        return place.line if place else None

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "holds": self.holds,
            "verdict": f"{Path(self.file).name}: {self.verdict}",
            "first_wrong_line": self.first_wrong_line,
            "source_line": self.source_line,
            "found_out": self.found_out,
            "notes": self.notes,
            "diagnoses": [
                {"name": d.name, "line": d.line, "source_line": d.place.line if d.place else None,
                 "explanation": d.explanation, "evidence": d.evidence, "corrected": d.corrected, "harmless": d.harmless,
                 "trial": d.trial}
                for d in self.diagnoses
            ],
            "lines": [
                {"line": v.name, "source_line": self.places.get(v.name), "holds": v.holds, "error": v.error,
                 "error_ulp": v.error_ulp, "bound_used": v.bound_used, "complaint": v.complaint,
                 "worst": None if v.worst is None else
                 {"index": v.worst.index, "found": v.worst.found, "expected": v.worst.exact}}
                for v in self.lines
            ],
            "training": None if self.training is None else self.training.as_json(),
            "files": [str(path) for path in self.files],
            **self.made_with,
        }  # fmt: skip

    def print(self) -> None:
        """What was found out, the lines, and each mistake with the learner's own line."""
        print_text(f"{self.file}: {self.found_out}")
        print_table(
            "Line by line, each from the numbers above it",
            ("line", "your line", "largest error", "of the bound", "verdict"),
            [(v.name, str(self.places.get(v.name) or ""), "" if v.complaint else f"{v.error:.1e}",
              "" if v.complaint else _of_the_bound(v.bound_used), "right" if v.holds else v.complaint or "wrong")
             for v in self.lines],
        )  # fmt: skip
        for number, d in enumerate(self.diagnoses, start=1):
            self._print_diagnosis(number, d)
        if self.training is not None:
            self._print_training(self.training)
        for note in self.notes:
            print_text(note)
        print_text(self.verdict)
        print_files(self.files)

    def _print_training(self, training: Training) -> None:
        print_table(
            f"Trained on the same {STEPS} batches of {ROWS}",
            ("training", "loss reached"),
            [(name, f"{loss:.4f}") for name, loss in training.losses.items()],
        )
        for number, finding in enumerate(training.findings, start=1):
            print_text(f"{number}. {finding.name}")
            print_text(f"   {finding.explanation}")
            print_text(f"   {finding.evidence}\n")
        for note in training.notes:
            print_text(note)

    def _print_diagnosis(self, number: int, d: Diagnosis) -> None:
        print_text(f"{number}. {d.line}: {d.name}")
        if d.place is not None:
            print_text(f"   line {d.place.line}:  {self.sources.text(d.place.file, d.place.line)}")
        for v in self.lines:
            if v.name == d.line and v.worst is not None and not v.holds:
                where = f" at {list(v.worst.index)}" if v.worst.index else ""
                print_text(
                    f"   expected{where}: {v.worst.exact + 0.0:.10g}, found: {v.worst.found + 0.0:.10g}"
                )  # no -0
        print_text(f"   {d.explanation}")
        print_text(f"   {d.evidence}")
        print_text(f"   It could read:  {d.corrected}\n")

    @property
    def verdict(self) -> str:
        """One sentence."""
        if not self.faults and self.training is not None:
            reasons = [finding.name for finding in self.training.findings]
            learns = f"it learns: the loss has reached {self.training.losses['yours']:.4f}"
            return "The gradients are right, and " + (
                f"what keeps it from learning is {', '.join(reasons)}." if reasons else f"{learns}."
            )
        if self.holds:
            return (
                f"All {len(self.lines)} lines that could be seen are right, to within what rounding can cause. If it "
                f"does not learn all the same, --train looks for the reason."
            )
        places = {d.place.line for d in self.faults if d.place}
        lines = f" in line{'s' if len(places) > 1 else ''} {', '.join(map(str, sorted(places)))}" if places else ""
        many = len(self.faults)
        first = self.faults[0].name
        told = (
            f"{many} mistakes{lines}; the first is {first}" if many > 1 else f"1 mistake{lines and ','}{lines}: {first}"
        )
        return f"{told}. Every line seen before it is right, so begin there."


def _of_the_bound(used: float) -> str:
    """For the eye: beyond a billion bounds, how many more there are tells nothing."""
    return f"{used:.2g}" if used <= 1e9 else "far outside"
