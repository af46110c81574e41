"""Arrays as text: their bits, as differences from bits that the page has already, byte by byte, deflated, in base64.

Nothing is rounded on the way, but for what `shorten` rounds first: `look_numbers.js` gets back every bit. What a world
computes differs from another world's in the last place, if at all, and weights differ little from one epoch to the
next; so the differences are mostly small, and their leading bytes, laid next to each other, take next to no room.
"""

import base64
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

SHORT = 16  # significant bits of what is shortened


@dataclass(frozen=True)
class Slot:
    """Where an array lies: entries from `start` on, of a shape; world -1 for what all worlds share."""

    name: str
    world: int
    start: int
    shape: tuple[int, ...]


def layout(shared: Mapping[str, np.ndarray], traces: Sequence[Mapping[str, np.ndarray]]) -> list[Slot]:
    """The arrays of a moment one after the other: those of all worlds, then each world's."""
    slots, start = [], 0
    for world, arrays in enumerate([shared, *traces], start=-1):
        for name, array in arrays.items():
            slots.append(Slot(name, world, start, np.shape(array)))
            start += np.size(array)
    return slots


def bits(array: np.ndarray) -> np.ndarray:
    """The entries' bits as whole numbers without a sign, of the same size, in one row."""
    flat = np.ascontiguousarray(array).reshape(-1)
    return flat.view(f"u{flat.itemsize}")


def joined(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """The bits of several arrays, one after the other."""
    return np.concatenate([bits(array) for array in arrays.values()])


def pack(shared: np.ndarray, traces: Sequence[np.ndarray], base: np.ndarray | None = None) -> str:
    """A moment as text. shared, traces: bits, as `joined` gives them; base: those of `shared` at another moment."""
    first = traces[0]
    parts = [shared if base is None else shared - base, first, *(trace - first for trace in traces[1:])]
    return text(np.concatenate(parts))


def text(whole: np.ndarray) -> str:
    """Whole numbers without a sign as text: first the lowest bytes of all of them, the highest last."""
    planes = whole.astype(whole.dtype.newbyteorder("<")).view(np.uint8).reshape(len(whole), whole.itemsize).T
    return base64.b64encode(zlib.compress(planes.tobytes(), 9)).decode()


def shorten(array: np.ndarray) -> np.ndarray:
    """Rounded to SHORT significant bits, in the same dtype. float32 or float64, finite."""
    fraction = np.finfo(array.dtype).nmant + 1 - SHORT
    unit = np.array(1, f"u{array.itemsize}")
    half, mask = unit << (fraction - 1), ~((unit << fraction) - unit)
    shorter = ((bits(array) + half) & mask).view(array.dtype).reshape(array.shape)
    return np.where(np.isfinite(shorter), shorter, array)
