"""Which loss is descended: the program's own number, or a known loss of where outputs meet their targets.

A known loss is a function of the output and the targets. Both are found where something that depends on parameters
meets something that does not: `a2 - y`, `p[range(m), labels]`, `y * np.log(p)`. Each candidate is differentiated, and
the one to which most parameters' steps are proportional is meant.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from compare.check.recording.graph import Node
from compare.check.steps.views import PRODUCTS
from compare.check.understanding.known import BINARY, CROSS, KNOWN, SQUARED, Known
from compare.check.understanding.loss import Loss, differentiate
from compare.check.understanding.matching import gradient_on_the_way, proportional, simple_multiple, single
from compare.check.understanding.meetings import Family
from compare.check.understanding.own_loss import name_own
from compare.check.understanding.replay import CannotFollow, replayed
from compare.check.understanding.scales import scales_of
from compare.check.understanding.step import Step


def find_loss(step: Step, met: list[Family]) -> tuple[Loss | None, CannotFollow | None]:
    """The loss that most parameters follow, differentiated; and what could not be followed, if there is something."""
    losses, tried = candidates(step, met), list[Loss]()
    known = [loss for loss in losses if loss.node is None]
    failure: CannotFollow | None = None
    for loss in losses:
        try:
            differentiate(step, loss)
        except CannotFollow as error:
            failure = failure or error
            continue
        match(step, loss)
        if loss.node is not None and loss.matched and _linear(step, loss):
            continue
        tried.append(loss)
        if all(k in loss.matched for k in range(len(step.parameters))) and not _uphill(loss):
            break
        most = 2 * len(loss.matched) > len(step.parameters)
        if loss.node is not None and most and _uphill(loss) < len(loss.matched):
            break  # most gradients are those of what the program computes
    if not tried:
        return None, failure

    used = {leaf: node.number for node in reversed(step.nodes) for leaf in node.parents}

    def score(loss: Loss) -> Any:
        leaves = [p.leaf for k, p in enumerate(step.parameters) if k in loss.matched]
        wide = [leaf for leaf in leaves if not single(loss.derivatives[leaf])]
        nearest = max((used.get(leaf, 0) for leaf in wide), default=0)  # to the output: what is below may be wrong
        return len(wide), -_uphill(loss), nearest, len(loss.matched), loss.node is not None, -tried.index(loss)

    best = max(tried, key=score)
    if not best.matched and len(tried) > 1:
        best = max(tried, key=lambda loss: (_nodes_explained(step, loss), loss.node is not None, -tried.index(loss)))
    owns = [loss for loss in tried if loss.node is not None]  # as they are now: naming may put the known one there
    meets = {node for family in met for node in family.nodes}
    complete = [own for own in owns if meets.intersection(step.behind(own.ends)) and own.of_all(step)]
    complete = [own for own in complete if own.multiple_of(best) is None]  # it is none but that and a penalty
    if complete and 2 * len(best.matched) < len(step.parameters):  # too few to go before what the program computes
        best = max(complete, key=score)
    for own in [best] if best.node is not None else owns:
        name_own(step, own, known)
    wide = [match for k, match in best.matched.items() if step.parameters[k].leaf.value.size > 1]
    plain = all(match.node is None for match in wide)  # a penalty would be in the whole change
    if best.node is None and (plain or any(match.penalty for match in best.matched.values())):
        # theirs says how large a penalty is
        best = next((own for own in owns if own.node is not None and own.name == best.name), best)
    if best.name == SQUARED and best.computed is None:  # the cross-entropy that the program computes goes before
        best = next((own for own in owns if own.name in (CROSS, BINARY)), best)
    differentiate(step, best, shares=True)
    return best, failure


def candidates(step: Step, met: list[Family]) -> list[Loss]:
    """Losses that the step could follow, the program's own first. met: where outputs meet targets."""
    found, seen = [Loss("", "", [], node, _of_number(node)) for node in _own_scalars(step)], list[Any]()
    for pairs in (family.pairs for family in met):
        key = [(o.number, t.tobytes()) for o, t in pairs]
        if key in seen:
            continue
        seen.append(key)
        for known in KNOWN:
            with np.errstate(all="ignore"):
                if all(bool(known.fits(step.floats(o), t)) for o, t in pairs):
                    found.append(Loss(known.name, known.output, pairs, None, _of_pairs(known, pairs)))
    return found


def _own_scalars(step: Step) -> list[Node]:
    """Numbers that depend on parameters and lead to no other such number, the last first."""
    scalars = [n for n in step.nodes if n in step.moving and n.value.size == 1 and n.value.dtype.kind == "f"]
    everything = max((bin(step.moving[n]).count("1") for n in scalars), default=0)
    scalars = [n for n in scalars if bin(step.moving[n]).count("1") == everything and not n.cut]
    inner = {parent for n in scalars for parent in n.parents}
    steps = set(step.behind_updates())
    ends = [n for n in scalars if n not in inner and n not in steps and n not in step.changed]
    of_weights = set(_gradients_of_weights(step))
    return [n for n in ends[::-1] if not of_weights.intersection(step.behind([n]))][:6]


def _gradients_of_weights(step: Step) -> Iterator[Node]:
    """What updates take from weights, back to the product that gives it: a number made of that is no loss."""
    for parameter in step.parameters:
        waiting = [update.step for update in parameter.updates if 1 not in parameter.leaf.shape]
        while waiting and parameter.leaf.value.ndim > 1:
            node = waiting.pop()
            yield node
            if node.function not in PRODUCTS:
                waiting += [p for p in node.parents if p in step.moving and p.shape == parameter.leaf.shape]


def _of_number(node: Node) -> Callable[[dict[Node, Any]], Any]:
    return lambda values: values[node].reshape(()).sum()


def _of_pairs(known: Known, pairs: list[tuple[Node, np.ndarray]]) -> Callable[[dict[Node, Any]], Any]:
    return lambda values: sum(known.formula(values[o], t) for o, t in pairs)


def match(step: Step, loss: Loss) -> None:
    """For each parameter, where on the way to its update something is proportional to the exact gradient.

    One number is a multiple of every other, so a factor has to be at home in the program where a gradient is one, and
    everywhere where the output is: the derivatives by it of all losses are multiples of each other.
    """
    scales, one = scales_of(step), len(loss.outputs) == 1 and loss.outputs[0][0].value.size == 1
    for k, parameter in enumerate(step.parameters):
        exact = loss.derivatives.get(parameter.leaf)
        if exact is not None:
            multiple = simple_multiple(parameter, scales) if one or single(exact) else None
            found = gradient_on_the_way(step, parameter, exact, multiple, decay=loss.node is None)
            if found is not None:
                loss.matched[k] = found


def _linear(step: Step, loss: Loss) -> bool:
    """Whether a number has no lowest value: a margin, as in y (w x + b) >= 1, is compared with one, and is no loss."""
    forward, start = step.behind(loss.ends), {leaf: step.floats(leaf) for leaf in step.leaves}
    values = []
    for times in (0.0, 10.0, -10.0):
        moved = {
            leaf: value + times * (1 + abs(value)) * loss.derivatives.get(leaf, 0.0) for leaf, value in start.items()
        }
        try:
            with np.errstate(all="ignore"):
                values.append(float(loss.formula(replayed(forward, moved))))
        except (CannotFollow, TypeError, ValueError, KeyError):
            return False
    middle, ahead, back = values
    return abs(ahead + back - 2 * middle) <= 1e-9 * abs(ahead - back)


def _uphill(loss: Loss) -> int:
    """How many parameters go up its gradient: another loss, down which they go, is more likely meant."""
    return sum(match.node is None and match.factor < 0 for match in loss.matched.values())


def _nodes_explained(step: Step, loss: Loss) -> int:
    """How many nodes behind the updates are multiples of a derivative of a loss."""
    by_size: dict[int, list[np.ndarray]] = defaultdict(list)
    for node, array in loss.derivatives.items():
        if node not in step.leaves and array.any():
            by_size[array.size].append(array.reshape(-1))
    nodes = step.behind_updates()
    forward = set(step.behind(loss.ends))
    count = 0
    for node in [n for n in nodes if n not in forward and n.value.size > 1 and n.value.dtype.kind == "f"][:300]:
        known = by_size.get(node.value.size, [])[-40:]
        count += any(proportional(step.floats(node).reshape(-1), array, 1e-6) is not None for array in known)
    return count
