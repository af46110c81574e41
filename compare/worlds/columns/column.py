"""A world's column: what each line of the calculation is there, and what it keeps for the backward pass."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

#: The names that are there anyway, whether a backward pass comes or not.
GIVEN = ("x", "labels", "W1", "b1", "W2", "b2", "W3", "b3")


@dataclass(frozen=True)
class Kept:
    """An array that is held until the backward pass has used it.

    address: where it begins in memory, which tells one array from another; given: whether it is a parameter or part
    of the batch, and so takes no memory of its own.
    """

    name: str
    bytes: int
    address: int
    given: bool


@dataclass(frozen=True)
class Column:
    """Each by the line's name: what the line is there, in the words of that world, and what a forward line keeps.

    operators: what ran for the line, in a world that tells.
    """

    lines: dict[str, tuple[str, ...]]
    kept: dict[str, tuple[Kept, ...]]
    operators: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def extra_bytes(self) -> int:
        """What the backward pass costs in memory: every array that it keeps once, without those given anyway."""
        return sum(
            {kept.address: kept.bytes for line in self.kept.values() for kept in line if not kept.given}.values()
        )


def address(array: np.ndarray) -> int:
    """Where the array's memory begins."""
    return int(array.__array_interface__["data"][0])


def kept_array(array: np.ndarray, known: Mapping[int, str], otherwise: str) -> Kept:
    """The array under the name that `known` has for its address, or the other one."""
    name = known.get(address(array), otherwise)
    return Kept(name, array.nbytes, address(array), name in GIVEN)
