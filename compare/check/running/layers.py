"""Layer objects with nobody to hold them: a list of them is made, as the program shows or as their arguments ask."""

import ast
import inspect
from typing import Any

from compare.check.running.roles import normal, roles
from compare.check.running.world import World, arrays_in


def is_layer(kind: type) -> bool:
    """Has it a forward and a backward, of which neither is given labels?"""
    methods = inspect.getmembers(kind, inspect.isfunction)
    passes = [f for way in ("forward", "backward") for f in [f for name, f in methods if name.startswith(way)][:1]]
    asked = [name for f in passes for name in list(inspect.signature(f).parameters)[1:]]
    return len(passes) == 2 and not any("y" in roles(name) for name in asked)


def build(world: World) -> list[Any] | None:
    """The first list of own objects that the program's text shows; else dense, activation, dense."""
    for shown in world.examples.lists:
        try:
            return list(eval(compile(ast.Expression(shown), "<example>", "eval"), world.namespace))
        except Exception:  # made of what is not there
            continue
    kinds = [k for k in world.namespace.values() if isinstance(k, type) and world.own(k) and is_layer(k)]
    dense, others = None, []
    for kind in kinds:
        try:
            layer = kind(**world.bound(kind))
        except Exception:
            continue
        if any(True for _ in arrays_in(layer)):
            dense = dense or kind
        else:
            others.append(layer)
    if dense is None:
        return None
    ends = world.n_in, world.n_out
    world.n_out = world.n_hidden
    first = dense(**world.bound(dense, call=-1))
    world.n_in, world.n_out = world.n_hidden, ends[1]
    second = dense(**world.bound(dense, call=-1))
    world.n_in = ends[0]
    return [first, *others[:1], second]


def step_by_hand(world: World) -> None:
    """Forward through the list, the gradient of the loss, backward through it, and the update, if there is one."""
    layers = world.layers or []
    output = world.x_now
    for layer in layers:
        output = layer.forward(output)
    world.calls += 1
    world.returned["<output>"] = output
    gradient = _of_the_loss(world, output)
    for layer in reversed(layers):
        names = list(inspect.signature(layer.backward).parameters)
        world.returned[normal(names[0])] = gradient
        gradient = layer.backward(**world.bound(layer.backward))
    world.calls += 1
    for layer in layers:
        for name in ("update", "step", "update_params", "update_weights"):
            if hasattr(layer, name):
                world.call(getattr(layer, name), "update")


def _of_the_loss(world: World, output: Any) -> Any:
    """By a loss object's backward, by a function that is called a derivative, or of the squared error."""
    for name, value in world.namespace.items():
        if not world.own(value):
            continue
        if isinstance(value, type):
            forward = getattr(value, "forward", None)
            asked = list(inspect.signature(forward).parameters)[1:] if inspect.isfunction(forward) else []
            if len(asked) > 1 and any("y" in roles(n) for n in asked) and hasattr(value, "backward"):
                loss = value(**world.bound(value))
                world.call(loss.forward)
                return world.call(loss.backward)
        elif "derivative" in roles(name) and any("y" in roles(n) for n in inspect.signature(value).parameters):
            return world.call(value)
    return output - world.y_now
