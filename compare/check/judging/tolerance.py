"""How far rounding may take a derivative: the recorded calculation, run on balls and differentiated."""

from dataclasses import replace

import numpy as np

import compare.judge.rules  # noqa: F401 (which enters the rules)
from compare.check.recording.graph import Node
from compare.check.understanding.loss import Loss, taped
from compare.check.understanding.replay import CannotFollow
from compare.check.understanding.step import Step
from compare.judge.ball import Ball
from compare.judge.roundoff import Arithmetic

#: A program may come to a derivative by another route than ours, by one that rounds more: so many radii are allowed.
ROUTES = 64.0
#: Besides, this part of the largest entry, in float64 and in float32: a route through 1 - a loses so much.
FLOOR = {np.dtype(np.float64): 1e-11, np.dtype(np.float32): 1e-4}


def arithmetic(step: Step) -> Arithmetic:
    """That of the program: float32 where anything behind an update is. Float64 judges; its own rounding is counted."""
    nodes = step.behind_updates()
    short = any(node.value.dtype == np.float32 for node in nodes)
    return replace(Arithmetic.of(np.float32 if short else np.float64), longer=np.float64, longer_u=2.0**-53)


def radii(step: Step, loss: Loss, run: Arithmetic) -> dict[Node, np.ndarray]:
    """The likely radius of the derivative by every node of the forward pass; nothing where a rule is missing."""
    try:
        _, tensors, found = taped(step, loss, lambda leaf: Ball.given(step.floats(leaf), run))
    except (CannotFollow, TypeError, ValueError):  # a missing rule raises TypeError
        return {}
    balls = {node: found.get(tensor.node) for node, tensor in tensors.items()}
    return {node: ball.likely for node, ball in balls.items() if isinstance(ball, Ball)}


def _for_safety(step: Step, loss: Loss) -> float:
    """By how much, at most, an epsilon beside an output shifts it on the way back: y / (p + 1e-8)."""
    outputs = {o for o, _ in loss.outputs}
    ends = {*outputs, *(n for n in step.nodes if n.function is np.subtract and outputs.intersection(n.parents))}
    shifts = [0.0]
    for node in step.behind_updates():
        if node.function in (np.add, np.subtract, np.clip, np.maximum, np.minimum) and ends.intersection(node.parents):
            moving = [p for p in node.parents if p in step.moving]
            if len(moving) == 1 and moving[0] in ends and moving[0].shape == node.shape:
                before, after = step.floats(moving[0]), step.floats(node)
                with np.errstate(all="ignore"):
                    shifts.append(float(np.nanmax(abs(after - before) / abs(before), initial=0.0)))
    return max((shift for shift in shifts if shift < 1e-3), default=0.0)


class Tolerance:
    """Whether an array is a multiple of a derivative, to within what rounding may do."""

    def __init__(self, step: Step, loss: Loss) -> None:
        self.step, self.loss, self.run = step, loss, arithmetic(step)
        self.radii = radii(step, loss, self.run)
        self.floor = FLOOR[self.run.dtype] if self.radii else FLOOR[self.run.dtype] * 100
        if loss.node is not None:  # their own, with an epsilon here and there
            self.floor = max(self.floor, 1e-8)
        shift = 2 * _for_safety(step, loss)
        self.floor, self.near = max(self.floor, shift), max(1e-6, shift)  # near: how far a factor may be from simple
        if any(node.name == "vectorized" for node in step.behind(loss.ends)):
            self.floor = max(self.floor, 1e-6)  # known by differences alone

    def factor(self, x: np.ndarray, exact: np.ndarray, of: Node | None = None) -> float | None:
        """c where x = c exact; None where there is no such c. of: the node by which it is the derivative."""
        largest, square = abs(x).max(initial=0.0), float((exact * exact).sum())
        if not 0 < largest < np.inf or not 0 < square < np.inf:
            return None
        c = float((x * exact).sum()) / square
        return c if (abs(x - c * exact) <= self.allowed(x, c, of)).all() else None

    def vanishes(self, of: Node) -> bool:
        """Whether a derivative is the rounding of what cancels: that by a bias which a batch norm takes away again."""
        exact, uses = self.loss.derivatives, (n for n in self.step.nodes if of in n.parents)
        terms = max((float(abs(exact[n]).sum()) for n in uses if n in exact), default=0.0)
        return float(abs(exact[of]).max()) <= ROUTES * float(np.finfo(float).eps) * terms

    def allowed(self, x: np.ndarray, c: float, of: Node | None) -> np.ndarray:
        """How far x may be from c times the derivative by `of`."""
        radius = self.radii.get(of) if of is not None else None
        allowed = np.full(x.shape, self.floor * abs(x).max(initial=0.0))
        if radius is not None and radius.size == x.size:
            allowed += abs(c) * ROUTES * np.nan_to_num(radius.reshape(x.shape), posinf=0.0)
        return allowed
