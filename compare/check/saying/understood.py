"""What was understood, in words: layers, activations, output, loss, how it is reduced, and the update rule."""

from typing import Any

import numpy as np

from compare.check.judging.explained import Explained
from compare.check.steps.views import unscaled
from compare.check.understanding.layers import activation, layers_of, rows_of
from compare.check.understanding.loss import Loss
from compare.check.understanding.matching import Match, same_size
from compare.check.understanding.step import Step


def understood(step: Step, loss: Loss, explained: Explained, matches: dict[int, Match]) -> dict[str, Any]:
    """Layers, activations, output, loss, reduction, update: words and numbers."""
    layers = layers_of(step, loss)
    kinds = [activation(step.floats(layer.before), step.floats(layer.after)) or "?" for layer in layers]
    sizes = [layers[0].fan_in, *(layer.fan_out for layer in layers)] if layers else []
    m = rows_of(loss, sizes)
    return {
        "layers": sizes,
        "activations": kinds[:-1],
        "output": kinds[-1] if kinds and kinds[-1] != "?" else loss.output or "?",
        "loss": loss.name or "a loss of its own",
        "reduction": _reduction(step, loss, explained, m),
        "update": _update(step, explained, matches),
        "data": {"batch": m},
    }


def _scale(step: Step, explained: Explained) -> float | None:
    """The factor between the gradient that is computed and that of the loss's sum over all entries."""
    for parameter in reversed(step.parameters):
        own = [n for n, r in explained.roles.items() if r.of is parameter.leaf and not r.share]
        updates = {u.node.place for u in parameter.updates}
        line = [n for n in own if n.place == own[0].place and n.place not in updates] or own[:1]
        if line:
            return explained.roles[line[-1]].factor
    return None


def _reduction(step: Step, loss: Loss, explained: Explained, m: int) -> str:
    scale = _scale(step, explained)
    if scale is None or not loss.outputs:
        return "?"
    scale = abs(scale) * (loss.factor if loss.computed is not None or loss.node is not None else 1.0)
    entries = sum(o.value.size for o, _ in loss.outputs)
    halves = {"squared error": 2.0}.get(loss.name, 1.0)  # known is half the sum of squares
    for name, value in (("sum", 1.0), ("mean", 1 / max(m, 1)), ("mean over all entries", 1 / entries)):
        for words, factor in ((f"{name} / 2", 1.0), (name, halves)) if halves == 2 else ((name, 1.0),):
            if abs(scale / (value * factor) - 1) < 1e-5:
                return words
    return f"sum x {scale:.4g}"


def _update(step: Step, explained: Explained, matches: dict[int, Match]) -> str:
    scale = _scale(step, explained)
    rules = []
    for k, match in matches.items():
        parameter = step.parameters[k]
        decay = " with weight decay" if match.penalty else ""
        if match.node is None:
            rate = f", learning rate {abs(match.factor / scale):.4g}" if scale else ""
            rules.append(f"SGD{rate}{decay}")
            continue
        nodes = same_size(step, [u.step for u in parameter.updates], parameter.leaf.value.size)
        states = {unscaled(p) for n in nodes for p in n.parents
                  if p not in step.moving and p.shape == parameter.leaf.shape and p.value.size > 1}  # fmt: skip
        roots = any(n.function is np.sqrt or n.name == "power" for n in nodes)
        rules.append(
            "Adam" if roots and len(states) > 1 else "RMSProp or Adagrad" if roots and states
            else f"SGD with momentum{decay}" if states else f"SGD{decay}"
        )  # fmt: skip
    return max(rules, key=rules.count, default="?")
