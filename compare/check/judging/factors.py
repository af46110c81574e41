"""Gradients that are right but for a factor which the others have not: the line that brings it in."""

import numpy as np

from compare.check.judging.explained import Explained, Role
from compare.check.judging.fault import Fault
from compare.check.judging.search import Search
from compare.check.recording.graph import Node
from compare.check.understanding.matching import Match, same_size


def add_wrong_factors(search: Search, explained: Explained, faults: list[Fault]) -> None:
    """Add to the faults that are known the lines which bring in a factor that the other gradients have not."""
    blamed = {k for fault in faults for k in fault.parameters} & search.lost
    found = {k: m for k, m in search.matches().items() if k not in blamed}
    if search.by_a_rule(found):
        found = _oriented(search, explained, found)
    if not found:
        return
    exact = {
        k
        for k in found
        if search.loss.own is not None and abs(abs(_first_factor(search, explained, k) or 0.0) - 1) < 1e-6
    }
    common = search.common({k: m.factor for k, m in found.items()}, exact)
    odd = {k: m.factor / common for k, m in found.items() if abs(m.factor / common - 1) > search.close(k)}
    if common < 0:  # uphill, with every parameter: from the first line on that has the sign
        odd = {k: m.factor / common for k, m in found.items() if abs(abs(m.factor / common) - 1) > search.close(k)}
        uphill = [k for k, m in found.items() if m.factor < 0]
        behind = search.step.behind_updates(uphill)
        turned = [n for n in behind if n in explained.roles and explained.roles[n].factor < 0]
        turned = [] if search.loss.grows else turned  # the gradient of a likelihood is right as it is, and added
        updates = [u.node for k in uphill for u in search.step.parameters[k].updates]
        begin = turned[0] if turned else updates[0]
        faults.append(_factor_fault(search, begin, explained.roles.get(begin), uphill, -1.0))
    everyone = list(odd)
    while odd:
        ratio = next(iter(odd.values()))
        alike = [k for k, r in odd.items() if abs(r / ratio - 1) < 1e-6]
        fault = _where_factor(search, explained, alike, ratio, everyone)
        if not _comes_out_of_another(search, fault, faults):
            faults.append(fault)
        for k in fault.parameters:
            odd.pop(k, None)


def _comes_out_of_another(search: Search, fault: Fault, faults: list[Fault]) -> bool:
    """Whether a line that brings in the same factor is blamed already, and this is where it comes out."""
    behind = search.step.behind_updates(fault.parameters)
    lines = {(n.place.file, n.place.line) for n in behind if n.place is not None}
    for other in faults:
        same = other.factor is not None and fault.factor and abs(other.factor / fault.factor - 1) < 1e-6
        narrow = all(map(search.narrow, fault.parameters))  # one number shows no line
        if same and fault.node in search.step.changed and (narrow or (other.place.file, other.place.line) in lines):
            other.parameters = sorted({*other.parameters, *fault.parameters})
            return True
    return False


def _where_factor(search: Search, explained: Explained, alike: list[int], ratio: float, odd: list[int]) -> Fault:
    """The line that brings in a factor: the first whose role has it and whose inputs' roles have not."""
    others = [k for k in range(len(search.step.parameters)) if k not in alike]
    behind, right = search.step.behind_updates(alike), _behind_gradients(search, explained, others)
    for node in behind:
        role = explained.roles.get(node)
        if role is None or node in right or node in search.values:
            continue
        inputs = [explained.roles[p].factor for p in node.parents if p in explained.roles]
        if inputs and any(abs(role.factor / f / ratio - 1) < 1e-6 for f in inputs):
            return _factor_fault(search, node, role, alike, ratio)
    k = alike[0]
    own = [
        n for n in behind
        if n in explained.roles and explained.roles[n].of is search.step.parameters[k].leaf and n not in right
    ]  # fmt: skip
    node = own[0] if own else search.step.parameters[k].updates[-1].node
    if own and _as_others(search, explained, k, odd):  # up to there it is as the others are
        node = search.step.parameters[k].updates[-1].node
    return _factor_fault(search, node, explained.roles.get(node), [k] if len(alike) > 1 and own else alike, ratio)


def _behind_gradients(search: Search, explained: Explained, among: list[int]) -> set[Node]:
    """What is behind updates, but for the size of other gradients, by which those are clipped."""
    seen, waiting = set[Node](), [u.step for k in among for u in search.step.parameters[k].updates]
    while waiting:
        node = waiting.pop()
        if node in seen or node not in search.step.window or node not in search.step.moving:
            continue
        seen.add(node)
        gradients = [p for p in node.parents if p in explained.roles and p.value.size > 1]
        clipped = node.function in (np.multiply, np.divide) and len(gradients) == 1 and gradients[0] in search.labelled
        waiting.extend(gradients if clipped else node.parents)
    return seen


def _as_others(search: Search, explained: Explained, k: int, odd: list[int]) -> bool:
    """Whether a parameter's gradient, where it is first one, has the factor of the others'."""
    first = {j: _first_factor(search, explained, j) for j in range(len(search.step.parameters))}
    own, others = first[k], [f for j, f in first.items() if j not in odd and f]
    return own is not None and any(abs(own / f - 1) < 1e-6 for f in others)


def _oriented(search: Search, explained: Explained, found: dict[int, Match]) -> dict[int, Match]:
    """The factors of gradients that a rule takes further, with the signs of the ways in which they move.

    Where the rule is the same for all, they are those with which it is given them, else those of the lines in which
    they first are gradients. What moves in no way that can be told is left out.
    """
    same = len({_rule(search, k, match) for k, match in found.items()}) == 1
    oriented = {}
    for k, match in found.items():
        first = _first_gradient(search, explained, k) or match.node
        way = np.sign(match.factor) if match.node is None or first is None else _downhill(search, first, k)
        size = match.factor if same else _first_factor(search, explained, k)
        if size is not None and way:
            oriented[k] = Match(None, float(way * abs(size)))
    return oriented


def _rule(search: Search, k: int, match: Match) -> tuple[str, ...]:
    """The operations that lead from a parameter's gradient to its updates."""
    ends = [update.step for update in search.step.parameters[k].updates]
    nodes = same_size(search.step, ends, search.step.parameters[k].leaf.value.size)
    begin = match.node.number if match.node is not None else np.inf
    return tuple(node.name for node in nodes if node.number > begin)


def _downhill(search: Search, gradient: Node, k: int) -> int:
    """1 where a parameter moves against its exact gradient, -1 where it moves with it, 0 where that is not known.

    What else moves it, such as a velocity of earlier steps, falls out: the step is taken with the gradient that
    the program has, and with its negative, and half of the difference is due to the gradient alone. The rules
    that are in use are odd in it: Adam's moment turns with it, and its square stays.
    """
    parameter, exact = search.step.parameters[k], search.loss.derivatives[search.step.parameters[k].leaf]
    value = search.values.get(gradient, search.step.floats(gradient))
    changes = []
    for sign in (1.0, -1.0):
        values = search.tried(gradient, sign * value)
        change = parameter.step_taken(search.step.with_values(values)) if values else None
        if change is None or change.shape != exact.shape:
            return 0
        changes.append(change)
    with np.errstate(all="ignore"):
        along = float(((changes[0] - changes[1]) * exact).sum())
    return int(np.sign(-along)) if np.isfinite(along) else 0


def _first_factor(search: Search, explained: Explained, k: int) -> float | None:
    """The factor of a parameter's gradient in the line where it first is one."""
    first = _first_gradient(search, explained, k)
    return None if first is None else explained.roles[first].factor


def _first_gradient(search: Search, explained: Explained, k: int) -> Node | None:
    """What a parameter's gradient is in the line where it first is one, at the end of that line."""
    exact = search.loss.derivatives[search.step.parameters[k].leaf].reshape(-1)
    roles = explained.roles
    own = [
        n for n in search.step.behind_updates([k])
        if n in roles and not roles[n].share
        and np.array_equal(search.loss.derivatives[roles[n].of].reshape(-1), exact)  # as of a layer and its bias
    ]  # fmt: skip
    line = [n for n in own if n.place == own[0].place]
    return line[-1] if line else None


def _factor_fault(search: Search, node: Node, role: Role | None, parameters: list[int], ratio: float) -> Fault:
    place = node.place
    assert place is not None
    found = search.step.floats(node)
    return Fault(node, node, place, parameters, role, found / ratio, found, factor=ratio)
