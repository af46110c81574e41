"""Where what enters a network comes from: the first input of a step, its rows, and the lines that made them."""

from dataclasses import dataclass

import numpy as np

from compare.check.recording.graph import Node, Place, nodes_in
from compare.check.recording.operations import cast, element, written
from compare.check.steps.views import PRODUCTS
from compare.check.training.batch import Batch
from compare.check.training.moments import Moment
from compare.check.understanding.meetings import families
from compare.check.understanding.step import Step
from compare.check.understanding.wholes import plain_index


@dataclass(frozen=True)
class Seen:
    """A batch as it was taken. mark: of its values; whole: of how many examples; positions: which of them, if known.

    anew: whether it was taken in the step itself; address: where it lay in memory.
    """

    mark: int
    whole: int
    positions: tuple[int, ...] | None
    place: Place | None
    operations: int
    anew: bool
    address: int


def products_of(step: Step) -> list[Node]:
    """The products that the updates come of, in order: those of an evaluation before the step are not among them."""
    return [node for node in step.behind_updates() if node.function in PRODUCTS]


def first_input(step: Step) -> Node | None:
    """What meets the first weights, and follows from no parameter."""
    for node in products_of(step):
        for parent in node.parents:
            if parent not in step.moving and parent.value.size > 1:
                return parent
    return None


def taken(moment: Moment, rows: int) -> Seen | None:
    """How the examples of a step were taken from all that there are."""
    if moment.step is None or (node := first_input(moment.step)) is None:
        return None
    address = node.value.__array_interface__["data"][0]
    mark = hash(np.ascontiguousarray(node.value).tobytes()[:1_000_000])
    for part in _history(node):
        if part.function is element and isinstance(part.arguments[0], Node):
            whole = part.arguments[0]
            if whole.value.size > node.value.size >= part.value.size > 0 and whole.value.ndim > 1:
                index = plain_index(part.arguments[1])
                lines: list[Place | None] = [n.place for n in nodes_in(part.arguments[1]) if n.place] or [part.place]
                examples = round(whole.value.size / part.value.size * rows)
                positions = _positions(whole.shape, index, part.shape)
                anew = part.number >= min((n.number for n in moment.step.nodes), default=0)
                return Seen(mark, examples, positions, lines[0], moment.operations, anew, address)
    for array in moment.around:
        place = node.place.caller or node.place if node.place is not None else None
        found = _among(node.value, array)
        if found is not None:
            return Seen(mark, found[0], found[1], place, moment.operations, False, address)
    return Seen(mark, rows, None, node.place, moment.operations, False, address)


def _among(x: np.ndarray, whole: np.ndarray) -> tuple[int, tuple[int, ...]] | None:
    """How many rows, or columns, an array has of which these are a part, and which of them the first ones are."""
    if x.ndim != 2 or whole.ndim != 2:
        return None
    if x.shape[0] == whole.shape[0] and x.shape[1] != whole.shape[1]:
        x, whole = x.T, whole.T
    if x.shape[1] != whole.shape[1] or len(x) >= len(whole):
        return None
    found = list[int]()
    for row in x[:64]:
        most = int(abs(row).argmax())
        near = np.flatnonzero(whole[:, most] == row[most])
        near = near[(whole[near] == row).all(axis=1)]
        if not len(near):
            return None
        found.append(int(near[0]))
    return len(whole), tuple(found)


def _positions(shape: tuple[int, ...], index: object, taken: tuple[int, ...]) -> tuple[int, ...] | None:
    """Which rows, or columns, an index takes."""
    axis = 0 if len(taken) < len(shape) or taken[0] != shape[0] else 1
    try:
        numbers = np.broadcast_to(
            np.arange(shape[axis]).reshape([-1 if k == axis else 1 for k in range(len(shape))]), shape
        )
        return tuple(int(k) for k in np.unique(numbers[index]))  # type: ignore[call-overload]
    except (IndexError, TypeError, ValueError):
        return None


def _history(node: Node) -> list[Node]:
    """What a value was made of, along its largest input each time, the last first."""
    found = [node]
    while len(found) < 60:
        wide = [p for p in found[-1].parents if p.value.size > 1]
        if not wide:
            return found
        found.append(max(wide, key=lambda p: p.value.size))
    return found


def input_line(batch: Batch, casts: bool = False) -> Place | None:
    """The line that the inputs come from; casts: the one that cuts them to whole numbers, if there is one."""
    if batch.inputs is None:
        return None
    history = _history(batch.inputs)
    if casts:
        cut = [n for n in history if n.function is cast and n.value.dtype.kind in "iub" and n.place]
        if cut:
            return cut[0].place
    return next((n.place for n in reversed(history) if n.place is not None), None)


def rows_behind(batch: Batch) -> np.ndarray | None:
    """The inputs with a row for each example; None where that cannot be told."""
    if len(batch.loss.outputs) > 1:
        return _one_by_one(batch)
    if batch.inputs is None:
        return None
    x = batch.inputs.value
    if x.ndim == 1:
        return x.reshape(1, -1) if batch.rows == 1 else None
    if x.ndim != 2:
        return None
    if x.shape[0] == batch.rows and x.shape[1] != batch.rows:
        return x
    return x.T if x.shape[1] == batch.rows and x.shape[0] != batch.rows else None


def _one_by_one(batch: Batch) -> np.ndarray | None:
    """The inputs of a step that takes its examples one after the other."""
    first = batch.layers[0].weights if batch.layers else None
    rows, nodes = list[np.ndarray](), set[Node]()
    for node in batch.forward:
        if node.function in PRODUCTS and first is not None:
            parents = list(node.parents)
            others = [p for p in parents if p not in batch.step.moving and p.value.size > 1]
            if others and any(p is first or first in p.parents for p in parents) and others[0] not in nodes:
                nodes.add(others[0])
                rows.append(others[0].value.ravel())
    return np.array(rows) if rows and len({len(r) for r in rows}) == 1 else None


def target_line(batch: Batch) -> Place | None:
    """The line that made the targets."""
    outputs = {o for o, _ in batch.loss.outputs}
    for family in families(batch.step):
        if outputs & {o for o, _ in family.pairs} and family.targets and isinstance(family.targets[0], Node):
            history = _history(family.targets[0])
            made = [n for n in history if n.function is written and n.place]
            return made[-1].place if made else next((n.place for n in reversed(history) if n.place), None)
    return None
