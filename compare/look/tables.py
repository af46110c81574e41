"""What `look` shows in the terminal."""

import numpy as np

from compare.look.answer import Look, Snapshot, after
from compare.shared.terminal import print_table, print_text


def show(answer: Look) -> None:
    """The verdict and a table of how large each line's entries are, on stdout; the pictures are on the page."""
    print_text(answer.verdict)
    print_text("")
    shown = [answer.moments[0], *answer.moments[-1:]] if len(answer.moments) > 1 else list(answer.moments)
    lines = list(next(iter(shown[0].traces.values())))
    print_table(
        "The largest entry of each line, and the largest difference between two worlds",
        ("line", *(column for m in shown for column in (after(m.epoch), "difference"))),
        [
            (line, *(text for m in shown for text in (f"{_largest(m, line):.3g}", f"{m.differences(line):.1e}")))
            for line in lines
        ],
    )


def _largest(moment: Snapshot, line: str) -> float:
    return max(float(np.abs(trace[line]).max()) for trace in moment.traces.values())
