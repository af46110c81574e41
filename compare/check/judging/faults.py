"""The wrong lines: of each the first node on the way to a wrong gradient that is not explained by what it is made of.

Some gradients are right but for a factor that the others have not: then it is the first node that brings it in. After
a wrong node was found, what should stand there is put in its place, everything behind it is run again, and the rest is
judged as if that line were mended.
"""

from compare.check.judging.explained import Explained
from compare.check.judging.factors import add_wrong_factors
from compare.check.judging.fault import Fault
from compare.check.judging.repair import repair
from compare.check.judging.search import Search
from compare.check.judging.unexplained import first_unexplained


def faults_in(search: Search) -> list[Fault]:
    """All faults, in the order of the program."""
    faults = list[Fault]()
    for _ in range(6):
        explained = Explained(search.step, search.loss, search.labelled, search.tolerance, search.values)
        sound = search.sound()
        if not search.values and search.agree():
            break
        wrong = [k for k in search.judged if k not in sound and k not in search.lost]
        fault = first_unexplained(search, explained, wrong)
        if fault is None:
            search.lost |= set(wrong) - set(search.matches())
            break
        faults.append(fault)
        if not repair(search, fault, explained):
            search.lost |= set(fault.parameters)
    explained = Explained(search.step, search.loss, search.labelled, search.tolerance, search.values)
    add_wrong_factors(search, explained, faults)
    return sorted(faults, key=lambda fault: fault.first.number)
