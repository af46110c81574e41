"""What of a learner's file is executed: imports, definitions and constants. Most scripts train at module level.

Runs in the child process, and imports nothing but the standard library.
"""

import __future__

import ast
import builtins
from types import ModuleType
from typing import Any

DEFINITIONS = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

#: Expressions that only name or combine values. A call is one too if `_is_harmless_call` says so.
PLAIN = (
    ast.Constant | ast.Name | ast.Attribute | ast.Tuple | ast.List | ast.Dict | ast.Set | ast.BinOp | ast.UnaryOp
    | ast.Lambda | ast.Subscript | ast.Slice | ast.keyword | ast.operator | ast.unaryop | ast.expr_context | ast.Starred
)  # fmt: skip

#: Calls that make a constant: of Python's own types, and of NumPy unless it reads a file.
MAKERS = {"int", "float", "str", "bool", "list", "tuple", "dict", "range", "len", "Path", "sqrt"}
READERS = {"load", "loadtxt", "genfromtxt", "fromfile", "memmap", "save", "savetxt", "savez", "seed"}


class Missing:
    """Stands for a module that cannot be imported here: an error only where it is used."""

    def __init__(self, module: str, line: int, why: str) -> None:
        self._why = f"line {line} imports `{module}`, which fails here: {why}"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise ImportError(self._why)

    def __call__(self, *_: Any, **__: Any) -> Any:  # noqa: D102
        raise ImportError(self._why)


def is_executed(statement: ast.stmt) -> bool:
    """Whether a statement at module level is an import, a definition or a constant."""
    if isinstance(statement, DEFINITIONS):
        return True
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        return statement.value is not None and _is_constant(statement.value)
    if isinstance(statement, ast.Try):  # try: import cupy as np; except ImportError: import numpy as np
        inside = [*statement.body, *statement.orelse, *(s for handler in statement.handlers for s in handler.body)]
        return all(is_executed(s) or isinstance(s, ast.Pass) for s in inside) and not statement.finalbody
    return False


def _is_constant(value: ast.expr) -> bool:
    if isinstance(value, ast.Lambda):
        return True
    if isinstance(value, ast.Call):
        return _is_harmless_call(value)
    return isinstance(value, PLAIN) and all(
        _is_constant(child) if isinstance(child, ast.expr) else isinstance(child, PLAIN)
        for child in ast.iter_child_nodes(value)
    )


def _is_harmless_call(call: ast.Call) -> bool:
    name = ast.unparse(call.func)
    root, last = name.partition(".")[0], name.rpartition(".")[2]
    harmless = name in MAKERS or (root in {"np", "numpy", "math"} and last not in READERS)
    return harmless and all(_is_constant(a) for a in [*call.args, *(keyword.value for keyword in call.keywords)])


def _known_names(statement: ast.stmt, module: ModuleType) -> bool:
    """Whether a constant is made of names that are there: not of what a skipped statement would have loaded."""
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or isinstance(statement.value, ast.Lambda):
        return True
    read = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    return read <= set(vars(module)) | set(vars(builtins))


def execute(source: str, path: str, module: ModuleType) -> tuple[ast.Module, dict[str, int], list[str]]:
    """Run what `is_executed` lets through, in order, in `module`.

    Returns the whole tree, the names that skipped statements would have set, with the line that would have, and
    notes on imports that failed. Raises SyntaxError, and whatever a definition raises.
    """
    tree = ast.parse(source, path)
    skipped: dict[str, int] = {}
    notes: list[str] = []
    flags = __future__.annotations.compiler_flag if "from __future__ import annotations" in source else 0
    for statement in tree.body:
        if not is_executed(statement) or not _known_names(statement, module):
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    skipped.setdefault(node.id, statement.lineno)
            continue
        code = compile(ast.Module([statement], []), path, "exec", flags, dont_inherit=True)
        try:
            exec(code, module.__dict__)
        except ImportError as error:
            if not isinstance(statement, ast.Import | ast.ImportFrom):
                raise
            for alias in statement.names:
                name = getattr(statement, "module", None) or alias.name
                bound = alias.asname or alias.name.partition(".")[0]
                module.__dict__[bound] = Missing(name, statement.lineno, str(error))
                notes.append(
                    f"Line {statement.lineno} imports `{name}`, which fails here ({error}); no line checked needed it."
                )
    return tree, skipped, notes
