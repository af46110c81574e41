"""What an error is multiplied by, where it is no derivative of the activation: which mistake gives these numbers?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from compare.check.judging.explained import Explained
from compare.check.judging.faults import Fault, Search
from compare.check.recording.graph import Node
from compare.check.understanding.described import Layer, activation, layers_of

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
    """A mistake. name: of the diagnoses; words: what fills its explanation; stands, meant: values to exchange."""

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
        layer = layer_of(arriving, fault, search, explained)
        if layer is not None:  # as both were computed, whatever was wrong before
            e, found = (step.floats(n).reshape(node.shape) for n in (arriving, whole))
            with np.errstate(all="ignore"):
                slopes = list(_mistakes(layer, e, found, search))
            return [s for k, s in enumerate(slopes) if s.name not in {other.name for other in slopes[:k]}]
    return []


def layer_of(arriving: Node, fault: Fault, search: Search, explained: Explained) -> Layer | None:
    """The layer by whose output something is, or was mended to be, a derivative."""
    role = explained.role_of(arriving, search.values.get(arriving, search.step.floats(arriving)))
    wanted = fault.role.of if fault.role is not None else None
    for layer in layers_of(search.step, search.loss):
        after = set(search.step.behind([layer.after]))
        if role is not None and role.of in after and layer.before in search.step.behind([role.of]):
            known = bool(search.loss.outputs) or layer.after is not search.loss.node
            return layer if known else replace(layer, after=role.of)
        if wanted is layer.before and layer.before.value.size == arriving.value.size:
            return layer
    return None


def _mistakes(layer: Layer, e: np.ndarray, found: np.ndarray, search: Search) -> Iterator[Slope]:
    step, derivatives = search.step, search.loss.derivatives
    z, a = _as(step.floats(layer.before), found), _as(step.floats(layer.after), found)
    if z is None or a is None:
        return
    kind = activation(z, a)
    applied = {"relu": np.maximum(e, 0), **{name: function(e) for name, _, function in DERIVATIVES[2:]}}
    for name, value in applied.items():
        if _alike(found, value):
            yield Slope("activation-of-gradient", {"function": name})
    seen = abs(e) > 1e-9 * abs(e).max(initial=0.0)
    if not seen.any():
        return
    h = found[seen] / e[seen]
    by_z, by_a = (_as(derivatives[n], found) if n in derivatives else None for n in (layer.before, layer.after))
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
                    }, *((layer.after, layer.before) if is_output else (layer.before, layer.after)))  # fmt: skip
                elif kind:
                    yield Slope("derivative-of-another-activation", {"function": name, "right": kind})
    for other in layers_of(step, search.loss):
        if other is not layer and other.before is not layer.before:
            for there, here in ((other.before, layer.before), (other.after, layer.after)):
                at_other = _as(step.floats(there), found)
                if at_other is not None:
                    for name, _, function in DERIVATIVES:
                        if _alike(h, function(at_other)[seen]):
                            yield Slope("mask-wrong-layer", {"function": name}, there, here)


def _two_slopes(h: np.ndarray, wanted: np.ndarray) -> Iterator[Slope]:
    """A leaky ReLU: 1 above zero, and two different slopes below it, forward and backward."""
    ours, theirs = (np.unique(np.round(x / np.abs(x).max(), 9)) for x in (wanted, h))
    if h.size < LEAST:
        return
    below = abs(wanted) < (1 - CLOSE) * abs(wanted).max()
    if len(ours) == 2 and len(theirs) == 2 and below.any() and np.ptp(h[below]) < CLOSE and np.ptp(h[~below]) < CLOSE:
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
