"""What `run` shows in the terminal."""

from collections.abc import Sequence

from compare.run.answer import GradientsAt, Run
from compare.shared.terminal import print_table, print_text
from compare.side_by_side.pairs import PairRow
from compare.side_by_side.trainings_tables import print_curves
from compare.worlds import spoken


def show(answer: Run) -> None:
    """The verdict, tables and the reasons, on stdout."""
    print_text(answer.verdict)
    print_text("")
    print_parity(answer.parity)
    print_curves(answer.curves, answer.pairs)
    for reason in answer.account.reasons:
        print_text(reason)


def print_parity(parity: Sequence[GradientsAt]) -> None:
    """One table: each pair's gradients before and after training, the parameter that differs most."""
    print_table(
        "Gradients of the first images, the one of each pair that comes nearest to its bound",
        ("", "", "apart", "relative", "ulps", "verdict"),
        [row for found in parity for row in _rows(found)],
    )
    print_text(
        "apart: the largest difference of an entry; relative: that, divided by the "
        "largest entry of the gradient; ulps: the largest difference in units in the last place of its entry, of which "
        "there are many where large terms cancel and leave an entry near 0; within: no more than rounding, at worst, "
        "can explain; exact: bit-identical.\n"
    )


def _rows(found: GradientsAt) -> list[tuple[str, ...]]:
    """A row that says when and in which dtype, and one for each pair."""
    return [
        (f"{found.when} training, {found.dtype}", *[""] * 5),
        *(
            (f"  {spoken(worst.pair)}", f"d{worst.parameter}", f"{worst.absolute:.1e}", f"{worst.relative:.1e}",
             f"{worst.ulp:,.0f}", worst.verdict.removesuffix(" bound"))
            for worst in _worst_by_pair(found.pairs)
        ),
    ]  # fmt: skip


def _worst_by_pair(pairs: Sequence[PairRow]) -> list[PairRow]:
    names = dict.fromkeys(pair.pair for pair in pairs)
    return [max((p for p in pairs if p.pair == name), key=lambda p: p.bound_used) for name in names]
