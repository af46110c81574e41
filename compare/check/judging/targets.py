"""Outputs and targets that do not fit each other: probabilities over the examples, ones at the wrong ones."""

import numpy as np

from compare.check.judging.fault import Fault
from compare.check.judging.search import Search
from compare.check.recording.graph import Node
from compare.check.understanding.meetings import Family


def bad_targets(search: Search, met: list[Family]) -> list[Fault]:
    """Probabilities or targets that do not add up to 1 over the classes, and do over the examples."""
    faults = []
    for output, target in search.loss.outputs[:1]:
        o, t = search.step.floats(output), target
        if o.ndim != 2 or 1 in o.shape:
            continue
        sums = [bool(np.allclose(o.sum(axis), 1)) for axis in (0, 1)]
        ones = [bool(np.allclose(t.sum(axis), 1)) for axis in (0, 1)]
        binary = bool(((t == 0) | (t == 1)).all())
        over_all = bool(np.isclose(o.sum(), 1)) and any(ones)  # of the batch
        other_axis = sums.count(True) == 1 and ones.count(True) == 1 and sums != ones
        if (over_all or other_axis) and (o >= 0).all() and output.place:
            faults.append(Fault(output, output, output.place, [], kind="softmax-axis"))
        elif sums.count(True) == 1 and not any(ones) and binary and t.sum() in o.shape:
            nodes = [x for family in met for x in family.targets if isinstance(x, Node)]
            place = next((n.place for n in nodes if n.place and n.value.size == t.size), None)
            if place is not None:
                faults.append(Fault(output, output, place, [], kind="one-hot-scrambled"))
    return faults
