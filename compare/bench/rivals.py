"""Who is timed: each way to take a training step, and the floor beneath them all.

A rival is a network class with a `step`; the floor is no network, only the step's eight matrix multiplies.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pkgutil import resolve_name
from typing import Any

import numpy as np

from autograd.slices import SLICE
from compare.shared.training import Digits
from compare.worlds import NAMES, TORCH_REF, world

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


def rivals(names: Sequence[str] = NAMES) -> dict[str, Rival]:
    """Each by name, in the order of the table: the floor, then these worlds and their variants."""
    found = {FLOOR: Rival("matrix multiplies alone", None, plain=True)}
    for name in names:
        if name == TORCH_REF:
            found[name] = Rival(world(name).title, name, plain=True)
            found[COMPILED] = Rival("PyTorch, compiled", name, plain=False)
            continue
        found[name] = Rival(world(name).title, name, True, world(name).timed)
        for variant, (title, place) in world(name).variants.items():
            found[variant] = Rival(title, name, False, resolve_name(place))
    return found


#: Those that are timed in a process of their own.
IN_PYTORCH = (TORCH_REF, COMPILED)

LEARNING_RATE = 1e-3  # small: the weights, and with them the work, hardly change while a step is repeated


def in_this_process(rows: int, names: Sequence[str] = NAMES) -> dict[str, Callable[[Parameters], Any]]:
    """What makes the network of each rival in this process, for a batch of that many rows.

    Slices are only where there is more than one.
    """
    return {n: rival.made for n, rival in rivals(names).items() if rival.made and (n != SLICED or rows > SLICE)}


def take_steps(made: Callable[[Parameters], Any], parameters: Parameters, x: np.ndarray, labels: np.ndarray) -> Step:
    """A function that takes one step of a rival, on that batch, from copies of these parameters."""
    return partial(made(parameters).step, x, labels, LEARNING_RATE)


def first_images(digits: Digits, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """The first images of the set and their labels, gathered as a training gathers its batches.

    And so gathered once before: every step of a training lets go of a batch, by which the C library learns to keep
    memory of that size at hand for the arrays of the next step.
    """
    chosen = np.arange(rows) if rows < len(digits.train_x) else slice(None)
    digits.batch(chosen)
    return digits.batch(chosen)
