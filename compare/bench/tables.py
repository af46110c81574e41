"""What `bench` shows in the terminal."""

from collections.abc import Mapping

from compare.bench.answer import Bench
from compare.bench.rivals import rivals
from compare.shared.settings import DTYPES
from compare.shared.terminal import print_table, print_text


def show(answer: Bench) -> None:
    """The verdict, a table for each dtype, and the reasons, on stdout."""
    timed = rivals(answer.settings.worlds)
    print_text(answer.verdict)
    print_text("")
    for dtype in DTYPES:
        print_table(
            f"A training step in {dtype}, {answer.circumstances}",
            ("", "micro-\nseconds", "spread", "over\nfloor", "over\nPyTorch", "peak\nmemory, kB"),
            _rows(answer, dtype, {name: rival.title for name, rival in timed.items()}),
        )
    print_text(
        "Medians of rounds in which all take turns; spread: from the lower quartile of the rounds to the upper, "
        "as a part of the median. "
        "Floor: the step's eight matrix multiplies alone, in NumPy, on the same arrays. Peak memory: the most that "
        "is allocated at once during a step, the parameters included, the images not; of the floor, its results.\n"
    )
    for reason in answer.reasons:
        print_text(f"{reason}\n")


def _rows(answer: Bench, dtype: str, titles: Mapping[str, str]) -> list[tuple[str, ...]]:
    """By batch size: a row that names it, and one for each way to take the step."""
    rows: list[tuple[str, ...]] = []
    size = None
    for row in answer.measured.rows:
        if row.dtype != dtype:
            continue
        if row.batch_size != size:
            size = row.batch_size
            rows.append((f"{size:,} image{'s' if size > 1 else ''}", "", "", "", "", ""))
        spread = row.timing.spread / row.timing.microseconds
        peak = "-" if row.peak_bytes is None else f"{row.peak_bytes / 1000:,.0f}"
        rows.append(
            (f"  {titles[row.implementation]}", f"{row.timing.microseconds:,.0f}", f"{spread:.0%}",
             f"{row.over_floor:.2f}", f"{row.over_torch:.2f}", peak)
        )  # fmt: skip
    return rows
