"""What is wrong with a step though its gradients are right: parameters that stay, whole numbers, bad update rules."""

from collections.abc import Iterator

from compare.check.judging.fault import Fault, places_of
from compare.check.judging.search import Search
from compare.check.judging.update_rules import broken_momentum, missing_powers, rate_twice
from compare.check.recording.graph import Node
from compare.check.steps.parameters import update_forms
from compare.check.steps.views import unscaled
from compare.check.understanding.matching import same_size
from compare.check.understanding.step import Step


def beyond(search: Search, steps_before: int, first: list[Node]) -> list[Fault]:
    """All that is found.

    steps_before: how many steps the program had made when the judged one began; first: what the parameters were
    made as.
    """
    step = search.step
    return [
        *_never_changed(search), *_integers(step, first), *_grown(search), *broken_momentum(search),
        *missing_powers(search, steps_before), *rate_twice(search),
    ]  # fmt: skip


def _never_changed(search: Search) -> Iterator[Fault]:
    """A parameter whose gradient is computed and never used."""
    step = search.step
    for still in step.still:
        node = _gradient_of(search, still)
        if node is not None:
            # the gradient itself may have been changed in the parameter's place
            line = next((n for n in step.nodes if any(unscaled(b) is node for b, _, _ in update_forms(n))), None)
            place = (line.place if line else None) or step.parameters[-1].updates[-1].node.place or node.place
            assert place is not None
            yield Fault(node, node, place, [], also=places_of(node), kind="never-updated", about=still)


def unused(search: Search) -> list[Node]:
    """What is used as a parameter is and never changes, and no gradient of it is computed."""
    exact = search.loss.derivatives
    return [still for still in search.step.still if still in exact and _gradient_of(search, still) is None]


def _gradient_of(search: Search, still: Node) -> Node | None:
    """The first node with a label in it that is the gradient of a parameter; one example's error is that of a bias."""
    exact = search.loss.derivatives.get(still)
    if exact is None or not exact.any() or exact.size < 2:
        return None
    tolerance, step = search.tolerance, search.step

    def gives(node: Node) -> bool:
        return tolerance.factor(step.floats(node).reshape(exact.shape), exact, still) is not None

    alike = (n for n in step.nodes if n in search.labelled and n.value.size == exact.size)
    return next((n for n in alike if n.value.dtype.kind == "f" and gives(n)), None)


def _integers(step: Step, first: list[Node]) -> Iterator[Fault]:
    """Parameters of integers: what is less than 1 is cut off every update."""
    for k, (parameter, made) in enumerate(zip(step.parameters, first, strict=False)):
        if parameter.leaf.value.dtype.kind in "iu":
            node = parameter.updates[-1].node if parameter.updates else parameter.leaf
            place = made.place or node.place
            if place is not None:
                yield Fault(
                    node,
                    node,
                    place,
                    [k],
                    also=places_of(node),
                    kind="integer-dtype",
                    about=parameter.leaf,
                )


def _grown(search: Search) -> Iterator[Fault]:
    """A bias that has become one row for each example: its gradient was not summed."""
    step = search.step
    for k, parameter in enumerate(step.parameters):
        for update in parameter.updates:
            if {parameter.leaf.shape, unscaled(update.before).shape} != {update.node.shape}:
                sources = [n for n in same_size(step, [update.step], update.step.value.size) if n in search.labelled]
                place = sources[-1].place if sources else update.node.place
                assert place is not None
                yield Fault(update.node, update.node, place, [k], kind="sum-missing")
                break
