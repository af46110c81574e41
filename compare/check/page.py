"""The learner's own page: their file with a mark beside every line that was judged, and the mistakes opened there."""

import base64
import io
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from compare.check.answer import Check
from compare.check.running.program import Unreadable, read_program
from compare.check.words import REDUCED, kind_in_words
from compare.report.page import Page
from compare.report.syntax import coloured
from compare.shared.results import Results

#: Zero is the same grey in all pictures; blue is below it, red above.
BELOW, ZERO, ABOVE = np.array([33, 102, 172]), np.array([222, 222, 222]), np.array([178, 24, 43])


@dataclass(frozen=True)
class SourceLine:
    """A line as it is shown. number: as its author counts; markup: coloured; indent: the spaces that it
    begins with; mark: "right", "wrong" or "".

    mistakes: those that stand in it, by their number in the list.
    """

    number: int
    cell: int | None
    markup: str
    indent: int
    mark: str
    mistakes: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Picture:
    """An array as coloured squares: a PNG as a data address, and what it shows in words."""

    title: str
    address: str
    words: str


@dataclass(frozen=True)
class Box:
    """A layer of the network as it was understood."""

    size: str
    kind: str


def check_page(results: Results[Check], _: Path) -> Page:
    """The page of a check; whatever lies beside its folder has nothing to do with it."""
    check = results.answer
    parts = {
        "check": check,
        "lines": source_lines(check),
        "boxes": boxes(check.understood),
        "loss": _loss(check.understood),
        "mistakes": [
            {
                **d,
                "kind": kind_in_words(d["name"]),
                "place": check.place_of(d),
                "pictures": pictures(d["values"]) if d.get("values") else [],
            }
            for d in check.diagnoses
        ],
        "elsewhere": [d for d in check.diagnoses if not _here(check, d)],
        "curve": curve(check.training["course"]) if check.training else [],
    }
    about = {"settings": results.document["settings"], "environment": results.document["environment"]}
    return Page(
        f"{check.file.name}, checked",
        check.holds,
        check.verdict,
        "check.html.j2",
        about,
        parts,
        above="Three ways to a gradient: check",
    )


def _here(check: Check, diagnosis: dict[str, Any]) -> bool:
    return diagnosis["file"] in ("", check.file.name) and diagnosis["source_line"] is not None


def source_lines(check: Check) -> list[SourceLine]:
    """The learner's file, line by line; nothing where it cannot be read any more."""
    try:
        text = read_program(check.file).text
    except (Unreadable, OSError):
        return []
    marks = {m["line"]: "right" if m["holds"] else "wrong" for m in check.marks if m["file"] == check.file.name}
    for d in check.diagnoses:
        if _here(check, d) and not d["harmless"]:
            marks[d["source_line"]] = "wrong"
    starts, lines = check.place.cells, list[SourceLine]()
    plain = text.split("\n")
    for number, markup in enumerate(coloured(text), start=1):
        begun = plain[number - 1].expandtabs() if number <= len(plain) else ""
        here = [k for k, d in enumerate(check.diagnoses) if _here(check, d) and d["source_line"] == number]
        cell = next((k for k, start in enumerate(starts, start=1) if start == number), None)
        begin = max((start for start in starts if start <= number), default=1)
        indent = len(begun) - len(begun.lstrip())
        lines.append(SourceLine(number - begin + 1, cell, markup, indent, marks.get(number, ""), here))
    return lines


def boxes(understood: dict[str, Any]) -> list[Box]:
    """The network from its inputs to its outputs."""
    sizes, kinds = understood["layers"], [*understood["activations"], understood["output"]]
    if not sizes:
        return []
    return [Box(f"{sizes[0]:,}", "inputs"), *(Box(f"{n:,}", k) for n, k in zip(sizes[1:], kinds, strict=False))]


def _loss(understood: dict[str, Any]) -> str:
    return REDUCED.get(understood["reduction"], "the {loss}").format(loss=understood["loss"])


def pictures(values: dict[str, Any]) -> list[Picture]:
    """What was found, what is expected, and their difference, on one scale."""
    found, expected = np.array(values["found"]), np.array(values["expected"])
    largest = max(float(abs(found).max()), float(abs(expected).max()), 1e-300)
    shape, shown = " x ".join(map(str, values["shape"])) or "one number", found.shape
    rows, columns = (f"{first + 1} to {first + n}" for first, n in zip(values["from"], shown, strict=True))
    part = "" if found.size == math.prod(values["shape"]) else f", its rows {rows} and columns {columns}"
    arrays = {"found": found, "expected": expected, "found - expected": found - expected}
    return [
        Picture(title, _drawn(a / largest), f"{title}: {shape}{part}; from {a.min():.3g} to {a.max():.3g}")
        for title, a in arrays.items()
    ]


def _drawn(x: np.ndarray) -> str:
    """Entries from -1 to 1 as a PNG with a pixel for each."""
    from PIL import Image

    share = np.clip(abs(x), 0, 1)[..., None] ** 0.5  # so that small ones are seen
    colours = ZERO + share * (np.where(x[..., None] < 0, BELOW, ABOVE) - ZERO)
    content = io.BytesIO()
    Image.fromarray(colours.astype(np.uint8)).save(content, "png")
    return "data:image/png;base64," + base64.b64encode(content.getvalue()).decode()


def curve(course: dict[str, Any]) -> list[tuple[float, float]]:
    """The loss over the steps as points of an SVG polyline, 300 x 100; steps on a logarithmic scale."""
    known = [(step, loss) for step, loss in zip(course["at"], course["losses"], strict=True) if loss is not None]
    if len(known) < 2:
        return []
    steps, losses = np.log([max(step, 1) for step, _ in known]), np.array([loss for _, loss in known])
    x = 300 * (steps - steps[0]) / max(float(np.ptp(steps)), 1e-9)
    y = 100 - 100 * losses / max(float(losses.max()), 1e-300)
    return [(round(float(a), 1), round(float(b), 1)) for a, b in zip(x, y, strict=True)]
