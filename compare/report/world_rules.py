"""The part of the style sheet that follows from the list of worlds: their colours, and how wide their grids are."""

from collections.abc import Sequence
from itertools import combinations

from compare.shared.pair_looks import pair_looks
from compare.worlds import world


def world_rules(names: Sequence[str]) -> str:
    """Rules for pages about these worlds, to follow those of `style.css`."""
    light, dark = (
        " ".join(f"--{name}: {world(name).colours[which]};" for name in names) for which in (0, 1)
    )  # fmt: skip
    rules = [
        f":root {{ --worlds: {len(names)}; {light} }}",
        f"@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}",
        f"@media print {{ :root {{ {light} }} }}",
    ]
    for name in names:
        rules += [f".{name} {{ --own: var(--{name}); }}", *_line(name, name)]
    for k, (a, b) in enumerate(combinations(names, 2)):
        whose, wide = pair_looks(names, (a, b))
        rules += _pair(k, whose or names[-1], wide)
    return "\n".join(["", *rules, ""])


def _line(style: str, colour: str) -> list[str]:
    """Of a series in a chart."""
    return [
        f"svg.chart .s-{style} {{ stroke: var(--{colour}); }}",
        f"svg.chart circle.s-{style} {{ fill: var(--{colour}); }}",
    ]


def _pair(k: int, colour: str, wide: bool) -> list[str]:
    """Of the pair's series and its key in the legend."""
    key = f".key.k{k} {{ border-color: var(--{colour}); }}"
    if not wide:
        return [*_line(f"pair-{k}", colour), key]
    return [
        f"svg.chart polyline.s-pair-{k} {{ stroke: var(--{colour}); stroke-width: 6; stroke-opacity: 0.4; }}",
        f"svg.chart circle.s-pair-{k} {{ stroke: var(--{colour}); fill: var(--{colour}); fill-opacity: 0.4; "
        "stroke-width: 0; r: 6px; }",
        key,
        f".key.k{k} {{ border-top-width: 8px; opacity: 0.55; }}",
    ]
