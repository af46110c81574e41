"""Who is timed: each way to take a training step, and the floor beneath them all.

A rival is a network class with a `step`; the floor is no network, only the step's eight matrix multiplies.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pkgutil import resolve_name
from typing import Any

import numpy as np

from autograd.slices import SLICE
from compare.shared.training import Digits
from compare.worlds import NAMES, TORCH_REF, build, world

Parameters = dict[str, np.ndarray]
Step = Callable[[], object]

FLOOR, PREALLOCATED, SLICED, COMPILED = "floor", "manual_preallocated", "autograd_sliced", "torch_compiled"


@dataclass(frozen=True)
class Rival:
    """One who is timed.

    title: what a person calls it; world: whose it is, None for the floor; plain: whether it is that world's own and no
    variant; made: gives its network, None where it is timed in a process of its own, where PyTorch is at home.
    """

    title: str
    world: str | None
    plain: bool
    made: Callable[[Parameters], Any] | None = None


def rivals() -> dict[str, Rival]:
    """Each by name, in the order of the table: the floor, then every world and its variants."""
    found = {FLOOR: Rival("matrix multiplies alone", None, plain=True)}
    for name in NAMES:
        if name == TORCH_REF:
            found[name] = Rival(world(name).title, name, plain=True)
            found[COMPILED] = Rival("PyTorch, compiled", name, plain=False)
            continue
        found[name] = Rival(world(name).title, name, True, partial(build, name))
        for variant, (title, place) in world(name).variants.items():
            found[variant] = Rival(title, name, False, resolve_name(place))
    return found


#: Those that are timed in a process of their own.
IN_PYTORCH = (TORCH_REF, COMPILED)

LEARNING_RATE = 1e-3  # small: the weights, and with them the work, hardly change while a step is repeated


def in_numpy(rows: int) -> list[str]:
    """The rivals in this process for a batch of that many rows: slices where there is more than one."""
    return [name for name, rival in rivals().items() if rival.made and (name != SLICED or rows > SLICE)]


def network(name: str, parameters: Parameters) -> Any:
    """The network behind a rival in this process, with copies of these parameters."""
    made = rivals()[name].made
    assert made is not None, "the others have a process of their own"
    return made(parameters)


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
