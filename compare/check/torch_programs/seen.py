"""What is kept of a program in PyTorch: operations, backward passes, steps, and calls that failed."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from compare.check.recording.graph import Place

Tensor = Any  # torch.Tensor, which is never imported here


@dataclass(frozen=True)
class Ref:
    """A tensor in the arguments of an operation, by its id."""

    id: int


@dataclass(frozen=True)
class Op:
    """One operation, without its tensors: nothing is kept alive by it.

    arguments, options: with Refs; inputs, out: ids; constants: the values of inputs that follow from no parameter;
    place: the learner's line, or, for a layer in a container of layers, where it was made; value: of a softmax
    its output, of a loss what went in; shape: the output's; mask: for a dropout, what it multiplied with.
    """

    name: str
    arguments: tuple[Any, ...]
    options: dict[str, Any]
    inputs: tuple[int, ...]
    constants: dict[int, np.ndarray]
    out: int
    shape: tuple[int, ...]
    value: np.ndarray | None
    place: Place | None
    mask: np.ndarray | None = None

    def given(self, position: int, name: str, default: Any = None) -> Any:
        """An argument by its position or its name."""
        return self.arguments[position] if len(self.arguments) > position else self.options.get(name, default)


@dataclass
class Backward:
    """One call of `backward()`. ops: what the loss was computed from, in order; leaves: the parameters it reaches.

    step: how many steps had been made before; before, after: their .grad, as copies, None where there was none;
    severed: the operations that cut parameters off, with these; loss: its id among those of ops; names: of tensors by
    their ids.
    """

    place: Place | None
    step: int
    loss: int
    value: float
    ops: list[Op]
    leaves: list[Tensor]
    values: list[np.ndarray]
    before: list[np.ndarray | None]
    after: list[np.ndarray | None] = field(default_factory=list)
    severed: list[tuple[Op, list[Tensor]]] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)

    @property
    def clean(self) -> bool:
        """Whether nothing was in .grad before."""
        return all(g is None or not g.any() for g in self.before)

    @property
    def criterion(self) -> Op | None:
        """The loss function that was called, if the loss is the value of one or follows from one."""
        return next((op for op in reversed(self.ops) if op.name in LOSSES), None)


@dataclass(frozen=True)
class Failed:
    """A call that raised: its name, the shapes and dtypes of its tensors, where, and the message."""

    name: str
    shapes: list[tuple[int, ...]]
    dtypes: list[str]
    place: Place | None
    message: str
    labels: np.ndarray | None


@dataclass(frozen=True)
class Optimizer:
    """One optimizer that made a step: where it was made, its parameters, and its rule in words."""

    place: Place | None
    parameters: list[Tensor]
    words: str


LOSSES = ("cross_entropy", "nll_loss", "mse_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits")
