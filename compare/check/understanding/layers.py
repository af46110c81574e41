"""The layers of a network, read from its forward pass: which weights, which activation, how many units and examples."""

from dataclasses import dataclass

import numpy as np

from compare.check.recording.graph import Node
from compare.check.steps.views import PRODUCTS, unscaled_view
from compare.check.understanding.loss import Loss
from compare.check.understanding.step import Step


@dataclass(frozen=True)
class Layer:
    """A product with a parameter. before: its value with the bias; after: what goes into the next product."""

    weights: Node
    before: Node
    after: Node
    fan_in: int
    fan_out: int


def layers_of(step: Step, loss: Loss) -> list[Layer]:
    """The layers of the forward pass, in order; each parameter counts once."""
    ends = [o for o, _ in loss.outputs[:1]] or loss.ends
    forward = step.behind(ends)
    found, seen = list[tuple[Node, Node]](), set[Node]()
    for node in forward:
        if node.function in PRODUCTS:
            for parent in node.parents:
                leaf = unscaled_view(parent)
                if leaf in step.leaves and leaf not in seen and leaf.value.ndim > 1:
                    seen.add(leaf)
                    found.append((leaf, node))
    layers = []
    for k, (leaf, product) in enumerate(found):
        before = product
        for node in forward:
            others = [p for p in node.parents if p is not product]
            if (
                node.function is np.add
                and product in node.parents
                and others
                and unscaled_view(others[0]) in step.leaves
            ):
                before = node
        after = ends[0]
        if k + 1 < len(found):
            after = next(
                (p for p in found[k + 1][1].parents if p in step.moving and unscaled_view(p) not in step.leaves), before
            )
        after = _untransposed(after)
        units = [n for n in leaf.shape if n in before.shape] or [leaf.shape[-1]]
        fan_out = next(
            (n for n in (leaf.shape[0], leaf.shape[-1]) if n in before.shape and _out(leaf, product, n)), units[-1]
        )
        layers.append(Layer(leaf, before, after, leaf.value.size // max(fan_out, 1), fan_out))
    return layers


def _out(leaf: Node, product: Node, n: int) -> bool:
    parents = list(product.parents)
    a, b = parents[:2] if len(parents) > 1 else (leaf, leaf)
    mine = a if unscaled_view(a) is leaf else b
    return mine.shape[-1 if mine is b else 0] == n


def _untransposed(node: Node) -> Node:
    while node.function in (np.transpose, np.reshape, np.copy):
        node = next(node.parents)
    return node


def activation(z: np.ndarray, a: np.ndarray) -> str:
    """The function that gives a from z, by its values; "" where it is none that is known."""
    if z.shape != a.shape:
        if z.T.shape != a.shape:
            return ""
        z = z.T
    with np.errstate(all="ignore"):
        known = {
            "linear": z, "relu": np.maximum(z, 0), "tanh": np.tanh(z), "sigmoid": 1 / (1 + np.exp(-z)),
            "softplus": np.logaddexp(z, 0), "swish": z / (1 + np.exp(-z)), "elu": np.where(z > 0, z, np.expm1(z)),
        }  # fmt: skip
        for axis in range(z.ndim):
            e = np.exp(z - z.max(axis=axis, keepdims=True))
            known[f"softmax{axis}"] = e / e.sum(axis=axis, keepdims=True)
        for name, values in known.items():
            if np.allclose(a, values, rtol=1e-5, atol=1e-7):
                return name.rstrip("012")
        slopes = (a / z)[z < 0]
        if slopes.size and np.allclose(a[z >= 0], z[z >= 0]) and np.ptp(slopes) < 1e-6 * abs(slopes).max():
            return f"leaky relu ({slopes[0]:.3g})"
    return ""


def rows_of(loss: Loss, sizes: list[int]) -> int:
    """How many examples its outputs are of. sizes: the widths of the layers."""
    if not loss.outputs:
        return 0
    if len(loss.outputs) > 1:
        return len(loss.outputs)
    shape = loss.outputs[0][0].shape
    rest = [n for n in shape if n != (sizes[-1] if sizes else 0)]
    return int(rest[0]) if rest else int(shape[0]) if len(shape) > 1 else 1
