"""Modules that stand in for what is not installed: one finder, asked last, and one that mends what is installed."""

import importlib.util
import sys
from collections.abc import Callable, Mapping
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from compare.check.surroundings.digits import Giver

#: A module's name -> what it holds.
Modules = dict[str, dict[str, Any]]
#: A module's name -> what is put into the real one, made from it, when it has been imported.
Mends = dict[str, Callable[[ModuleType], Mapping[str, Any]]]


class StandIns(MetaPathFinder, Loader):
    """Serves the modules of a table, and the packages above them."""

    def __init__(self, modules: Modules, giver: Giver) -> None:
        self.modules, self.giver = modules, giver
        self.packages = {name.rsplit(".", k)[0] for name in modules for k in range(name.count(".") + 1)}

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """A module of the table, or one below a module that answers to every name: `matplotlib.cm`."""
        known = name in self.packages or "__getattr__" in self._root(name)
        return ModuleSpec(name, self, is_package=True) if known else None

    def _root(self, name: str) -> dict[str, Any]:
        return self.modules.get(name.partition(".")[0], {})

    def exec_module(self, module: ModuleType) -> None:
        """Fill it. For names that it was not filled with: a module below, its own answer, or that it is not there."""
        path, root = module.__name__, module.__name__.partition(".")[0]
        held = {**self.modules.get(path, {})}
        answer = held.pop("__getattr__", self._root(path).get("__getattr__"))

        def get(name: str) -> Any:
            if f"{path}.{name}" in self.packages:
                return importlib.import_module(f"{path}.{name}")
            if name.startswith("__") or not (answer or self.giver.asked_by_learner()):
                raise AttributeError(f"module {path!r} has no attribute {name!r}")
            if answer is None:
                raise ModuleNotFoundError(f"No module named {root!r}", name=root)
            return answer(name)

        vars(module).update(held, __getattr__=get)


class Mender(MetaPathFinder):
    """Lets a module be imported as it is, then puts something into it."""

    def __init__(self, mends: Mends) -> None:
        self.mends = mends
        self.busy: set[str] = set()

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """The spec that the other finders give, with its loader's work gone on with."""
        if name not in self.mends or name in self.busy:
            return None
        self.busy.add(name)
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self.busy.discard(name)
        if spec is None or spec.loader is None or isinstance(spec.loader, StandIns):
            return spec
        execute = spec.loader.exec_module

        def then_mend(module: ModuleType) -> None:
            execute(module)
            self.mend(module)

        spec.loader.exec_module = then_mend  # type: ignore[method-assign]
        return spec

    def mend(self, module: ModuleType) -> None:
        """Put in what the table says."""
        vars(module).update(self.mends[module.__name__](module))


def install(giver: Giver, always: Modules, absent: Modules, mends: Mends) -> None:
    """`always` comes before what is installed, though not before the learner's own files; `absent` after it."""
    own = {path.stem for folder in (giver.folder, Path.cwd()) for path in folder.iterdir()}
    first = {name: held for name, held in always.items() if name.partition(".")[0] not in own}
    mender = Mender(mends)
    sys.meta_path.insert(0, mender)
    sys.meta_path.insert(0, StandIns(first, giver))
    sys.meta_path.append(StandIns({**always, **absent}, giver))
    for name in mends.keys() & sys.modules.keys():
        mender.mend(sys.modules[name])
