"""A mistake, told: its name, the learner's line, one sentence, the measured evidence and the corrected line."""

from dataclasses import dataclass, replace

import numpy as np

from compare.check.formulas import corrected
from compare.check.judging import Judgement
from compare.check.naming import Place, Trial
from compare.check.signature import Signature
from compare.parity.bounds import Rounding
from compare.parity.exact import FLOAT64


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with a line. place: where the learner's code makes it; harmless: the gradients do not feel it."""

    name: str
    line: str
    explanation: str
    evidence: str
    corrected: str
    place: Place | None = None
    harmless: bool = False
    trial: str = "plain"


def by_formula(judgement: Judgement, signature: Signature, line: str, found_in: str, residual: float) -> Diagnosis:
    """A signature that fits. found_in: the found line by which that was seen."""
    trial, step = judgement.trial, judgement.step(line)
    k = step.layer
    words = {
        "line": line, "k": k, "W": f"W{k}", "b": f"b{k}", "W_up": f"W{k + 1}",
        "parameter": line.removesuffix(" update").removeprefix("d"),
        "m": len(trial.x), "rate": trial.learning_rate, "classes": trial.parameters[f"b{trial.depth}"].size,
    }  # fmt: skip
    found, expected = np.asarray(judgement.found[found_in], np.float64), judgement.expected[found_in].value
    ratio = _ratio(found, expected)
    if signature.factor and ratio is not None:
        evidence = f"found = {ratio:.6g} x expected, and {signature.factor.format(**words)}."
    elif signature.name == "sign-flipped" and ratio is not None:
        evidence = f"found = {ratio:.6g} x expected, in all of {found.size:,} entries."
    else:
        evidence = _fits(found, expected, residual, found_in)
    if signature.name in ("update-missing", "bias-not-updated"):
        line = line if line.endswith(" update") else f"{line[1:]} update"
        evidence = f"{words['parameter']} is the same before and after the step, and its gradient is not zero."
    made_at = found_in if signature.name == "updated-too-early" and line not in trial.places else line
    return Diagnosis(
        signature.name,
        line,
        signature.explanation.format(**words),
        evidence,
        _moved_down(trial, words["W_up"])
        if signature.name == "updated-too-early"
        else corrected(judgement, line, signature.name),
        place_of(judgement, made_at if made_at in trial.places else found_in),
        signature.harmless,
        trial.name,
    )


def _moved_down(trial: Trial, parameter: object) -> str:
    """What to do about an update that comes too early: the line itself is right."""
    places = trial.places.get(f"{parameter} update", [])
    which = f"line {places[0].line}, which updates {parameter}," if places else f"the update of {parameter}"
    return f"the same, with {which} moved below all gradients"


def _fits(found: np.ndarray, expected: np.ndarray, residual: float, line: str) -> str:
    with np.errstate(all="ignore"):
        lost = int((~np.isfinite(found) & np.isfinite(expected)).sum())
        off = abs(found - expected)
        largest = abs(expected[np.isfinite(expected)]).max(initial=0.0) or 1.0
        entries = int((off > 1e-12 * largest).sum()) + lost
    if lost:
        return f"{lost:,} of {found.size:,} entries of {line} are not numbers; every entry should be a number."
    worst = float(np.nan_to_num(off).max()) / largest
    near = "exactly" if residual == 0 else f"to within {residual:.0e} of its largest entry"
    return (
        f"This formula gives what was found in {line} {near}; the right one is "
        f"off by up to {worst:.2g} of the largest entry, in {entries:,} of {found.size:,} entries."
    )


def _ratio(found: np.ndarray, expected: np.ndarray) -> float | None:
    """found / expected, if it is one number all over."""
    sizes = abs(expected)
    clear = sizes > 1e-3 * sizes.max(initial=0.0)
    if not clear.any() or not np.isfinite(found).all():
        return None
    ratios = found[clear] / expected[clear]
    middle = float(np.median(ratios))
    return middle if abs(ratios - middle).max() <= 1e-4 * max(abs(middle - 1), 1e-9) else None


def without_formula(judgement: Judgement, line: str) -> Diagnosis:
    """What the numbers alone tell: one factor, one entry, a shorter dtype, or that something is not a number."""
    found, expected = np.asarray(judgement.found[line], np.float64), judgement.expected[line].value
    trial = judgement.trial
    made = Diagnosis(
        "unexplained", line, "", "", corrected(judgement, line, ""), place_of(judgement, line), trial=trial.name
    )
    ratio = _ratio(found, expected)
    off = ~(abs(found - expected) <= judgement.expected[line].error + trial.slack.get(line, 0.0))
    lost = ~np.isfinite(found) & np.isfinite(expected)
    columns = np.unique(np.argwhere(off)[:, -1]) if off.ndim else np.zeros(1)
    if lost.any():
        return replace(
            made, name="not-a-number", explanation=f"{line} holds what is not a number; nothing it needs does.",
            evidence=f"{int(lost.sum()):,} of {found.size:,} entries are NaN or infinite.",
        )  # fmt: skip
    if ratio is not None and found.size > 1:
        return replace(
            made, name="scaled-by-constant", explanation=f"{line} is multiplied by a number that has no place there.",
            evidence=f"found = {ratio:.10g} x expected, in all of {found.size:,} entries.",
        )  # fmt: skip
    if (off.sum() == 1 or len(columns) == 1) and found.size > 4:
        where = [int(i) for i in np.argwhere(off)[0]]
        what = f"entry {where}" if off.sum() == 1 else f"column {where[-1]}"
        return replace(
            made, name="single-entry", explanation=f"Only {what} of {line} is wrong; everything else in it is right.",
            evidence=f"{what}: found {found[tuple(where)]:.10g}, expected {expected[tuple(where)]:.10g}.",
        )  # fmt: skip
    if _in_shorter_numbers(judgement, line, found, expected) and off.sum() > 1:
        return replace(
            made, name="dtype-lost", explanation=f"{line} went through float32 on the way; the weights are float64.",
            evidence=f"It is off by {abs(found - expected).max():.1e}: too much for float64, usual for float32.",
        )  # fmt: skip
    return replace(
        made, explanation=f"{line} is not what it should be, and no known mistake gives these numbers.",
        evidence=_fits(found, expected, np.nan, line).partition("; the ")[2].replace("right one", "right formula")
        or "No entry can be compared.",
    )  # fmt: skip


def _in_shorter_numbers(judgement: Judgement, line: str, found: np.ndarray, expected: np.ndarray) -> bool:
    trial = judgement.trial
    if trial.dtype != np.float64:
        return False
    short = Rounding.of(np.float32, FLOAT64)
    step = judgement.step(line)
    # ten times: the inputs may have been rounded on the way, each once more
    bound = 10 * step.error(short, *(judgement.values[name] for name in step.inputs))
    return bool((abs(found - expected) <= bound + 2e-7 * abs(expected)).all())


def misshapen(judgement: Judgement, line: str) -> Diagnosis:
    """A line whose shape is wrong already."""
    trial, complaint = judgement.trial, judgement.verdicts[line].complaint
    found = judgement.found[line]
    made = Diagnosis("shape-wrong", line, f"{complaint}.", f"{complaint}.", corrected(judgement, line, ""),
                     place_of(judgement, line), trial=trial.name)  # fmt: skip
    if line.startswith("db"):
        over = "everything" if found.size == 1 else "the wrong axis"
        if found.size in (1, len(trial.x)):
            return replace(
                made, name="axis-wrong", explanation=f"The sum runs over {over}: it should run over the rows of the "
                f"batch, and leave one number for each unit.",
            )  # fmt: skip
    if found.ndim == 2 and found.shape[::-1] == judgement.expected[line].value.shape:
        return replace(made, name="transposed", explanation="This is the transpose of what is wanted.")
    return made


def place_of(judgement: Judgement, line: str) -> Place | None:
    """The assignment that most likely went wrong: the first whose value is not the right one times a number."""
    places = judgement.trial.places.get(line, [])
    if not places and line.endswith(" update"):
        sibling = f"{'b' if line[0] == 'W' else 'W'}{line[1:]}"
        places = judgement.trial.places.get(sibling, []) or judgement.trial.places.get(f"d{line[:-7]}", [])
    if not places:
        return _nearest(judgement.trial)
    expected = judgement.expected[line].value if line in judgement.expected else None
    for place in places[:-1]:
        if expected is not None and place.value.shape == expected.shape and not _proportional(place.value, expected):
            return place
    return places[-1]


def _proportional(value: np.ndarray, expected: np.ndarray) -> bool:
    with np.errstate(all="ignore"):
        c = (value * expected).sum() / (expected * expected).sum()
        return bool(abs(value - c * expected).max() <= 1e-6 * abs(value).max())


def _nearest(trial: Trial) -> Place | None:
    """Where nothing was assigned under that name: what the backward pass returned, or did last."""
    places = [place for line in trial.places.values() for place in line]
    return max((p for p in places if p.function), key=lambda p: p.line, default=None)
