"""One number that a gradient is multiplied by and that is made of its own size: clipping, or a step of one length."""

from collections.abc import Iterable

import numpy as np

from compare.check.recording.graph import Node
from compare.check.understanding.step import Step

SIZES = {"norm", "sum", "max", "amax", "mean"}


def gain_in(step: Step, way: Iterable[Node]) -> float:
    """The product of all such numbers on the way from a gradient to its update; 1 where there are none."""
    gain = 1.0
    for node in way:
        if node.function not in (np.multiply, np.divide) or len(list(node.parents)) != 2:
            continue
        first, second = node.arguments[:2]
        wide, number = (first, second) if np.size(second.value) == 1 else (second, first)
        if wide.value.size < 2 or number.value.size != 1 or not _size_of(step, number, wide):
            continue
        if node.function is np.divide and number is not second:
            continue
        value = float(number.value.reshape(()))
        gain *= value if node.function is np.multiply else 1 / value if value else 1.0
    return gain if gain > 0 and np.isfinite(gain) else 1.0


def _size_of(step: Step, number: Node, wide: Node) -> bool:
    """Whether a number is made of the size of an array: of its norm, or of the sum of its squares."""
    waiting, seen = [number], set[Node]()
    while waiting:
        node = waiting.pop()
        if node in seen or node not in step.moving:
            continue
        seen.add(node)
        if node.name in SIZES and node.value.size == 1:
            inner: Node | None = next(node.parents)
            while inner is not None and inner.value.size == wide.value.size:
                if inner is wide or inner in wide.parents or wide in inner.parents:
                    return True
                inner = next(inner.parents, None) if len(set(inner.parents)) == 1 else None
        elif node.value.size == 1:
            waiting.extend(p for p in node.parents if p.value.size == 1)
    return False
