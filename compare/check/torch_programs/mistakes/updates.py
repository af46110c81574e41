"""Gradients and parameters that do not meet: cleared at the wrong time, cut off, or in no optimizer."""

import re
from collections.abc import Iterator

from compare.check.saying.source import text
from compare.check.torch_programs.mistakes.mistake import Mistake, listed, many, names_of
from compare.check.torch_programs.seen import Op, Tensor
from compare.check.torch_programs.watch import TorchWatch

ZERO = "optimizer.zero_grad()"
EXPLANATIONS = {
    "gradients-not-cleared": "backward() adds to what is in .grad. The gradients that earlier steps have used are "
    "still in it, so that each step goes along the sum of all gradients so far.",
    "gradients-cleared-before-step": "The gradients are cleared between backward() and step(), so that the step "
    "finds none.",
    "step-missing": "Gradients are computed, and no step of the optimizer uses them: no parameter ever changes.",
    "optimizer-of-old-parameters": "The optimizer was given parameters that the model no longer has; those that it has "
    "now were made later, and no step changes them.",
    "layers-in-a-plain-list": "A module knows the layers that are its attributes, not those in a list or a dict: their "
    "parameters are not among the model's, the optimizer does not get them, and they never change.",
    "graph-cut": "What comes out of this line does not know what it was computed from: no gradient goes back through "
    "it, and the parameters before it never change.",
}


def in_gradients(watch: TorchWatch) -> Iterator[Mistake]:
    """What is in .grad when a step is made."""
    if not watch.backwards:
        return
    place, steps = watch.backwards[-1].place, watch.steps
    call = text(place) if place else "backward()"
    if len(steps.stale) > 1 and all(steps.stale[1:]):
        cleared = [p for p in dict.fromkeys(steps.cleared) if p is not None]
        sure = "It was called before, but not between the steps." if cleared else f"{ZERO} was never called."
        yield Mistake(
            "gradients-not-cleared", place,
            f"In {len(steps.stale) - 1} of {len(steps.stale)} steps that were watched, the gradients of the step "
            f"before were still there. {sure}",
            corrected=f"{ZERO}, before {call}", also=tuple(cleared[:1]),
        )  # fmt: skip
    if len(steps.emptied) > 1:
        yield Mistake(
            "gradients-cleared-before-step", steps.emptied[-1],
            f"In {len(steps.emptied)} steps, every gradient was there after backward() and gone before step().",
            corrected=f"{ZERO} before backward(), or after step()", also=(place,),
        )  # fmt: skip
    if not steps.count and steps.made and len(watch.backwards) > 2:
        yield Mistake(
            "step-missing", place, f"backward() was called {len(watch.backwards)} times, and step() never.",
            corrected=f"{call}, then optimizer.step()",
        )  # fmt: skip


def in_parameters(watch: TorchWatch) -> Iterator[Mistake]:
    """Parameters that no gradient reaches, or no step."""
    if not watch.backwards:
        return
    reached = {id(p): p for moment in watch.backwards for p in moment.leaves}
    held = {id(p): p for one in watch.steps.optimizers.values() for p in one.parameters}
    in_model = {id(p): p for module in watch.modules.outermost for p in module.parameters()}
    yield from _old_parameters(watch, reached, held, in_model)
    inner = {id(p): m for m in watch.modules.inner.values() for p in m.parameters(recurse=False)}
    strays = [p for key, p in reached.items() if key not in held and key not in in_model and key in inner]
    if strays and held:
        yield Mistake(
            "layers-in-a-plain-list", watch.modules.made.get(id(inner[id(strays[0])])),
            f"{many(len(strays))} parameters that the loss depends on are not among model.parameters(), and no "
            "optimizer has them.",
            corrected="nn.ModuleList([...]) in the place of the list",
        )  # fmt: skip
    yield from _cut_off(watch, set(reached), set(held))


def _old_parameters(
    watch: TorchWatch, reached: dict[int, Tensor], held: dict[int, Tensor], in_model: dict[int, Tensor]
) -> Iterator[Mistake]:
    orphans = [p for key, p in held.items() if key not in reached and key not in in_model and p.grad is None]
    missed = [p for key, p in reached.items() if key not in held and (key in in_model or not in_model)]
    names = watch.backwards[-1].names
    if orphans and missed and (in_model or any(p.shape == q.shape for p in orphans for q in missed)):
        one = next(o for o in watch.steps.optimizers.values() if any(p is q for p in o.parameters for q in orphans))
        owners = [m for module in watch.modules.outermost for m in module.modules()
                  if any(p is q for p in m.parameters(recurse=False) for q in missed)]  # fmt: skip
        later = dict.fromkeys(watch.modules.made.get(id(m)) for m in owners)
        yield Mistake(
            "optimizer-of-old-parameters", one.place,
            f"{many(len(orphans))} of the optimizer's {len(one.parameters)} parameters belong to no part of the "
            f"model, and the optimizer does not have {listed(missed, names)}.",
            corrected="the optimizer made last, when the model is as it will be trained",
            also=tuple(later), parameters=names_of(missed, names),
        )  # fmt: skip


def _cut_off(watch: TorchWatch, reached: set[int], held: set[int]) -> Iterator[Mistake]:
    last = watch.backwards[-1]
    without: dict[int, Tensor] = {}
    cut: Op | None = None
    for op, lost in last.severed:
        mine = {id(p): p for p in lost if id(p) not in reached and (id(p) in held or not last.leaves)}
        cut = cut or (op if mine else None)
        without |= mine
    if cut is not None:
        parameters = list(without.values())
        yield Mistake(
            "graph-cut", cut.place,
            f"After backward() there is no gradient for {listed(parameters, last.names)}: .grad is None.",
            corrected=re.sub(r"\.detach\(\)|\.data\b(?!\()", "", text(cut.place)) if cut.place else "",
            also=(last.place,), parameters=names_of(parameters, last.names),
        )  # fmt: skip
