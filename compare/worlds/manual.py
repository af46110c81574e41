"""The world by hand: the backward pass is written out in NumPy."""

from collections.abc import Mapping
from typing import ClassVar

from compare.worlds.world import World


class ByHand(World):
    """Nothing is recorded: `backward` is the tape, written down once."""

    name, title, where, place = "manual", "by hand", "by hand", 1
    colour, marker, colours = "#0072B2", "o", ("#005c94", "#6bb8ea")
    reads = "by_hand"  # each line's statement, from the source
    nodes_title, nodes_key = "by hand", "by_hand"
    variants: ClassVar[Mapping[str, tuple[str, str]]] = {
        "manual_preallocated": ("by hand, arrays made once", "manual.preallocated:PreallocatedNetwork")
    }


WORLD = ByHand()
