"""Mistakes that multiply, add up or leave out a step: nothing else can look like these, so they are tried first."""

import numpy as np

from compare.check.signature import BACKWARD, Signature

MISTAKES_OF_SCALE = (
    # nothing else can look like these
    Signature(
        "gradient-updated-instead", ("dW", "db"),
        "The update is written to the gradient {line} and not to the parameter, so the network never changes.",
        lambda v: [v.expected - v.rate * v.line(v.kind[1], v.k), v.expected - v.rate * v.expected,
                   v.line(v.kind[1], v.k) - v.rate * v.expected],
    ),
    Signature(
        "bias-not-updated", ("update", "db"),
        "The bias stays what it was: the step leaves {parameter} out.",
        lambda v: v.line("b", v.k) if v.kind == "update" and v.name[0] == "b" else np.zeros(v.found.shape)
        if v.kind == "db" and v.name in v.judgement.trial.slack else [],
    ),
    Signature(
        "update-missing", ("update", "dW"),
        "The weights stay what they were: the step never reaches {parameter}.",
        lambda v: v.line("W", v.k) if v.kind == "update" and v.name[0] == "W" else np.zeros(v.found.shape)
        if v.kind == "dW" and v.name in v.judgement.trial.slack else [],
    ),
    Signature(
        "accumulated", ("dW", "db", "update"),
        "The gradient of the step before is still in {line}: it is added to, and never set back to zero.",
        lambda v: v.before + v.expected if v.before is not None and v.kind != "update" else [],
    ),
    Signature(
        "sign-flipped", ("last", "dW", "db", "da", "dz", "loss"),
        "The sign is the other way round: it should be output - y, so that going against the gradient goes downhill.",
        lambda v: -v.expected, factor="",
    ),
    Signature(
        "sign-flipped", ("update",),
        "The step goes uphill: the gradient is added, and it should be subtracted.",
        lambda v: 2 * v.line(v.name[0], v.k) - v.expected,
    ),
    # the mean over the batch
    Signature(
        "mean-missing", (*BACKWARD, "loss"),
        "The mean over the batch is missing: the sum over its rows is not divided by their number.",
        lambda v: v.expected * v.m if v.mean > 1 or v.kind == "loss" else [], factor="the batch has {m} rows",
    ),
    Signature(
        "mean-missing", ("update",),
        "The mean over the batch is missing: nothing divides the step by the number of rows.",
        lambda v: v.line(v.name[0], v.k) * (1 - v.m) + v.expected * v.m if v.mean > 1 else [],
    ),
    Signature(
        "mean-twice", (*BACKWARD, "loss"),
        "The mean over the batch is taken twice: the numbers above are divided by the number of rows already.",
        lambda v: v.expected / v.m, factor="the batch has {m} rows",
    ),
    Signature(
        "mean-over-wrong-count", (*BACKWARD, "loss"),
        "The mean is taken over a number that is not the batch's number of rows.",
        lambda v: [v.expected * v.m / (v.m - 1), v.expected * v.m / (v.m + 1)], factor="the batch has {m} rows",
    ),
    Signature(
        "mean-over-classes", (*BACKWARD, "loss"),
        "The mean is taken over the classes, where the rows of the batch belong.",
        lambda v: [v.expected * v.m / v.classes, v.expected / v.classes, v.expected * v.m / v.y.size],
        factor="there are {classes} classes and {m} rows",
    ),
    Signature(
        "learning-rate-in-gradient", BACKWARD,
        "The learning rate is in the gradient already, and the update multiplies by it again.",
        lambda v: v.expected * v.rate, factor="the learning rate is {rate:g}",
    ),
    Signature(
        "learning-rate-missing", ("update",),
        "The step is the whole gradient: the learning rate is left out.",
        lambda v: v.line(v.name[0], v.k) + (v.expected - v.line(v.name[0], v.k)) / v.rate,
    ),
    Signature(
        "learning-rate-in-gradient", ("update",),
        "The learning rate is multiplied in twice.",
        lambda v: v.line(v.name[0], v.k) + (v.expected - v.line(v.name[0], v.k)) * v.rate,
    ),
)  # fmt: skip
