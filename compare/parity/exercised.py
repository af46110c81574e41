"""What a batch cannot show: faults that would leave every number of this calculation as it is."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

CLIP = 1e-7  # probabilities below it are what a clip, or an epsilon inside a logarithm, is there for


def unexercised(
    trace: Mapping[str, np.ndarray],
    parameters: Mapping[str, np.ndarray],
    x: np.ndarray,
    activation: str,
    learning_rate: float,
) -> list[str]:
    """Sentences, one for each kind of fault that this trace would not have shown.

    trace: all lines of a right calculation, from x (m, fan_in). learning_rate: of the step after which masks are taken
    once more.
    """
    depth, said = len(parameters) // 2, []
    if activation == "relu" and depth > 1:
        hidden = [trace[f"z{k}"] for k in range(1, depth)]
        if not any((z == 0).any() for z in hidden):
            said.append("No z is exactly 0, so this batch cannot tell a mask of >= 0 from one of > 0.")
        later = _hidden(x, {name: p - learning_rate * trace[f"d{name}"] for name, p in parameters.items()})
        for k, (z, other) in enumerate(zip(hidden, later, strict=True), start=1):
            if ((z > 0) == (other > 0)).all():
                said.append(f"The mask of z{k} is the same after a step, so this batch cannot tell one taken too late.")
        for k, (z, other) in enumerate(pairwise(hidden), start=1):
            if z.shape == other.shape and ((z > 0) == (other > 0)).all():
                said.append(
                    f"The masks of z{k} and z{k + 1} are the same, so this batch cannot tell one from the other."
                )
    scores = trace[f"z{depth}"]
    apart = scores - scores.max(axis=1, keepdims=True)
    smallest = float(np.exp(apart - np.log(np.exp(apart).sum(axis=1, keepdims=True))).min())
    if smallest > CLIP:
        said.append(
            f"No probability is below {smallest:.1g}, so this batch cannot tell whether they are clipped at {CLIP:g}."
        )
    return said


def _hidden(x: np.ndarray, parameters: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """z1, z2, ... of the hidden layers, by ReLU."""
    found = []
    for k in range(1, len(parameters) // 2):
        found.append(x @ parameters[f"W{k}"] + parameters[f"b{k}"])
        x = np.maximum(found[-1], 0)
    return found
