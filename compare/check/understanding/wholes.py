"""Outputs that are parts of one array, taken row by row or number by number: that array, with the targets of all."""

from typing import Any

import numpy as np

from compare.check.recording.graph import Node
from compare.check.recording.operations import element, placed, written
from compare.check.steps.views import SAME
from compare.check.understanding.step import Step

Pair = tuple[Node, np.ndarray]


def joined(step: Step, pairs: list[Pair]) -> list[Pair]:
    """The pairs of an output with its targets; where they are all parts of one array, and all of it, that instead."""
    if len(pairs) < 2:
        return pairs
    wholes = [whole_of(step, output) for output, _ in pairs]
    whole = wholes[0][0]
    places = np.concatenate([at for _, at in wholes])
    if any(node is not whole for node, _ in wholes) or np.unique(places).size != places.size:
        return pairs
    if places.size != whole.value.size:
        return pairs
    targets = np.zeros(whole.value.size)
    targets[places] = np.concatenate([target.reshape(-1) for _, target in pairs])
    return [(whole, targets.reshape(whole.shape))]


def whole_of(step: Step, node: Node) -> tuple[Node, np.ndarray]:
    """What a node is a part of, which depends on parameters; and where the entries lie in that, flattened.

    What was written into other places of it meanwhile is left out.
    """
    places = np.arange(node.value.size)
    while node.function is not None and node.arguments and isinstance(node.arguments[0], Node):
        inner: Node = node.arguments[0]
        found = _through_write(node, places) if node.function in (written, placed) else _in_whole(node, places)
        if found is None or found[0] not in step.moving or inner in step.leaves:
            break
        node, places = found
    return node, places


def before_writes(step: Step, node: Node, places: np.ndarray) -> Node:
    """An array before other places of it were written to."""
    while node.function in (written, placed):
        found = _through_write(node, places)
        if found is None or found[0] is not node.arguments[0] or found[0] not in step.moving:
            break
        node = found[0]
    return node


def _in_whole(node: Node, places: np.ndarray) -> tuple[Node, np.ndarray] | None:
    """What a node shows a part, or all, of."""
    inner = node.arguments[0]
    if node.function is element:
        taken = _taken(np.arange(inner.value.size).reshape(inner.shape), node.arguments[1])
        return None if taken is None or taken.size != node.value.size else (inner, taken.reshape(-1)[places])
    return (inner, places) if node.function in SAME and inner.value.size == node.value.size else None


def _through_write(node: Node, places: np.ndarray) -> tuple[Node, np.ndarray] | None:
    """Where the entries at some places come from: from what was written, or from what was there before."""
    before, new, index = node.arguments
    numbers = np.arange(before.value.size)
    changed = _taken(numbers.reshape(before.shape) if node.function is written else numbers, index)
    if changed is None:
        return None
    here = np.isin(places, changed)
    if not here.any():
        return before, places
    if not here.all() or not isinstance(new, Node) or new.value.size != changed.size:
        return None
    order = np.argsort(changed, axis=None)
    return new, order[np.searchsorted(changed.reshape(-1), places, sorter=order)]


def _taken(numbers: np.ndarray, index: Any) -> np.ndarray | None:
    try:
        return np.asarray(numbers[plain_index(index)])
    except (IndexError, TypeError, ValueError):
        return None


def plain_index(part: Any) -> Any:
    """An index with values in the place of nodes."""
    if isinstance(part, Node):
        value = part.value
        return value if value.ndim else value.item()
    if isinstance(part, tuple):
        return tuple(plain_index(p) for p in part)
    if isinstance(part, list | range):
        return np.asarray([plain_index(p) for p in part])
    if isinstance(part, slice):
        return slice(*(plain_index(p) for p in (part.start, part.stop, part.step)))
    return part
