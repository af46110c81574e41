"""What an error is multiplied by, where it is no derivative of the activation: which mistake gives these numbers?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from compare.check.judging.explained import Explained
from compare.check.judging.fault import Fault
from compare.check.judging.search import Search
from compare.check.recording.graph import Node
from compare.check.understanding.layers import activation, layers_of
from compare.check.understanding.matching import same_size

EXPLANATIONS = {
    "derivative-of-wrong-argument": "The derivative of {function} is written here for {right}, and gets {operand}.",
    "derivative-of-another-activation": "What the error is multiplied by is the derivative of {function}; forward "
    "there stands {right}.",
    "mask-wrong-layer": "The derivative of {function} is right, and taken where another layer stands.",
    "slope-differs": "Below zero the slope is {right} going forward, and {operand} going back: the two have to agree.",
    "dropout-mask-missing": "The units that were dropped going forward had no part in the loss, so nothing comes back "
    "through them: the error is multiplied by the same mask.",
}
CLOSE = 1e-6
LEAST = 4  # entries: with fewer, a pattern fits by chance

#: Derivatives, by the activation they belong to, and whether they are written in terms of what comes out of it.
DERIVATIVES: tuple[tuple[str, bool, Callable[[np.ndarray], np.ndarray]], ...] = (
    ("relu", False, lambda x: (x > 0).astype(float)),
    ("relu", False, lambda x: (x >= 0).astype(float)),
    ("sigmoid", True, lambda x: x * (1 - x)),
    ("sigmoid", False, lambda x: np.exp(-abs(x)) / np.square(1 + np.exp(-abs(x)))),
    ("tanh", True, lambda x: 1 - x * x),
    ("tanh", False, lambda x: 1 - np.square(np.tanh(x))),
    ("softplus", False, lambda x: 1 / (1 + np.exp(-x))),
)


@dataclass(frozen=True)
class Slope:
    """A mistake. name: of EXPLANATIONS; words: what fills its explanation; stands, meant: values to exchange."""

    name: str
    words: dict[str, str]
    stands: Node | None = None
    meant: Node | None = None


def slope_mistakes(fault: Fault, search: Search, explained: Explained) -> list[Slope]:
    """Those that give these numbers, with no free factor."""
    node, step = fault.first, search.step
    whole = fault.node if fault.node.number > node.number and fault.node.value.size == node.value.size else node
    for arriving in node.parents:
        if arriving not in search.labelled or arriving.value.size != node.value.size:
            continue
        e, found = (step.floats(n).reshape(node.shape) for n in (arriving, whole))
        for unit in units_of(arriving, fault, search, explained):  # as both were computed, whatever was wrong before
            with np.errstate(all="ignore"):
                slopes = list(_mistakes(unit, e, found, search))
            if slopes:
                return [s for k, s in enumerate(slopes) if s.name not in {other.name for other in slopes[:k]}]
    return []


def applied_to_error(fault: Fault, search: Search) -> str:
    """The function that is applied to what arrives, and that should be applied to the activation's input; else ""."""
    step, found = search.step, search.step.floats(fault.node)
    for arriving in fault.first.parents:
        if arriving in search.labelled and arriving.value.size == found.size:
            e = step.floats(arriving).reshape(found.shape)
            with np.errstate(all="ignore"):
                values = {"relu": np.maximum(e, 0), **{name: function(e) for name, _, function in DERIVATIVES[2:]}}
                name = next((name for name, value in values.items() if _alike(found, value)), "")
            if name:
                return name
    return ""


@dataclass(frozen=True)
class Unit:
    """An activation of the forward pass: its input, its output, and its name, if it has one."""

    before: Node
    after: Node
    kind: str


def units_of(arriving: Node, fault: Fault, search: Search, explained: Explained) -> list[Unit]:
    """The activations by whose output something is, or was mended to be, a derivative: one, if its name is known."""
    step = search.step
    role = explained.roles.get(arriving)
    if role is None:
        role = explained.role_of(arriving, search.values.get(arriving, step.floats(arriving)))
    wanted = fault.role.of if fault.role is not None else None
    layers = layers_of(step, search.loss)
    if role is not None and not role.share and role.of not in step.leaves:
        inner = same_size(step, [role.of], role.of.value.size)[1:12]
        for node in inner:
            kind = activation(step.floats(node), step.floats(role.of))
            if kind not in ("", "linear"):
                return [Unit(node, role.of, kind)]
        return [Unit(node, role.of, "") for node in inner if node in search.loss.derivatives]
    return [
        Unit(layer.before, layer.after, activation(step.floats(layer.before), step.floats(layer.after)))
        for layer in layers
        if wanted is layer.before and layer.before.value.size == arriving.value.size == layer.after.value.size
    ]


def _mistakes(unit: Unit, e: np.ndarray, found: np.ndarray, search: Search) -> Iterator[Slope]:
    step, derivatives, kind = search.step, search.loss.derivatives, unit.kind
    z, a = _as(step.floats(unit.before), found), _as(step.floats(unit.after), found)
    seen = abs(e) > 1e-9 * abs(e).max(initial=0.0)
    if z is None or a is None or not seen.any():
        return
    h = found[seen] / e[seen]
    by_z, by_a = (_as(derivatives[n], found) if n in derivatives else None for n in (unit.before, unit.after))
    if by_z is not None and by_a is not None:
        wanted = by_z[seen] / by_a[seen]
        yield from _two_slopes(h, wanted)
        yield from _dropped(h, wanted)
    for name, output_form, function in DERIVATIVES:
        for at, is_output in ((z, False), (a, True)):
            if _alike(h, function(at)[seen]):
                if name == kind and (is_output == output_form or name == "relu"):
                    return  # it is right, so something else is not
                if name == kind:
                    yield Slope("derivative-of-wrong-argument", {
                        "function": name, "operand": "the output" if is_output else "the sum before it",
                        "right": "the output" if output_form else "the sum before it",
                    }, *((unit.after, unit.before) if is_output else (unit.before, unit.after)))  # fmt: skip
                elif kind:
                    yield Slope("derivative-of-another-activation", {"function": name, "right": kind})
    own = same_size(step, [unit.after], unit.after.value.size)
    for other in layers_of(step, search.loss):
        if other.before not in own:
            for there, here in ((other.before, unit.before), (other.after, unit.after)):
                at_other = _as(step.floats(there), found)
                if at_other is not None:
                    for name, _, function in DERIVATIVES:
                        if _alike(h, function(at_other)[seen]):
                            yield Slope("mask-wrong-layer", {"function": name}, there, here)


def _two_slopes(h: np.ndarray, wanted: np.ndarray) -> Iterator[Slope]:
    """A leaky ReLU: 1 above zero, and two different slopes below it, forward and backward."""
    slopes = [np.unique(np.round(x / np.abs(x).max(), 9)) for x in (wanted, h)]
    if h.size < LEAST:
        return
    below = abs(wanted) < (1 - CLOSE) * abs(wanted).max()
    if all(len(two) == 2 for two in slopes) and below.any() and np.ptp(h[below]) < CLOSE and np.ptp(h[~below]) < CLOSE:
        yield Slope("slope-differs", {"operand": f"{h[below][0] / h[~below][0]:.4g}",
                                      "right": f"{wanted[below][0] / wanted[~below][0]:.4g}"})  # fmt: skip


def _dropped(h: np.ndarray, wanted: np.ndarray) -> Iterator[Slope]:
    """What was set to zero going forward is not, going back; the rest is off by one factor."""
    kept = abs(wanted) > 0
    both = kept & (abs(h) > 0)
    if both.sum() < LEAST or not (~kept & (abs(h) > 0)).any() or (kept & (h == 0)).any():
        return
    ratio = wanted[both] / h[both]
    if np.ptp(ratio) < CLOSE * abs(ratio).max() and abs(ratio[0] - 1) > CLOSE:
        yield Slope("dropout-mask-missing", {})


def _as(x: np.ndarray, like: np.ndarray) -> np.ndarray | None:
    if x.shape == like.shape:
        return x
    return x.T if x.T.shape == like.shape else x.reshape(like.shape) if x.size == like.size and 1 in x.shape else None


def _alike(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether two arrays have the same entries, and such as tell one function from another."""
    if x.shape != y.shape or not np.isfinite(x).all() or not np.isfinite(y).all():
        return False
    size = abs(y).max(initial=0.0)
    tells = np.ptp(y) > CLOSE * size if y.size > 1 else min(abs(y.flat[0]), abs(y.flat[0] - 1)) > CLOSE
    return size > 0 and bool((abs(x - y) <= CLOSE * size).all()) and tells
