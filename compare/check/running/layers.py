"""Layer objects with nobody to hold them: a list of them is made, as the program shows or as their arguments ask."""

import ast
import inspect
from typing import Any

from compare.check.running.nests import arrays_in
from compare.check.running.roles import normal, roles
from compare.check.running.trial import Trial


def is_layer(kind: type) -> bool:
    """Has it a forward and a backward, of which neither is given labels?"""
    methods = inspect.getmembers(kind, inspect.isfunction)
    passes = [f for way in ("forward", "backward") for f in [f for name, f in methods if name.startswith(way)][:1]]
    asked = [name for f in passes for name in list(inspect.signature(f).parameters)[1:]]
    return len(passes) == 2 and not any("y" in roles(name) for name in asked)


def build(trial: Trial) -> list[Any] | None:
    """The first list of own objects that the program's text shows; else dense, activation, dense."""
    for shown in trial.examples.lists:
        try:
            return list(eval(compile(ast.Expression(shown), "<example>", "eval"), trial.namespace))
        except Exception:  # made of what is not there
            continue
    kinds = [k for k in trial.namespace.values() if isinstance(k, type) and trial.is_own(k) and is_layer(k)]
    dense, others = None, []
    for kind in kinds:
        layer = trial.made(kind)
        if layer is None:
            continue
        if any(True for _ in arrays_in(layer)):
            dense = dense or kind
        else:
            others.append(layer)
    if dense is None:
        return None
    ends = trial.data.n_in, trial.data.n_out
    trial.data.n_out = trial.data.n_hidden
    first = dense(**trial.bound(dense, call=-1))
    trial.data.n_in, trial.data.n_out = trial.data.n_hidden, ends[1]
    second = dense(**trial.bound(dense, call=-1))
    trial.data.n_in = ends[0]
    return [first, *others[:1], second]


def step_by_hand(trial: Trial) -> None:
    """Forward through the list, the gradient of the loss, backward through it, and the update, if there is one."""
    layers = trial.layers or []
    output = trial.data.of("x")
    for layer in layers:
        output = layer.forward(output)
    trial.calls += 1
    trial.results.by_name["<output>"] = output
    gradient = _of_the_loss(trial, output)
    for layer in reversed(layers):
        names = list(inspect.signature(layer.backward).parameters)
        trial.results.by_name[normal(names[0])] = gradient
        gradient = layer.backward(**trial.bound(layer.backward))
    trial.calls += 1
    for layer in layers:
        for name in ("update", "step", "update_params", "update_weights"):
            if hasattr(layer, name):
                trial.call(getattr(layer, name), "update")


def _of_the_loss(trial: Trial, output: Any) -> Any:
    """By a loss object's backward, by a function that is called a derivative, or of the squared error."""
    for name, value in trial.namespace.items():
        if not trial.is_own(value):
            continue
        if isinstance(value, type):
            forward = getattr(value, "forward", None)
            asked = list(inspect.signature(forward).parameters)[1:] if inspect.isfunction(forward) else []
            if len(asked) > 1 and any("y" in roles(n) for n in asked) and hasattr(value, "backward"):
                loss = value(**trial.bound(value))
                trial.call(loss.forward)
                return trial.call(loss.backward)
        elif "derivative" in roles(name) and any("y" in roles(n) for n in inspect.signature(value).parameters):
            return trial.call(value)
    return output - trial.data.of("y")
