"""The first line on the way to a wrong gradient that is not explained, though what it was made of is."""

import numpy as np

from compare.check.judging.explained import Explained, Role
from compare.check.judging.fault import Fault
from compare.check.judging.search import Search
from compare.check.recording.graph import Node, Place
from compare.check.recording.operations import element, placed, written
from compare.check.steps.views import PRODUCTS, SAME
from compare.check.understanding.matching import same_size


def first_unexplained(search: Search, explained: Explained, wrong: list[int]) -> Fault | None:
    """The first fault on the way to wrong gradients."""
    reached: dict[Node, set[int]] = {}
    for k in wrong:
        parameter = search.step.parameters[k]
        waiting = [u.step for u in parameter.updates]
        seen: set[Node] = set()
        while waiting:
            node = waiting.pop()
            if node in seen or _settled(search, explained, node, k) or node not in search.step.window:
                continue
            if node in search.step.changed:  # a parameter after its update: who uses it too early is to blame
                continue
            seen.add(node)
            reached.setdefault(node, set()).add(k)
            waiting.extend(p for p in node.parents if p in search.labelled)
    if not reached:
        return _without_error(search, wrong)
    # a share of a gradient, where the whole is wanted, is to blame only if nothing else is
    turned = {n for n in reached if n in explained.roles and explained.roles[n].turned}
    blamed = {n for n in reached if not explained.explained(n)} or turned or set(reached)
    frontier = [n for n in blamed if not any(p in blamed for p in n.parents)]
    if not frontier:
        return None
    first = min(frontier, key=lambda node: node.number)
    instead = _other_role(search, first, explained)
    if instead is not None:
        node, role, expected = instead
        behind = search.step.behind_updates()
        users = {n.place for n in behind if node in n.parents and not _made_right(n, node, behind, explained)}
        incomplete = explained.roles[node].share
        there = node if incomplete or _takes_derivative(node, search.labelled) or len(users) > 1 else first
        place, also = _line(there, explained)
        return Fault(node, there, place, sorted(reached[first]), role, expected, search.step.floats(node), also=also)
    place, also = _line(first, explained)
    last = search.made_by_line(first, reached)
    fault = Fault(last, first, place, sorted(reached[first]), also=also)
    cut = [n for n in (first, last) if n.value.dtype.kind in "iu" and n.function in (written, placed)]
    if cut:  # written into whole numbers: where that array was made is the line
        origin = cut[0]
        while origin.function in (written, placed):
            origin = next(origin.parents)
        fault.kind, fault.also = "integer-dtype", [place, *also]
        fault.place = origin.place or place
    return fault


def _without_error(search: Search, wrong: list[int]) -> Fault | None:
    """What stands for the gradient of a parameter, where no label enters it: what it is first made of."""
    for k in wrong:
        steps = [u.step for u in search.step.parameters[k].updates if u.step not in search.labelled]
        way = [n for s in steps for n in same_size(search.step, [s], s.value.size) if n in search.step.moving]
        if way and way[-1].place is not None:
            return Fault(way[-1], way[-1], way[-1].place, [k])
    return None


def _made_right(user: Node, node: Node, behind: list[Node], explained: Explained) -> bool:
    """Whether the line that uses a derivative makes one by something else of it: so it is used rightly there."""
    line = {user}
    for n in behind:
        if n.number > user.number and n.place == user.place and line.intersection(n.parents):
            line.add(n)
    roles = [explained.roles[n] for n in line if n in explained.roles]
    return any(role.of is not explained.roles[node].of for role in roles)


def _other_role(search: Search, first: Node, explained: Explained) -> tuple[Node, Role, np.ndarray] | None:
    """An input which is the derivative by an activation where that by what it was made of is wanted.

    Then the node itself is right, and its input is not: the input, what it should be, and that in numbers.
    """
    for parent in first.parents:
        node = parent
        while node.function in (element, np.expand_dims, *SAME) and node in explained.roles:  # as in d[:, None]
            node = next(node.parents)
        node = node if node.value.size == parent.value.size else parent
        role = explained.roles.get(node)
        if role is None or role.turned:
            continue
        others = _made_of(search, role.of)
        for other in others[:1] if role.share else others[1:6]:  # one use of a value, where all are wanted
            exact = search.loss.derivatives.get(other)
            known = None if role.share else search.loss.derivatives[role.of]
            if exact is None or (known is not None and search.tolerance.factor(exact.reshape(known.shape), known)):
                continue
            array = role.factor * exact.reshape(node.shape)
            given = {n: v for n, v in search.values.items() if n is not first}
            between = [n for n in search.step.behind([first]) if n is first or n.number > node.number]
            values = search.recomputed({**given, node: array}, only=between)
            if values is None or first not in values:
                continue
            found = explained.role_of(first, values[first])
            if found is not None and not (role.share and found.share):
                return node, Role(other, role.factor), array
    return None


def _made_of(search: Search, value: Node) -> list[Node]:
    """A value and what it was made of, the last first, down to the product of its layer: not the layer below."""
    found = list[Node]()
    for node in same_size(search.step, [value], value.value.size):
        found.append(node)
        if node.function in PRODUCTS:
            break
    return found


def _settled(search: Search, explained: Explained, node: Node, k: int) -> bool:
    """Whether a node is right, as far as a parameter's gradient goes: a share of that is not enough."""
    role = explained.roles.get(node)
    if role is not None and (role.share or role.turned) and role.of is search.step.parameters[k].leaf:
        return False
    return explained.explained(node) and (role is None or role.plain)


def _line(node: Node, explained: Explained) -> tuple[Place, list[Place]]:
    """The line to blame: not that of a helper which does right elsewhere, but the one that calls it."""
    levels = _levels(node)
    elsewhere = [
        n.place for n in {*explained.roles, *explained.forward} - {node}
        if n.place is not None and (n.place.file, n.place.line) == (levels[0].file, levels[0].line)
    ]  # fmt: skip
    callers = {place.caller.line if place.caller else 0 for place in elsewhere}
    # a helper that does right for others is called wrongly; in a loop over layers all call it from one line
    wrongly = len(levels) > 1 and elsewhere and levels[1].line not in callers
    blamed = levels[1] if wrongly else levels[0]
    return blamed, [p for p in levels[:2] if p is not blamed and p.function != "<module>"]


def _takes_derivative(node: Node, labelled: set[Node]) -> bool:
    """Whether a node is a gradient times something, or a gradient with parts of it overwritten."""
    others = [p for p in node.parents if p not in labelled and p.value.size > 1]
    return node.name in ("multiply", "divide", "where", "written", "placed", "copyto", "putmask") and bool(others)


def _levels(node: Node) -> list[Place]:
    levels, place = [], node.place
    while place is not None:
        levels.append(place)
        place = place.caller
    return levels
