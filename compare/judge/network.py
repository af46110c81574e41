"""The network of this project, once: its lines by name, for a judge to hold any trace, or any part of one, against.

A calculation's lines are those of the chapter: z1 a1 z2 a2 z3 loss and, as gradients of these and of the parameters,
dz3 dW3 db3 da2 dz2 dW2 db2 da1 dz1 dW1 db1. Nothing here knows how to judge: that is the arithmetic in which it runs.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from compare.judge.ball import Ball
from compare.judge.judging import Judged, expected, judge
from compare.judge.lines import line, parameter
from compare.judge.roundoff import Arithmetic
from compare.judge.units import UNITS, cross_entropy
from compare.judge.verdict import Verdict, judged

#: Where a calculation divides by the number of rows: in dz of the last layer (as all three here do), or in each dW
#: and db (as the chapter prints it; the dz and da are then derivatives of the sum of the losses).
MEAN_AT = ("dz", "dW")

Parameters = Mapping[str, Any]  # arrays or balls


def network(depth: int, activation: str = "relu", mean_at: str = "dz", at_zero: float = 0.0) -> Callable[..., Any]:
    """The mean cross-entropy of a network, loss(x, labels, W1, b1, W2, b2, ...), in which every line has its name.

    x: (m, fan_in); labels: (m,) class numbers. activation: relu, sigmoid or tanh. mean_at: one of MEAN_AT; for "dW" the
    gradient of the loss is m, so that up to there gradients are those of the sum. at_zero: what a ReLU passes on at
    exactly 0, which is a convention: 0, 1/2 or 1. Raises ValueError for another.
    """
    if activation not in UNITS or mean_at not in MEAN_AT:
        raise ValueError(
            f"The lines of activation={activation!r} with mean_at={mean_at!r} are not known. Known activations: "
            f"{', '.join(UNITS)}; the mean can be taken at {' or '.join(MEAN_AT)}."
        )
    unit = UNITS[activation]

    def loss(x: Any, labels: Any, *weights: Any) -> Any:
        a, parts = x, len(x) if mean_at == "dW" else 1
        for k in range(1, depth + 1):
            b = parameter(weights[2 * k - 1], f"b{k}", parts)
            W = parameter(weights[2 * k - 2], f"W{k}", parts)
            z = line(a @ W + b, f"z{k}")
            a = line(unit(z, at_zero), f"a{k}") if k < depth else z
        return line(cross_entropy(z, labels), "loss")

    return loss


def line_names(depth: int) -> list[str]:
    """Every line of a network of that many layers, in the order in which it is computed."""
    forward = [f"{letter}{k}" for k in range(1, depth + 1) for letter in "za"][:-1]
    back = [f"d{letter}{k}" for k in range(depth, 0, -1) for letter in "azWb"][1:]
    return [*forward, "loss", *back]


def as_leaves(parameters: Parameters, x: np.ndarray, run: Arithmetic | None = None) -> tuple[dict[str, Ball], Ball]:
    """The same as balls, which keep what has been computed from them, for several traces of one calculation."""
    run = run or Arithmetic.of(parameters["W1"].dtype)
    balls = {name: Ball.given(array, run) for name, array in {**parameters, "": x}.items()}
    for ball in balls.values():
        ball.notes = {"leaf": True}
    return balls, balls.pop("")


def _weights(parameters: Parameters) -> list[np.ndarray]:
    return [parameters[f"{letter}{k}"] for k in range(1, len(parameters) // 2 + 1) for letter in "Wb"]


def check_lines(
    trace: Mapping[str, Any],
    parameters: Parameters,
    x: Any,
    labels: np.ndarray,
    activation: str = "relu",
    *,
    mean_at: str = "dz",
    at_zero: float = 0.0,
    run: Any = None,
) -> Judged:
    """Judge a trace, or any part of one, line by line.

    trace: any of the lines; what it lacks is listed as unchecked, and what follows from that is judged with the
    error that a run may have made on the way. parameters: W1 (fan_in, fan_out), b1 (fan_out,), ..., with which it was
    computed; their dtype, float32 or float64, is that of the run, unless `run` is another one or an Arithmetic. The
    rest as for `network`. Raises TypeError for another dtype.
    """
    f, weights = network(len(parameters) // 2, activation, mean_at, at_zero), _weights(parameters)
    places, seed = tuple(range(2, 2 + len(weights))), float(len(x)) if mean_at == "dW" else 1.0
    return judge(f, [x, labels, *weights], places, run or parameters["W1"].dtype, trace, seed)


def line_balls(
    trace: Mapping[str, Any], parameters: Parameters, x: Any, labels: np.ndarray, names: Collection[str]
) -> Mapping[str, Ball]:
    """What these lines should be, each from its own inputs in a whole trace of a network of ReLUs."""
    f, weights = network(len(parameters) // 2), _weights(parameters)
    return judge(
        f, [x, labels, *weights], tuple(range(2, 2 + len(weights))), parameters["W1"].dtype, trace, keep=names
    ).kept


def gradient_balls(
    parameters: Parameters, x: Any, labels: np.ndarray, activation: str = "relu", *, run: Any = None
) -> dict[str, Ball]:
    """What the loss and each gradient should be, and how far a run may be from it: "loss", "W1", "b1", "W2", ...

    Arguments as for `check_lines`.
    """
    f, weights = network(len(parameters) // 2, activation), _weights(parameters)
    names = ["loss", *(f"{letter}{k}" for k in range(1, len(parameters) // 2 + 1) for letter in "Wb")]
    places = tuple(range(2, 2 + len(weights)))
    balls = expected(f, [x, labels, *weights], places, run or parameters["W1"].dtype)
    return dict(zip(names, balls, strict=True))


def check_gradients(gradients: Mapping[str, Any], balls: Mapping[str, Ball]) -> tuple[Verdict, ...]:
    """Judge gradients by parameter name, in the order given, by what `gradient_balls` allows.

    Raises ValueError where a gradient has another shape than its parameter.
    """
    for name, found in gradients.items():
        if np.shape(found) != balls[name].shape:
            raise ValueError(f"The gradient of {name} has the shape {np.shape(found)}; {name} has {balls[name].shape}.")
    return tuple(judged(name, np.asarray(found), balls[name]) for name, found in gradients.items())
