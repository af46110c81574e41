"""Which loss is it whose gradient the program follows: the one that it computes, or one of those that are known?

A known loss is a function of the output and the targets. Both are found where something that depends on parameters
meets something that does not: `a2 - y`, `p[range(m), labels]`, `y * np.log(p)`. Each candidate is differentiated, and
the one to which most parameters' steps are proportional is meant.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd import Tensor
from autograd.tape import gradients, topological_order
from compare.check.recording.array import element
from compare.check.recording.graph import Node
from compare.check.recording.memory import written
from compare.check.understanding.known import BINARY, CROSS, KNOWN, SQUARED, Known
from compare.check.understanding.parameters import SAME
from compare.check.understanding.replay import CannotFollow, constant, replayed
from compare.check.understanding.step import Changed, Step

MEETINGS: tuple[Any, ...] = (np.add, np.subtract, np.multiply, np.divide, np.power, np.maximum, np.equal, np.less,
                             np.greater, np.where)  # fmt: skip
THROUGH = (*SAME, np.log, np.clip, np.maximum, np.minimum, np.add, np.negative, np.transpose, element, written)


@dataclass
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

    def multiple_of(self, known: "Loss") -> float | None:
        """The factor to a known loss, by their derivatives at the outputs, whatever epsilon stands in a logarithm."""
        pairs = [(self.derivatives.get(o), known.derivatives.get(o)) for o, _ in known.outputs]
        factors = [None if a is None or b is None else proportional(a, b, 1e-3) for a, b in pairs]
        return factors[0] if factors and None not in factors else None

    @property
    def ends(self) -> list[Node]:
        """The nodes that it is a function of."""
        return [self.node] if self.node is not None else [o for o, _ in self.outputs]


def candidates(step: Step) -> list[Loss]:
    """Losses that the step could follow, the program's own first."""
    found = [Loss("", "", [], node, _own(node)) for node in _own_scalars(step)]
    return [*found, *_known_losses(step)]


def _known_losses(step: Step) -> list[Loss]:
    found, seen = [], list[Any]()
    for pairs in (family.pairs for family in families(step)):
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
    steps = set(step.behind([update.step for p in step.parameters for update in p.updates]))
    ends = [n for n in scalars if n not in inner and n not in steps and n not in step.changed]
    return ends[::-1][:6]


@dataclass
class Family:
    """Where outputs meet targets in one line: the pairs, and the nodes in which they meet."""

    pairs: list[tuple[Node, np.ndarray]] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    targets: list[Any] = field(default_factory=list)


def families(step: Step) -> list[Family]:
    """Meetings of outputs and targets, gathered by line: one sample at a time has many of a kind.

    An output depends on as many parameters as any value that meets one that depends on none: a mask of dropout meets
    a hidden layer, which lacks those above.
    """
    found: dict[Any, Family] = defaultdict(Family)
    met: dict[Any, int] = defaultdict(int)
    for node in step.nodes:
        if node not in step.moving:
            continue
        for output, target in _meetings(step, node):
            output = _unwrapped(step, output)
            array = _as_target(output, target)
            if array is not None and output not in step.leaves:
                key = node.place, node.name
                met[key] = max(met[key], bin(step.moving[output]).count("1"))
                found[key].nodes.append(node)
                found[key].targets.append(target)
                if all(o is not output for o, _ in found[key].pairs):
                    found[key].pairs.append((output, array))
    for family in found.values():
        family.pairs = _outermost(step, family.pairs)
    most = max(met.values(), default=0)
    return [family for key, family in found.items() if met[key] == most]


def _outermost(step: Step, pairs: list[tuple[Node, np.ndarray]]) -> list[tuple[Node, np.ndarray]]:
    """Without outputs that are made of other outputs, such as 1 - p."""
    if len(pairs) < 2 or len(pairs) > 500:
        return pairs
    outputs = {o for o, _ in pairs}
    return [(o, t) for o, t in pairs if not outputs.intersection(step.behind(o.parents))]


def _meetings(step: Step, node: Node) -> Iterator[tuple[Node, Any]]:
    arguments = node.arguments
    if node.function in MEETINGS:
        moving = [a for a in arguments if isinstance(a, Node) and a in step.moving]
        still = [a for a in arguments if isinstance(a, Node) and a not in step.moving]
        if len(moving) == 1 and len(still) == 1:
            yield moving[0], still[0]
    elif node.function is element and isinstance(arguments[0], Node) and arguments[0] in step.moving:
        yield arguments[0], ("index", arguments[1])
    elif node.function is written and isinstance(arguments[0], Node) and arguments[0] in step.moving:
        yield arguments[0], ("index", arguments[2])


def _unwrapped(step: Step, output: Node) -> Node:
    """The output behind what a formula does to it first: its logarithm, a clip, an epsilon."""
    while output.function in THROUGH:
        moving = [p for p in output.parents if p in step.moving]
        if len(moving) != 1 or moving[0].shape != output.shape or moving[0] in step.leaves:
            return output
        if output.function is np.add and any(np.size(p.value) > 1 for p in output.parents if p not in step.moving):
            return output
        output = moving[0]
    return output


def _as_target(output: Node, target: Any) -> np.ndarray | None:
    """The targets in the output's shape, if they can be such."""
    if isinstance(target, tuple):
        index = _plain_index(target[1])
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


def _plain_index(part: Any) -> Any:
    if isinstance(part, Node):
        value = part.value
        return value if value.ndim else value.item()
    if isinstance(part, tuple):
        return tuple(_plain_index(p) for p in part)
    if isinstance(part, list | range):
        return np.asarray([_plain_index(p) for p in part])
    if isinstance(part, slice):
        return slice(*(_plain_index(p) for p in (part.start, part.stop, part.step)))
    return part


def differentiate(step: Step, loss: Loss, shares: bool = False) -> None:
    """Fill in the value and the exact derivatives by every node of the forward pass. Raises CannotFollow."""
    forward = step.behind(loss.ends)
    tensors = {leaf: Tensor(step.floats(leaf).copy(), requires_grad=True) for leaf in step.leaves}
    with np.errstate(all="ignore"):
        values = replayed(forward, tensors)
        value = loss.formula(values)
        if not isinstance(value, Tensor) or value.node is None:
            raise CannotFollow(loss.ends[-1], "no gradient reaches a parameter from it")
        nodes = {n: v for n, v in values.items() if isinstance(v, Tensor) and v.node is not None}
        for inner in topological_order(value.node):
            inner.keeps_grad = True
        found = gradients(value.node, np.ones(value.shape), retain_graph=True)
        loss.shares = shares_of(nodes, found) if shares else []
    loss.value = float(value.item())
    loss.derivatives = {n: found[t.node] for n, t in nodes.items() if t.node in found}


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


def proportional(x: np.ndarray, y: np.ndarray, tolerance: float) -> float | None:
    """c where x = c y, to within a part of x's largest entry; None where there is no such c."""
    largest = abs(x).max(initial=0.0)
    square = float((y * y).sum())
    if not (0 < largest < np.inf) or not 0 < square < np.inf:
        return None
    c = float((x * y).sum()) / square
    return c if abs(x - c * y).max() <= tolerance * largest else None


def tolerance_of(*nodes: Node) -> float:
    """How far two arrays may be from proportional, by the arithmetic that they were made in."""
    shortest = max((np.finfo(n.value.dtype).eps for n in nodes if n.value.dtype.kind == "f"), default=2.0**-52)
    return 1e-6 if shortest < 1e-12 else 2e-3


@dataclass(frozen=True)
class Match:
    """Where a parameter's gradient was found. node: the last before the update that is `factor` times the exact one.

    node is None where the whole change of the parameter is; penalty: how much of the parameter is added to that.
    """

    node: Node | None
    factor: float
    penalty: float = 0.0


def match(step: Step, loss: Loss) -> None:
    """For each parameter, where on the way to its update something is proportional to the exact gradient."""
    for k, parameter in enumerate(step.parameters):
        exact = loss.derivatives.get(parameter.leaf)
        if exact is not None:
            found = gradient_on_the_way(step, parameter, exact, decay=loss.node is None)
            if found is not None:
                loss.matched[k] = found


Multiple = Callable[[np.ndarray, np.ndarray], float | None]  # x, y -> c where x = c y


def gradient_on_the_way(
    step: Step,
    parameter: Changed,
    exact: np.ndarray,
    whole: bool = True,
    multiple: Multiple | None = None,
    decay: bool = True,
) -> Match | None:
    """The last thing behind a parameter's updates that is proportional to its exact gradient, with or without decay.

    multiple: decides what is proportional; decay: whether a multiple of the parameter may be added.
    """
    tolerance = max(tolerance_of(parameter.leaf, *(u.node for u in parameter.updates)), 1e-8)
    multiple = multiple or (lambda x, y: proportional(x, y, tolerance))
    value = step.floats(parameter.leaf)
    change = parameter.step_taken(step)
    if whole and exact.size > 1 and change is not None and change.shape == exact.shape:
        found = _multiple(-change, exact, value if decay else None, multiple)
        if found is not None:
            return Match(None, *found)
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


FAR = 40  # nodes: so far from an update no gradient is looked for


def _multiple(
    x: np.ndarray, exact: np.ndarray, value: np.ndarray | None, multiple: Multiple
) -> tuple[float, float] | None:
    """x as a multiple of the exact gradient, or as that and a multiple of the parameter itself."""
    factor = multiple(x, exact)
    if factor is not None:
        return factor, 0.0
    if value is None or x.size < 3 or not np.isfinite(x).all():
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


def find_loss(step: Step) -> tuple[Loss | None, list[Loss], CannotFollow | None]:
    """The loss that most parameters follow, all that were tried, and what could not be followed."""
    tried: list[Loss] = []
    failure: CannotFollow | None = None
    for loss in candidates(step):
        try:
            differentiate(step, loss)
        except CannotFollow as error:
            failure = failure or error
            continue
        match(step, loss)
        tried.append(loss)
        if all(k in loss.matched for k in range(len(step.parameters))):
            break
        if loss.node is not None and 2 * len(loss.matched) > len(step.parameters):
            break  # most gradients are those of what the program computes
    if not tried:
        return None, [], failure

    used = {leaf: node.number for node in reversed(step.nodes) for leaf in node.parents}

    def score(loss: Loss) -> Any:
        wide = [p.leaf for k, p in enumerate(step.parameters) if k in loss.matched and p.leaf.value.size > 1]
        nearest = max((used.get(leaf, 0) for leaf in wide), default=0)  # to the output: what is below may be wrong
        return len(wide), nearest, len(loss.matched), loss.node is not None, -tried.index(loss)

    best = max(tried, key=score)
    if not best.matched and len(tried) > 1:
        best = max(tried, key=lambda loss: (_nodes_explained(step, loss), loss.node is not None, -tried.index(loss)))
    owns = [loss for loss in tried if loss.node is not None]  # as they are now: naming may put the known one there
    for own in [best] if best.node is not None else owns:
        _name(step, own)
    if best.name == SQUARED and best.computed is None:  # the cross-entropy that the program computes goes before
        best = next((own for own in owns if own.name in (CROSS, BINARY)), best)
    return best, tried, failure


def _nodes_explained(step: Step, loss: Loss) -> int:
    """How many nodes behind the updates are multiples of a derivative of a loss."""
    by_size: dict[int, list[np.ndarray]] = defaultdict(list)
    for node, array in loss.derivatives.items():
        if node not in step.leaves and array.any():
            by_size[array.size].append(array.reshape(-1))
    nodes = step.behind([u.step for p in step.parameters for u in p.updates])
    forward = set(step.behind(loss.ends))
    count = 0
    for node in [n for n in nodes if n not in forward and n.value.size > 1 and n.value.dtype.kind == "f"][:300]:
        known = by_size.get(node.value.size, [])[-40:]
        count += any(proportional(step.floats(node).reshape(-1), array, 1e-6) is not None for array in known)
    return count


def _scaled(formula: Callable[[dict[Node, Any]], Any], factor: float) -> Callable[[dict[Node, Any]], Any]:
    return lambda values: factor * formula(values)


def _own(node: Node) -> Callable[[dict[Node, Any]], Any]:
    return lambda values: values[node].reshape(()).sum()


def _of_pairs(known: Known, pairs: list[tuple[Node, np.ndarray]]) -> Callable[[dict[Node, Any]], Any]:
    return lambda values: sum(known.formula(values[o], t) for o, t in pairs)


def _name(step: Step, own: Loss) -> None:
    """Find out which known loss the program's own is."""
    for known in _known_losses(step):
        try:
            differentiate(step, known)
        except CannotFollow:
            continue
        factor = own.multiple_of(known)
        if factor is None:
            continue
        single = all(o.value.size == 1 for o, _ in known.outputs)  # any number is a multiple of any other
        if single and not abs(own.value - factor * known.value) <= 1e-3 * abs(own.value):
            continue
        own.name, own.output, own.outputs, own.factor = known.name, known.output, known.outputs, factor
        alike = (proportional(own.derivatives[leaf], known.derivatives.get(leaf, 0 * own.derivatives[leaf]), 1e-3)
                 for leaf in step.leaves if leaf in own.derivatives)  # fmt: skip
        if all(c is not None and abs(c / factor - 1) < 1e-3 for c in alike):  # no penalty on the weights
            own.derivatives = {n: factor * d for n, d in known.derivatives.items()}
            own.formula, own.computed, own.node = _scaled(known.formula, factor), own.node, None
        return
