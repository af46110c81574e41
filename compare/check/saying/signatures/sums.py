"""A sum of the wrong terms: for a bias over another axis or of another error, with an old gradient, or a penalty."""

import numpy as np

from compare.check.recording.graph import Node
from compare.check.saying.mended import summed_over, with_other_sign
from compare.check.saying.signatures.wrong_line import Named, WrongLine
from compare.check.understanding.matching import proportional

EXPLANATIONS = {
    "axis-wrong": "A bias gets the sum of its errors over the batch, one number for each unit; this is another sum.",
    "bias-gradient-from": "A bias is added to its layer's sum, so its gradient is that sum's error, added up over the "
    "batch; here {operand} is added up.",
    "not-reset": "Gradients of earlier steps are still in it: the sums have to begin at zero in every step.",
    "penalty-missing": "The loss has a penalty on these weights in it, whose derivative is a multiple of them; that is "
    "missing in their gradient.",
    "penalty-factor": "A penalty on the weights has a multiple of them for its derivative. Here {operand} times the "
    "weights are added to their gradient, {right}.",
}


def wrong_sum(wrong: WrongLine) -> Named | None:
    """A sum or a mean that is no gradient."""
    node = wrong.node
    if node.name not in ("sum", "mean") and node.function not in (np.sum, np.mean):
        return None
    instead = _summed_instead(wrong)
    return (
        wrong.named("bias-gradient-from", operand=instead) if instead else wrong.named("axis-wrong", _over_batch(wrong))
    )


def _summed_instead(wrong: WrongLine) -> str:
    """What is added up for a bias, where it is not the error of its layer's sum; "" where that is it."""
    step, explained = wrong.step, wrong.explained
    parent = next(iter(wrong.node.parents), None)
    role = explained.roles.get(parent) if parent is not None else None
    if parent is None or role is None:
        return ""
    mine = {step.parameters[k].leaf for k in wrong.fault.parameters}
    if role.of in step.leaves:
        return f"the gradient of {wrong.called(role.of)}" if role.of not in mine else ""
    value, exact = explained.value(parent), wrong.search.loss.derivatives
    direct = [n for n in step.nodes if n in exact and any(p in mine for p in n.parents)]
    if any(exact[n].shape == value.shape and proportional(value, exact[n], 1e-4) is not None for n in direct):
        return ""
    return wrong.called(parent) or "the error of another layer"


def _over_batch(wrong: WrongLine) -> str:
    """The line with its sum over the batch, in the shape of the bias."""
    leaf, error = wrong.step.parameters[wrong.fault.parameters[0]].leaf, next(wrong.node.parents)
    if error.value.ndim != 2 or leaf.value.size not in error.shape or len(set(error.shape)) == 1:
        return ""
    return summed_over(wrong.source, 1 - error.shape.index(leaf.value.size), keepdims=leaf.value.ndim == 2)


def not_reset(wrong: WrongLine) -> Named | None:
    """A sum to which what is left of an earlier step belongs."""
    if wrong.node.function in (np.add, np.subtract) and any(_is_old(p, wrong) for p in wrong.node.parents):
        return wrong.named("not-reset")
    return None


def _is_old(node: Node, wrong: WrongLine) -> bool:
    made = node not in wrong.step.moving and node.function is not None
    return made and node.value.size > 1 and bool(node.value.any())


def wrong_penalty(wrong: WrongLine) -> Named | None:
    """A gradient that is right but for a multiple of the weights."""
    shares = _penalty_shares(wrong)
    if shares is None:
        return None
    added, meant = shares
    grows = added < 0 and abs(meant) < 1e-6 * abs(added)
    return wrong.named(
        "penalty-factor", with_other_sign(wrong.source) if grows else "", operand=f"{added:.4g}",
        right="which makes them grow" if grows else f"where the loss has {meant:.4g}",
    )  # fmt: skip


def _penalty_shares(wrong: WrongLine) -> tuple[float, float] | None:
    """How many times the weights are added to their gradient, and how many times they should be."""
    node, step, fault = wrong.node, wrong.step, wrong.fault
    leaf = fault.role.of if fault.role is not None else None
    if leaf not in step.leaves or leaf is None or node.function not in (np.add, np.subtract) or leaf.value.size < 3:
        return None
    if fault.expected is None or fault.found is None or fault.found.shape != leaf.shape:
        return None
    weights = step.floats(leaf)
    for k, parent in enumerate(node.arguments[:2]):
        if isinstance(parent, Node) and parent.shape == leaf.shape:
            share = proportional(step.floats(parent), weights, 1e-9)
            off = proportional(fault.found - fault.expected, weights, 1e-5)
            if share is not None and off is not None:
                added = -share if k and node.function is np.subtract else share
                return added, added - off
    return None
