"""What a plan calls in a trial: it makes an object, layers or parameters, and with these one step after another."""

import ast
import contextlib
import inspect
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from compare.check.running.layers import build, step_by_hand
from compare.check.running.nests import arrays_in
from compare.check.running.plans import BY_HAND, MADE_UP, SETS_UP, CallPlan, asks, methods_of
from compare.check.running.roles import of_parameter, roles
from compare.check.running.starting import names_wanted
from compare.check.running.trial import DATA, SIMPLE, Trial, Unbindable

RANDOM = ", given random parameters"


def make(trial: Trial, plan: CallPlan) -> None:
    """The object, the layers or the parameters that the steps work on."""
    for name, value in trial.namespace.items():
        trial.data.note_widths(roles(name), value)
    trial.fill()
    maker = trial.namespace.get(plan.maker or "")
    called = [trial.namespace.get(name) for name in (plan.maker or "", *(name for _, name in plan.steps))]
    if plan.maker == BY_HAND or any("layers" in asks(f) for f in called if callable(f)):
        trial.layers = build(trial)
    if isinstance(maker, type):
        trial.object = construct(trial, maker)
        if not any(True for _ in arrays_in(trial.object)):
            complete(trial)
    elif maker is not None:
        trial.call(maker, "init")
    elif plan.maker == MADE_UP:
        trial.make_up(*names_wanted(trial.namespace[name] for _, name in plan.steps))
    trial.read_widths()
    if isinstance(maker, type):
        give_data(trial)


def give_data(trial: Trial) -> None:
    """An object that waits for its data, as by `self.X = None`, gets them, as wide as its other attributes say."""
    held = vars(trial.object)
    waiting = [(name, role) for name in held if held[name] is None for role in roles(name)[:1] if role in ("x", "y")]
    if waiting:
        for name, value in held.items():
            trial.data.note_widths(roles(name), value)
        trial.renew()
    for name, role in waiting:
        setattr(trial.object, name, trial.data.of("x") if role == "x" else trial.data.of("y"))


def construct(trial: Trial, kind: type) -> Any:
    """An object: where it takes any number of things, as an example shows."""
    calls = trial.examples.calls.get(kind.__name__, [])
    if calls and any(p.kind is p.VAR_POSITIONAL for p in inspect.signature(kind).parameters.values()):
        return eval(compile(ast.Expression(calls[0]), "<example>", "eval"), trial.namespace)
    return kind(**trial.bound(kind))


def complete(trial: Trial) -> None:
    """An object without weights yet: add layers to it as an example shows, or call what sets them up."""
    for name, method in methods_of(type(trial.object)).items():
        bound = getattr(trial.object, name)
        if name.startswith("add"):
            for call in range(len(trial.examples.calls.get(name, [])) or 2):
                bound(**trial.bound(bound, call))
        elif SETS_UP.match(name) and not asks(method) & DATA:
            with contextlib.suppress(Unbindable):
                trial.call(bound)


def step(trial: Trial, plan: CallPlan) -> None:
    """One step of training, with data of its own."""
    trial.renew()
    trial.fill()
    if plan.maker == BY_HAND:
        return step_by_hand(trial)
    for role, name in plan.steps:
        holder, _, method = name.rpartition(".")
        if holder and holder not in trial.helpers:
            trial.helpers[holder] = trial.namespace[holder](**trial.bound(trial.namespace[holder]))
        owner = trial.helpers[holder] if holder else trial.object
        trial.call(getattr(owner, method) if hasattr(owner, method) else trial.namespace[name], role)


def update(trial: Trial, parameters: list[tuple[str, np.ndarray]]) -> bool:
    """Where nothing updates, do it: each gradient is for the parameter of its name, or else of its order and shape."""
    gradients = [(name, g) for name, g in arrays_in(trial.results.by_name.get("<grads>"))]
    if not gradients:
        gradients = [(name, g) for name, g in arrays_in(trial.source) if of_parameter(name) != name]
    named = dict(parameters)
    pairs = [(named.get(of_parameter(name)), g) for name, g in gradients]
    if not all(p is not None and p.shape == g.shape for p, g in pairs):
        left = [p for _, p in parameters]
        pairs = []
        for _, g in gradients:
            fits = next((n for n, p in enumerate(left) if p.shape == g.shape), None)
            if fits is not None:
                pairs.append((left.pop(fits), g))
    for p, g in pairs:
        assert p is not None
        p -= SIMPLE["lr"] * g
    return bool(pairs)


def shapes_of(named: Iterable[tuple[str, np.ndarray]]) -> Counter[Any]:
    """The shapes of what is called as parameters are, or has no name."""
    return Counter((n, a.shape) for n, a in named if re.match(r"w|b$|b\d|bias|theta|\d+$", n))


def contents(trial: Trial, parameters: list[tuple[str, np.ndarray]]) -> set[Any]:
    """What is in the arrays of those names; read beside the recording."""
    names = {name for name, _ in parameters}
    return {(name, a.view(np.ndarray).tobytes()) for name, a in arrays_in(trial.source) if name in names}


def describe(trial: Trial, plan: CallPlan) -> str:
    """What was called, as its author would write it."""
    if plan.maker == BY_HAND:
        return ", ".join(type(layer).__name__ + "()" for layer in trial.layers or []) + ": forward, backward"
    calls = []
    for _, name in plan.steps:
        holder, _, method = name.rpartition(".")
        function = trial.namespace.get(holder or plan.maker or "") or trial.namespace.get(name)
        function = getattr(function, method, None) or trial.namespace.get(name)
        names = [n for n in inspect.signature(function).parameters if n != "self"] if function else []
        calls.append(f"{name}({', '.join(names)})")
    if plan.maker == MADE_UP:
        return ", ".join(calls) + RANDOM
    return f"{plan.maker + '(): ' if plan.maker else ''}{', '.join(calls)}"
