"""What is wrong with the rule of an update, though gradients are right: momentum, Adam, the rate, whose gradient."""

from collections.abc import Iterator

import numpy as np

from compare.check.judging.explained import Explained
from compare.check.judging.fault import Fault, places_of
from compare.check.judging.search import Search
from compare.check.recording.graph import Node
from compare.check.steps.views import unscaled
from compare.check.understanding.matching import same_size, single
from compare.check.understanding.step import Step


def exchanged(search: Search, explained: Explained) -> Iterator[Fault]:
    """Parameters that are changed by the gradients of others."""
    for k in sorted(search.lost):
        parameter = search.step.parameters[k]
        for node in _on_the_way(search.step, k):
            role = explained.roles.get(node)
            other = role is not None and not role.share and role.of is not parameter.leaf
            if role is not None and other and role.of in search.step.leaves:
                place = parameter.updates[-1].node.place
                if place is not None:
                    yield Fault(node, node, place, [k], also=places_of(node), kind="order-of-gradients", about=role.of)
                break


def shared_velocities(search: Search, explained: Explained) -> Iterator[Fault]:
    """A velocity, or a sum, to which the gradient of another parameter was added in the same step."""
    step = search.step
    for k, match in search.matches().items():
        leaf = step.parameters[k].leaf
        if match.node is None or leaf.value.size < 2:
            continue
        for node in _on_the_way(step, k):
            mine = [p for p in node.parents if match.node in step.behind([p])]
            others = [p for p in node.parents if p in search.labelled and p not in mine]
            if node.function not in (np.add, np.subtract) or not mine or not others or node.place is None:
                continue
            roles = [explained.roles.get(n) for n in same_size(step, others, leaf.value.size)]
            owner = next((r.of for r in roles if r and not r.share and r.of in step.leaves and r.of is not leaf), None)
            if owner is not None:
                yield Fault(node, node, node.place, [k], also=places_of(node), kind="shared-velocity", about=owner)
                break


def broken_momentum(search: Search) -> Iterator[Fault]:
    """A velocity that is taken back, or kept whole: v = -mu v - lr g, v = v - lr g."""
    for k, match in search.matches().items():
        if match.node is None:
            continue
        kept = [(node, share) for node in _on_the_way(search.step, k) if (share := _kept(search, k, match.node, node))]
        if any(0 < share < 1 - 1e-9 for _, share in kept):  # g - m in m + (1 - beta) (g - m) is no velocity by itself
            continue
        for node, share in reversed(kept):
            wrong = "momentum-sign" if -1 + 1e-9 < share < 0 else "not-reset" if abs(share - 1) < 1e-9 else ""
            if wrong and node.place is not None:
                yield Fault(node, node, node.place, [k], factor=share, kind=wrong)
                break


def _kept(search: Search, k: int, gradient: Node, node: Node) -> float | None:
    """How much of a velocity a sum keeps to which a multiple of a parameter's gradient is added; None if it is none."""
    step, leaf = search.step, search.step.parameters[k].leaf
    states = [p for p in node.parents if p not in step.moving and p.value.shape == node.shape]
    if node.function not in (np.add, np.subtract) or len(states) != 1 or node.value.size < 3:
        return None
    state = unscaled(states[0])
    if state in step.leaves or state is leaf or not state.value.any():
        return None
    exact = step.floats(gradient).ravel()
    along = step.floats(state).ravel()
    lengths = float(np.sqrt(np.square(exact).sum() * np.square(along).sum()))
    if single(exact) or abs(exact @ along) > 0.999 * lengths:  # which of the two it is made of cannot be told
        return None
    basis, value = np.stack([step.floats(n).ravel() for n in (state, gradient)], axis=1), step.floats(node).ravel()
    if not np.isfinite(basis).all() or not np.isfinite(value).all():
        return None
    kept, taken = np.linalg.lstsq(basis, value, rcond=None)[0]
    fits = abs(basis @ [kept, taken] - value).max() <= 1e-6 * abs(value).max()
    return float(kept) if fits and taken else None


def missing_powers(search: Search, steps_before: int) -> Iterator[Fault]:
    """Adam's moments divided by 1 - beta, and not by 1 - beta to the power of the step."""
    step = search.step
    for k in range(len(step.parameters)):
        for node in step.behind_updates([k]):
            if node.function is not np.divide or not isinstance(node.arguments[0], Node):
                continue
            moment, by = node.arguments[0], step.number(node.arguments[1])
            if by is None or moment.function is not np.add:
                continue
            shares = [_share(step, parent) for parent in moment.parents]
            if None in shares or len(shares) != 2:
                continue
            new = 1 - by  # beta to the power
            kept = [s for s in shares if s is not None and 0.5 < s < 1]
            if kept and abs(new - kept[0]) < 1e-9 and steps_before > 1 and node.place is not None:
                yield Fault(node, node, node.place, [k], kind="adam-without-powers")


def rate_twice(search: Search) -> Iterator[Fault]:
    """The same number, not 1, 2 or a half, twice on the way from a gradient to its update, for every parameter."""
    step, found = search.step, list[tuple[int, Node, Node]]()
    lengths = {n for node in step.nodes for n in node.shape} | {len(search.loss.outputs)}
    for k in range(len(step.parameters)):
        seen: dict[float, Node] = {}
        on_the_way = _on_the_way(step, k)
        averages = {factor for node in on_the_way for factor in _of_average(step, node)}
        for node in on_the_way:
            number = None if node in averages else _share(step, node)
            if number is None or number in (1.0, -1.0, 2.0, 0.5) or number <= 0 or number >= 1:
                continue
            if any(abs(number * length - 1) < 1e-9 for length in lengths):  # a mean over as many
                continue
            if number in seen:
                found.append((k, seen[number], node))
                break
            seen[number] = node
    if found and len(found) == len([p for p in step.parameters if p.updates]):
        _, late, early = found[0]
        assert late.place is not None
        everyone = [k for k, _, _ in found]
        yield Fault(late, late, late.place, everyone, also=places_of(early), kind="learning-rate-in-gradient")


def _share(step: Step, node: Node) -> float | None:
    """The number by which something is multiplied."""
    numbers = [number for number in map(step.number, node.arguments) if number is not None]
    return numbers[0] if node.function is np.multiply and len(numbers) == 1 else None


def _of_average(step: Step, node: Node) -> list[Node]:
    """The products that make a node a running average, beta v + (1 - beta) g: no number in them is a learning rate."""
    if node.function is not np.add or len(list(node.parents)) != 2:
        return []
    numbers, products = list[float](), list[Node]()
    for parent in node.parents:
        number, waiting = 1.0, [parent]
        while waiting:
            factor = waiting.pop()
            if factor.function is np.multiply:
                number *= _share(step, factor) or 1.0
                products.append(factor)
                waiting += [p for p in factor.parents if p.shape == factor.shape and p.value.size > 1]
        numbers.append(number)
    return products if abs(sum(numbers) - 1) < 1e-9 and 0 < numbers[0] < 1 else []


def _on_the_way(step: Step, k: int) -> list[Node]:
    """What is made of a parameter's gradient on the way to its update, the last first."""
    parameter = step.parameters[k]
    return same_size(step, [u.step for u in parameter.updates], parameter.leaf.value.size)
