"""The answer on a program in PyTorch, in the form of `compare.check.examine`'s on one in NumPy."""

from dataclasses import replace
from typing import Any

import numpy as np

from compare.check.saying.source import short
from compare.check.torch_programs.mistakes import found, notes
from compare.check.torch_programs.rebuilt import Unknown, loss_of
from compare.check.torch_programs.seen import Backward, Ref
from compare.check.torch_programs.watch import TorchWatch
from compare.judge.judging import Verdict, expected, judged
from compare.judge.roundoff import Arithmetic

Document = dict[str, Any]
WHAT = "It is a network in PyTorch, which takes the derivatives itself; judged is what it left in each .grad"
SPOKEN = {
    "cross_entropy": "cross-entropy", "nll_loss": "negative log-likelihood", "mse_loss": "squared error",
    "binary_cross_entropy": "binary cross-entropy", "binary_cross_entropy_with_logits": "binary cross-entropy",
}  # fmt: skip
ACTIVATIONS = {"relu": "relu", "relu_": "relu", "tanh": "tanh", "sigmoid": "sigmoid", "leaky_relu": "leaky relu"}
LARGEST = 2_000_000  # entries of a parameter, times rows: more takes the judge longer than it has
TRUSTED = "None of the mistakes that are known here was seen in its training"


def examine(watch: TorchWatch, ended: bool) -> Document | None:
    """The answer; None where nothing was seen that an answer could rest on. ended: whether it raised an exception."""
    diagnoses = found(watch, ended)
    if not watch.backwards:
        return _answer("wrong", "", _understood(watch, None), [], diagnoses, [WHAT]) if diagnoses else None
    said = [WHAT, *notes(watch, diagnoses)]
    stale = any(d["name"] == "gradients-not-cleared" for d in diagnoses)
    moments = [m for m in watch.backwards if m.after and m.leaves]
    clean = [m for m in moments if m.clean]
    chosen = (moments if stale or not clean else clean)[-1:]
    lines, reason = list[Document](), ""
    if chosen:
        lines, reason = _lines(chosen[0])
    faults = [d for d in diagnoses if not d["harmless"]]
    about = _understood(watch, (chosen or watch.backwards)[-1])
    wrong = [line for line in lines if not line["holds"]]
    if ended and not watch.steps.count and not faults:
        return None
    if wrong and not faults:
        reason = (
            f"The gradient of {wrong[0]['line'].removeprefix('gradient of ')} is not that of the loss in line "
            f"{wrong[0]['source_line']} alone: other losses, hooks or penalties may be in it."
        )
        return _answer("cannot tell", f"{TRUSTED}. {reason}", about, [], diagnoses, said)
    if not lines and not faults:
        return _answer(
            "cannot tell", f"{TRUSTED}, but its gradients cannot be judged: {reason}", about, [], diagnoses, said
        )
    if reason:
        said.append(f"Its gradients are not judged: {reason}".rstrip("."))
    answer = _answer("wrong" if faults else "right", "", about, lines, diagnoses, said)
    place = chosen[0].place if lines else None
    if place is not None:
        answer["marks"] = [{"file": short(place.file), "line": place.line, "holds": not wrong}]
    return answer


def _answer(
    verdict: str, reason: str, about: Document, lines: list[Document], diagnoses: list[Document], said: list[str]
) -> Document:
    return {
        "verdict": verdict, "reason": reason, "understood": about, "lines": lines, "diagnoses": diagnoses,
        "notes": said, "shaken": False, "rates": [None] * len(lines), "marks": [], "framework": "PyTorch",
    }  # fmt: skip


def _lines(moment: Backward) -> tuple[list[Document], str]:
    """Each gradient beside the exact one; or why that cannot be."""
    if not np.isfinite(moment.value):
        return [], f"the loss is {moment.value}, no number. Let it train with a smaller learning rate."
    try:
        f = loss_of(moment)
    except Unknown as error:
        where = f"line {error.op.place.line} " if error.op.place is not None else "it "
        return [], (
            f"{where}computes {error.what}, for which there is no rule here. Layers nn.Linear and activations, with "
            "a known loss, can be judged."
        )
    except LookupError:
        return [], "the loss does not follow from operations that were seen."
    dtypes = {value.dtype for value in moment.values}
    if len(dtypes) != 1 or not dtypes <= {np.dtype(np.float32), np.dtype(np.float64)}:
        return [], f"its parameters are in {' and '.join(sorted(map(str, dtypes)))}; float32 and float64 can be judged."
    rows = max((op.shape[0] for op in moment.ops if len(op.shape) == 2), default=1)
    if rows * max(value.size for value in moment.values) > 64 * LARGEST:
        return [], "the network is too large to be judged in the time that there is. Let it have smaller layers."
    value = float(f(*moment.values))
    if abs(value - moment.value) > 1e-3 * max(abs(value), 1e-3):
        return [], f"computed again, the loss is {value:.6g} and not {moment.value:.6g}."
    try:
        verdicts = _verdicts(f, moment, dtypes.pop())
    except (TypeError, ValueError, NotImplementedError) as error:
        return [], f"the judge has no rule for it: {error}"
    unsure = [v for v in verdicts if v.answer == "cannot tell"]
    if unsure and not any(v.is_wrong for v in verdicts):
        return [], unsure[0].reason
    names = [moment.names.get(id(p), f"parameter {k + 1}") for k, p in enumerate(moment.leaves)]
    line = moment.place.line if moment.place is not None else None
    return [_line(name, verdict, line) for name, verdict in zip(names, verdicts, strict=True)], ""


def _verdicts(f: Any, moment: Backward, dtype: Any) -> list[Verdict]:
    """The verdict on each gradient; where a number meets a ReLU's corner, on the side of it that suits."""
    verdicts = list[Verdict]()
    for side in (None, 0, 1):
        run = replace(Arithmetic.of(dtype), ties=side)
        balls = expected(f, moment.values, tuple(range(len(moment.values))), run)[1:]
        grads = [np.zeros_like(v) if g is None else g for v, g in zip(moment.values, moment.after, strict=True)]
        verdicts = [judged("gradient", g, ball) for g, ball in zip(grads, balls, strict=True)]
        if not any(v.is_wrong for v in verdicts):
            break
    return verdicts


def _line(name: str, verdict: Verdict, line: int | None) -> Document:
    entry = verdict.worst
    return {
        "line": f"gradient of {name}", "source_line": line, "holds": not verdict.is_wrong, "error": verdict.error,
        "error_ulp": verdict.error_ulp, "bound_used": verdict.bound_used, "complaint": "",
        "worst": None if entry is None
        else {"index": list(entry.index), "found": entry.found, "expected": entry.exact},
    }  # fmt: skip


def _understood(watch: TorchWatch, moment: Backward | None) -> Document:
    """Layers, activations, the loss and the update, as they are said."""
    optimizer = next(iter(watch.steps.optimizers.values()), None)
    about: Document = {
        "layers": [], "activations": [], "output": "?", "loss": "a loss of its own", "reduction": "?",
        "update": optimizer.words if optimizer else "steps by hand" if watch.steps.count else "no steps", "data": {},
    }  # fmt: skip
    if moment is None:
        return about | {"loss": "a loss that was not computed"}
    shapes = {id(p): tuple(p.shape) for p in moment.leaves}
    sizes, kinds = list[int](), list[str]()
    for op in moment.ops:
        weights = [shapes[x.id] for x in op.arguments if isinstance(x, Ref) and len(shapes.get(x.id, ())) == 2]
        if op.name in ("linear", "matmul", "mm", "addmm") and weights:
            fan = weights[0][::-1] if op.name == "linear" else weights[0]
            sizes = sizes or [fan[0]]
            sizes.append(fan[1])
            kinds.append("linear")
            about["data"] = {"batch": op.shape[0] if len(op.shape) == 2 else 1}
        elif op.name in ACTIVATIONS and kinds:
            kinds[-1] = ACTIVATIONS[op.name]
        elif op.name in ("softmax", "log_softmax") and kinds:
            about["output"] = op.name
    about |= {"layers": sizes, "activations": kinds[:-1]}
    criterion = moment.criterion
    if criterion is not None:
        about |= {"loss": SPOKEN[criterion.name], "reduction": criterion.options.get("reduction", "mean")}
    return about
