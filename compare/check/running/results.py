"""What the calls of a program have returned in a trial: by name, and by what it is for."""

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np

from compare.check.running.nests import alike
from compare.check.running.roles import normal

#: What is returned has its role for a name, too: "<params>", "<output>". Each goes to one argument of a call.
GIVEN = {"params", "output", "cache", "grads"}


class CallResults:
    """What calls have returned, to be passed to the next ones.

    by_name: the values, by the names in return statements, by the keys of dicts, and by role in angle brackets.

    unnamed: what has no name yet: the names of its function's results, its place among them, itself; rest: what a
    forward pass returned besides its output, to be handed on in this step.
    """

    def __init__(self) -> None:
        self.by_name: dict[str, Any] = {}
        self.unnamed: list[tuple[list[str], int, Any]] = []
        self.rest: list[Any] = []
        self._names: dict[str, list[str]] = {}  # of what each function returns

    def remember(self, function: Callable[..., Any], role: str, result: Any, shape: tuple[int, ...] | None) -> None:
        """What a call of a function returned, whose role is "init", "forward", ... shape: of an output, where known."""
        parts = list(result) if isinstance(result, tuple) else [result]
        names = self._names.setdefault(function.__qualname__, returned_names(function))
        if len(names) != len(parts):
            names[:] = [""] * len(parts)
        for k, part in enumerate(parts):
            if isinstance(part, dict):
                self.by_name |= {normal(key): value for key, value in part.items() if isinstance(key, str)}
            if names[k]:
                self.by_name[normal(names[k])] = part
            elif isinstance(result, tuple):
                self.unnamed = [u for u in self.unnamed if u[0] is not names or u[1] != k] + [(names, k, part)]
        self._take_parameters([result, *parts], role)
        if role == "init":
            self.by_name |= {"<params>": result, "<names>": names}
        elif role == "backward":
            self.by_name["<grads>"] = next((part for part in parts if isinstance(part, dict | list)), result)
            if isinstance(result, tuple) and all(names) and self.by_name["<grads>"] is result:
                self.by_name["<grads>"] = dict(zip(names, parts, strict=True))
        elif role == "forward":
            outputs = [part for part in parts if isinstance(part, np.ndarray) and shape in (None, part.shape)]
            self.by_name["<output>"] = outputs[-1] if outputs else parts[0]
            rest = [part for part in parts if isinstance(part, dict | list | tuple)]
            self.by_name["<cache>"] = rest[-1] if rest else result
            self.rest = [part for part in rest if part is not self.by_name["<output>"]]

    def _take_parameters(self, parts: list[Any], role: str) -> None:
        """What is of the form of the parameters is what they are from now on, unless it is an output or gradients."""
        params = self.by_name.get("<params>")
        for part in parts:
            if params is not None and role not in ("forward", "backward") and alike(part, params):
                self.by_name["<params>"] = part
                if isinstance(part, tuple):
                    named = zip(self.by_name["<names>"], part, strict=True)
                    self.by_name |= {normal(name): p for name, p in named if name}

    def name_one(self, name: str) -> Any:
        """The first of what has no name: from now on it has this one."""
        names, k, value = self.unnamed.pop(0)
        names[k] = name
        self.by_name[normal(name)] = value
        return value

    def used(self, value: Any) -> set[str]:
        """The roles of which a value is the one that was returned."""
        return {role for role in GIVEN if self.by_name.get(f"<{role}>") is value}


def returned_names(function: Callable[..., Any]) -> list[str]:
    """The names in its last return statement: W1 for W1, "a2" for self.a2; "" for what has none."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return []
    ends = [n.value for n in ast.walk(tree) if isinstance(n, ast.Return) and n.value is not None]
    if not ends:
        return []
    last = max(ends, key=lambda value: value.lineno)
    parts = last.elts if isinstance(last, ast.Tuple) else [last]
    return [getattr(part, "id", getattr(part, "attr", "")) for part in parts]
