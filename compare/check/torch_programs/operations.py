"""The operations that follow from parameters, since the last backward pass: what a loss was computed from."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from compare.check.torch_programs.seen import Op, Ref, Tensor

MOST = 20_000  # operations between two backward passes


@dataclass
class Live:
    """An operation with its tensors, for as long as a loss may follow from it. cut: whether it leaves the graph."""

    op: Op
    inputs: list[Tensor]
    out: Tensor
    cut: bool


class Operations:
    """Those that were seen, in order. Their tensors are held, so that the ids stay theirs."""

    def __init__(self) -> None:
        self.lives: list[Live] = []
        self._outputs: set[int] = set()

    @property
    def are_many(self) -> bool:
        """Whether there are as many as are kept."""
        return len(self.lives) >= MOST

    def made(self, x: Tensor) -> bool:
        """Whether a tensor is what one of them gave."""
        return id(x) in self._outputs

    def add(self, live: Live) -> None:
        """One more; the others are forgotten where they are too many."""
        if self.are_many:
            self.forget()
        self.lives.append(live)
        self._outputs.add(live.op.out)

    def forget(self) -> None:
        """Hold nothing any more."""
        self.lives.clear()
        self._outputs.clear()

    def behind(self, loss: Tensor) -> tuple[list[Op], list[Tensor], list[tuple[Op, list[Tensor]]]]:
        """What led to a loss: the operations in PyTorch's graph, the parameters it reaches, and what cut others off.

        It is walked back also where an operation leaves the graph; with that go the parameters that it alone leads to.
        """
        wanted, lives = {id(loss)}, list[Live]()
        for live in reversed(self.lives):
            if live.op.out in wanted:
                lives.append(live)
                wanted.update(live.op.inputs)
        lives.reverse()
        leaves = {id(x): x for x in _graph_leaves(loss)}
        wanted, ops = {id(loss)}, list[Op]()
        for live in reversed(lives):
            if live.op.out in wanted and live.out.requires_grad:
                ops.insert(0, live.op)
                wanted.update(id(x) for x in live.inputs if x.requires_grad)
        order = [id(x) for live in lives for x in live.inputs]
        found = sorted(leaves.values(), key=lambda x: order.index(id(x)) if id(x) in order else len(order))
        return ops, found, _severed(lives, leaves)


def _severed(lives: list[Live], leaves: dict[int, Tensor]) -> list[tuple[Op, list[Tensor]]]:
    """The operations that leave the graph, with the parameters behind them that the loss does not reach."""
    severed, behind = list[tuple[Op, list[Tensor]]](), dict[int, dict[int, Tensor]]()
    for live in lives:
        mine: dict[int, Tensor] = {}
        for x in live.inputs:
            mine |= behind.get(id(x), {})
            if x.requires_grad and x.is_leaf:
                mine[id(x)] = x
        behind[live.op.out] = behind.get(live.op.out, {}) | mine
        lost = [x for key, x in mine.items() if key not in leaves]
        if live.cut and lost:
            severed.append((live.op, lost))
    return severed


def _graph_leaves(loss: Tensor) -> list[Tensor]:
    """The parameters that PyTorch's own graph reaches."""
    waiting, seen, found = [loss.grad_fn], set[Any](), list[Tensor]()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            found.append(node.variable)
        waiting += [before for before, _ in node.next_functions]
    return found[::-1]


def flat(part: Any) -> list[Any]:
    """What is in tuples and lists, at any depth, one after the other."""
    if isinstance(part, tuple | list):
        return [x for one in part for x in flat(one)]
    return [part]


def without_tensors(part: Any) -> Any:
    """The same nest with a reference in the place of each tensor."""
    if isinstance(part, tuple | list):
        inner = [without_tensors(x) for x in part]
        return type(part)(inner) if type(part) in (tuple, list) else tuple(inner)
    if isinstance(part, dict):
        return {key: without_tensors(x) for key, x in part.items()}
    return Ref(id(part)) if hasattr(part, "requires_grad") and hasattr(part, "grad_fn") else part


def array(x: Tensor) -> np.ndarray:
    """A copy of its values."""
    return np.array(x.detach().cpu().numpy())
