"""Before anybody is accused: is our derivative that of the program's own forward pass and loss?"""

import numpy as np

from compare.check.recording.graph import Node
from compare.check.understanding.loss import Loss
from compare.check.understanding.replay import CannotFollow, replayed
from compare.check.understanding.step import Step

AGREE = 1e-4  # of the derivative: a central difference in float64 is far better than that, unless a kink lies between


def confirmed(step: Step, loss: Loss, leaf: Node) -> bool:
    """Whether a central difference of the loss along the gradient by a parameter is the gradient's length."""
    exact = loss.derivatives.get(leaf)
    if exact is None or not exact.any() or not np.isfinite(exact).all():
        return False
    length = float(np.sqrt(np.square(exact).sum()))
    along, forward = exact / length, step.behind(loss.ends)
    start = {other: step.floats(other) for other in step.leaves}
    for h in (1e-4, 1e-5, 1e-6, 1e-3):
        size = h * max(1.0, float(abs(start[leaf]).max())) / float(abs(along).max())
        try:
            with np.errstate(all="ignore"):
                ahead, back = (
                    float(loss.formula(replayed(forward, {**start, leaf: start[leaf] + sign * size * along})))
                    for sign in (1, -1)
                )
        except (CannotFollow, TypeError, ValueError, KeyError):
            return False
        if abs((ahead - back) / (2 * size) - length) <= AGREE * length:
            return True
    return False
