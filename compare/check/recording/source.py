"""The spellings that no array can see, rewritten in the learner's source before it runs: lines stay where they are.

`X.dot(W)` on an array that is not recorded, `float(x)`, `type(x) == np.ndarray`, and `isinstance(x, float)`. Where the
spelling is a function of `math`, as in `math.exp(x)`, that is replaced while the program runs.
"""

import ast
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from compare.check.recording.array import RecordedArray
from compare.check.recording.number import RecordedNumber
from compare.check.recording.session import session

PREFIX = "_recorded_"


def dot(a: Any, *b: Any, **options: Any) -> Any:
    """a.dot(b)."""
    if type(a) is np.ndarray and len(b) == 1 and isinstance(b[0], RecordedArray):
        return np.dot(a, b[0], **options)
    return a.dot(*b, **options)


def as_float(*x: Any) -> Any:
    """float(x)."""
    follows = not session.paused and len(x) == 1 and isinstance(x[0], RecordedArray)
    if follows and x[0].size == 1 and x[0].dtype.kind == "f":
        return session.number(x[0].reshape(()))
    return x[0] if x and isinstance(x[0], RecordedNumber) else float(*x)


def type_of(x: Any) -> Any:
    """type(x)."""
    if isinstance(x, RecordedArray):
        return np.ndarray if not x._scalar else np.dtype(x.dtype).type
    return type(x)


def is_instance(x: Any, kinds: Any) -> bool:
    """isinstance(x, kinds)."""
    return issubclass(type_of(x), kinds) if isinstance(x, RecordedArray) else isinstance(x, kinds)


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


def math_functions() -> dict[str, Callable[..., Any]]:
    """What `math` has under names that NumPy has, too: for numbers that remember, NumPy's."""
    names = {"exp": np.exp, "log": np.log, "sqrt": np.sqrt, "tanh": np.tanh, "sin": np.sin, "cos": np.cos,
             "pow": np.power, "fabs": np.abs, "expm1": np.expm1, "log1p": np.log1p, "log2": np.log2,
             "log10": np.log10}  # fmt: skip

    def one(of_arrays: Any, of_numbers: Any) -> Any:
        recorded = RecordedArray | RecordedNumber
        return lambda *x: of_arrays(*x) if any(isinstance(i, recorded) for i in x) else of_numbers(*x)

    return {name: one(function, getattr(math, name)) for name, function in names.items()}
