"""Which arrays are parameters: those from which something is taken that follows from them.

`W = W - s`, or `W -= s`, where s depends on W. What is shifted by its own mean depends on nothing else, so it is none.
"""

from compare.check.recording.graph import Node
from compare.check.steps.parameters import Parameter, Update, of_python_numbers, update_forms
from compare.check.steps.shares import of_one_network
from compare.check.steps.views import PRODUCTS, ancestors, unscaled_view, without_number


def find_parameters(nodes: list[Node]) -> list[Parameter]:
    """Every parameter that was updated, in the order of the first updates."""
    forms = {node: list(update_forms(node)) for node in nodes}
    begun = of_python_numbers(nodes, forms)
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
    steps = {without_number(update.step) for parameter in found for update in parameter.updates}
    updated = [  # by what another is changed is its velocity, though one may look ahead with it: (W + mu * v) @ x
        p for p in found if len(p.updates) > p.number and not any(update.node in steps for update in p.updates)
    ]
    products = {unscaled_view(parent) for node in nodes if node.function in PRODUCTS for parent in node.parents}
    updated = [  # whole numbers may be weights; what else is shifted by what follows from it are class numbers: y - p
        p for p in updated if p.versions[0].value.dtype.kind == "f" or products.intersection(p.versions)
    ]
    return of_one_network(updated, masks, {id(p): bits[id(p)] for p in updated}, nodes)


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
