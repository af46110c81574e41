"""Who is timed: each way to take a training step, and the floor beneath them all.

A rival is a network class with a `step`; the floor is no network, only the step's eight matrix multiplies.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from autograd.network import Network as EngineNetwork
from autograd.slices import SLICE, SlicedNetwork
from compare.shared.training import Digits
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


def first_images(digits: Digits, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """The first images of the set and their labels, gathered as a training gathers its batches.

    And so gathered once before: every step of a training lets go of a batch, by which the C library learns to keep
    memory of that size at hand for the arrays of the next step.
    """
    chosen = np.arange(rows) if rows < len(digits.train_x) else slice(None)
    digits.batch(chosen)
    return digits.batch(chosen)
