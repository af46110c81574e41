"""The page of `look`: the arrays as text, the sources, and what the scripts need to know of each line."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from markupsafe import Markup

from compare.look.answer import Look, Snapshot, after
from compare.look.lit import lit_source
from compare.look.packing import SHORT, joined, layout, pack, shorten, text
from compare.look.stops import stops
from compare.report.page import Page
from compare.report.questions import QUESTIONS
from compare.report.sources import where_defined
from compare.shared.errors import BadInput
from compare.shared.results import Results
from compare.shared.words import in_words
from compare.side_by_side.lines import HIDDEN_LAYERS, LineOfAll
from compare.worlds import world
from compare.worlds.columns.column import Kept

DEPTH = HIDDEN_LAYERS + 1
MOST_TEXT = 4_700_000  # characters of arrays, so that the page stays under 5 MB


def look_page(results: Results[Look], beside: Path) -> Page:
    """The page of what was looked at. Raises BadInput where not even one moment fits on it."""
    del beside  # what other commands left is not shown here
    look = results.answer
    moments, packed, shortened = _fitting(look)
    names = list(look.moments[0].traces)
    told = stops(DEPTH, _shapes(look), look.settings.activation)
    facts = {
        "dtype": look.settings.dtype,
        "worlds": [{"name": name, "title": world(name).title} for name in names],
        "image": list(look.image_shape),
        "first": look.first,
        "labels": look.labels.tolist(),
        "relu": look.settings.activation == "relu",
        "moments": [
            {"epoch": m.epoch, "title": after(m.epoch), "loss": m.loss, "accuracy": m.accuracy,
             "short": SHORT if m.epoch in shortened else 0}
            for m in moments
        ],
        "slots": [[s.name, s.world, s.start, list(s.shape)] for s in layout(*_arrays(moments[-1]))],
        "parameters": sum(value.size for value in moments[-1].parameters.values()),
        "largest": _largest(look.moments[-1], moments),
        "steps": [step.as_json() for step in told],
        "about": {name: {row.line: _about(row, name) for row in look.rows} for name in names},
    }  # fmt: skip
    return Page(
        QUESTIONS["look"],
        look.holds,
        look.verdict,
        "look.html.j2",
        {"settings": look.as_json()["settings"], "environment": results.document["environment"]},
        {
            "facts": Markup(json.dumps(facts, separators=(",", ":")).replace("<", "\\u003c")),
            "images": text(joined({"x": look.x})),
            "packed": packed,
            "moments": moments,
            "after": after,
            "shortened": SHORT if shortened else 0,
            "steps": told,
            "seen": look.seen,
            "relu": look.settings.activation == "relu",
            "sources": {name: lit_source(world(name).source(), [s.line for s in told]) for name in names},
            "worlds_in_words": in_words(len(names)),
        },
        names,
        above="Three ways to a gradient: look",
    )


def _fitting(look: Look) -> tuple[Sequence[Snapshot], list[str], set[int]]:
    """As many moments as fit, each as text; and the epochs of those whose weights are shortened.

    First weights of the epochs in between are shortened; where that does not do, every other moment is left out, but
    for the first and the last.
    """
    packed: list[str] = []
    for moments in _thinner(look.moments):
        between = {moment.epoch for moment in moments[1:-1]}
        for shortened in [set[int](), between] if between else [set[int]()]:
            packed = _packed(moments, shortened)
            if sum(map(len, packed)) <= MOST_TEXT:
                return moments, packed, shortened
    raise BadInput(
        f"A page with these arrays would be {sum(map(len, packed)) / 1e6:.1f} MB, and a browser is to open it at once. "
        f"Ask for a smaller --hidden or --batch, or for --dtype float32."
    )


def _thinner(moments: Sequence[Snapshot]) -> Iterator[Sequence[Snapshot]]:
    """All of them, then every other one but for the first and the last, and so on until the last is left."""
    yield moments
    while len(moments) > 2:
        moments = [moments[0], *moments[:0:-1][::2][::-1]]
        yield moments
    if len(moments) > 1:
        yield moments[-1:]


def _arrays(moment: Snapshot) -> tuple[dict[str, np.ndarray], list[Mapping[str, np.ndarray]]]:
    """What all worlds share, and what each computed."""
    return {**moment.parameters, f"a{DEPTH}": moment.probabilities}, list(moment.traces.values())


def _packed(moments: Sequence[Snapshot], shortened: Collection[int]) -> list[str]:
    """Each moment as text, its weights as differences from those of the next one."""
    found: list[str] = []
    base = None
    for moment in reversed(moments):
        short = {name: shorten(value) for name, value in moment.parameters.items()} if moment.epoch in shortened else {}
        shared, traces = _arrays(moment)
        weights, probabilities = joined({**moment.parameters, **short}), joined({"a": shared[f"a{DEPTH}"]})
        together = np.concatenate([weights, probabilities])
        found.append(pack(together, [joined(trace) for trace in traces], base))
        base = np.concatenate([weights, np.zeros_like(probabilities)])
    return found[::-1]


def _largest(last: Snapshot, moments: Sequence[Snapshot]) -> dict[str, list[float]]:
    """By the array's name, the absolute value of its largest entry at each moment."""
    shared, (first, *_) = _arrays(last)
    found: dict[str, list[float]] = {}
    for name in [*shared, *first]:
        found[name] = []
        for moment in moments:
            together, (trace, *_) = _arrays(moment)
            found[name].append(float(np.abs((together | dict(trace))[name]).max()))
    return found


def _shapes(look: Look) -> dict[str, tuple[int, ...]]:
    return {name: value.shape for name, value in {"x": look.x, **look.moments[0].parameters}.items()}


def _about(row: LineOfAll, name: str) -> str:
    """What a line is in that world, besides its statement, and what it keeps there for the backward pass; in words."""
    nodes, kept = row.nodes.get(name, ""), _kept(row.kept.get(name, ()))
    said = "" if nodes.startswith(f"{row.line} = ") or not nodes else f"In the graph: {where_defined(nodes)}. "
    return said + (f"Keeps {kept}." if kept else "")


def _kept(arrays: Sequence[Kept]) -> str:
    own = [f"{kept.name.replace('Backward0._saved_', '.')} ({kept.bytes:,} bytes)" for kept in arrays if not kept.given]
    given = [f"{kept.name} (there anyway)" for kept in arrays if kept.given]
    return ", ".join([*own, *given])
