"""What should stand where a wrong line is, put in its place: so that the rest is judged as if it were mended."""

from typing import Any

import numpy as np

from compare.check.judging.explained import Explained, Role
from compare.check.judging.fault import Fault
from compare.check.judging.search import Search
from compare.check.recording.graph import Node
from compare.check.understanding.scales import is_simple

TRIES = 24  # derivatives, at most, that are put in the place of a wrong node


def repair(search: Search, fault: Fault, explained: Explained) -> bool:
    """Put what should be there in the place of a wrong node; whether more gradients are right then."""
    old = [
        p for p in fault.first.parents if p not in search.step.moving and p.shape == fault.first.shape and p.value.any()
    ]
    fresh = [p for p in fault.first.parents if p in search.labelled]
    if fault.first.function is np.add and len(old) == 1 and len(fresh) == 1 and explained.explained(fresh[0]):
        search.values = search.tried(fault.first, explained.value(fresh[0]))  # as if nothing had been there before
        fault.kind, fault.node = "not-reset", fault.first
        return True
    others, shape = search.sound(), fault.node.shape
    common = search.common({k: m.factor for k, m in others.items() if k not in fault.parameters} or {0: 1.0})
    best: tuple[Any, dict[Node, np.ndarray], Role, np.ndarray] | None = None
    nearest = [
        k for k in explained.known.get(int(np.prod(shape, dtype=int)), []) if k.array.shape == shape and not k.share
    ]
    nearest.sort(key=lambda k: (k.of in search.labelled, k.of in search.step.leaves, -k.of.number))
    for known in nearest[:TRIES]:
        array = known.array
        values = search.tried(fault.node, array)
        for _ in range(2 if set(others) - set(fault.parameters) and array.size > 1 else 0):
            factors = [m.factor for k, m in search.matches_with(values).items() if k in fault.parameters]
            if not factors or abs(common / factors[0] - 1) < 1e-9:
                break
            array = array * (common / factors[0])  # in the measure of the others; once more, where it was clipped
            values = search.tried(fault.node, array)
        found = search.matches_with(values)
        sound = [k for k, m in found.items() if is_simple(m.factor, search.scales, search.tolerance.near)]
        right = sum(k in sound for k in fault.parameters)
        descends = all(m.factor > 0 for k, m in found.items() if k in fault.parameters)
        rank = right, descends, known.of not in search.labelled, known.of not in search.step.leaves, known.of.number
        if len(sound) > len(others) and right and (best is None or rank > best[0]):
            best = rank, values, Role(known.of, 1.0, turned=known.turned), array
    if best is None:
        return False
    _, search.values, fault.role, fault.expected = best
    fault.found = search.step.floats(fault.node)
    return True
