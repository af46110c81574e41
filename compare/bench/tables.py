"""What `bench` shows in the terminal."""

from compare.bench.answer import Bench
from compare.bench.rivals import rivals
from compare.shared.settings import DTYPES
from compare.shared.terminal import print_table, print_text


def show(answer: Bench) -> None:
    """The verdict, and a table for each dtype, on stdout."""
    timed = rivals(answer.settings.worlds)
    print_text(answer.verdict)
    print_text("")
    for dtype in DTYPES:
        print_table(
            f"A training step in {dtype}, {answer.circumstances}",
            ("step", "images", "micro-\nseconds", "spread", "over\nfloor", "over\nPyTorch", "peak\nmemory, kB"),
            [
                (timed[row.implementation].title, f"{row.batch_size:,}", f"{row.timing.microseconds:,.0f}",
                 f"{row.timing.spread:,.0f}", f"{row.over_floor:.2f}", f"{row.over_torch:.2f}",
                 "not measured" if row.peak_bytes is None else f"{row.peak_bytes / 1000:,.0f}")
                for row in answer.measured.rows if row.dtype == dtype
            ],
        )  # fmt: skip
    print_text(
        "Medians of rounds in which all take turns; spread: from the lower quartile of the rounds to the upper. "
        "Floor: the step's eight matrix multiplies alone, in NumPy, on the same arrays. Peak memory: the most that "
        "is allocated at once during a step, the parameters included, the images not; of the floor, its results.\n"
    )
