"""A loss that is descended, and its exact derivatives: run on the engine, from a recorded forward pass."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd import Tensor
from autograd.tape import gradients, topological_order
from compare.check.recording.graph import Node
from compare.check.understanding.matching import Match, proportional
from compare.check.understanding.replay import CannotFollow, replayed
from compare.check.understanding.step import Step


@dataclass(eq=False)
class Loss:
    """What is descended. name: in words; formula: from the values of the forward pass to the loss's.

    outputs: the nodes that are taken for outputs, with their targets; node: the program's own scalar, where it is one;
    derivatives: by each node of the forward pass; shares: what each use of a value contributes to its derivative;
    matched: by parameter, where something was found that is proportional to its gradient.
    """

    name: str
    output: str
    outputs: list[tuple[Node, np.ndarray]]
    node: Node | None
    formula: Callable[[dict[Node, Any]], Any]
    derivatives: dict[Node, np.ndarray] = field(default_factory=dict)
    shares: list[tuple[Node, np.ndarray]] = field(default_factory=list)
    value: float = np.nan
    factor: float = 1.0  # to the known loss's sum over all entries
    computed: Node | None = None  # the program's own number, where the known loss stands for it: without an epsilon
    matched: "dict[int, Match]" = field(default_factory=dict)
    grows: bool = False  # whether the program's own number is the loss with the other sign, as a likelihood is

    def multiple_of(self, known: "Loss") -> float | None:
        """The factor to a known loss, by their derivatives at the outputs, whatever epsilon stands in a logarithm."""
        pairs = [(self.derivatives.get(o), known.derivatives.get(o)) for o, _ in known.outputs]
        factors = [None if a is None or b is None else proportional(a, b, 1e-3) for a, b in pairs]
        return factors[0] if factors and None not in factors else None

    def of_all(self, step: Step) -> bool:
        """Whether it has a derivative by every parameter."""
        return all(p.leaf in self.derivatives for p in step.parameters)

    @property
    def own(self) -> Node | None:
        """The program's own number, whether it or a known loss in its place is descended."""
        return self.node if self.node is not None else self.computed

    @property
    def ends(self) -> list[Node]:
        """The nodes that it is a function of."""
        return [self.node] if self.node is not None else [o for o, _ in self.outputs]


def differentiate(step: Step, loss: Loss, shares: bool = False) -> None:
    """Fill in the value and the exact derivatives by every node of the forward pass. Raises CannotFollow."""
    value, nodes, found = taped(step, loss, lambda leaf: step.floats(leaf).copy())
    with np.errstate(all="ignore"):
        loss.shares = shares_of(nodes, found) if shares else []
    loss.value = float(value.item())
    loss.derivatives = {n: found[t.node] for n, t in nodes.items() if t.node in found}


def taped(
    step: Step, loss: Loss, start: Callable[[Node], Any], held: Mapping[Node, Any] | None = None
) -> tuple[Tensor, dict[Node, Tensor], dict[Any, Any]]:  # fmt: skip
    """The loss run on the engine, from whatever arrays `start` gives for the parameters, and walked back.

    held: values that are taken for constants.

    Returns its value, the tensor of every node that a gradient reaches, and the gradients by the tensors' tape nodes.
    Raises CannotFollow.
    """
    tensors = {leaf: Tensor(start(leaf), requires_grad=True) for leaf in step.leaves}
    with np.errstate(all="ignore"):
        values = replayed(step.behind(loss.ends), {**tensors, **(held or {})})
        value = loss.formula(values)
        if not isinstance(value, Tensor) or value.node is None:
            raise CannotFollow(loss.ends[-1], "no gradient reaches a parameter from it")
        for inner in topological_order(value.node):
            inner.keeps_grad = True
        found = gradients(value.node, np.ones(value.shape), retain_graph=True)
    return value, {n: v for n, v in values.items() if isinstance(v, Tensor) and v.node is not None}, found


def shares_of(tensors: dict[Node, Tensor], derivatives: dict[Any, np.ndarray]) -> list[tuple[Node, np.ndarray]]:
    """For every value that is used more than once, what each use contributes to its derivative."""
    by_tape = {tensor.node: node for node, tensor in tensors.items()}
    uses: dict[Any, int] = defaultdict(int)
    for inner in derivatives:
        for parent in inner.parents:
            uses[parent] += 1
    shares = []
    for inner, gradient in derivatives.items():
        for parent, vjp in zip(inner.parents, inner.vjps, strict=True):
            if uses[parent] > 1 and parent in by_tape:
                share = np.asarray(vjp(gradient))
                if share.shape == parent.shape:
                    shares.append((by_tape[parent], share))
    return shares
