"""The ways in which the network is built: one file a world, found by lying in this folder.

Names, titles, colours, pairs, grids and columns everywhere follow from what is here. A file of a world has a `WORLD`,
an instance of `world.World`; what it needs is written there.
"""

import pkgutil
from importlib import import_module
from itertools import combinations
from typing import TYPE_CHECKING

from compare.shared.errors import BadInput
from compare.worlds.world import Network, World

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "AUTOGRAD",
    "MANUAL",
    "NAMES",
    "PAIRS",
    "TORCH_REF",
    "WORLDS",
    "Network",
    "World",
    "bring_own",
    "build",
    "spoken",
    "world",
]

#: For what is about some worlds only, and says which.
MANUAL, AUTOGRAD, TORCH_REF = "manual", "autograd", "torch_ref"


def _found() -> dict[str, World]:
    """The worlds of this folder by name, in their order."""
    modules = [
        import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__) if not module.ispkg
    ]
    worlds: list[World] = [module.WORLD for module in modules if hasattr(module, "WORLD")]
    return {world.name: world for world in sorted(worlds, key=lambda world: world.place)}


#: By name, in the order of their columns.
WORLDS = _found()
NAMES = tuple(WORLDS)
PAIRS = tuple(combinations(NAMES, 2))

#: Those that somebody brought with --with, by name: known like a module that has been imported, and in no list.
_brought: dict[str, World] = {}


def world(name: str) -> World:
    """The world of that name, from the list or brought along. Raises KeyError where there is none."""
    return WORLDS[name] if name in WORLDS else _brought[name]


def spoken(pair: str) -> str:
    """Like "by hand / engine", of a pair's name, "manual/autograd"."""
    return " / ".join(world(name).title for name in pair.split("/"))


def build(name: str, parameters: "dict[str, np.ndarray]", activation: str = "relu") -> Network:
    """The network of that world, with copies of these parameters: W1 (fan_in, fan_out), b1 (fan_out,), W2, ...

    Raises BadInput where a parameter is not finite, or where Python finds another package of that name first.
    """
    import numpy as np

    for parameter, value in parameters.items():
        if not np.isfinite(value).all():
            raise BadInput(
                f"The parameter {parameter} holds a value that is not finite, so nothing can be computed. Where a "
                f"training made it so, try a smaller --learning-rate or --init-scale."
            )
    return world(name).network(parameters, activation)


def bring_own(*asked: str) -> tuple[str, ...]:
    """Add worlds, each FILE:CLASS or MODULE:CLASS, to those that `world` knows; their names. Raises as `bring`.

    Whatever was brought before under the same name is known no longer.
    """
    from compare.worlds.brought.own import bring

    found: dict[str, World] = {}
    for one in asked:
        own = bring(one, {**WORLDS, **found})
        found[own.name] = own
    _brought.update(found)
    return tuple(found)
