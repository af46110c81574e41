"""A known mistake: a wrong formula, tried on the exact values and compared with what was found.

Read a signature as a sentence: in lines of these kinds, this formula is what the code seems to compute.
"""

from collections.abc import Callable
from dataclasses import dataclass

from compare.check.view import Array, View

#: The kinds of lines of the backward pass: dz of the last layer, dW, db, da, and dz of the others.
BACKWARD = ("last", "dW", "db", "da", "dz")


@dataclass(frozen=True)
class Signature:
    """A mistake by its stable name. kinds: of the lines it can be in; wrong: one formula or more, of a View.

    up_to_scale: whether the formula may be off by one factor; harmless: whether the gradients do not feel it;
    factor: what explains the ratio of found to expected, which then is the evidence; empty where it tells nothing.
    {line} etc. in `explanation`, {m} etc. in `factor` are filled in.
    """

    name: str
    kinds: tuple[str, ...]
    explanation: str
    wrong: Callable[[View], Array | list[Array]]
    up_to_scale: bool = False
    harmless: bool = False
    factor: str = ""
