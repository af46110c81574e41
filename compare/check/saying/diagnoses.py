"""A fault in words: what it is called, one sentence that teaches, what was measured, how the line could read.

A name is given only where putting the right thing in the place of the wrong one gives what should be there, to within
rounding; `unexplained` is an answer, too.
"""

from typing import Any

import numpy as np

from compare.check.judging.explained import Explained
from compare.check.judging.fault import Fault
from compare.check.judging.search import Search
from compare.check.recording.graph import Place
from compare.check.saying.signatures import EXPLANATIONS, named
from compare.check.saying.signatures.wrong_line import WrongLine
from compare.check.saying.source import name_of, short, target, text

ROWS, COLUMNS = 24, 32  # of the values that are shown


def diagnosis(fault: Fault, search: Search, explained: Explained, about: dict[str, Any]) -> dict[str, Any]:
    """A fault in words, JSON-able."""
    m = about.get("data", {}).get("batch", 0)
    found = named(WrongLine(fault, search, explained, m))
    line = name_of(fault.node, search.step.nodes) or target(fault.place) or "this line"
    words = {"line": line, "m": m, "loss": about.get("loss"), "factor": fault.factor or 0.0, **found.words}
    named_so = [(found.name, words), *((name, {**words, **more}) for name, more in found.or_else)]
    return {
        "name": found.name, "line": line, "source_line": found.place.line, "file": short(found.place.file),
        "text": text(found.place), "also": [_where(place) for place in found.also],
        "explanation": " Or: ".join(EXPLANATIONS[name].format(**filled) for name, filled in named_so),
        "evidence": _evidence(fault, search), "corrected": found.corrected, "harmless": False, "trial": "recorded",
        "parameters": [search.step.parameters[k].name for k in fault.parameters], "values": _values(fault),
    }  # fmt: skip


def _values(fault: Fault) -> dict[str, Any] | None:
    """Up to ROWS x COLUMNS entries of what was found, and of what is expected, around the one that is furthest off."""
    if fault.found is None or fault.expected is None or np.size(fault.expected) != fault.found.size:
        return None
    found, expected = fault.found, np.asarray(fault.expected).reshape(fault.found.shape)
    if found.ndim > 2 or not (np.isfinite(found).all() and np.isfinite(expected).all()):
        return None
    arrays = [np.atleast_2d(a) for a in (found, expected)]
    worst = np.unravel_index(abs(arrays[0] - arrays[1]).argmax(), arrays[0].shape)
    top, left = (
        max(0, min(int(at) - length // 2, size - length))
        for at, length, size in zip(worst, (ROWS, COLUMNS), arrays[0].shape, strict=True)
    )
    parts = [[[float(f"{x:.5g}") for x in row] for row in a[top : top + ROWS, left : left + COLUMNS]] for a in arrays]
    return {"shape": list(found.shape), "from": [top, left], "found": parts[0], "expected": parts[1]}


def _where(place: Place) -> dict[str, Any]:
    return {"file": short(place.file), "line": place.line, "text": text(place)}


def _evidence(fault: Fault, search: Search) -> str:
    spoilt = ", ".join(search.step.parameters[k].name for k in fault.parameters)
    if fault.kind == "momentum-sign":
        return f"The velocity is multiplied by {fault.factor:.4g} from one step to the next."
    if fault.kind:
        return f"It concerns {spoilt}." if spoilt else "It was seen while the program ran."
    if fault.factor is not None:
        return f"found = {fault.factor:.6g} x expected, for {spoilt}, in all entries."
    if fault.expected is not None and fault.found is not None:
        found, expected = fault.found.reshape(-1), np.asarray(fault.expected).reshape(-1)
        k = int(abs(found - expected).argmax())
        return (
            f"With what should stand there the gradient of {spoilt} is right. Where they differ most, "
            f"{expected[k] + 0.0:.6g} is expected, and {found[k]:.6g} was found."
        )
    return (
        f"Everything before it is right; the gradient of {spoilt} is not, nor is this line any derivative of the loss."
    )
