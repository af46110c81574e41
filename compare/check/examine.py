"""A recording, examined: understood, differentiated, judged, and said. Runs in the child, where the recording is."""

from typing import Any

import numpy as np

from compare.check.judging.beyond import beyond
from compare.check.judging.explained import Explained
from compare.check.judging.fault import Fault
from compare.check.judging.faults import faults_in
from compare.check.judging.search import Search
from compare.check.judging.targets import bad_targets
from compare.check.judging.update_rules import exchanged, shared_velocities
from compare.check.judging.veto import confirmed
from compare.check.recording.graph import Node
from compare.check.saying.diagnoses import diagnosis
from compare.check.saying.source import parameter_names, short, target
from compare.check.saying.understood import understood
from compare.check.saying.unseen import left_out, other_functions
from compare.check.saying.unused import not_followed, unused_parameters
from compare.check.steps.recorder import Recorder
from compare.check.understanding.candidates import find_loss
from compare.check.understanding.loss import Loss
from compare.check.understanding.matching import Match, proportional, tolerance_of
from compare.check.understanding.meetings import Family, families
from compare.check.understanding.step import Step


def examine(recorder: Recorder) -> dict[str, Any]:
    """The answer on a program that was recorded: JSON-able.

    verdict: "right", "wrong" or "cannot tell", with `reason`; understood; parameters, each with the verdict on its
    gradient; diagnoses, in the order of the program; notes.
    """
    if not recorder.complete or not recorder.leaves:
        return _cannot(_unseen(recorder))
    names = parameter_names([nodes[-1] for nodes in recorder.updated], [leaf.shape for leaf in recorder.leaves])
    step = Step(recorder, names)
    met = families(step)
    loss, failure = find_loss(step, met)
    if loss is None:
        where = (
            f"what happens in line {failure.node.place.line} cannot be followed: {failure}"
            if failure and failure.node.place
            else "no output of it was seen to meet its targets"
        )
        return _cannot(f"The updates of {', '.join(names[:4])} were seen, but {where}.")
    search = Search(step, loss, met)
    first = bad_targets(search, met)
    matched = search.matches()
    faults = [] if first else faults_in(search)
    notes = unused_parameters(search)
    places = [nodes[-1].place for nodes in recorder.updated]
    notes += other_functions(step.nodes, names, places[-1].file) if places[-1] is not None else []
    aside = left_out(step, loss.ends)
    notes += aside
    explained = Explained(step, loss, search.labelled, search.tolerance)
    faults += [*exchanged(search, explained), *shared_velocities(search, explained)]
    reason = _unsure(search, met, matched, faults)
    if not faults:
        reason = reason or next((note for note, wide in aside.items() if wide), "")
    if reason:
        faults = [fault for fault in faults if fault.kind]
    faults = _vetoed(search, faults, notes)
    faults += first + beyond(search, recorder.updates, [p.versions[0] for p in recorder.parameters])
    if recorder.lost is not None:
        node, place = recorder.lost
        faults.append(Fault(node, node, place, [], kind="not-finite"))
    faults = _once(faults)
    matches = search.matches()
    about = understood(step, loss, explained, matches)
    spoilt = {k for fault in faults for k in fault.parameters}
    if faults:  # and those below it, which were right only once it had been mended
        spoilt |= {k for k in search.judged if k not in matched}
    lines = [_line(search, k, matches.get(k), k in spoilt) for k in search.judged]
    unjudged = [step.parameters[k].name for k in search.lost if k not in spoilt]
    diagnoses = [diagnosis(fault, search, explained, about) for fault in faults]
    if loss.own is not None:
        about["computed"] = target(loss.own.place)
    if first:
        lines = []  # against what they should be, nothing else can be judged
    verdict = "wrong" if diagnoses else "cannot tell" if unjudged or not lines or reason else "right"
    if verdict == "cannot tell" and not reason:
        reason = (
            f"The gradient of {', '.join(unjudged) or 'no parameter'} is neither that of {about['loss']} nor off in a "
            "line that can be named."
        )
    lines += [_unjudged(node) for node in not_followed(step)]
    return {
        "verdict": verdict, "reason": reason, "understood": about, "lines": lines, "diagnoses": diagnoses,
        "notes": notes, "shaken": recorder.shaken, "marks": _marks(explained, faults),
        "rates": _rates(recorder, search, loss, about),
    }  # fmt: skip


def _marks(explained: Explained, faults: list[Fault]) -> list[dict[str, Any]]:
    """The learner's lines of which something was judged: whether what they give is what it should be."""
    found: dict[tuple[str, int], bool] = {}
    for node in explained.roles:
        if node.place is not None:
            found[short(node.place.file), node.place.line] = True
    for fault in faults:
        found[short(fault.place.file), fault.place.line] = False
    return [{"file": file, "line": line, "holds": holds} for (file, line), holds in sorted(found.items())]


def _rates(recorder: Recorder, search: Search, loss: Loss, about: dict[str, Any]) -> list[float | None]:
    """By how much each parameter goes down the gradient of an example's loss, where its whole change is that."""
    m, found = max(about["data"]["batch"], 1), search.matches()
    plain = {k: abs(match.factor) * abs(loss.factor) * m for k, match in found.items() if match.node is None}
    return [plain.get(k) for k in recorder.in_order()]


def _unsure(search: Search, met: list[Family], matched: dict[int, Match], faults: list[Fault]) -> str:
    """Why a gradient that looks wrong may be that of a loss which is not known here; "" where that is no question."""
    step, loss = search.step, search.loss
    if loss.own is not None or all(fault.kind for fault in faults):
        return ""
    if _extra_derivative(step, loss):
        return ""
    if not search.evident(matched):
        return (
            "Its gradients are those of none of the losses that are known here, and the step does not compute a loss "
            "of its own: let it compute its loss in the step, so that they can be held against that."
        )
    ends = {o for o, _ in loss.outputs}
    inner = set(step.behind(ends))
    used = set(step.behind([u.step for p in step.parameters for u in p.updates]))
    others = [
        o for family in met if used.intersection(family.nodes)  # an accuracy that is printed is none
        for o, _ in family.pairs if o not in inner and not ends & set(step.behind([o]))
    ]  # fmt: skip
    if others:
        return (
            "It has more than one output with targets, and the step does not compute their loss: let it compute its "
            "loss in the step, so that its gradients can be held against that."
        )
    return ""


def _extra_derivative(step: Step, loss: Loss) -> bool:
    """Whether the error of a softmax is multiplied by p (1 - p): a mistake with a name, whatever the loss is."""
    for output, wanted in loss.outputs[:1]:
        p = step.floats(output)
        wrong = (p - wanted) * p * (1 - p)
        if p.ndim == 2 and 1 not in p.shape and any(np.allclose(p.sum(axis), 1) for axis in (0, 1)):
            alike = (n for n in step.nodes if n in step.moving and n.shape == p.shape and n.value.dtype.kind == "f")
            return any(proportional(step.floats(n), wrong, tolerance_of(n) / 100) is not None for n in alike)
    return False


LISTS = "Parameters in nested lists of Python numbers cannot be followed: make them arrays."


def _cannot(reason: str) -> dict[str, Any]:
    return {"verdict": "cannot tell", "reason": reason, "understood": {}, "lines": [], "diagnoses": [], "notes": []}


def _unseen(recorder: Recorder) -> str:
    if not recorder.graph.count:
        return "It ran, but did nothing to NumPy arrays that could be recorded."
    if recorder.shaken:
        return (
            "It ended in the step that was to be judged: the first ones show what its parameters are, and one more is "
            "recorded with other values in them. Let it make a few more updates."
        )
    cut = next((node for node in recorder.graph.nodes if node.cut and node.place is not None), None)
    more = f" What happens to an array in line {cut.place.line} cannot be followed." if cut and cut.place else ""
    return (
        "It ran, but no parameters were seen to change by what follows from them: arrays W from which something that "
        f"depends on W is taken, as in W -= lr * dW.{more} {LISTS}"
    )


def _vetoed(search: Search, faults: list[Fault], notes: list[str]) -> list[Fault]:
    """The faults that a central difference of the program's own loss confirms."""
    kept, sure = [], dict[int, bool]()
    for fault in faults:
        for k in fault.parameters:
            if k not in sure:
                sure[k] = confirmed(search.step, search.loss, search.step.parameters[k].leaf)
        if all(sure[k] for k in fault.parameters):
            kept.append(fault)
        else:
            search.lost |= set(fault.parameters)
            notes.append(
                f"Line {fault.place.line} looks wrong, but a difference of the loss does not confirm it: not counted."
            )
    return kept


def _once(faults: list[Fault]) -> list[Fault]:
    """One fault for each line and kind."""
    found: dict[Any, Fault] = {}
    for fault in faults:
        key = fault.place.line, fault.place.file, fault.kind, None if fault.parameters else fault.about
        if key in found:
            found[key].parameters = sorted({*found[key].parameters, *fault.parameters})
        else:
            found[key] = fault
    special = {k for f in found.values() if f.kind for k in f.parameters if f.kind in ("integer-dtype", "sum-missing")}
    plain = [f for f in found.values() if f.kind or not f.parameters or not set(f.parameters) <= special]
    return sorted(plain, key=lambda fault: fault.first.number)


def _line(search: Search, k: int, match: Match | None, spoilt: bool) -> dict[str, Any]:
    """The gradient of one parameter, as it was found and as it should be."""
    step, parameter = search.step, search.step.parameters[k]
    exact, change = search.loss.derivatives[parameter.leaf], parameter.step_taken(step)
    node: Node | None = parameter.updates[-1].step if parameter.updates else None
    worst, error, used = None, None, None
    if change is not None and change.shape == exact.shape and exact.any() and np.isfinite(change).all():
        square = float((exact * exact).sum())
        factor = float((-change * exact).sum()) / square
        off = abs(-change - factor * exact)
        index = np.unravel_index(int(off.argmax()), off.shape)
        error = float(off[index])
        used = float(np.max(off / np.maximum(search.tolerance.allowed(change, factor, parameter.leaf), 1e-300)))
        worst = {
            "index": [int(i) for i in index],
            "found": float(-change[index]),
            "expected": float(factor * exact[index]),
        }
    if match is not None and match.node is not None and not spoilt:
        error, used, worst = None, None, None  # the update is no multiple of the gradient, by its own rule
    return {
        "line": f"gradient of {parameter.name}",
        "source_line": node.place.line if node is not None and node.place else None,
        "holds": not spoilt and k not in search.lost, "error": error, "error_ulp": None, "bound_used": used,
        "complaint": "" if spoilt or k not in search.lost else "not judged", "worst": worst,
    }  # fmt: skip


def _unjudged(update: Node) -> dict[str, Any]:
    """The same of a parameter that is changed, and whose use cannot be followed."""
    return {
        "line": f"gradient of {target(update.place)}", "source_line": update.place.line if update.place else None,
        "holds": False, "error": None, "error_ulp": None, "bound_used": None, "complaint": "not judged", "worst": None,
    }  # fmt: skip
