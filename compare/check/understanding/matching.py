"""Is an array a multiple of another, and where on the way to an update is one a multiple of the exact gradient?"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from compare.check.recording.graph import Node
from compare.check.understanding.gains import gain_in
from compare.check.understanding.scales import is_simple
from compare.check.understanding.step import Changed, Step

FAR = 40  # nodes: so far from an update no gradient is looked for

Multiple = Callable[[np.ndarray, np.ndarray], float | None]  # x, y -> c where x = c y


def proportional(x: np.ndarray, y: np.ndarray, tolerance: float) -> float | None:
    """c where x = c y, to within a part of x's largest entry; None where there is no such c."""
    largest = abs(x).max(initial=0.0)
    square = float((y * y).sum())
    if not (0 < largest < np.inf) or not 0 < square < np.inf:
        return None
    c = float((x * y).sum()) / square
    return c if abs(x - c * y).max() <= tolerance * largest else None


def single(x: np.ndarray) -> bool:
    """Whether an array is one number, and zero elsewhere: of that, every other number is a multiple."""
    return int(np.count_nonzero(x)) < 2


def tolerance_of(*nodes: Node) -> float:
    """How far two arrays may be from proportional, by the arithmetic that they were made in."""
    shortest = max((np.finfo(n.value.dtype).eps for n in nodes if n.value.dtype.kind == "f"), default=2.0**-52)
    return 1e-6 if shortest < 1e-12 else 2e-3


def simple_multiple(parameter: Changed, scales: np.ndarray) -> Multiple:
    """Tells multiples by factors that are at home in a program, which has these scales."""
    tolerance = _tolerance(parameter)

    def multiple(x: np.ndarray, y: np.ndarray) -> float | None:
        factor = proportional(x, y, tolerance)
        return factor if factor is not None and is_simple(factor, scales) else None

    return multiple


def _tolerance(parameter: Changed) -> float:
    return max(tolerance_of(parameter.leaf, *(u.node for u in parameter.updates)), 1e-8)


@dataclass(frozen=True)
class Match:
    """Where a parameter's gradient was found. node: the last before the update that is `factor` times the exact one.

    node is None where the whole change of the parameter is; penalty: how much of the parameter is added to that.
    """

    node: Node | None
    factor: float
    penalty: float = 0.0


def gradient_on_the_way(
    step: Step,
    parameter: Changed,
    exact: np.ndarray,
    multiple: Multiple | None = None,
    decay: bool = True,
) -> Match | None:
    """The last thing behind a parameter's updates that is proportional to its exact gradient, with or without decay.

    multiple: decides what is proportional; decay: whether a multiple of the parameter may be added.
    """
    tolerance = _tolerance(parameter)
    multiple = multiple or (lambda x, y: proportional(x, y, tolerance))
    value = step.floats(parameter.leaf)
    change = parameter.step_taken(step)
    if exact.size > 1 and change is not None and change.shape == exact.shape:
        found = _multiple(-change, exact, value if decay else None, multiple)
        if found is not None:
            way = same_size(step, [update.step for update in parameter.updates], exact.size)
            scaled = (n for n in way if proportional(step.floats(n).reshape(exact.shape), exact, tolerance) is not None)
            return Match(None, found[0] / gain_in(step, scaled), found[1])  # no softmax on the way, which is a share
    added = list[float]()  # of the parameter itself, on the way
    for node in same_size(step, [update.step for update in parameter.updates], exact.size):
        if node.value.dtype.kind != "f":
            continue
        sign = next((-u.sign for u in parameter.updates if u.step is node), 1.0)
        found = _multiple(sign * step.floats(node).reshape(exact.shape), exact, value if decay else None, multiple)
        if found is not None:
            grows = any(share * found[0] < 0 for share in added)
            return None if grows or (added and not decay) else Match(node, *found)
        if node.function in (np.add, np.subtract):
            for k, parent in enumerate(node.arguments[:2]):
                if isinstance(parent, Node) and parent.shape == value.shape and parent in step.moving:
                    share = proportional(step.floats(parent), value, 1e-9)
                    if share is not None and value.size > 1:
                        added.append(-share if k and node.function is np.subtract else share)
    return None


def same_size(step: Step, ends: list[Node], size: int) -> list[Node]:
    """What stands behind nodes, the last first, as far as nothing on the way is of another size."""
    seen: list[Node] = []
    waiting = [node for node in ends if node.value.size == size]
    while waiting and len(seen) < FAR:
        node = max(waiting, key=lambda node: node.number)
        waiting = [other for other in waiting if other is not node]
        seen.append(node)
        waiting += [p for p in node.parents if p in step.window and p.value.size == size and p not in waiting]
    return seen


def _multiple(
    x: np.ndarray, exact: np.ndarray, value: np.ndarray | None, multiple: Multiple
) -> tuple[float, float] | None:
    """x as a multiple of the exact gradient, or as that and a multiple of the parameter itself."""
    alone = multiple(x, exact)
    if alone is not None and abs(x - alone * exact).max() <= 1e-7 * abs(x).max():
        return alone, 0.0
    both = None if value is None else _with_penalty(x, exact, value, multiple)
    if alone is None or value is None or both is None:
        return both if alone is None else (alone, 0.0)
    # a small penalty hides in the rounding of float32, and shifts the factor by more
    closer = abs(x - both[0] * exact - both[1] * value).max() < 0.1 * abs(x - alone * exact).max()
    return both if closer else (alone, 0.0)


def _with_penalty(
    x: np.ndarray, exact: np.ndarray, value: np.ndarray, multiple: Multiple
) -> tuple[float, float] | None:
    """x as a multiple of the exact gradient and a multiple of the parameter."""
    if x.size < 3 or not np.isfinite(x).all():
        return None
    basis = np.stack([exact.reshape(-1), value.reshape(-1)], axis=1)
    scale = np.sqrt(np.square(basis).sum(axis=0))
    if not scale.all() or not np.isfinite(scale).all():
        return None
    solution = np.linalg.lstsq(basis / scale, x.reshape(-1), rcond=None)[0] / scale
    factor, penalty = multiple(x - solution[1] * value, exact), float(solution[1])
    if penalty * solution[0] < 0:
        return None  # it would make the parameter grow
    small = abs(solution[1]) * scale[1] < 1e-7 * abs(solution[0]) * scale[0]
    return (factor, penalty) if factor is not None and not small else None
