"""How the lines of pairs of worlds are told apart, in figures and on pages."""

from collections.abc import Sequence


def pair_looks(names: Sequence[str], pair: tuple[str, str]) -> tuple[str | None, bool]:
    """The world whose colour a pair's line has, None for the first two's, which has none; and whether it is wide.

    Where worlds are equal to the bit, as by hand and engine, their lines to a third coincide: so the first world's is
    wide, under the others'. names: all worlds that are drawn, in their order.
    """
    a, b = pair
    place = {name: k for k, name in enumerate(names)}
    if sorted((place[a], place[b])) == [0, 1]:
        return None, False
    return (a if place[b] == 2 else b), place[a] == 0
