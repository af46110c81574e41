"""A run that ended in an exception: the line where it did, and what was probably meant there."""

import re

from compare.check.binding import plain_name
from compare.check.evidence import Diagnosis
from compare.check.formulas import corrected
from compare.check.judging import Judgement
from compare.check.making import parameter_name
from compare.check.naming import KINDS, Place
from compare.check.source import Sources


def explain_crash(judgement: Judgement, before: list[Diagnosis], sources: Sources) -> list[Diagnosis]:
    """What was diagnosed before the exception, and the exception itself, unless that explains it."""
    crash = judgement.trial.crash or {}
    if any(d.name in ("axis-wrong", "transposed", "shape-wrong") for d in before):
        return before
    file, number, message = crash.get("file", ""), crash.get("line"), crash["message"]
    spelled = sources.targets(file, number) if number else []
    line = next((name for name in (_line(s, judgement) for s in spelled) if name), None) or _next_line(judgement)
    place = (
        Place(spelled[0] if spelled else line, file, number, crash.get("function", ""), judgement.values["x"].value)
        if number
        else None
    )
    name, explanation = "crash", f"{line} cannot be computed: the code raises an exception here."
    if re.search(r"matmul|aligned|mismatch|shapes", message):
        name = "transposed"
        explanation = (
            "The shapes do not fit here: a matrix is transposed that should not be, or the other way round. (Where the "
            "widths of the layers are equal, this would run, and be wrong.)"
        )
    elif "broadcast" in message:
        name = "axis-wrong" if line.startswith(("db", "b")) else "shape-wrong"
        explanation = "The shapes do not fit here: a sum runs over the wrong axis, or the wrong array was taken."
    return [
        *before,
        Diagnosis(
            name,
            line,
            explanation,
            f"Python says: {message}.",
            corrected(judgement, line, name),
            place,
            trial=judgement.trial.name,
        ),
    ]


def _line(spelled: str, judgement: Judgement) -> str | None:
    names = {step.name for step in judgement.steps}
    parameter = parameter_name(spelled)
    if parameter is not None:
        return f"{parameter} update"
    found = re.fullmatch(r"([a-z]+)(\d+)", plain_name(spelled))
    kind = next((kind for kind, words in KINDS.items() if found and re.fullmatch(words, found[1])), None)
    name = f"{kind}{found[2]}" if found and kind else None
    return name if name in names else None


def _next_line(judgement: Judgement) -> str:
    """The first line that was not found."""
    return next(
        (s.name for s in judgement.steps if s.name not in judgement.found and s.kind != "loss"),
        judgement.steps[-1].name,
    )
