"""Arguments by name: how functions that were never written for each other's eyes are called.

A learner's backward pass may take (x, y, output, lr), or (Z1, A1, Z2, A2, W1, W2, X, Y), or (params, cache, X, Y).
Names tell which is which: of what is known by then, and of what the function before returned. Runs in the child.
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

#: role: how parameters that mean it are called, in lower case and without underscores
ROLES = {
    "x": r"x|xs|xb|xbatch|xtrain|inputs?|inputdata|data|images?|features|a0|batch",
    "y": r"y|ys|yb|ybatch|ytrain|ytrue|labels?|targets?|t|onehoty?|yonehot|yenc|yencoded|truth|expected|digits",
    "output": r"outputs?|yhat|ypred|out|preds?|predictions?|predicted|probs|probabilities|al",
    "learningrate": r"lr|learningrate|alpha|eta|rate|stepsize",
    "m": r"m|batchsize|nsamples|numsamples",
    "parameters": r"params?|parameters|theta",
    "cache": r"caches?|memory|forwardcache|cached|store",
    "gradients": r"grads?|gradients",
}


class Unbindable(Exception):
    """A parameter that no rule gives a value to."""

    def __init__(self, function: str, parameter: str) -> None:
        super().__init__(f"`{function}` wants an argument `{parameter}`, and nothing known is called that")


def plain_name(name: str) -> str:
    """Lower case, letters and digits: dZ_1 and self.dz1 become dz1, grads['dW1'] becomes dw1."""
    last = re.split(r"[.\[]", name)[-1]
    return re.sub(r"[^a-z0-9]", "", last.lower())


def role_of(name: str) -> str | None:
    """What a parameter of that name means."""
    plain = plain_name(name)
    return next((role for role, names in ROLES.items() if re.fullmatch(names, plain)), None)


def arguments(function: Callable[..., Any], known: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Positional and keyword arguments for a call, from values by plain name. Raises Unbindable."""
    positional: list[Any] = []
    keywords: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        plain, role = plain_name(parameter.name), role_of(parameter.name)
        if plain in known:
            value = known[plain]
        elif role is not None and role in known:
            value = known[role]
        elif parameter.default is not parameter.empty:
            continue
        else:
            raise Unbindable(getattr(function, "__name__", "the function"), parameter.name)
        if parameter.kind is parameter.KEYWORD_ONLY or len(positional) < _place(function, parameter.name):
            keywords[parameter.name] = value
        else:
            positional.append(value)
    return positional, keywords


def _place(function: Callable[..., Any], name: str) -> int:
    return list(inspect.signature(function).parameters).index(name)


def returned(function: Callable[..., Any], result: Any) -> dict[str, Any]:
    """What a call gave back, under the names in the function's own `return`; a dict's entries under their keys."""
    names = _return_names(getattr(function, "__func__", function))
    values = list(result) if isinstance(result, tuple) else [result]
    if len(names) != len(values):
        names = [f"returned{i}" for i in range(len(values))]
    found = dict(zip(names, values, strict=True))
    for value in values:
        if isinstance(value, dict):
            found |= {str(key): part for key, part in value.items()}
    return found


@cache
def _return_names(function: Callable[..., Any]) -> list[str]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return []
    returns = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return) and node.value is not None]
    if not returns:
        return []
    last = returns[-1]
    return [ast.unparse(part) for part in last.elts] if isinstance(last, ast.Tuple) else [ast.unparse(last)]
