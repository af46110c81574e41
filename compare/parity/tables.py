"""What a person reads: tables, and under each what its numbers mean."""

from compare.judge.verdict import Verdict
from compare.parity.answer import (
    BugsPlanted,
    Parity,
    is_it_right,
    power_sentence,
    referee_sentence,
    share_of,
    size_of,
    verdict_sentence,
)
from compare.parity.planted_bugs import Proof
from compare.parity.sizes import Smallest
from compare.shared.terminal import print_table, print_text
from compare.shared.words import percent_of
from compare.worlds import spoken, world


def show(parity: Parity) -> None:
    """The answer to the question, then the tables that it comes from, each with what its numbers mean, on stdout."""
    print_text(verdict_sentence(parity))
    print_text("")
    _print_lines(parity)
    _print_end_to_end(parity)
    _print_pairs(parity)
    print_text(referee_sentence(parity))


def _print_lines(parity: Parity) -> None:
    settings = parity.settings
    when = f"after {parity.after:,} training steps" if parity.after else "at the initial weights"
    names = [line.name for line in next(iter(parity.checks.values())).lines]
    print_table(
        f"Lines, {settings.dtype}, a batch of {settings.batch_size:,}, {when}",
        ("line", *(head for name in parity.checks for head in (_head(name), "likely")), "ulps", "seen"),
        [
            (name, *(cell for check in parity.checks.values() for cell in _cells(check.get(name))),
             _ulps(max(line.error_ulp for line in of_line)), size_of(max(line.power for line in of_line)))
            for name in names
            if (of_line := [line for check in parity.checks.values() if (line := check.get(name))])
        ],
    )  # fmt: skip
    implementation, line = parity.nearest("z da dW")
    print_text(
        "share: each line is recomputed in longer arithmetic, from the inputs that the implementation itself reports "
        "for it. The bound is the most that rounding can do in that one line, whatever the order of its sums (of "
        "ordinary matrix products; Strassen's could err by more). share is the error divided by the bound, at the "
        "entry where that is largest: 0 is exact, up to 1 it holds, beyond 1 the line is proved wrong.\n"
        "likely: the error divided by eight standard deviations of what independent rounding errors add up to; "
        "beyond 1 it is almost certainly not rounding.\n"
        "ulps: the largest error of any implementation, in units in the last place of its entry. There are many "
        "where large terms cancel and leave an entry near 0, which is why ulps alone cannot judge a sum.\n"
        "seen: the smallest error of the line's largest entry that would have been noticed, relative to that entry.\n"
        f"Of the matrix products, {line.name} {world(implementation).where} comes nearest to its bound, at "
        f"{percent_of(line.bound_used)} of it, and {percent_of(line.probable_used)} of the likely error: roundings "
        "mostly cancel, so the longer a sum, the smaller its share of the worst case.\n"
        f"All entries of a line together: regressed on their values, their errors have a slope of {_slope(parity)} "
        "standard deviations at most; beyond 8 they would have a factor in common.\n"
        f"{power_sentence(parity)}"
    )
    for sentence in parity.unexercised:
        print_text(sentence)
    if settings.batch_size == 1:
        print_text("With one row, an entry of dW is one product, rounded once, and often comes near the worst case.")
    print_text("")


def _print_end_to_end(parity: Parity) -> None:
    first = next(iter(parity.end_to_end.values()))
    print_table(
        "Gradients, end to end",
        ("gradient", "relative bound", "seen", *map(_head, parity.end_to_end)),
        [
            (f"d{verdict.name}", f"{verdict.relative_bound:.1e}", size_of(verdict.power),
             *(share_of(verdicts[i].bound_used) for verdicts in parity.end_to_end.values()))
            for i, verdict in enumerate(first)
        ],
    )  # fmt: skip
    print_text(
        "The same gradients, judged without the lines between: the bound on the error is carried through the whole "
        "calculation. It is wide, since it counts on no errors cancelling; relative bound is its width, divided by "
        "the largest entry. Independent errors add up to far less, which is judged too; seen is the smallest error "
        "that would have been noticed."
    )
    print_text("")


def _print_pairs(parity: Parity) -> None:
    print_table(
        "Pairs",
        ("pair", "gradient", "apart", "relative", "ulps", "share", "verdict"),
        [
            (spoken(pair.pair), f"d{pair.parameter}", f"{pair.absolute:.1e}", f"{pair.relative:.1e}", _ulps(pair.ulp),
             share_of(pair.bound_used), pair.verdict.removesuffix(" bound"))
            for pair in parity.pairs
        ],
    )  # fmt: skip
    print_text(
        "apart: the largest difference of any entry; relative: that, divided by the largest entry. Two correct "
        "gradients can differ by twice the end-to-end bound; share is the difference divided by that. exact: "
        "bit-identical."
    )
    print_text(is_it_right(parity))
    print_text("")


def print_planted_bugs(proof: Proof) -> None:
    """The verdict, then the table of planted bugs, on stdout."""
    print_text(proof.verdict)
    print_text("")
    print_table(
        "Planted bugs",
        ("bug", "line", "named by the check", "caught"),
        [
            (tried.bug.name, tried.bug.line, tried.named_line or "none", "yes" if tried.caught else "NO")
            for tried in proof.bugs
        ],
    )
    print_text(
        "Each bug replaces one line of a correct float64 network; it counts as caught if the first line outside its "
        "bound is that line. The network without any of them "
        + ("passes" if proof.correct_holds else "DOES NOT PASS")
        + " on the same data.\n"
    )


def print_sizes(smallest: list[Smallest]) -> None:
    """How small each bug may be and still be caught, a table for each dtype and number of rows, on stdout."""
    for dtype, m in dict.fromkeys((one.dtype, one.rows) for one in smallest):
        print_table(
            f"Smallest size that is caught, {dtype}, {m:,} rows; 1 is the bug itself",
            ("bug", "line", "here", "assert_close", "allclose", "gradcheck"),
            [
                (one.bug, one.line, *map(_part, (one.judge, one.assert_close, one.allclose, one.gradcheck)))
                for one in smallest
                if (one.dtype, one.rows) == (dtype, m)
            ],
        )
    print_text(
        "A bug of size 0.01 does a hundredth of what the bug does. missed: the bug itself passes; false alarm: right "
        "code fails. assert_close is "
        "torch.testing's, allclose NumPy's, gradcheck PyTorch's, each with the tolerances that it has by default, and "
        "each given the exact line to compare with."
    )


def _part(size: float) -> str:
    return "false alarm" if size == 0 else f"{size:.1g}" if size <= 1 else "missed"


def _ulps(count: float) -> str:
    return f"{count:,.0f}" if count >= 1000 else f"{count:.3g}"


def _cells(line: Verdict | None) -> tuple[str, str]:
    """What there is to say of a line; nothing where a world does not tell it."""
    return (share_of(line.bound_used), share_of(line.probable_used)) if line else ("-", "-")


def _head(name: str) -> str:
    return f"{world(name).title}\nshare"


def _slope(parity: Parity) -> str:
    return f"{max(line.slope_sigma for check in parity.checks.values() for line in check.lines):.2g}"


def show_planted_bugs(answer: BugsPlanted) -> None:
    """The table of bugs, on stdout."""
    print_planted_bugs(answer.proof)
    print_sizes(answer.smallest)
