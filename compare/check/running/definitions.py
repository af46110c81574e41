"""What of a program is no training: imports, definitions and constants, which are all that `--definitions` runs."""

import ast
import builtins
from collections.abc import Iterator, Mapping
from typing import Any

DEFINITIONS = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

#: Expressions that only name or combine values. A call is one too if `_is_harmless_call` says so.
PLAIN = (
    ast.Constant | ast.Name | ast.Attribute | ast.Tuple | ast.List | ast.Dict | ast.Set | ast.BinOp | ast.UnaryOp
    | ast.Lambda | ast.Subscript | ast.Slice | ast.keyword | ast.operator | ast.unaryop | ast.expr_context | ast.Starred
)  # fmt: skip

#: Calls that make a constant: of Python's own types, and of NumPy unless it reads a file.
MAKERS = {"int", "float", "str", "bool", "list", "tuple", "dict", "range", "len", "Path", "sqrt"}
READERS = {"load", "loadtxt", "genfromtxt", "fromfile", "memmap", "save", "savetxt", "savez"}


class Missing:
    """Stands for what cannot be imported: an error only where it is used."""

    def __init__(self, error: ImportError) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise ImportError(*self._error.args, name=self._error.name)

    def __call__(self, *_: Any, **__: Any) -> Any:  # noqa: D102
        return self.used


def is_definition(statement: ast.stmt) -> bool:
    """Whether a statement at module level is an import, a definition or a constant."""
    if isinstance(statement, DEFINITIONS | ast.Pass):
        return True
    if isinstance(statement, ast.Expr):  # a docstring, or np.random.seed(0)
        return isinstance(statement.value, ast.Constant) or is_harmless(statement.value)
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        return statement.value is not None and is_harmless(statement.value)
    if isinstance(statement, ast.Try):  # try: import cupy as np; except ImportError: import numpy as np
        inside = [*statement.body, *statement.orelse, *(s for handler in statement.handlers for s in handler.body)]
        return all(is_definition(s) for s in inside) and not statement.finalbody
    return False


def is_harmless(value: ast.expr, own: frozenset[str] = frozenset()) -> bool:
    """Whether it only makes a constant; calls of the names in `own` count as making one."""
    if isinstance(value, ast.Lambda):
        return True
    if isinstance(value, ast.Call):
        name = ast.unparse(value.func)
        root, last = name.partition(".")[0], name.rpartition(".")[2]
        known = name in MAKERS | own or (root in {"np", "numpy", "math"} and last not in READERS)
        return known and all(is_harmless(a, own) for a in [*value.args, *(k.value for k in value.keywords)])
    return isinstance(value, PLAIN) and all(
        is_harmless(child, own) if isinstance(child, ast.expr) else isinstance(child, PLAIN | ast.keyword)
        for child in ast.iter_child_nodes(value)
    )


def names_are_there(statement: ast.stmt, namespace: Mapping[str, Any]) -> bool:
    """Whether a constant is made of names that are known: not of what a skipped statement would have loaded."""
    if isinstance(statement, DEFINITIONS | ast.Try):
        return True
    read = {n.id for n in _outside_lambdas(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    return read <= set(namespace) | set(vars(builtins))


def _outside_lambdas(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.Lambda):
            yield from _outside_lambdas(child)
