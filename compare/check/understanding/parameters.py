"""Which arrays are parameters: those from which something is taken that follows from them.

`W = W - s`, or `W -= s`, where s depends on W: so an update looks, whatever its names. What is shifted by its own mean
depends on nothing else, so it is none. And the parameters of a network depend on each other: every one has a share
in the step of every other, through the error at the output. A moment of Adam's has not.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from compare.check.recording.array import added_at, element
from compare.check.recording.graph import Node
from compare.check.recording.memory import cast, placed, written

PRODUCTS: tuple[Any, ...] = (np.matmul, np.dot, np.einsum, np.tensordot, np.outer, np.inner, np.vdot)
SAME: tuple[Any, ...] = (cast, np.copy, np.reshape, np.ravel, np.squeeze, np.asarray, np.array)


@dataclass
class Parameter:
    """A parameter. versions: the nodes that it has been, the first before any update; updates: those it had.

    number: whether it began as a Python number.
    """

    versions: list[Node]
    updates: list["Update"] = field(default_factory=list)
    number: bool = False

    @property
    def start(self) -> Node:
        """What it was when it was first used: `randn(...) * 0.1`, of which the first version is the randn."""
        first, node = self.updates[0], self.updates[0].node
        while node is not first.before and (node is first.node or node.place == first.node.place):
            node = next((a for a in node.parents if unscaled(a) is first.before), first.before)
        return node

    @property
    def first(self) -> Node:
        """The first of its nodes that an operation has seen: of a Python number, that is what its first update gave."""
        return self.versions[1 if self.number and self.updates else 0]

    @property
    def shape(self) -> tuple[int, ...]:
        """That of every version."""
        return tuple(self.versions[0].shape)


@dataclass(frozen=True)
class Update:
    """One change of a parameter: node = before + sign * step, at an index if it is a part that changes."""

    node: Node
    before: Node
    step: Node
    sign: float

    @property
    def plain(self) -> bool:
        """Whether it is nothing but a sum: neither a part, nor with a decay of what was there before."""
        return self.node.function in (np.add, np.subtract) and self.before in self.node.arguments


def unscaled(node: Node) -> Node:
    """What a node is a multiple, or a copy, of."""
    while node.function is not None:
        parents = list(node.parents)
        if node.function in SAME or node.name == "array":
            if len(parents) != 1 or parents[0].value.size != node.value.size:
                return node
        elif node.function in (np.multiply, np.divide):
            parents = [p for p in parents if np.size(p.value) > 1] if len(parents) > 1 else parents
            if len(parents) != 1 or parents[0].shape != node.shape:
                return node
            if any(isinstance(a, int | float) and a == 0 for a in node.arguments):  # v = 0 * W begins anew
                return node
            if node.function is np.divide and node.arguments[0] is not parents[0]:
                return node
        else:
            return node
        node = parents[0]
    return node


def update_forms(node: Node) -> Iterator[tuple[Node, Node, float]]:
    """The ways in which a node may be an update: what is changed, what is added, and its sign."""
    function, arguments = node.function, node.arguments
    if function in (np.add, np.subtract):
        a, b = arguments[:2]
        sign = -1.0 if function is np.subtract else 1.0
        if isinstance(a, Node) and isinstance(b, Node):
            if a.shape == node.shape or function is np.subtract:  # a bias may grow, where its gradient is not summed
                yield unscaled(a), b, sign
            if b.shape == node.shape and function is np.add:
                yield unscaled(b), a, 1.0
    elif function in (written, placed) and isinstance(arguments[1], Node):
        for _, step, sign in update_forms(arguments[1]):
            yield arguments[0], step, sign
    elif function is added_at and isinstance(arguments[2], Node):
        yield arguments[0], arguments[2], 1.0


def _begun(nodes: list[Node], forms: dict[Node, list[tuple[Node, Node, float]]]) -> dict[Node, Update]:
    """The first updates of what begins as a Python number, which no node stands for: in `b = 0`, the first `b -= s`.

    The same line goes on from there the next time; whether by what depends on it, is still to be seen.
    """
    later = {(before, node.place) for node in nodes for before, _, _ in forms[node]}
    found = {}
    for node in nodes:
        if node.function not in (np.add, np.subtract) or (node, node.place) not in later:
            continue
        a, b = node.arguments[:2]
        number, step = (b, a) if isinstance(a, Node) and node.function is np.add else (a, b)
        if isinstance(step, Node) and isinstance(number, int | float | np.number):
            before = Node(None, (), {}, np.full(node.shape, number, node.value.dtype), node.place, node.number)
            found[node] = Update(node, before, step, -1.0 if node.function is np.subtract else 1.0)
    return found


def find_parameters(nodes: list[Node]) -> list[Parameter]:
    """Every parameter that was updated, in the order of the first updates."""
    forms = {node: list(update_forms(node)) for node in nodes}
    begun = _begun(nodes, forms)
    wanted = {before for node in nodes for before, _, _ in forms[node]}
    masks: dict[Node, int] = {}
    chains: dict[Node, Parameter] = {}
    bits: dict[int, int] = {}  # of a parameter, by its identity
    found: list[Parameter] = []
    for node in nodes:
        mask = 0
        for parent in node.parents:
            mask |= masks.get(parent, 0)
        for before, step, sign in forms[node]:
            parameter = chains.get(before)
            if parameter is None or not masks.get(step, 0) & bits[id(parameter)]:
                continue
            if not parameter.updates and not _foreign(step, parameter.versions[0]):
                continue
            parameter.updates.append(Update(node, before, step, sign))
            parameter.versions.append(node)
            chains[node] = parameter
            break
        if node in begun and mask and node not in chains:
            parameter = Parameter([begun[node].before, node], [begun[node]], number=True)
            found.append(parameter)
            chains[node], bits[id(parameter)] = parameter, 1 << len(bits)
            mask |= bits[id(parameter)]
        if node in wanted and not mask and node not in chains:
            parameter = Parameter([node])
            found.append(parameter)
            chains[node], bits[id(parameter)] = parameter, 1 << len(bits)
            mask = bits[id(parameter)]
        masks[node] = mask
    for parameter in found:
        _follow(parameter)
    steps = {_without_number(update.step) for parameter in found for update in parameter.updates}
    updated = [  # by what another is changed is its velocity, though one may look ahead with it: (W + mu * v) @ x
        p for p in found if len(p.updates) > p.number and not any(update.node in steps for update in p.updates)
    ]
    products = {unscaled_view(parent) for node in nodes if node.function in PRODUCTS for parent in node.parents}
    updated = [  # whole numbers may be weights; what else is shifted by what follows from it are class numbers: y - p
        p for p in updated if p.versions[0].value.dtype.kind == "f" or products.intersection(p.versions)
    ]
    return _together(updated, masks, {id(p): bits[id(p)] for p in updated}, nodes)


def _without_number(node: Node) -> Node:
    """What a node is a number in the program's text times."""
    while node.function in (np.multiply, np.divide, np.negative) and len(list(node.parents)) == 1:
        node = next(node.parents)
    return node


def _follow(parameter: Parameter) -> None:
    """Leave the one chain of updates in which each changes what the one before it gave.

    `y - out` leaves y as it was, every time; and in `x @ W + b` something is added to b, too, but nobody goes on from
    there: no other update stands in that line.
    """
    into = {update.node: update for update in parameter.updates}
    length = {parameter.versions[0]: 0}
    for update in parameter.updates:
        length[update.node] = length[update.before] + 1
    longest: list[Update] = []
    for node in sorted(length, key=lambda node: (length[node], node.number))[-8:]:
        chain: list[Update] = []
        while node in into:
            chain.insert(0, into[node])
            node = into[node].before
        while len(chain) > 1 and chain[-1].node.place not in {update.node.place for update in chain[:-1]}:
            chain.pop()
        if chain and (len(chain), chain[-1].node.number) > (len(longest), longest[-1].node.number if longest else 0):
            longest = chain
    if len(longest) == 1 and sum(update.node.place == longest[0].node.place for update in parameter.updates) > 1:
        longest = []
    parameter.updates = longest
    parameter.versions = [parameter.versions[0], *(update.node for update in longest)]


def _foreign(step: Node, parameter: Node) -> bool:
    """Whether a step depends on something that the parameter was not itself made of."""
    seen, waiting = ancestors([parameter]), [step]
    while waiting:  # to the first such thing, and no further: all that came before stands behind a step
        node = waiting.pop()
        if node not in seen:
            if node.function is None:
                return True
            seen.add(node)
            waiting.extend(node.parents)
    return False


def ancestors(nodes: Iterable[Node], without: Iterable[Node] = ()) -> set[Node]:
    """The nodes and all that they were made of."""
    seen, waiting = set(without), list(nodes)
    before = set(seen)
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting.extend(node.parents)
    return seen - before


def _together(
    parameters: list[Parameter], masks: dict[Node, int], bits: dict[int, int], nodes: list[Node]
) -> list[Parameter]:
    """Those that have a share in each other's steps: around those that a product uses, the most."""
    multiplied = {used for node in nodes if node.function in PRODUCTS for used in multiplied_by(node)}
    cores = [p for p in parameters if multiplied.intersection(p.versions)]

    parameters = _multiplied_with(parameters, nodes) or parameters

    def shares(p: Parameter, q: Parameter) -> bool:  # in any of its steps
        return any(masks.get(update.step, 0) & bits[id(p)] for update in q.updates)

    best: list[Parameter] = []
    for core in cores or parameters:
        group = [core]
        for p in [*cores, *parameters]:
            if p not in group and all(shares(p, q) and shares(q, p) for q in group):
                group.append(p)
        if len(group) > len(best):
            best = group
    return [p for p in parameters if p in best]


def _multiplied_with(parameters: list[Parameter], nodes: list[Node]) -> list[Parameter]:
    """Those that come into a product as they were at first: a velocity comes there through what it has changed.

    One sample at a time, the bias of an output may be multiplied entry by entry alone, when its error is; it has a
    share in the steps of all the others then, be it by way of their velocities.
    """
    owner = {update.node: k for k, parameter in enumerate(parameters) for update in parameter.updates}
    masks = {parameter.first: 1 << k for k, parameter in enumerate(parameters)}
    changed: dict[Node, int] = {}  # by which a node was changed, since the last change of anything
    product = entries = 0
    for node in nodes:
        if node in owner:
            changed[node] = 1 << owner[node]
            continue
        for parent in node.parents:
            masks[node] = masks.get(node, 0) | masks.get(parent, 0)
            changed[node] = changed.get(node, 0) | changed.get(parent, 0)
        if node.function in PRODUCTS:
            product |= masks.get(node, 0)
        elif node.function is np.multiply and len(list(node.parents)) == 2:
            entries |= masks.get(node, 0)
    first = [_union(masks.get(update.step, 0) for update in p.updates) for p in parameters]
    behind = [_union(changed.get(update.step, 0) for update in p.updates) & ~product for p in parameters]
    for k in _bits(product):
        entries &= product | first[k] | _union(first[velocity] for velocity in _bits(behind[k]))
    return [parameters[k] for k in _bits(product | entries)]


def _bits(mask: int) -> list[int]:
    return [k for k in range(mask.bit_length()) if mask >> k & 1]


def _union(masks: Iterable[int]) -> int:
    union = 0
    for mask in masks:
        union |= mask
    return union


def unscaled_view(node: Node) -> Node:
    """What a node shows a part, a multiple, or the transpose of."""
    while True:
        inner = unscaled(node)
        if inner.function in (np.transpose, np.swapaxes, element):
            inner = next(inner.parents)
        if inner is node:
            return node
        node = inner


def multiplied_by(product: Node) -> Iterator[Node]:
    """What a product multiplies; where one looks ahead, as in `x @ (W + mu * v)`, the two of the sum."""
    for node in map(unscaled_view, product.parents):
        yield node
        parents = list(map(unscaled, node.parents))
        ahead = node.function in (np.add, np.subtract) and all(p.shape == node.shape for p in parents)
        if ahead and not any(unscaled_view(p).function in PRODUCTS for p in parents):
            yield from parents


def uses_of(parameters: list[Parameter], nodes: list[Node]) -> Callable[[Node], Iterator[Node]]:
    """What a node multiplies with others: by that parameters are used.

    Where no matrix product has one, as in `w * x + b`, products entry by entry count.
    """
    owner = {version for p in parameters for version in p.versions}

    def by_matrices(node: Node) -> Iterator[Node]:
        if node.function in PRODUCTS:
            yield from multiplied_by(node)

    def by_entries(node: Node) -> Iterator[Node]:
        if node.function is np.multiply and len(list(node.parents)) == 2:
            yield from map(unscaled_view, node.parents)

    return by_matrices if any(p in owner for node in nodes for p in by_matrices(node)) else by_entries


def steps_of(parameters: list[Parameter], nodes: list[Node]) -> list[int]:
    """Where steps end: the number of the first node after each, that multiplies with parameters changed for good.

    A step is over when every parameter was updated and a product uses one again; the last may still go on.
    """
    owner = {version for p in parameters for version in p.versions}
    uses = uses_of(parameters, nodes)
    changed = {update.node: p for p in parameters for update in p.updates}
    ends: list[int] = []
    waiting = set(map(id, parameters))
    for node in nodes:
        if node in changed:
            waiting.discard(id(changed[node]))
        elif not waiting and any(used in owner for used in uses(node)):
            ends.append(node.number)
            waiting = set(map(id, parameters))
    return ends


def updates_of_a_step(parameters: list[Parameter], ends: list[int]) -> dict[int, int]:
    """How many updates a parameter has in a step, by its place in the list: the most common number."""
    counts: dict[int, list[int]] = defaultdict(list)
    for k, parameter in enumerate(parameters):
        begin = 0
        for end in ends:
            counts[k].append(sum(begin <= update.node.number < end for update in parameter.updates))
            begin = end
    return {k: max(c, key=c.count) for k, c in counts.items()}
