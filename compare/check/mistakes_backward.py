"""Mistakes of the backward pass, and transposes and early updates wherever they are."""

import numpy as np

from compare.check.signature import BACKWARD, Signature
from compare.check.view import Array, View, activated, derivative, sigmoid, softmax


def _mask_wrong_layer(v: View) -> list[Array]:
    return [v.da * derivative(v.activation, v.line("a", j)) for j in range(1, v.L) if j != v.k and _same(v.da, v, j)]


def _same(da: Array, v: View, j: int) -> bool:
    return da.shape == v.line("a", j).shape


def _other_layers(v: View, kind: str) -> list[Array]:
    shape = v.line(kind, v.k - 1 if kind == "a" and v.kind == "dW" else v.k).shape
    below = v.k - 1 if v.kind == "dW" else v.k
    lowest = 0 if kind == "a" else 1
    return [v.line(kind, j) for j in range(lowest, v.L + 1) if j != below and v.line(kind, j).shape == shape]


def _shifted_labels(v: View) -> list[Array]:
    return [v.a - np.roll(v.y, s, axis=1) for s in (1, -1)] + [
        v.a - np.where(np.arange(v.classes) == 0, 0.0, np.roll(v.y, 1, axis=1)),
        v.a - np.where(np.arange(v.classes) == v.classes - 1, 0.0, np.roll(v.y, -1, axis=1)),
    ]


def _jacobian(a: Array, g: Array) -> Array:
    return np.asarray(a * (g - (a * g).sum(axis=1, keepdims=True)))


def _multiple(rest: Array, of: Array) -> float:
    return float((rest * of).sum() / (of * of).sum())


def _less(v: View) -> int:
    return v.mean - 1 if v.mean > 1 else 1


def _recomputed(v: View, everything: bool) -> Array:
    """a_k once more, with the parameters after the step: all of them, or those of this layer."""
    a = v.x if everything else v.a_in
    for j in range(1 if everything else v.k, v.k + 1):
        a = activated(v.activation, a @ v.after(f"W{j}") + v.after(f"b{j}"))
    return a


def _stepped(v: View) -> Array:
    """a_k once more, after the step that the right dz would make in this layer."""
    step = v.rate / (1 if v.judgement.convention.mean_at == "dz" else v.m)
    W, b = v.W - step * v.a_in.T @ v.expected, v.b - step * v.expected.sum(axis=0)
    return activated(v.activation, v.a_in @ W + b)


def _transposed(v: View) -> Array:
    if v.kind == "z":
        return np.asarray(v.a_in @ v.W.T + v.b)
    return v.expected.T if v.kind == "dW" else np.asarray(v.dz_up @ v.W_up)


BACKWARD_MISTAKES = (
    # dz of the last layer
    Signature(
        "onehot-shifted", ("last",), "The 1 of the one-hot rows is in the wrong column: off by one.",
        lambda v: [d / v.mean for d in _shifted_labels(v)],
    ),
    Signature(
        "labels-shuffled", ("last",), "The labels belong to other rows than the images.",
        lambda v: [(v.a - np.roll(v.y, s, axis=0)) / v.mean for s in (1, -1)] + [(v.a - v.y[::-1]) / v.mean],
    ),
    Signature(
        "onehot-missing", ("last",), "The one-hot labels are never subtracted.",
        lambda v: v.a / v.mean,
    ),
    Signature(
        "softmax-twice", ("last",), "The output is a softmax already, and a second one is taken of it.",
        lambda v: (softmax(v.a) - v.y) / v.mean,
    ),
    Signature(
        "softmax-missing", ("last",), "The labels are subtracted from the scores, not from their softmax.",
        lambda v: (v.z - v.y) / v.mean,
    ),
    Signature(
        "softmax-axis", ("last",),
        "The softmax runs over the batch, not over the classes: each image's probabilities should add up to 1.",
        lambda v: (softmax(v.z, axis=0) - v.y) / v.mean,
    ),
    Signature(
        "loss-gradient-mismatch", ("last",),
        "This is the gradient of another loss. With softmax and cross-entropy together it is output - y, and no more.",
        lambda v: [(v.a - v.y) * v.a * (1 - v.a), _jacobian(v.a, v.a - v.y), -v.y / v.a,
                   (v.a - v.y) * (v.z > 0), (v.a - v.y) / (v.a * (1 - v.a)), v.a - v.y * 2, v.a * (v.a - v.y)],
        up_to_scale=True,
    ),
    # transposes, layers
    Signature(
        "transposed", ("z", "dW", "da"), "A matrix is transposed here that should not be, or the other way round.",
        _transposed,
    ),
    Signature(
        "updated-too-early", ("da",),
        "{W_up} was updated before the gradient below used it. Compute every gradient first, then update.",
        lambda v: v.dz_up @ v.after(f"W{v.k + 1}").T,
    ),
    Signature(
        "updated-too-early", ("dz",),
        "The mask is of the network after its update. Keep z from the forward pass, and update last.",
        lambda v: [v.da * derivative(v.activation, a)
                   for a in (_recomputed(v, True), _recomputed(v, False), _stepped(v))],
    ),
    Signature(
        "updated-too-early", ("z",),
        "The forward pass here uses weights after their update.",
        lambda v: [v.a_in @ v.after(f"W{v.k}") + b for b in (v.b, v.after(f"b{v.k}"))],
    ),
    Signature(
        "layer-skipped", ("da",), "The gradient is handed down unchanged, past {W_up}.",
        lambda v: v.da_up if v.k + 1 < v.L else [],
    ),
    Signature(
        "da-for-dz", ("da",), "da is handed down where dz belongs: the derivative of the activation above is left out.",
        lambda v: v.da_up @ v.W_up.T if v.k + 1 < v.L else [],
    ),
    Signature(
        "da-for-dz", ("dW", "db"), "da is used where dz belongs: the derivative of the activation is left out.",
        lambda v: (v.a_in.T @ v.da if v.kind == "dW" else v.da.sum(axis=0)) / v.mean if v.k < v.L else [],
    ),
    Signature(
        "wrong-layer", ("dW",), "The activations are those of another layer: dW{k} needs what went into W{k}.",
        lambda v: [a.T @ v.dz / v.mean for a in _other_layers(v, "a")],
    ),
    Signature(
        "wrong-layer", ("dW",), "dz is that of another layer.",
        lambda v: [v.a_in.T @ v.line("dz", j) / v.mean for j in range(v.k + 1, v.L + 1)
                   if v.line("dz", j).shape == v.dz.shape],
    ),
    Signature(
        "z-for-a", ("dW",), "z is used where a belongs: {W} saw the activations, after the activation function.",
        lambda v: v.z_in.T @ v.dz / v.mean if v.k > 1 else [],
    ),
    Signature(
        "row-missing", ("dW", "db"), "A row of the batch is left out of the sum.",
        lambda v: [(v.a_in[s].T @ v.dz[s] if v.kind == "dW" else v.dz[s].sum(axis=0)) / d
                   for s in (slice(-1), slice(1, None)) for d in (v.mean, _less(v))],
    ),
    Signature(
        "sum-missing", ("db",), "db is that of a single row: the sum over the batch is left out.",
        lambda v: [v.dz[0] / v.mean, v.dz[-1] / v.mean],
    ),
    Signature(
        "axis-wrong", ("db",), "The sum runs over the wrong axis: it should run over the rows of the batch.",
        lambda v: [np.full(v.found.shape, v.dz.sum() / v.mean)] + (
            [v.dz.sum(axis=1) / v.mean] if v.found.shape == (v.m,) else []),
    ),
    Signature(
        "weight-decay", ("dW",), "A multiple of the weights is added: weight decay. It is no bug if you meant it.",
        lambda v: v.expected + _multiple(v.found - v.expected, v.W) * v.W,
    ),
    Signature(
        "clipped", BACKWARD, "The values are cut off at a limit. It is no bug if you meant it.",
        lambda v: np.clip(v.expected, v.found.min(), v.found.max()),
    ),
    # the derivative of the activation
    Signature(
        "mask-missing", ("dz",), "The derivative of the activation is left out: {line} is da as it stands.",
        lambda v: v.da,
    ),
    Signature(
        "mask-not-strict", ("dz",),
        "The mask lets z = 0 through: >= where > belongs. At exactly 0 the ReLU is off, and so is its derivative here "
        "(as in PyTorch).",
        lambda v: v.da * (v.z >= 0) if v.activation == "relu" else [],
    ),
    Signature(
        "mask-inverted", ("dz",), "The mask is turned round: it keeps what the ReLU has switched off.",
        lambda v: [v.da * (v.z <= 0), v.da * (v.z < 0)],
    ),
    Signature(
        "mask-wrong-layer", ("dz",), "The derivative is that of another layer's activation.", _mask_wrong_layer,
    ),
    Signature(
        "mask-of-gradient", ("dz",), "The mask looks at the gradient's sign, where the sign of z decides.",
        lambda v: v.da * (v.da > 0),
    ),
    Signature(
        "activation-for-derivative", ("dz",), "da is multiplied by the activation itself, not by its derivative.",
        lambda v: [v.da * v.a, v.da * v.z],
    ),
    Signature(
        "sigmoid-derivative-of-wrong-argument", ("dz",),
        "The derivative is written for one argument and given another: a (1 - a) wants the sigmoid's output, "
        "sigmoid(z) (1 - sigmoid(z)) wants z (and so for tanh).",
        lambda v: [v.da * s * (1 - s) for s in (v.z, sigmoid(v.a))] if v.activation == "sigmoid" else
        [v.da * (1 - t**2) for t in (v.z, np.tanh(v.a))] if v.activation == "tanh" else [],
    ),
    Signature(
        "derivative-of-other-activation", ("dz",),
        "This is the derivative of another activation than the forward pass's.",
        lambda v: [v.da * (v.z > 0), v.da * (1 - v.a**2), v.da * v.a * (1 - v.a), v.da * sigmoid(v.z) * sigmoid(-v.z),
                   v.da * np.where(v.z > 0, 1, 0.01)],
    ),
)  # fmt: skip
