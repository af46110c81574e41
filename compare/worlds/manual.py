"""The world by hand: the backward pass is written out in NumPy."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from compare.worlds.world import World

if TYPE_CHECKING:
    import numpy as np

    from compare.worlds.columns.column import Column


class ByHand(World):
    """Nothing is recorded: `backward` is the tape, written down once."""

    name, title, where, place = "manual", "by hand", "by hand", 1
    colour, marker, colours = "#0072B2", "o", ("#005c94", "#6bb8ea")
    nodes_title, nodes_key = "by hand", "by_hand"
    variants: ClassVar[Mapping[str, tuple[str, str]]] = {
        "manual_preallocated": ("by hand, arrays made once", "manual.preallocated:PreallocatedNetwork")
    }

    def column(
        self,
        lines: Sequence[str],
        parameters: "Mapping[str, np.ndarray]",
        x: "np.ndarray",
        labels: "np.ndarray",
        activation: str,
    ) -> "Column":
        """Each line's statement, from the source."""
        from compare.worlds.columns import by_hand

        return by_hand.column(lines, parameters, x, labels, activation)


WORLD = ByHand()
