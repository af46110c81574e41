"""Which known mistake gives the wrong numbers: signatures tried on a judged trial, one wrong line after the other."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from compare.check.diagnoses import SIGNATURES
from compare.check.evidence import Diagnosis, by_formula, misshapen, without_formula
from compare.check.judging import Judgement, judge
from compare.check.signature import Signature
from compare.check.view import View
from compare.parity.exact import FLOAT64

#: How near a formula must come to what was found, by the largest entry; in float32 rounding alone takes 1e-6.
NEAR = {"float64": 1e-11, "float32": 2e-5}
BETTER = 0.02  # and by how much it must be nearer than the right formula


@dataclass(frozen=True)
class Fit:
    """A signature whose formula gives what was found. line: where it stands; explains: how many wrong lines."""

    signature: Signature
    line: str
    value: np.ndarray
    residual: float
    explains: int


@dataclass
class Past:
    """What happened to the same object before: gradients found, and parameters that it has held."""

    found: dict[str, np.ndarray] = field(default_factory=dict)
    stale: list[dict[str, np.ndarray]] = field(default_factory=list)


@np.errstate(all="ignore")
def diagnose(judgement: Judgement, past: Past, known: set[str]) -> list[Diagnosis]:
    """Explain the wrong lines from the first to the last, each with the ones above it put right.

    known: lines that another trial has explained already. A line that no signature fits is reported without a name
    for its mistake: `unexplained`.
    """
    diagnoses: list[Diagnosis] = []
    overrides: dict[str, np.ndarray] = {}
    done = set(known)
    while True:
        left = [name for name in judgement.wrong if name not in done and not _follows(name, judgement, diagnoses)]
        if not left:
            return diagnoses
        first = left[0]
        done.add(first)
        if judgement.verdicts[first].complaint:
            diagnoses.append(misshapen(judgement, first))
            continue
        fit = _best_fit(judgement, first, left, past, overrides)
        if fit is None:
            plain = without_formula(judgement, first)
            if plain.name != "dtype-lost" or not _inherits_float32(judgement, first):
                diagnoses.append(plain)
            continue
        diagnoses.append(by_formula(judgement, fit.signature, fit.line, first, fit.residual))
        if fit.line != first:
            overrides[fit.line] = fit.value
            judgement = judge(judgement.trial, judgement.convention, overrides=overrides)
            done |= {fit.line}


def _follows(name: str, judgement: Judgement, diagnoses: list[Diagnosis]) -> bool:
    """Whether a wrong update only follows from what is wrong with its gradient."""
    if not name.endswith(" update"):
        return False
    gradient = f"d{name[:-7]}"
    verdict = judgement.verdicts.get(gradient)
    if verdict is not None and verdict.complaint:
        return True
    return any(d.line == gradient and d.name == "gradient-updated-instead" for d in diagnoses)


def _inherits_float32(judgement: Judgement, line: str) -> bool:
    """Whether something that the line needs came in float32 already: then the fault is up there."""
    inputs = [*judgement.step(line).inputs, *_hidden_above(judgement, line)]
    return any(judgement.found[name].dtype == np.float32 for name in inputs if name in judgement.found)


def _best_fit(
    judgement: Judgement, first: str, wrong: list[str], past: Past, overrides: dict[str, np.ndarray]
) -> Fit | None:
    """The fit that explains most wrong lines; of equals the one on the line itself, and then the first in the table."""
    best: Fit | None = None
    for line in [first, *_hidden_above(judgement, first)]:
        for signature, value in _candidates(judgement, line, past):
            predicted = value if line == first else _carried(judgement, line, value, first)
            residual = _residual(judgement, first, predicted)
            if residual is None:
                continue
            explains = 1
            if line != first:
                trial = judge(
                    judgement.trial, judgement.convention, overrides={**overrides, line: value}, arithmetic=FLOAT64
                )
                explains = len(set(wrong) - {n for n, v in trial.verdicts.items() if v.bound_used > 1e6})
            if best is None or explains > best.explains:
                best = Fit(signature, line, value, residual, explains)
            if line == first:
                break
    return best


def _hidden_above(judgement: Judgement, name: str) -> list[str]:
    """The lines that were not seen between this one and the found ones above it, the nearest first."""
    steps, found, queue = {step.name for step in judgement.steps}, [], [name]
    while queue:
        for above in judgement.step(queue.pop(0)).inputs:
            if above in steps and above not in judgement.found and above not in found:
                found.append(above)
                queue.append(above)
    return found


def _candidates(judgement: Judgement, line: str, past: Past) -> Iterator[tuple[Signature, np.ndarray]]:
    expected = judgement.expected[line].value
    found = judgement.found.get(line, expected)
    view = View(judgement, line, expected, np.asarray(found, np.float64), past.found.get(line), past.stale)
    for signature in SIGNATURES:
        if view.kind not in signature.kinds:
            continue
        try:
            wrong = signature.wrong(view)
        except (LookupError, ValueError, AttributeError):  # the formula needs a layer or a shape that is not there
            continue
        for value in wrong if isinstance(wrong, list) else [wrong]:
            if np.shape(value) == expected.shape:
                value = np.asarray(value, np.float64)
                if signature.up_to_scale:
                    value = value * _scale(value, view.found if line in judgement.found else expected)
                yield signature, value


def _scale(value: np.ndarray, found: np.ndarray) -> float:
    c = float((value * found).sum() / (value * value).sum())
    return c if np.isfinite(c) else 1.0


def _carried(judgement: Judgement, line: str, value: np.ndarray, to: str) -> np.ndarray:
    """What a found line would be if a hidden one above it were `value`."""
    values = {name: strayed.value for name, strayed in judgement.values.items()} | {line: value}
    names = [step.name for step in judgement.steps]
    for step in judgement.steps[names.index(line) + 1 : names.index(to) + 1]:
        if step.name == to or step.name not in judgement.found:
            values[step.name] = np.asarray(step.value(FLOAT64, *(values[name] for name in step.inputs)))
    return values[to]


def _residual(judgement: Judgement, name: str, predicted: np.ndarray) -> float | None:
    """How far a prediction is from what was found, by the largest entry; None if that is too far to be it."""
    found, expected = np.asarray(judgement.found[name], np.float64), judgement.expected[name].value
    if predicted.shape != found.shape:
        return None
    off, right = _distance(predicted, found), _distance(expected, found)
    finite = abs(found[np.isfinite(found)])
    largest = float(finite.max()) if finite.size else 0.0
    bound = judgement.expected[name].error + judgement.trial.slack.get(name, 0.0)
    allowed = max(
        NEAR[str(judgement.trial.dtype)] * largest, min(8 * float(np.nan_to_num(bound).max()), 1e-3 * largest)
    )
    return off / (largest or 1.0) if off <= allowed and off <= BETTER * right else None


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    """The largest difference; two numbers that are not finite count as the same."""
    both = ~np.isfinite(a) & ~np.isfinite(b)
    difference = np.where(both, 0.0, abs(a - b))
    return float(np.nan_to_num(difference, nan=np.inf).max()) if difference.size else 0.0
