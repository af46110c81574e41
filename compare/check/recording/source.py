"""The spellings that no array can see, rewritten in the learner's source before it runs: lines stay where they are.

`X.dot(W)` on an array that is not recorded, `float(x)`, `type(x) == np.ndarray`, and `isinstance(x, float)`.
"""

import ast
from typing import Any

import numpy as np

from compare.check.recording import array as recording
from compare.check.recording.array import Number, Recorded, node_of

PREFIX = "_recorded_"


def dot(a: Any, *b: Any, **options: Any) -> Any:
    """a.dot(b)."""
    if type(a) is np.ndarray and len(b) == 1 and isinstance(b[0], Recorded):
        return np.dot(a, b[0], **options)
    return a.dot(*b, **options)


def as_float(*x: Any) -> Any:
    """float(x)."""
    follows = recording.idle is None and len(x) == 1 and isinstance(x[0], Recorded)
    if follows and x[0].size == 1 and x[0].dtype.kind == "f":
        return Number(float(np.ndarray.item(x[0])), node_of(x[0].reshape(())))
    return x[0] if x and isinstance(x[0], Number) else float(*x)


def type_of(x: Any) -> Any:
    """type(x)."""
    if isinstance(x, Recorded):
        return np.ndarray if not x._scalar else np.dtype(x.dtype).type
    return type(x)


def is_instance(x: Any, kinds: Any) -> bool:
    """isinstance(x, kinds)."""
    return issubclass(type_of(x), kinds) if isinstance(x, Recorded) else isinstance(x, kinds)


HELPERS = {f"{PREFIX}{function.__name__}": function for function in (dot, as_float, type_of, is_instance)}


class _Rewritten(ast.NodeTransformer):
    def visit_Call(self, call: ast.Call) -> ast.AST:
        self.generic_visit(call)
        function = call.func
        if isinstance(function, ast.Attribute) and function.attr == "dot" and len(call.args) == 1:
            owner = function.value
            if not (isinstance(owner, ast.Name) and owner.id in ("np", "numpy")):
                return self.helper(call, dot, [owner, *call.args])
        if isinstance(function, ast.Name) and len(call.args) == 1 and not call.keywords:
            for name, helper in (("float", as_float), ("type", type_of)):
                if function.id == name:
                    return self.helper(call, helper, call.args)
        if isinstance(function, ast.Name) and function.id == "isinstance" and len(call.args) == 2:
            return self.helper(call, is_instance, call.args)
        return call

    @staticmethod
    def helper(call: ast.Call, function: Any, arguments: list[ast.expr]) -> ast.AST:
        name = ast.copy_location(ast.Name(f"{PREFIX}{function.__name__}", ast.Load()), call)
        return ast.copy_location(ast.Call(name, arguments, call.keywords), call)


def rewritten(tree: ast.Module) -> ast.Module:
    """The same program; it needs `HELPERS` among its builtins."""
    return ast.fix_missing_locations(_Rewritten().visit(tree))
