"""A world that somebody brings: a class that keeps the contract, from a file or an importable module."""

import difflib
import importlib
import importlib.util
import inspect
import os
import re
import sys
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from compare.shared.errors import BadInput
from compare.worlds.world import Network, World

if TYPE_CHECKING:
    import numpy as np

#: What a class must have; `trace` it may have.
CONTRACT = {
    "parameters": "parameters() -> dict of NumPy arrays W1 (fan_in, fan_out), b1 (fan_out,), W2, ...",
    "logits": "logits(x) -> (m, classes)",
    "predict": "predict(x) -> class numbers (m,)",
    "loss": "loss(x, labels) -> the mean cross-entropy, a number",
    "gradients": "gradients(x, labels) -> (loss, dict of NumPy arrays with the parameters' names and shapes)",
    "step": "step(x, labels, learning_rate) -> the loss before one step of SGD",
}

#: Of figures and of pages, on white and on black: what is left of Okabe and Ito's palette; and markers.
COLOURS = (
    ("#CC79A7", ("#8e3a70", "#e7a6cc")),
    ("#56B4E9", ("#1d6a8a", "#7fc8ec")),
    ("#E69F00", ("#7a5200", "#e6b54d")),
)
MARKERS = ("D", "v", "P")


class Own(World):
    """Somebody's class as a world, the k-th that was brought, counted from 0."""

    def __init__(self, name: str, kind: type, k: int) -> None:
        self.name, self.title, self.where, self.kind = name, name, f"in `{name}`", kind
        self.place = 100 + k
        self.colour, self.colours = COLOURS[k % len(COLOURS)]
        self.marker = MARKERS[k % len(MARKERS)]

    @property
    def has_trace(self) -> bool:
        """Whether the class has a `trace`."""
        return callable(getattr(self.kind, "trace", None))

    def check(self) -> None:
        """There is no package of that name to be mistaken for another."""

    def network(self, parameters: "dict[str, np.ndarray]", activation: str = "relu") -> Network:
        """The class's network, its answers held to the contract. Raises BadInput where one breaks it."""
        from compare.worlds.brought.contract import BroughtNetwork

        return BroughtNetwork(self.name, self.kind, parameters, activation)

    def timed(self, parameters: "dict[str, np.ndarray]") -> Any:
        """The class's network itself: to look at what it gives takes time."""
        return self.kind({name: value.copy() for name, value in parameters.items()}, "relu")

    def source(self) -> str:
        """The text of the class alone, as other parts of its file may be about anything; "" where it has none."""
        try:
            return inspect.getsource(self.kind)
        except (OSError, TypeError):
            return ""


def bring(asked: str, taken: "dict[str, World]") -> World:
    """The world of FILE:CLASS or MODULE:CLASS, under a name that none of `taken` has.

    Raises BadInput where there is no such file, module or class, or where the class lacks what the contract asks for.
    """
    place, _, name = asked.rpartition(":")
    if not place or not name.isidentifier():
        raise BadInput(
            f"--with {asked!r} names no class. Write FILE:CLASS, as in --with my_network.py:Network, or MODULE:CLASS."
        )
    is_file = place.endswith(".py") or os.sep in place
    module = _from_file(asked, Path(place)) if is_file else _from_path(asked, place)
    kind = getattr(module, name, None)
    classes = [n for n, value in vars(module).items() if inspect.isclass(value) and value.__module__ == module.__name__]
    if not inspect.isclass(kind):
        close = difflib.get_close_matches(name, classes, n=1)
        raise BadInput(
            f"--with {asked}: there is no class {name} in {place}."
            + (f" Did you mean {close[0]}?" if close else f" Its classes are: {', '.join(classes) or 'none'}.")
        )
    _hold_to_contract(asked, kind)
    stem = re.sub(r"\W", "_", Path(place).stem if is_file else place.rpartition(".")[2])
    own = f"{stem}_{name}" if stem in taken or not stem[:1].isalpha() else stem
    while own in taken:
        own += "_"
    return Own(own, kind, sum(isinstance(world, Own) for world in taken.values()))


def _from_file(asked: str, path: Path) -> ModuleType:
    """The module that a file is, its own folder on the path, as when it is run."""
    if not path.is_file():
        raise BadInput(f"--with {asked}: there is no file {path}.")
    name = f"brought_{re.sub(r'[^A-Za-z0-9_]', '_', path.stem)}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise BadInput(f"--with {asked}: {path} is no Python file; its name must end in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.append(folder)  # behind all others: a file beside it must not hide one of ours
    _run(asked, partial(spec.loader.exec_module, module))
    return module


def _from_path(asked: str, name: str) -> ModuleType:
    module: ModuleType = _run(asked, lambda: importlib.import_module(name))
    return module


def _run(asked: str, load: Any) -> Any:
    """Load it. Raises BadInput for whatever it raises."""
    try:
        return load()
    except (Exception, SystemExit) as error:
        raise BadInput(f"--with {asked} cannot be loaded: {type(error).__name__}: {error}") from error


def _hold_to_contract(asked: str, kind: type) -> None:
    missing = [words for name, words in CONTRACT.items() if not callable(getattr(kind, name, None))]
    if missing:
        raise BadInput(
            f"--with {asked}: the class {kind.__name__} lacks {len(missing)} of the methods that a network here has: "
            f"{'; '.join(missing)}. x is (m, fan_in), labels are class numbers (m,)."
        )
    try:
        inspect.signature(kind).bind({}, "relu")
    except TypeError:
        raise BadInput(
            f"--with {asked}: {kind.__name__}{inspect.signature(kind)} cannot be built as {kind.__name__}(parameters, "
            f'activation), with a dict of NumPy arrays W1, b1, W2, ... and "relu" or "sigmoid".'
        ) from None
    except ValueError:
        return  # a class without a signature to read: it is seen when it is built
