"""What the learner calls a value."""

from compare.check.judging.search import Search
from compare.check.recording.graph import Node
from compare.check.saying.source import added, name_of, target
from compare.check.steps.views import unscaled_view


def called(node: Node, search: Search) -> str:
    """What the learner calls a value."""
    for parameter in search.step.parameters:
        if parameter.leaf is node or any(u.node is node for u in parameter.updates):
            return parameter.name
    everything = [*search.step.nodes]
    use = next((n for n in everything if node in n.parents), node)
    name = (added(use.place) if node in search.step.still else "") or name_of(node, everything)
    if name:
        return name
    base = unscaled_view(node)
    if base is not node:
        return name_of(base, everything)
    given = target(node.place) if node.function is None else ""
    return given if "," not in given else ""  # one of several that a line gives
