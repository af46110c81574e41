"""Mistakes of the forward pass and of the loss."""

import numpy as np

from compare.check.signature import Signature
from compare.check.view import Array, View, relu, sigmoid, softmax

EPSILONS = tuple(10.0**-n for n in range(5, 17))


def _forward_z(v: View, W: Array, b: Array | float) -> Array:
    return np.asarray(v.a_in @ W + b)


def _unshifted(v: View) -> Array | list[Array]:
    e = np.exp(v.z.astype(v.judgement.trial.dtype))
    return np.asarray(e / e.sum(axis=1, keepdims=True)) if np.isinf(e).any() else []


FORWARD_MISTAKES = (
    # the forward pass
    Signature(
        "bias-missing", ("z",), "The bias {b} is not added.",
        lambda v: _forward_z(v, v.W, 0.0),
    ),
    Signature(
        "bias-subtracted", ("z",), "The bias {b} is subtracted where it should be added.",
        lambda v: _forward_z(v, v.W, -v.b),
    ),
    Signature(
        "stale-weights", ("z",), "The forward pass uses weights that are no longer the network's: a copy made earlier.",
        lambda v: [_forward_z(v, s[f"W{v.k}"], b) for s in v.stale for b in (v.b, s[f"b{v.k}"])],
    ),
    Signature(
        "input-scaled", ("z",), "The pixels are scaled once more inside the network; they are in [0, 1] already.",
        lambda v: [v.x / 255 @ v.W + v.b, v.x / 256 @ v.W + v.b] if v.k == 1 else [],
    ),
    Signature(
        "activation-missing", ("a",), "The activation is left out: {line} is z as it stands.",
        lambda v: v.z,
    ),
    Signature(
        "leaky-relu", ("a",), "Negative values leak through: this is a leaky ReLU, and its derivative is another one.",
        lambda v: [np.where(v.z > 0, v.z, s * v.z) for s in (0.01, 0.1, 0.2, 0.3, 0.001, 0.02, 0.05)],
    ),
    Signature(
        "wrong-layer", ("a",), "The activation is taken of another layer's z.",
        lambda v: [f(v.line("z", j)) for j in range(1, v.L) if j != v.k for f in (relu, sigmoid, np.tanh)],
    ),
    Signature(
        "softmax-axis", ("softmax",),
        "The softmax runs over the batch, not over the classes: each image's probabilities should add up to 1.",
        lambda v: [softmax(v.z, axis=0), np.exp(v.z - v.z.max()) / np.exp(v.z - v.z.max()).sum(),
                   np.exp(v.z - v.z.max(axis=1, keepdims=True)) / np.exp(v.z - v.z.max(axis=1, keepdims=True)).sum(),
                   np.exp(v.z - v.z.max(axis=1, keepdims=True))
                   / np.exp(v.z - v.z.max(axis=1, keepdims=True)).sum(axis=0, keepdims=True)],
    ),
    Signature(
        "softmax-twice", ("softmax",), "The softmax is taken twice: of probabilities, not of scores.",
        lambda v: softmax(softmax(v.z)),
    ),
    Signature(
        "output-not-softmax", ("softmax",),
        "The output is a sigmoid of each score, not a softmax over them; with it goes another loss.",
        lambda v: [sigmoid(v.z), np.maximum(v.z, 0), np.tanh(v.z), v.z],
    ),
    Signature(
        "softmax-unnormalised", ("softmax",), "The exponentials are not divided by their sum.",
        lambda v: [np.exp(v.z), np.exp(v.z - v.z.max(axis=1, keepdims=True))],
    ),
    Signature(
        "softmax-overflow", ("softmax",),
        "The softmax overflows: exp of a score above 709 (88 in float32) is infinite. Take each image's largest "
        "score off first; it cancels.",
        _unshifted,
    ),
    Signature(
        "softmax-underflow", ("softmax",),
        "One maximum for the whole batch is taken off: an image whose scores all lie far below it is left with 0 / 0. "
        "Take off each image's own.",
        lambda v: softmax(v.z, shift=v.z.max()),
    ),
    # the loss
    Signature(
        "log-base", ("loss",), "The logarithm is to the base 2 or 10; the derivative output - y needs the natural one.",
        lambda v: [v.expected / np.log(2), v.expected / np.log(10)], factor="1 / ln 2 = 1.4427",
    ),
    Signature(
        "epsilon-in-log", ("loss",),
        "A small number inside the log keeps it from log(0). It moves the loss a little, and the gradients not at all.",
        lambda v: [-(v.y * np.log(v.line("a", v.L) + e)).sum() / v.m for e in EPSILONS]
        + [-(v.y * np.log(np.clip(v.line("a", v.L), e, 1 - e))).sum() / v.m for e in EPSILONS]
        + [-(v.y * np.log(np.clip(v.line("a", v.L), e, 1))).sum() / v.m for e in EPSILONS],
        harmless=True,
    ),
    Signature(
        "log-underflow", ("loss",),
        "The loss is the log of a probability that has rounded to 0. Take the log before the quotient: "
        "z - log(sum(exp(z))).",
        lambda v: -np.log(softmax(v.z)[v.y > 0]).mean(), harmless=True,
    ),
    Signature(
        "loss-of-another-kind", ("loss",), "This loss is not the cross-entropy, whose gradient output - y is.",
        lambda v: [((v.line("a", v.L) - v.y) ** 2).sum(), -(v.y * np.log(v.line("a", v.L))
                    + (1 - v.y) * np.log(1 - v.line("a", v.L))).sum()], up_to_scale=True,
    ),
)  # fmt: skip
