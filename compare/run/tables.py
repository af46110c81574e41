"""What `run` shows in the terminal."""

from collections.abc import Sequence

from compare.run.answer import GradientsAt, Run
from compare.shared.terminal import print_table, print_text
from compare.side_by_side.pairs import PairRow
from compare.side_by_side.trainings_tables import print_curves
from compare.worlds import spoken


def show(answer: Run) -> None:
    """The verdict and tables, on stdout."""
    print_text(answer.verdict)
    print_text("")
    print_parity(answer.parity)
    print_curves(answer.curves, answer.pairs)


def print_parity(parity: Sequence[GradientsAt]) -> None:
    """One table: each pair's gradients before and after training, the parameter that differs most."""
    print_table(
        "Gradients of the first images, pair by pair: the parameter that comes nearest to its bound",
        ("training", "dtype", "pair", "of", "absolute", "relative", "ulps", "verdict"),
        [
            (found.when, found.dtype, spoken(worst.pair), worst.parameter, f"{worst.absolute:.1e}",
             f"{worst.relative:.1e}", f"{worst.ulp:,.0f}", worst.verdict.removesuffix(" bound"))
            for found in parity
            for worst in _worst_by_pair(found.pairs)
        ],
    )  # fmt: skip
    print_text(
        "absolute: the largest difference of an entry; relative: that, divided by the largest entry of the gradient; "
        "ulps: the largest difference in units in the last place of the entry itself, which are many where large terms "
        "have cancelled and left an entry near 0; within: no more than rounding, at worst, can explain.\n"
    )


def _worst_by_pair(pairs: Sequence[PairRow]) -> list[PairRow]:
    names = dict.fromkeys(pair.pair for pair in pairs)
    return [max((p for p in pairs if p.pair == name), key=lambda p: p.bound_used) for name in names]
