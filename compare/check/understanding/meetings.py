"""Where something that depends on parameters meets something that does not: outputs, and their targets."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from compare.check.recording.graph import Node, nodes_in
from compare.check.recording.operations import element, written
from compare.check.steps.parameters import update_forms
from compare.check.steps.views import SAME, unscaled, unscaled_view
from compare.check.understanding.replay import constant
from compare.check.understanding.step import Step
from compare.check.understanding.wholes import before_writes, joined, plain_index

MEETINGS: tuple[Any, ...] = (np.add, np.subtract, np.multiply, np.divide, np.power, np.maximum, np.equal, np.less,
                             np.greater, np.where)  # fmt: skip
THROUGH = (*SAME, np.log, np.clip, np.maximum, np.minimum, np.add, np.negative, np.transpose, element, written)
EPSILON = 1e-3  # what a formula adds, or keeps away from, for safety


@dataclass
class Family:
    """Where outputs meet targets in one line: the pairs, and the nodes in which they meet."""

    pairs: list[tuple[Node, np.ndarray]] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    targets: list[Any] = field(default_factory=list)


def families(step: Step) -> list[Family]:
    """Meetings of outputs and targets, gathered by line: one sample at a time has many of a kind.

    Where there is none, a target may be a Python number, as in a list of them.
    """
    met = _families(step, _meetings)
    if any(not _by_numbers(target) for family in met for target in family.targets):
        return met
    return [*(_families(step, _with_numbers) or _families(step, _with_numbers, 1)[:1]), *met]


def _by_numbers(target: Any) -> bool:
    """Whether it is an index of numbers in the program's text, or of a loop's, and not of labels."""
    parts = target[1] if isinstance(target, tuple) else None
    return all(isinstance(p, int | slice) for p in (parts if isinstance(parts, tuple) else (parts,)))


def _families(step: Step, meetings: Callable[..., Iterator[tuple[Node, Any]]], *options: Any) -> list[Family]:
    """Those that are meetings by a rule, the ones of the outermost outputs.

    A mask of dropout meets a hidden layer: that depends on fewer parameters than an output, and an output on it.
    """
    found: dict[Any, Family] = defaultdict(Family)
    met: dict[Any, int] = defaultdict(int)
    still = [node for node in step.nodes if node not in step.moving]
    changed = {before for node in still for before, _, _ in update_forms(node)}  # a bias, by labels alone
    for node in step.nodes:
        if node not in step.moving:
            continue
        for output, target in meetings(step, node, *options):
            if isinstance(target, Node) and unscaled(target) in changed:
                continue
            output = _unwrapped(step, output)
            array = _as_target(output, target)
            if array is not None and unscaled_view(output) not in step.leaves:  # that is a penalty
                if isinstance(target, tuple):
                    output = _unwrapped(step, before_writes(step, output, np.flatnonzero(array)))
                elif node.function is np.add or (node.function is np.multiply and not (array > 0).any()):
                    array = -array  # p + (-t), (-t) * log p
                output, array = _without_factor(step, output, array)
                key = node.place, node.name, output.place, output.shape  # two outputs may meet theirs in one line
                met[key] = max(met[key], bin(step.moving[output]).count("1"))
                found[key].nodes.append(node)
                found[key].targets.append(target)
                before = next((t for o, t in found[key].pairs if o is output), None)
                if before is None:
                    found[key].pairs.append((output, array))
                elif isinstance(target, tuple):  # p[i, labels[i]], for every i
                    np.maximum(before, array, out=before)
    for family in found.values():
        family.pairs = _outermost(step, joined(step, family.pairs))
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
        sums_up = node.function is np.add and node.value.size == 1 and not (still and _negative(step, still[0]))
        if len(moving) == 1 and len(still) == 1 and not sums_up:  # total += loss
            yield moving[0], still[0]
    elif node.function in (element, written) and isinstance(arguments[0], Node) and arguments[0] in step.moving:
        index = arguments[1 if node.function is element else 2]
        if not any(part in step.moving for part in nodes_in(index)):  # x[x < 0] asks for no target
            yield arguments[0], ("index", index)


def _negative(step: Step, node: Node) -> bool:
    """Whether a node is something with the other sign, by what the program says."""
    numbers = [number for number in map(step.number, node.arguments) if number is not None]
    return node.function is np.negative or (node.function is np.multiply and any(n < 0 for n in numbers))


def _with_numbers(step: Step, node: Node, one: float = np.nan) -> Iterator[tuple[Node, Any]]:
    """A single output less a number, or the other way round; not 1 - p, where it is multiplied by p, or in a log.

    one: what is a target even there: the error of a target 1 is multiplied by p, too, and comes before that.
    """
    if node.function is not np.subtract or node.value.size != 1:
        return
    for output, number in (node.arguments[:2], node.arguments[1::-1]):
        if not isinstance(output, Node) or output not in step.moving or not isinstance(number, int | float | np.number):
            continue
        uses = [n for n in step.nodes if node in n.parents]
        derives = number == 1 != one and any(n.function is np.log or output in _factors(n) for n in uses)
        if not derives and output.function not in (np.square, np.power, np.multiply):
            yield output, Node(None, (), {}, np.asarray(float(number)), node.place, 0)


def _factors(product: Node) -> list[Node]:
    """What a product is made of, as p and 1 - p in e * p * (1 - p)."""
    if product.function is not np.multiply:
        return [product]
    return [factor for parent in product.parents for factor in _factors(parent)]


def _without_factor(step: Step, output: Node, target: np.ndarray) -> tuple[Node, np.ndarray]:
    """A share of an output and of its targets, as in p / m - t / m: both without it."""
    if output.function not in (np.multiply, np.divide):
        return output, target
    moving = [p for p in output.parents if p in step.moving]
    numbers = [n for n in map(step.number, output.arguments) if n]
    if len(moving) != 1 or len(numbers) != 1 or moving[0].shape != output.shape or not moving[0].value.size > 1:
        return output, target
    if output.function is np.divide and step.number(output.arguments[1]) is None:
        return output, target
    whole = target / numbers[0] if output.function is np.multiply else target * numbers[0]
    likely = np.isin(whole, (-1.0, 0.0, 1.0)).all() and not np.isin(target, (-1.0, 0.0, 1.0)).all()
    return (moving[0], whole) if likely else (output, target)


def _unwrapped(step: Step, output: Node) -> Node:
    """The output behind what a formula does to it first: its logarithm, a clip, an epsilon."""
    while output.function in THROUGH:
        moving = [p for p in output.parents if p in step.moving]
        if len(moving) != 1 or moving[0].shape != output.shape or moving[0] in step.leaves:
            return output
        kept = output.function not in (np.add, np.clip, np.maximum, np.minimum)
        if not kept and abs(step.floats(output) - step.floats(moving[0])).max(initial=0.0) > EPSILON:
            return output  # a bias, or a relu: it changes more than a formula does for safety
        output = moving[0]
    return output


def _as_target(output: Node, target: Any) -> np.ndarray | None:
    """The targets in the output's shape, if they can be such."""
    if isinstance(target, tuple):
        index = plain_index(target[1])
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
