"""Where something that depends on parameters meets something that does not: outputs, and their targets."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from compare.check.recording.array import element
from compare.check.recording.graph import Node, nodes_in
from compare.check.recording.memory import written
from compare.check.understanding.parameters import SAME
from compare.check.understanding.replay import constant
from compare.check.understanding.step import Step

MEETINGS: tuple[Any, ...] = (np.add, np.subtract, np.multiply, np.divide, np.power, np.maximum, np.equal, np.less,
                             np.greater, np.where)  # fmt: skip
THROUGH = (*SAME, np.log, np.clip, np.maximum, np.minimum, np.add, np.negative, np.transpose, element, written)


@dataclass
class Family:
    """Where outputs meet targets in one line: the pairs, and the nodes in which they meet."""

    pairs: list[tuple[Node, np.ndarray]] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    targets: list[Any] = field(default_factory=list)


def families(step: Step) -> list[Family]:
    """Meetings of outputs and targets, gathered by line: one sample at a time has many of a kind.

    A mask of dropout meets a hidden layer: that depends on fewer parameters than an output, and an output on it.
    """
    found: dict[Any, Family] = defaultdict(Family)
    met: dict[Any, int] = defaultdict(int)
    for node in step.nodes:
        if node not in step.moving:
            continue
        for output, target in _meetings(step, node):
            output = _unwrapped(step, output)
            array = _as_target(output, target)
            if array is not None and output not in step.leaves:
                key = node.place, node.name, output.place, output.shape  # two outputs may meet theirs in one line
                met[key] = max(met[key], bin(step.moving[output]).count("1"))
                found[key].nodes.append(node)
                found[key].targets.append(target)
                if all(o is not output for o, _ in found[key].pairs):
                    found[key].pairs.append((output, array))
    for family in found.values():
        family.pairs = _outermost(step, family.pairs)
    most = max(met.values(), default=0)
    inner = set(step.behind([o for key, family in found.items() if met[key] == most for o, _ in family.pairs]))
    return [
        family for key, family in found.items()
        if met[key] == most or not any(o in inner for o, _ in family.pairs)
    ]  # fmt: skip


def _outermost(step: Step, pairs: list[tuple[Node, np.ndarray]]) -> list[tuple[Node, np.ndarray]]:
    """Without outputs that are made of other outputs, such as 1 - p."""
    outputs, later = {o for o, _ in pairs}, set[Node]()
    for node in step.nodes if len(pairs) > 1 else []:
        if node in step.moving and any(parent in outputs or parent in later for parent in node.parents):
            later.add(node)
    return [(o, t) for o, t in pairs if o not in later]


def _meetings(step: Step, node: Node) -> Iterator[tuple[Node, Any]]:
    arguments = node.arguments
    if node.function in MEETINGS:
        moving = [a for a in arguments if isinstance(a, Node) and a in step.moving]
        still = [a for a in arguments if isinstance(a, Node) and a not in step.moving]
        if len(moving) == 1 and len(still) == 1:
            yield moving[0], still[0]
    elif node.function in (element, written) and isinstance(arguments[0], Node) and arguments[0] in step.moving:
        index = arguments[1 if node.function is element else 2]
        if not any(part in step.moving for part in nodes_in(index)):  # x[x < 0] asks for no target
            yield arguments[0], ("index", index)


def _unwrapped(step: Step, output: Node) -> Node:
    """The output behind what a formula does to it first: its logarithm, a clip, an epsilon."""
    while output.function in THROUGH:
        moving = [p for p in output.parents if p in step.moving]
        if len(moving) != 1 or moving[0].shape != output.shape or moving[0] in step.leaves:
            return output
        if output.function is np.add and any(np.size(p.value) > 1 for p in output.parents if p not in step.moving):
            return output
        output = moving[0]
    return output


def _as_target(output: Node, target: Any) -> np.ndarray | None:
    """The targets in the output's shape, if they can be such."""
    if isinstance(target, tuple):
        index = _plain_index(target[1])
        array = np.zeros(output.shape)
        try:
            before = np.size(array[index])
            array[index] = 1
        except (IndexError, TypeError, ValueError):
            return None
        return array if 0 < before < array.size and array.size > 1 else None
    value = np.asarray(constant(target), np.float64) if np.asarray(constant(target)).dtype.kind in "fiub" else None
    if value is None or value.size != np.prod(output.shape, dtype=int):
        return None
    return value.reshape(output.shape)


def _plain_index(part: Any) -> Any:
    if isinstance(part, Node):
        value = part.value
        return value if value.ndim else value.item()
    if isinstance(part, tuple):
        return tuple(_plain_index(p) for p in part)
    if isinstance(part, list | range):
        return np.asarray([_plain_index(p) for p in part])
    if isinstance(part, slice):
        return slice(*(_plain_index(p) for p in (part.start, part.stop, part.step)))
    return part
