"""One step of training by hand in which it is given, not computed, which ReLUs are on.

So the same step can be repeated from the same weights with one ReLU switched, and what that one changes can be seen.
A sigmoid has no switch: its step is repeated as it is.
"""

import numpy as np

from manual.functions import sigmoid, softmax


def replay(
    parameters: dict[str, np.ndarray],
    switches: dict[str, np.ndarray],
    x: np.ndarray,
    labels: np.ndarray,
    learning_rate: float,
    activation: str,
) -> dict[str, np.ndarray]:
    """The parameters after one step of gradient descent from `parameters`: W1 (fan_in, fan_out), b1 (fan_out,), ...

    switches: z1, z2, ... (m, fan_out) of the hidden layers, from any calculation: a unit is on where its entry is
    above 0, whatever its own pre-activation is here; for a sigmoid they are not looked at. x (m, fan_in); labels (m,),
    class numbers. activation: relu or sigmoid, of the hidden layers. Raises ValueError for any other.
    """
    if activation not in ("relu", "sigmoid"):
        raise ValueError(
            f"A step can be repeated with relu or sigmoid in the hidden layers; this one has {activation}."
        )
    relu = activation == "relu"
    depth = len(parameters) // 2
    a, slope = {0: x}, {}  # slope: da/dz
    for k in range(1, depth):
        z = a[k - 1] @ parameters[f"W{k}"] + parameters[f"b{k}"]
        if relu:
            slope[k] = switches[f"z{k}"] > 0
            a[k] = z * slope[k]
        else:
            a[k] = sigmoid(z)
            slope[k] = a[k] * (1 - a[k])
    scores = a[depth - 1] @ parameters[f"W{depth}"] + parameters[f"b{depth}"]

    y = np.eye(scores.shape[1], dtype=scores.dtype)[labels]
    dz = (softmax(scores) - y) / len(labels)
    after = {}
    for k in range(depth, 0, -1):
        W, b = parameters[f"W{k}"], parameters[f"b{k}"]
        after[f"W{k}"] = W - learning_rate * (a[k - 1].T @ dz)
        after[f"b{k}"] = b - learning_rate * dz.sum(axis=0)
        if k > 1:
            dz = (dz @ W.T) * slope[k - 1]
    return after
