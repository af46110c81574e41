"""Imports as a learner's program finds them: the files beside it come first, also where they are called like ours."""

import ast
import contextlib
import sys
from collections.abc import Callable, Iterator
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
)
from pathlib import Path
from types import CodeType
from typing import Any

from compare.check.running.program import Unreadable, read_program

ROOT = str(Path(__file__).parents[3])


@contextlib.contextmanager
def imports_of(folders: list[Path], rewrite: Callable[[ast.Module], ast.Module]) -> Iterator[None]:
    """Inside, `folders` come first on the path, their modules are rewritten, and ours are out of their way.

    A module that is built into Python, as are those with which it starts, wins against a file of its name. Afterwards
    all is as it was, so that what we still import is ours.
    """
    theirs = {entry.stem for folder in folders for entry in folder.iterdir() if entry.suffix == ".py" or entry.is_dir()}
    specs = {name: getattr(module, "__spec__", None) for name, module in sys.modules.items()}
    theirs -= {"numpy", *(name for name, spec in specs.items() if spec and spec.origin in ("built-in", "frozen"))}
    hidden = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in theirs}
    path, hooks = list(sys.path), list(sys.path_hooks)

    class Sibling(SourceFileLoader):
        def source_to_code(self, data: Any, path: Any, *, _optimize: int = -1) -> CodeType:  # type: ignore[override] # noqa: ARG002
            try:
                return read_program(Path(path)).code(rewrite)
            except Unreadable as error:
                raise SyntaxError(str(error), (str(path), error.line, None, None)) from None

    def finder(entry: str) -> FileFinder:
        if not any(Path(entry).is_relative_to(folder) for folder in folders):
            raise ImportError
        return FileFinder(entry, (ExtensionFileLoader, EXTENSION_SUFFIXES), (Sibling, SOURCE_SUFFIXES))

    for name in hidden:
        del sys.modules[name]
    sys.path[:] = [*map(str, folders), *(entry for entry in path if entry not in (ROOT, ""))]
    sys.path_hooks.insert(0, finder)
    try:
        yield
    finally:
        sys.path[:], sys.path_hooks[:] = path, hooks
        sys.path_importer_cache.clear()
        sys.modules.update(hidden)
