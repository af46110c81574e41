"""What may be a step of training, told from the names and arguments of what a program defines: the likeliest first."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from compare.check.running.layers import is_layer
from compare.check.running.roles import roles
from compare.check.running.starting import names_wanted
from compare.check.running.trial import DATA, SIMPLE, WIDTHS

BY_HAND = "[layers]"
MADE_UP = "[parameters]"
TRAIN = ("fit", "train", "sgd", "learn", "descent", "optimi", "step", "backprop", "update", "gradient", "model", "")
FORWARD = ("forward", "feed", "fwd", "propagat", "predict", "run", "out", "ask", "query", "call", "model")
BACKWARD = ("back", "bwd", "grad", "learn", "deriv", "loss", "cost")
UPDATE = ("update", "step", "apply", "descent", "optimi", "adjust", "sgd", "adam")
LOSS = ("loss", "cost", "error", "criterion", "objective")
INIT = ("init", "param", "weight", "create", "make", "build", "new", "setup", "start", "he", "model", "net", "theta")
GIVES_GRADIENTS = re.compile("grad(?!.*desc)|back_?prop|backward|one_sample")
BACK = re.compile("^(?!.*(forward|feed|fwd)).*(back|bwd|grad|deriv)")  # propagation, but no forward one
SETS_UP = re.compile("_?(init|build|compile|setup|create|reset|use|set)")
NO_TRAINER = re.compile(
    r"pred|score|accura|eval|^test|plot|load|save|^get_|print|show|one_?hot|forward|^loss|^cost|classify"
)


@dataclass(frozen=True)
class CallPlan:
    """What may be called for a step of training.

    maker: a class, a function that makes parameters, MADE_UP or None; steps: methods of the class, or functions.
    """

    maker: str | None
    steps: tuple[tuple[str, str], ...]  # role and name

    @property
    def trains(self) -> bool:
        """Whether one call is to do it all."""
        return [role for role, _ in self.steps] == ["train"]

    def __str__(self) -> str:
        return ", ".join(name for _, name in self.steps)


def plans(own: dict[str, Any]) -> Iterator[CallPlan]:
    """All that may be a step of training, the likeliest first."""
    classes = {name: methods_of(value) for name, value in own.items() if isinstance(value, type)}
    functions = {name: value for name, value in own.items() if not isinstance(value, type)}
    layers = [
        name for name in classes if is_layer(own[name]) and not any(trains(n, f) for n, f in classes[name].items())
    ]
    holders = [name for name in layers if "layers" in asks(own[name].__init__)]
    optimizers = [f"{c}.{m}" for c, ms in classes.items() for m in ranked(ms, UPDATE)[:1] if not ranked(ms, FORWARD)]
    networks = sorted(classes.keys() - (set(layers) - set(holders)), key=list(classes).index, reverse=True)
    networks.sort(key=lambda c: not any(trains(n, f) for n, f in classes[c].items()))
    for c in networks:  # the chapter's own form
        backward = classes[c].get("backward")
        if "forward" in classes[c] and backward is not None and {"y", "lr"} <= asks(backward):
            yield CallPlan(c, (("forward", "forward"), ("backward", "backward")))
    for c in networks:
        for n in ranked([n for n, f in classes[c].items() if trains(n, f)], TRAIN):
            yield CallPlan(c, _alone(n))
    for c in networks:  # an autoencoder's targets are its inputs
        single = [n for n, f in classes[c].items() if "x" in asks(f) and not trains(n, f)]
        for n in ranked([n for n in single if not NO_TRAINER.search(n.lower())], ("train", "fit", "learn")):
            yield CallPlan(c, (("train", n),))
    for c in networks:  # with the data that the object has
        for n in ranked([n for n, f in classes[c].items() if asks_little(f)], ("train", "fit", "learn")):
            yield CallPlan(c, (("train", n),))
    makers = [n for n in ranked(functions, INIT) if not asks(functions[n]) & {*DATA, "grads", "cache"}][:3]
    for n in ranked([n for n, f in functions.items() if trains(n, f)], TRAIN):
        for maker in [None, *makers, *(networks if "layers" in asks(functions[n]) else [])]:
            yield CallPlan(maker, _alone(n))
    for c in networks:
        for steps in sequences(classes[c], optimizers, "y" in asks(own[c])):  # some are made with their data
            yield CallPlan(c, steps)
    for maker in [*makers, None]:
        for steps in sequences(functions, optimizers):
            yield CallPlan(maker, steps)
    if layers:
        yield CallPlan(BY_HAND, ())
    alone = [_alone(n) for n in ranked([n for n, f in functions.items() if trains(n, f)], TRAIN)]
    for steps in [*alone, *sequences(functions, [])]:
        if names_wanted(functions[n] for _, n in steps)[1]:
            yield CallPlan(MADE_UP, steps)
    for n in ranked(
        [n for n, f in functions.items() if asks_little(f)], ("main", "train", "run", "fit", "model", "build")
    ):
        yield CallPlan(None, (("train", n),))


def _alone(name: str) -> tuple[tuple[str, str], ...]:
    """One call that does it all, or that only gives the gradients, as its name says."""
    return (("backward" if GIVES_GRADIENTS.search(name) else "train", name),)


def sequences(
    members: dict[str, Any], optimizers: list[str], has_data: bool = False
) -> Iterator[tuple[tuple[str, str], ...]]:
    """forward, loss, backward, update, as far as there are such; first those that update."""
    forward = [n for n in ranked(members, FORWARD) if has_data or "x" in asks(members[n])]
    forward = [n for n in forward if not BACK.search(n.lower())][:2]
    backward = [n for n in ranked(members, BACKWARD) if n not in forward][:4]
    loss = [n for n in ranked(members, LOSS) if n not in backward[:1]][:1]
    update = [n for n in ranked(members, UPDATE) if n not in forward + backward][:2] + optimizers
    first = [[("forward", n)] for n in forward] + [[("loss", n)] for n in loss]
    first += [[("forward", f), ("loss", n)] for f in forward[:1] for n in loss] + [[]]
    for u, b, head in product([*update, None], backward, first):
        if b not in (n for _, n in head):
            yield (*head, ("backward", b), *((("update", u),) if u else ()))


def trains(name: str, function: Any) -> bool:
    """Does it look like one that is given the data and does the rest?"""
    wants = [set(roles(n)) for n in inspect.signature(function).parameters if n != "self"]
    both = any("x" in w for w in wants) and any({"y", "output"} & w and "x" not in w for w in wants)
    return (both or any("pairs" in w for w in wants)) and not NO_TRAINER.search(name.lower())


def ranked(names: Any, words: tuple[str, ...]) -> list[str]:
    """The names in which one of the words is, those with an early one first."""
    found = {name: next((n for n, word in enumerate(words) if word in name.lower()), None) for name in names}
    return sorted((name for name, n in found.items() if n is not None), key=lambda name: found[name] or 0)


def asks(function: Any) -> set[str]:
    """The roles of the arguments of a function."""
    return {role for name in inspect.signature(function).parameters if name != "self" for role in roles(name)}


def required(function: Any) -> list[str]:
    """The arguments that it cannot do without."""
    parameters = inspect.signature(function).parameters.values()
    open_ended = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [p.name for p in parameters if p.default is p.empty and p.kind not in open_ended and p.name != "self"]


def asks_little(function: Any) -> bool:
    """Can it be called with no data, which it takes from elsewhere?"""
    return all(set(roles(n)) & {*SIMPLE, *WIDTHS} for n in required(function))


def methods_of(kind: type) -> dict[str, Any]:
    """The methods of a class, without static ones, its own and inherited."""
    found = inspect.getmembers(kind, inspect.isfunction)
    return {
        n: f
        for n, f in found
        if not n.startswith("__") and not isinstance(inspect.getattr_static(kind, n), staticmethod)
    }
