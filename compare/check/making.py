"""How a learner's network is made, and where it keeps its parameters. Runs in the child."""

import inspect
import re
from collections.abc import Callable, Mapping, MutableMapping
from types import ModuleType
from typing import Any

import numpy as np

from compare.check.binding import Unbindable, plain_name

DEFAULT_SIZES = [784, 128, 64, 10]
SIZES = {
    r"inputs?|inputsize|inputdim|inputs?nodes|nin|nx|nfeatures|ninput|din|infeatures|pixels": 784,
    r"hidden1|hiddensize1|hidden1size|h1|nh1|hidden|hiddensize|hiddendim|hiddennodes|nh|nhidden|dhidden": 128,
    r"hidden2|hiddensize2|hidden2size|h2|nh2": 64,
    r"outputs?|outputsize|outputdim|outputnodes|nout|ny|nclasses|numclasses|classes|noutput|dout|outfeatures": 10,
    r"seed|randomstate|randomseed": 0,
    r"lr|learningrate|alpha|eta": 0.1,
    r"scale|initscale|std": 0.1,
}
LISTS = r"sizes|layers?|layersizes|layersdims?|layerdims?|dims|architecture|units|shape"
HIDDEN_LISTS = r"hiddensizes|hiddenlayers|hiddenunits|hiddendims"


class CannotJudge(Exception):
    """The file has nothing that a known style fits. The message says what was looked for."""


class Unchosen(CannotJudge):
    """Which class is meant is open: an answer on the command line mends that, and no adapter does."""


def parameter_name(name: str) -> str | None:
    """W1 or b1 for W1, w_1, self.W1, weights1, bias1 ...; None for any other name."""
    found = re.fullmatch(r"(w|weights?|b|bias(?:es)?)(\d+)", plain_name(name))
    return f"{'W' if found[1].startswith('w') else 'b'}{found[2]}" if found else None


def in_order(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """W1 b1 W2 b2 ..., counted from 1 whatever the learner counts from. Raises CannotJudge where one is missing."""
    numbers = sorted({int(name[1:]) for name in parameters})
    missing = [f"{kind}{n}" for n in numbers for kind in "Wb" if f"{kind}{n}" not in parameters]
    if missing:
        raise CannotJudge(f"there is no {', '.join(missing)} beside {', '.join(parameters)}")
    return {f"{kind}{k}": parameters[f"{kind}{n}"] for k, n in enumerate(numbers, start=1) for kind in "Wb"}


def places(owner: object) -> dict[str, tuple[Any, Any]]:
    """Where an object keeps W1 b1 ...: (a dict or a list, the key), from its attributes, a dict or lists in it."""
    attributes: MutableMapping[str, Any] = vars(owner)
    for holder in [attributes, *(value for value in attributes.values() if isinstance(value, dict))]:
        found = {
            parameter_name(str(key)): (holder, key)
            for key, value in holder.items()
            if parameter_name(str(key)) and isinstance(value, np.ndarray)
        }
        if found:
            return in_order({str(name): place for name, place in found.items()})
    lists = {plain_name(n): v for n, v in attributes.items() if isinstance(v, list) and v}
    weights = next((lists[n] for n in ("weights", "w", "ws") if n in lists), None)
    biases = next((lists[n] for n in ("biases", "bias", "b", "bs") if n in lists), None)
    if weights is None or biases is None or len(weights) != len(biases):
        return {}
    found_in_lists: dict[str, tuple[Any, Any]] = {}
    for k in range(len(weights)):
        found_in_lists |= {f"W{k + 1}": (weights, k), f"b{k + 1}": (biases, k)}
    return found_in_lists


def construct(kind: type) -> Any:
    """An object of the class: sizes by the names of the constructor's arguments, or as most would give them."""
    if "__init__" not in vars(kind) and not hasattr(kind, "__dataclass_fields__"):
        return kind()
    try:
        return with_sizes(kind)
    except Unbindable as unknown:
        first: Exception = unknown
    for attempt in ((784, 128, 10), ([784, 128, 64, 10],), (784, 128, 64, 10)):
        try:
            return kind(*attempt)
        except (TypeError, ValueError, IndexError, AttributeError):
            continue
    raise CannotJudge(f"{kind.__name__} cannot be made: {first}")


def with_sizes(function: Callable[..., Any]) -> Any:
    """Call, with sizes for the arguments that have no default. Raises Unbindable."""
    values: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if parameter.default is parameter.empty:
            values[parameter.name] = _size(function, parameter.name)
    return function(**values)


def _size(function: Callable[..., Any], name: str) -> Any:
    plain = plain_name(name)
    if plain in ("parameters", "params"):
        return {
            name: array
            for k in range(1, 4)
            for name, array in (
                (f"W{k}", np.zeros((DEFAULT_SIZES[k - 1], DEFAULT_SIZES[k]))),
                (f"b{k}", np.zeros(DEFAULT_SIZES[k])),
            )
        }
    if re.fullmatch(LISTS, plain):
        return list(DEFAULT_SIZES)
    if re.fullmatch(HIDDEN_LISTS, plain):
        return DEFAULT_SIZES[1:-1]
    for pattern, value in SIZES.items():
        if re.fullmatch(pattern, plain):
            return value
    raise Unbindable(getattr(function, "__name__", "it"), name)


def named(functions: Mapping[str, Any], pattern: str) -> Callable[..., Any] | None:
    """The function whose name fits; where several do, the first."""
    return next((f for name, f in functions.items() if re.fullmatch(pattern, name, re.IGNORECASE)), None)


def own_functions(module: ModuleType) -> dict[str, Callable[..., Any]]:
    """The functions that the file itself defines."""
    return {n: f for n, f in vars(module).items() if inspect.isfunction(f) and f.__module__ == module.__name__}
