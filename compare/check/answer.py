"""The answer on one program: what was understood, its gradients, the mistakes, and the verdict."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from compare.check.words import LineNames, kind_in_words, understood_in_words

Document = dict[str, Any]
WHOLE = "the whole program"


@dataclass
class Check:
    """The answer. lines: the gradient of each parameter, with the verdict on it; diagnoses: what is wrong, in order.

    training: where that was watched, whether it learns, and its course; marks: the lines that were judged.
    """

    file: Path
    place: LineNames
    understood: Document
    ran: str
    notes: list[str]
    lines: list[Document]
    diagnoses: list[Document]
    made_with: Document  # settings, for the record
    training: Document | None = None
    marks: list[Document] = field(default_factory=list)
    framework: str = ""  # that of its derivatives, where they are not the learner's own

    kept_in = "results.json"

    @property
    def holds(self) -> bool:
        """Whether every gradient that was judged is right, and nothing is wrong with the training if it was watched."""
        return not self.faults and bool(self.lines)

    @property
    def faults(self) -> list[Document]:
        """What is wrong, without what does no harm."""
        return [d for d in self.diagnoses if not d["harmless"]]

    @property
    def first_wrong_line(self) -> str | None:
        """What the first fault is in."""
        return self.faults[0]["line"] if self.faults else None

    @property
    def source_line(self) -> int | None:
        """The number of the learner's line that most likely made it; in a notebook, counted through all its cells."""
        return self.faults[0]["source_line"] if self.faults else None

    @property
    def found_out(self) -> str:
        """What was understood of the program, in one sentence."""
        return f"{understood_in_words(self.understood)}. {self.ran}"

    def as_json(self) -> Document:
        """As a JSON document has it."""
        return {
            "holds": self.holds,
            "verdict": f"{self.file.name}: {self.verdict}",
            "first_wrong_line": self.first_wrong_line,
            "source_line": self.source_line,
            "found_out": self.found_out,
            "understood": self.understood,
            "notes": self.notes,
            "diagnoses": [{**d, "place": self.place_of(d)} for d in self.diagnoses],
            "lines": self.lines,
            "training": self.training,
            "marks": self.marks,
            **self.made_with,
        }  # fmt: skip

    def place_of(self, d: Document) -> str:
        """Where a diagnosis is, or another line that it names, as its author counts."""
        if d["line"] == WHOLE and d["source_line"] is None:
            return WHOLE
        return self.place.place(d.get("source_line") or d["line"], d["file"])

    def _learns(self) -> str:
        if self.training is None:
            return ""
        course = self.training["course"]
        share = f", and {course['shares'][-1]:.1%} are classified correctly" if course["shares"] else ""
        return (
            f" It {self.training['verdict']}: in {course['at'][-1]:,} steps the loss on its own examples went from "
            f"{course['losses'][0] or np.nan:.4g} to {course['losses'][-1]:.4g}{share}."
        )

    @property
    def verdict(self) -> str:
        """One sentence or two."""
        if self.holds:
            left = [v["line"].removeprefix("gradient of ") for v in self.lines if not v["holds"]]
            many = len(self.lines) - len(left)
            which = f"The gradients of all {many} parameters are" if many > 1 else "The gradient of its parameter is"
            if left:
                which = f"{' and '.join(left)} cannot be followed: not judged. The {many} other gradients are"
            return f"{which} right, to within what rounding can cause.{self._learns()}"
        places = list(dict.fromkeys(self.place_of(d) for d in self.faults))
        name, many = kind_in_words(self.faults[0]["name"]), len(self.faults)
        if self.training is not None:
            names = " and ".join(dict.fromkeys(kind_in_words(d["name"]) for d in self.faults))
            learns = self.training["verdict"]
            joined = f"but it {learns}" if learns == "does not learn" else f"and it {learns}, but not what was meant"
            return f"Its gradients are right, {joined}: {names}, in {places[0]}."
        begin = "What is computed before it is right, so begin there."
        if self.framework:
            right = self.lines and all(line["holds"] for line in self.lines)
            begin = f"{self.framework}'s gradients are right, for what it was told to do." if right else "Begin there."
        if many == 1:
            return f"1 mistake, in {places[0]}: {name}. {begin}"
        if all(place.startswith("line ") for place in places) and len(places) > 1:
            places = [f"lines {', '.join(place.removeprefix('line ') for place in places)}"]
        return f"{many} mistakes in {'; '.join(places)}; the first is {name}. {begin}"
