"""A recorded step as an example to learn from: its loss and gradients at other parameters, the classes it reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd import Tensor
from autograd.tape import gradients
from compare.check.recording.graph import Node
from compare.check.understanding.layers import Layer
from compare.check.understanding.loss import Loss
from compare.check.understanding.replay import CannotFollow, replayed
from compare.check.understanding.step import Step


@dataclass
class Batch:
    """One recorded step as an example to learn from. leaves: its parameters, in the order of all moments.

    rows: how many examples; inputs: what enters the first product, if there is one thing that does.
    """

    step: Step
    loss: Loss
    leaves: list[Node]
    rows: int
    inputs: Node | None
    layers: list[Layer]
    forward: list[Node] = field(default_factory=list)

    def values(self, parameters: Sequence[Any], given: Mapping[Node, Any] | None = None) -> dict[Node, Any]:
        """The forward pass with other parameters, or another input. Raises CannotFollow."""
        with np.errstate(all="ignore"):
            return replayed(self.forward, {**dict(zip(self.leaves, parameters, strict=True)), **(given or {})})

    def gradients(self, parameters: Sequence[np.ndarray], given: Mapping[Node, Any] | None = None) -> list[np.ndarray]:
        """Those of the loss of an example, on average, exact."""
        tensors = [Tensor(np.asarray(p, np.float64), requires_grad=True) for p in parameters]
        values = self.values(tensors, given)
        with np.errstate(all="ignore"):
            value = self.loss.formula(values)
            if not isinstance(value, Tensor) or value.node is None:
                raise CannotFollow(self.loss.ends[-1], "no gradient reaches a parameter from it")
            found = gradients(value.node, np.full(value.shape, 1 / self.rows))
        return [np.asarray(found.get(t.node, np.zeros(t.shape))) if t.node else np.zeros(t.shape) for t in tensors]

    def read(self, values: Mapping[Node, Any]) -> tuple[int, int]:
        """How many outputs show the class of their target, of how many; (0, 0) where the targets are no classes."""
        right, count = 0, 0
        for output, target in self.loss.outputs:
            o = np.asarray(values.get(output, self.step.floats(output)))
            kinds = classes_of(target)
            if kinds is None:
                return 0, 0
            right, count = right + int(np.sum(classes_of(o, target) == kinds)), count + kinds.size
        return right, count


def classes_of(x: np.ndarray, target: np.ndarray | None = None) -> np.ndarray | None:
    """The class that each row of targets stands for, by one large entry among small ones, or by which of two it is."""
    t = x if target is None else target
    for axis in reversed(range(t.ndim)):
        if t.shape[axis] > 1:
            high = t.max(axis=axis, keepdims=True)
            one = (high > t.min(axis=axis, keepdims=True)).all() and ((t == high).sum(axis=axis) == 1).all()
            if one and len(np.unique(t)) == 2:
                return np.asarray(np.argmax(x, axis=axis))
    values = np.unique(t)
    if len(values) == 2 and 1 in (*t.shape, t.ndim):
        return np.asarray(x > values.mean()).astype(int)
    return None
