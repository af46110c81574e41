"""A wrong line, with what it spoils and what should stand there."""

from dataclasses import dataclass, field

import numpy as np

from compare.check.judging.explained import Role
from compare.check.recording.graph import Node, Place


@dataclass
class Fault:
    """A wrong line. node: what it gives; first: the first unexplained node of it.

    parameters: those whose gradients it spoils; place: the line; also: other lines that it concerns.

    role: what it should be, where that is known; expected: that, in numbers; factor: where only a factor is wrong,
    how many times too large it is.
    """

    node: Node
    first: Node
    place: Place
    parameters: list[int]
    role: Role | None = None
    expected: np.ndarray | None = None
    found: np.ndarray | None = None
    factor: float | None = None
    also: list[Place] = field(default_factory=list)
    kind: str = ""
    about: Node | None = None


def places_of(node: Node) -> list[Place]:
    """The line of a node, if it has one, as other lines that a fault concerns."""
    return [node.place] if node.place else []
