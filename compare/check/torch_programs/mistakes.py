"""The classic mistakes around PyTorch's own derivatives, each named where what was seen leaves no doubt about it."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from compare.check.recording.graph import Place
from compare.check.saying.source import short, text
from compare.check.torch_programs.rebuilt import RULES
from compare.check.torch_programs.seen import Backward, Failed, Op, Ref, Tensor
from compare.check.torch_programs.watch import Watch

Told = dict[str, Any]
#: What leaves numbers as they are: a softmax before one of these is still a softmax.
SHAPING = {"view", "reshape", "flatten", "squeeze", "unsqueeze", "contiguous", "clone", "to", "float", "double", "cpu"}
ZERO = "optimizer.zero_grad()"

EXPLANATIONS = {
    "softmax-before-cross-entropy": "PyTorch's cross-entropy takes the softmax itself, of scores. Here it gets "
    "probabilities and takes a softmax of those: the derivatives are right for that loss, and it is not the one that "
    "is meant.",
    "sigmoid-before-bce-with-logits": "This loss takes the sigmoid itself, of scores. Here it gets what has been "
    "through a sigmoid already.",
    "log-softmax-before-cross-entropy": "No harm: the log_softmax of a log_softmax is the same numbers. "
    "Cross-entropy takes scores, so the first one can go; or keep it, and let the loss be nll_loss.",
    "nll-of-probabilities": "nll_loss picks the entry of the right class and takes its negative: it wants the "
    "logarithm of probabilities, and here it gets the probabilities.",
    "nll-of-scores": "nll_loss picks the entry of the right class and takes its negative: it wants the logarithm of "
    "probabilities. Here it gets scores, and growing scores make this loss as small as you like.",
    "gradients-not-cleared": "backward() adds to what is in .grad. The gradients that earlier steps have used are "
    "still in it, so that each step goes along the sum of all gradients so far.",
    "gradients-cleared-before-step": "The gradients are cleared between backward() and step(), so that the step "
    "finds none.",
    "step-missing": "Gradients are computed, and no step of the optimizer uses them: no parameter ever changes.",
    "loss-kept-with-graph": "The loss is kept as a tensor, and with it the whole graph that led to it: memory grows "
    "with every step. Its number is enough.",
    "optimizer-of-old-parameters": "The optimizer was given parameters that the model no longer has; those that it has "
    "now were made later, and no step changes them.",
    "layers-in-a-plain-list": "A module knows the layers that are its attributes, not those in a list or a dict: their "
    "parameters are not among the model's, the optimizer does not get them, and they never change.",
    "graph-cut": "What comes out of this line does not know what it was computed from: no gradient goes back through "
    "it, and the parameters before it never change.",
    "evaluation-in-train-mode": "The model is evaluated while it is in training mode: its dropout or batch norm is "
    "still at work, so that the result depends on chance or on the rest of the batch, and is worse.",
    "evaluation-mode-kept": "The model was put into evaluation mode and never back: from the first evaluation on it "
    "trains without its dropout.",
    "labels-as-floats": "Cross-entropy takes class numbers, which are whole numbers: an int64 tensor of as many "
    "entries as there are rows.",
    "labels-one-hot": "Cross-entropy takes class numbers, one whole number a row, or probabilities in floats; here it "
    "gets rows of whole numbers.",
    "dtypes-differ": "NumPy's numbers are float64, PyTorch's weights float32, and PyTorch does not mix them.",
    "targets-broadcast": "Outputs and targets have different shapes, and are stretched to a table in which every "
    "output meets every target.",
}


def found(watch: Watch, ended: bool) -> Iterator[Told]:
    """What is wrong, in words. ended: whether an exception ended the program."""
    moments = watch.backwards
    if moments:
        yield from _losses(moments[-1])
    yield from _gradients(watch)
    yield from _parameters(watch)
    yield from _kept(watch)
    yield from _modes(watch)
    if ended and watch.failed is not None:
        yield from _failure(watch.failed)


def notes(watch: Watch, told: list[Told]) -> Iterator[str]:
    """What is unusual, and no mistake."""
    per_step: dict[int, int] = {}
    for moment in watch.backwards:
        per_step[moment.step] = per_step.get(moment.step, 0) + 1
    full = [count for step, count in per_step.items() if step < watch.steps]
    names = {d["name"] for d in told}
    if full and min(full) > 1 and "gradients-not-cleared" not in names:
        yield f"Gradients are added up over {full[0]} backward passes before each step: judged was the first of them"
    if any(watch.stale) and "gradients-not-cleared" not in names:
        yield (
            f"Gradients are cleared only after every few steps: in {sum(watch.stale)} of {len(watch.stale)} steps "
            "those that an earlier step had used were still in .grad; it is taken as meant"
        )
    criterion = watch.backwards[-1].criterion if watch.backwards else None
    labels = _labels(criterion)
    if criterion is not None and criterion.name == "cross_entropy" and labels is not None and labels.ndim == 2:
        yield "The targets are rows of probabilities, as cross-entropy takes them too; class numbers say the same"


def diagnosis(name: str, place: Place | None, evidence: str, **more: Any) -> Told:
    """In the form of those on programs in NumPy."""
    line, source = (place.line, text(place)) if place is not None else (None, "")
    return {
        "name": name, "line": "this line" if place else "the whole program", "source_line": line,
        "file": short(place.file) if place else "", "text": source, "also": [], "explanation": EXPLANATIONS[name],
        "evidence": evidence, "corrected": "", "harmless": False, "trial": "recorded", "parameters": [], **more,
    }  # fmt: skip


def _also(*places: Place | None) -> list[Told]:
    return [{"file": short(p.file), "line": p.line, "text": text(p)} for p in places if p is not None]


def _labels(op: Op | None) -> np.ndarray | None:
    target = op.given(1, "target") if op is not None else None
    return op.constants.get(target.id) if op is not None and isinstance(target, Ref) else None


def _before(moment: Backward, op: Op) -> Op | None:
    """What made the input of an operation, its shape aside."""
    made = {one.out: one for one in moment.ops}
    source = op.given(0, "input")
    while isinstance(source, Ref) and source.id in made:
        before = made[source.id]
        if before.name not in SHAPING:
            return before
        source = before.given(0, "input")
    return None


def _losses(moment: Backward) -> Iterator[Told]:
    op = moment.criterion
    if op is None or op.value is None:
        return
    before = _before(moment, op)
    if op.name == "cross_entropy" and before is not None and op.value.ndim == 2:
        classes = op.value.shape[1]
        if before.name == "softmax" and np.allclose(op.value.sum(axis=1), 1, atol=1e-4):
            least = np.log(1 + (classes - 1) / np.e)
            yield diagnosis(
                "softmax-before-cross-entropy", before.place,
                f"The rows that go into the loss add up to 1. Of {classes} classes a certain and right answer would "
                f"still have a loss of {least:.3f}, and gradients are small wherever a probability is near 0 or 1.",
                corrected=_without_softmax(before.place), also=_also(op.place),
            )  # fmt: skip
        if before.name == "log_softmax":
            yield diagnosis(
                "log-softmax-before-cross-entropy", before.place, "The loss and its gradients are the same without it.",
                harmless=True, also=_also(op.place),
            )  # fmt: skip
    if op.name == "binary_cross_entropy_with_logits" and before is not None and before.name == "sigmoid":
        yield diagnosis(
            "sigmoid-before-bce-with-logits", before.place,
            f"What goes into the loss lies between {op.value.min():.3g} and {op.value.max():.3g}.",
            corrected="the scores, without the sigmoid", also=_also(op.place),
        )  # fmt: skip
    if op.name == "nll_loss" and op.value.ndim == 2:
        x = op.value.astype(float)
        with np.errstate(all="ignore"):
            is_log = np.allclose(np.exp(x).sum(axis=1), 1, atol=1e-3)
        if not is_log and np.allclose(x.sum(axis=1), 1, atol=1e-4) and (x >= 0).all():
            yield diagnosis(
                "nll-of-probabilities", op.place, "The rows that go in add up to 1, and are not negative.",
                corrected="log_softmax in the place of the softmax, or cross_entropy of the scores",
                also=_also(before.place if before is not None and before.place != op.place else None),
            )  # fmt: skip
        elif not is_log and before is not None and before.name in ("linear", "matmul", "addmm", "mm", "add", "relu"):
            total = float(np.exp(x[0]).sum())
            yield diagnosis(
                "nll-of-scores", op.place,
                f"The exp of the first row that goes in adds up to {total:.4g}; of log-probabilities it would be 1.",
                corrected=text(op.place).replace("nll_loss", "cross_entropy").replace("NLLLoss", "CrossEntropyLoss")
                if op.place else "",
            )  # fmt: skip
    labels = _labels(op)
    if op.name == "mse_loss" and labels is not None and labels.shape != op.value.shape:
        size = "x".join(map(str, np.broadcast_shapes(labels.shape, op.value.shape)))
        yield diagnosis(
            "targets-broadcast", op.place,
            f"The outputs are {op.value.shape}, the targets {labels.shape}: the mean is over a table of {size}.",
            corrected="outputs and targets of one shape",
        )  # fmt: skip


def _without_softmax(place: Place | None) -> str:
    """The line with its softmax taken out, where that is simple."""
    line = text(place) if place is not None else ""
    for pattern, instead in (
        (r",\s*(nn\.)?Softmax\([^()]*\)", ""),
        (r"(F|torch|nn\.functional)\.softmax\((\w+|[\w.]+\([\w.]*\))\s*,[^()]*\)", r"\2"),
        (r"\.softmax\([^()]*\)", ""),
    ):
        shorter = re.sub(pattern, instead, line)
        if shorter != line:
            return shorter
    return "the scores, without the softmax"


def _gradients(watch: Watch) -> Iterator[Told]:
    """What is in .grad when a step is made."""
    if not watch.backwards:
        return
    place = watch.backwards[-1].place
    if len(watch.stale) > 1 and all(watch.stale[1:]):
        cleared = [p for p in dict.fromkeys(watch.cleared) if p is not None]
        sure = "It was called before, but not between the steps." if cleared else f"{ZERO} was never called."
        yield diagnosis(
            "gradients-not-cleared", place,
            f"In {len(watch.stale) - 1} of {len(watch.stale)} steps that were watched, the gradients of the step "
            f"before were still there. {sure}",
            corrected=f"{ZERO}, before {text(place) if place else 'backward()'}", also=_also(*cleared[:1]),
        )  # fmt: skip
    if len(watch.emptied) > 1:
        yield diagnosis(
            "gradients-cleared-before-step", watch.emptied[-1],
            f"In {len(watch.emptied)} steps, every gradient was there after backward() and gone before step().",
            corrected=f"{ZERO} before backward(), or after step()", also=_also(place),
        )  # fmt: skip
    if not watch.steps and watch.has_optimizer and len(watch.backwards) > 2:
        yield diagnosis(
            "step-missing", place, f"backward() was called {len(watch.backwards)} times, and step() never.",
            corrected=f"{text(place) if place else 'backward()'}, then optimizer.step()",
        )  # fmt: skip


def _parameters(watch: Watch) -> Iterator[Told]:
    """Parameters that no gradient reaches, or no step."""
    moments = watch.backwards
    if not moments:
        return
    reached = {id(p): p for moment in moments for p in moment.leaves}
    held = {id(p): p for one in watch.optimizers.values() for p in one.parameters}
    in_model = {id(p): p for module in watch.modules for p in module.parameters()}
    orphans = [p for key, p in held.items() if key not in reached and key not in in_model and p.grad is None]
    missed = [p for key, p in reached.items() if key not in held and (key in in_model or not in_model)]
    names = moments[-1].names
    if orphans and missed and (in_model or any(p.shape == q.shape for p in orphans for q in missed)):
        one = next(o for o in watch.optimizers.values() if any(p is q for p in o.parameters for q in orphans))
        owners = [m for module in watch.modules for m in module.modules()
                  if any(p is q for p in m.parameters(recurse=False) for q in missed)]  # fmt: skip
        later = [watch.made.get(id(m)) for m in owners]
        yield diagnosis(
            "optimizer-of-old-parameters", one.place,
            f"{_many(len(orphans))} of the optimizer's {len(one.parameters)} parameters belong to no part of the "
            f"model, and the optimizer does not have {_listed(missed, names)}.",
            corrected="the optimizer made last, when the model is as it will be trained",
            also=_also(*dict.fromkeys(later)), parameters=[names.get(id(p), "parameter") for p in missed],
        )  # fmt: skip
    inner = {id(p): m for m in watch.inner.values() for p in m.parameters(recurse=False)}
    strays = [p for key, p in reached.items() if key not in held and key not in in_model and key in inner]
    if strays and held:
        yield diagnosis(
            "layers-in-a-plain-list", watch.made.get(id(inner[id(strays[0])])),
            f"{_many(len(strays))} parameters that the loss depends on are not among model.parameters(), and no "
            "optimizer has them.",
            corrected="nn.ModuleList([...]) in the place of the list",
        )  # fmt: skip
    without: dict[int, Tensor] = {}
    cut: Op | None = None
    for op, lost in moments[-1].severed:
        mine = {id(p): p for p in lost if id(p) not in reached and (id(p) in held or not moments[-1].leaves)}
        cut = cut or (op if mine else None)
        without |= mine
    if cut is not None:
        yield diagnosis(
            "graph-cut", cut.place,
            f"After backward() there is no gradient for {_listed(list(without.values()), names)}: .grad is None.",
            corrected=re.sub(r"\.detach\(\)|\.data\b(?!\()", "", text(cut.place)) if cut.place else "",
            also=_also(moments[-1].place), parameters=[names.get(key, "parameter") for key in without],
        )  # fmt: skip


def _many(count: int) -> str:
    return {1: "One", 2: "Two", 3: "Three", 4: "Four"}.get(count, str(count))


def _listed(parameters: list[Tensor], names: dict[int, str]) -> str:
    called = [names.get(id(p), f"a parameter {'x'.join(map(str, p.shape))}") for p in parameters]
    return ", ".join(called[:4]) + (f" and {len(called) - 4} others" if len(called) > 4 else "")


def _kept(watch: Watch) -> Iterator[Told]:
    for how, place in watch.kept.items():
        evidence = (
            "After several steps every loss of before was still there, in a list, each with its graph."
            if how == "list" else "The sum that is kept over the steps has the graphs of all of them behind it."
        )  # fmt: skip
        yield diagnosis("loss-kept-with-graph", place, evidence, corrected="loss.item() in the place of the loss")


def _modes(watch: Watch) -> Iterator[Told]:
    noisy = [place for place, noise in watch.evaluated if noise]
    if noisy:
        yield diagnosis(
            "evaluation-in-train-mode", noisy[0],
            "A forward pass without gradients was made while the model's training was on.",
            corrected="model.eval() before the evaluation, model.train() after it",
        )  # fmt: skip
    if watch.noise_off_after_on and watch.eval_calls:
        yield diagnosis(
            "evaluation-mode-kept", watch.eval_calls[-1],
            "The dropout was at work in the first steps, and not in a step after eval() was called.",
            corrected="model.train() when the evaluation is over",
        )  # fmt: skip


def _failure(failed: Failed) -> Iterator[Told]:
    """A call that PyTorch refused, for a reason that is known."""
    evidence = f"PyTorch stops here: {failed.message.splitlines()[0]}"
    labels = failed.labels
    if failed.name in ("cross_entropy", "nll_loss") and labels is not None:
        if labels.dtype.kind == "f" and labels.ndim == 1 and (labels == np.round(labels)).all():
            yield diagnosis("labels-as-floats", failed.place, evidence, corrected="the labels as .long()")
        elif labels.ndim == 2 and labels.shape == failed.shapes[0] and (labels.sum(axis=1) == 1).all():
            yield diagnosis(
                "labels-one-hot", failed.place, evidence,
                corrected="labels.argmax(dim=1) for class numbers, or labels.float() for probabilities",
            )  # fmt: skip
    if failed.name in RULES and {"float32", "float64"} <= set(failed.dtypes) and "dtype" in failed.message:
        yield diagnosis("dtypes-differ", failed.place, evidence, corrected="the data as .float()")
