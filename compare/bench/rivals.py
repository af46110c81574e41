"""Who is timed: each way to take a training step, and the floor beneath them all.

A rival is a network class with a `step`; the floor is no network, only the step's eight matrix multiplies.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from autograd.network import Network as EngineNetwork
from autograd.slices import SLICE, SlicedNetwork
from manual.network import Network as ManualNetwork
from manual.preallocated import PreallocatedNetwork

Parameters = dict[str, np.ndarray]
Step = Callable[[], object]

FLOOR, PLAIN, PREALLOCATED, TORCH, COMPILED = "floor", "manual", "manual_preallocated", "torch_ref", "torch_compiled"

#: What a person calls them; in the order of the table.
TITLES = {
    FLOOR: "matrix multiplies alone",
    PLAIN: "by hand",
    PREALLOCATED: "by hand, arrays made once",
    "autograd": "engine",
    "autograd_sliced": "engine, in slices",
    TORCH: "PyTorch",
    COMPILED: "PyTorch, compiled",
}
NETWORKS: dict[str, Callable[[Parameters], Any]] = {
    PLAIN: ManualNetwork,
    PREALLOCATED: PreallocatedNetwork,
    "autograd": EngineNetwork,
    "autograd_sliced": SlicedNetwork,
}
#: Those that are timed in a process of their own, where PyTorch is at home.
IN_PYTORCH = (TORCH, COMPILED)

LEARNING_RATE = 1e-3  # small: the weights, and with them the work, hardly change while a step is repeated


def in_numpy(rows: int) -> list[str]:
    """The rivals in NumPy for a batch of that many rows: slices where there is more than one."""
    return [name for name in NETWORKS if name != "autograd_sliced" or rows > SLICE]


def network(name: str, parameters: Parameters) -> Any:
    """The network behind a rival in NumPy, with copies of these parameters."""
    return NETWORKS[name](parameters)


def take_steps(name: str, parameters: Parameters, x: np.ndarray, labels: np.ndarray) -> Step:
    """A function that takes one step of the rival of that name, on that batch, from copies of these parameters."""
    return partial(network(name, parameters).step, x, labels, LEARNING_RATE)


def multiply_matrices(parameters: Parameters, x: np.ndarray, labels: np.ndarray) -> Step:
    """A function that does the eight matrix multiplies of a step and nothing else.

    On the arrays of a real step, into arrays that are made beforehand: no step that multiplies matrices in NumPy can
    take less. (For a single row another operation can: there dW is an outer product.)
    """
    line = ManualNetwork(parameters).trace(x, labels)
    W1, W2, W3 = parameters["W1"], parameters["W2"], parameters["W3"]
    a1, a2, dz1, dz2, dz3 = (line[name] for name in ("a1", "a2", "dz1", "dz2", "dz3"))
    factors = [
        (x, W1), (a1, W2), (a2, W3),
        (a2.T, dz3), (dz3, W3.T), (a1.T, dz2), (dz2, W2.T), (x.T, dz1),
    ]  # fmt: skip
    places = [(left, right, np.empty((len(left), right.shape[1]), left.dtype)) for left, right in factors]

    def multiply() -> None:
        for left, right, product in places:
            np.matmul(left, right, out=product)

    return multiply
