"""What `parity --dtype bfloat16` shows in the terminal."""

from compare.parity.short.answer import ALONE, ShortParity
from compare.shared.terminal import print_table, print_text


def show(answer: ShortParity) -> None:
    """The verdict, a row a line, and what its numbers mean, on stdout."""
    print_text(answer.verdict)
    print_text("")
    when = f"after {answer.after:,} training steps" if answer.after else "at the initial weights"
    print_table(
        f"{answer.settings.dtype} under autocast, batch of {answer.settings.batch_size:,}, {when}",
        ("line", "computed in", "error", "share", "likely", "seen"),
        [
            (line.name, answer.dtypes[line.name], f"{answer._relative(line):.1g}", f"{line.bound_used:.2g}",
             f"{line.probable_used:.2g}", "any" if line.power == 0 else f"{line.power:.1g}")
            for line in answer.check.lines
        ],
    )  # fmt: skip
    print_text(
        f"{ALONE}\n"
        "Weights, loss and the weights' gradients are float32; what goes into a matrix product and what comes out "
        "of it is rounded to bfloat16's 8 bits, and its sum is taken in float32.\n"
        "error: the largest of an entry, relative to the line's largest entry.\n"
        "share: each line is recomputed in longer arithmetic, from the inputs that PyTorch itself reports for it. "
        "share is the error divided by the most that rounding can do in that one line; beyond 1 it is proved wrong.\n"
        "likely: the error divided by what independent rounding errors add up to.\n"
        "seen: the smallest error of the line's largest entry that would have been noticed, relative to that entry.\n"
        f"{answer.power}"
    )
