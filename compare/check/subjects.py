"""The styles that are known: a class with forward and backward, functions that pass parameters, `gradients`.

Each is brought to one form: parameters can be loaded and read, and its functions called by what they are. Runs in the
child.
"""

import inspect
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from compare.check.binding import arguments, plain_name, returned, role_of
from compare.check.making import (
    DEFAULT_SIZES,
    CannotJudge,
    construct,
    in_order,
    named,
    own_functions,
    parameter_name,
    places,
    with_sizes,
)

FORWARD = r"forward(_?(prop|pass|propagation|propagate))?|feed_?forward|fwd|predict_proba|__call__"
BACKWARD = r"back(ward)?(_?(prop|pass|propagation|propagate|propogation))?|bwd"
UPDATE = r"(update|step|apply)(_?(params?|parameters|weights|gradients|grads))?"
INIT = r"init(iali[sz]e)?(_?(params?|parameters|weights|network|net))?"
LOSS = r"(compute_|calc(ulate)?_)?(loss|cost|cross_?entropy(_?loss)?)(_function)?"

PARTS = {"forward": FORWARD, "loss": LOSS, "backward": BACKWARD, "update": UPDATE}


class Subject:
    """A learner's network, whatever its style.

    shapes: of its own parameters by canonical name, W1 b1 W2 b2 ...; own: their initial values.
    """

    style = ""

    def __init__(self) -> None:
        self.own: dict[str, np.ndarray] = {}
        self.known: dict[str, Any] = {}

    def load(self, parameters: Mapping[str, np.ndarray]) -> None:
        """Put parameters, already in the learner's shapes, where they are read from."""
        raise NotImplementedError

    def current(self) -> dict[str, np.ndarray] | None:
        """The parameters as they are now, or None if nothing ever updates them."""
        raise NotImplementedError

    def begin(self, x: np.ndarray, y: np.ndarray, m: int, learning_rate: float) -> None:
        """What every function of the next run may ask for."""
        self.known = {"x": x, "y": y, "m": m, "learningrate": learning_rate}

    def keep(self) -> None:
        """Take the parameters of the last step on into the next."""

    def call(self, function: Callable[..., Any]) -> dict[str, Any]:
        """Call by names, and know the results by theirs from then on."""
        positional, keywords = arguments(function, self.known)
        found = returned(function, function(*positional, **keywords))
        self.known |= {plain_name(name): value for name, value in found.items()}
        for name, value in found.items():
            role = role_of(name)
            if role in ("cache", "gradients", "parameters"):
                self.known[role] = value
        return found

    def functions(self) -> dict[str, Callable[..., Any] | None]:
        """forward, loss, backward, update: None for what there is not."""
        raise NotImplementedError


class ClassStyle(Subject):
    """A class with W1 b1 ... as attributes (or in a dict, or in lists), forward and backward."""

    def __init__(self, kind: type) -> None:
        super().__init__()
        self.kind, self.style = kind, f"class {kind.__name__}"
        np.random.seed(0)
        self.object = construct(kind)
        self.places = places(self.object)
        if not self.places:
            raise CannotJudge(f"an object of {kind.__name__} has no attributes W1, b1, W2, b2, ... after it is made")
        self.own = {name: np.array(owner[key]) for name, (owner, key) in self.places.items()}

    def load(self, parameters: Mapping[str, np.ndarray]) -> None:  # noqa: D102
        self.loaded = dict(parameters)
        for name, (owner, key) in self.places.items():
            array, value = owner[key], parameters[name]
            if isinstance(array, np.ndarray) and array.dtype == value.dtype and array.shape == value.shape:
                array[...] = value  # in place: whoever else holds this array sees the new values, as in training
            else:
                owner[key] = value.copy()

    def current(self) -> dict[str, np.ndarray] | None:  # noqa: D102
        now = {name: np.array(owner[key]) for name, (owner, key) in self.places.items()}
        return now if self._updates() or any((now[n] != self.loaded[n]).any() for n in now) else None

    def _updates(self) -> bool:
        """Whether something here is meant to update: an update method, or a learning rate to do it with."""
        parts = self.functions()
        backward = inspect.signature(parts["backward"]).parameters if parts["backward"] else ()
        rates = [name for name in (*vars(self.object), *backward) if role_of(name) == "learningrate"]
        return parts["update"] is not None or bool(rates)

    def begin(self, x: np.ndarray, y: np.ndarray, m: int, learning_rate: float) -> None:  # noqa: D102
        super().begin(x, y, m, learning_rate)
        for name in vars(self.object):
            if role_of(name) == "learningrate":
                setattr(self.object, name, learning_rate)

    def functions(self) -> dict[str, Callable[..., Any] | None]:  # noqa: D102
        methods = {name: getattr(self.object, name) for name, _ in inspect.getmembers(self.kind, callable)}
        found = {what: named(methods, pattern) for what, pattern in PARTS.items()}
        if "gradients" in methods:  # the contract of this project's own networks
            found |= {"forward": None, "backward": methods["gradients"], "update": None}
        elif found["backward"] is not None and any(
            role_of(p) == "learningrate" for p in inspect.signature(found["backward"]).parameters
        ):
            found["update"] = None
        return found


class FunctionStyle(Subject):
    """init_params, forward_prop, backward_prop and perhaps update_params, parameters passed and returned."""

    style = "functions"

    def __init__(self, module: ModuleType) -> None:
        super().__init__()
        self.parts = own_functions(module)
        init = named(self.parts, INIT)
        if init is not None:
            np.random.seed(0)
            made = returned(init, with_sizes(init))
            self.names = {parameter_name(n): n for n in made if parameter_name(n) is not None}
            self.own = {str(c): np.array(made[n]) for c, n in self.names.items()}
        if not self.own:
            raise CannotJudge("no function like init_params gives W1, b1, W2, b2, ... back")
        self.own = in_order(self.own)
        self.values = self.own

    def load(self, parameters: Mapping[str, np.ndarray]) -> None:  # noqa: D102
        self.values = {name: value.copy() for name, value in parameters.items()}

    def begin(self, x: np.ndarray, y: np.ndarray, m: int, learning_rate: float) -> None:  # noqa: D102
        super().begin(x, y, m, learning_rate)
        self.known |= {plain_name(str(self.names[name])): value for name, value in self.values.items()}
        self.known["parameters"] = {str(self.names[name]): value for name, value in self.values.items()}

    def current(self) -> dict[str, np.ndarray] | None:  # noqa: D102
        if self.functions()["update"] is None:
            return None
        held, found = self.known["parameters"], {}
        for name, before in self.values.items():
            own_name = str(self.names[name])
            now = self.known[plain_name(own_name)]
            found[name] = np.array(now if now is not before else held[own_name])
        return found

    def keep(self) -> None:  # noqa: D102
        self.values = self.current() or self.values

    def functions(self) -> dict[str, Callable[..., Any] | None]:  # noqa: D102
        return {what: named(self.parts, pattern) for what, pattern in PARTS.items()}


class GradientsStyle(Subject):
    """A function gradients(parameters, x, labels) -> dict, or (loss, dict): W (fan_in, fan_out), x (m, fan_in)."""

    style = "gradients()"

    def __init__(self, module: ModuleType) -> None:
        super().__init__()
        self.function = module.gradients
        sizes = getattr(module, "SIZES", DEFAULT_SIZES)
        for k in range(1, len(sizes)):
            self.own |= {f"W{k}": np.zeros((sizes[k - 1], sizes[k])), f"b{k}": np.zeros(sizes[k])}

    def load(self, parameters: Mapping[str, np.ndarray]) -> None:  # noqa: D102
        self.values = {name: value.copy() for name, value in parameters.items()}

    def current(self) -> dict[str, np.ndarray] | None:  # noqa: D102
        return None

    def begin(self, x: np.ndarray, y: np.ndarray, m: int, learning_rate: float) -> None:  # noqa: D102
        super().begin(x, y, m, learning_rate)
        self.known["parameters"] = self.values

    def functions(self) -> dict[str, Callable[..., Any] | None]:  # noqa: D102
        return {"forward": None, "loss": None, "backward": self.function, "update": None}
