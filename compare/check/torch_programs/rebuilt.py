"""A loss, as a function of the parameters in NumPy: the operations that led to it, one after the other."""

from collections.abc import Callable
from typing import Any

import numpy as np

from compare.check.torch_programs.seen import Backward, Op, Ref

Rule = Callable[..., Any]


class Unknown(Exception):
    """An operation for which there is no rule."""

    def __init__(self, op: Op, what: str) -> None:
        super().__init__(what)
        self.op, self.what = op, what


def loss_of(moment: Backward) -> Callable[..., Any]:
    """The loss as a function of arrays in the place of the leaves, in their order. Raises Unknown at once."""
    for op in moment.ops:
        if op.name not in RULES:
            raise Unknown(op, op.name)
        _refuse(op)
    ids = [id(leaf) for leaf in moment.leaves]
    if moment.loss not in {op.out for op in moment.ops}:
        raise Unknown(moment.ops[-1], "what follows it") if moment.ops else LookupError
    known = set(ids)
    for op in moment.ops:
        missing = [x for x in op.inputs if x not in known and x not in op.constants]
        if missing:
            raise Unknown(op, f"an input of {op.name}")
        known.add(op.out)

    def f(*arrays: Any) -> Any:
        held = dict(zip(ids, arrays, strict=True))
        for op in moment.ops:

            def value(part: Any, op: Op = op) -> Any:
                if isinstance(part, Ref):
                    return held[part.id] if part.id in held else op.constants[part.id]
                return type(part)(map(value, part)) if type(part) in (tuple, list) else part

            arguments = [value(x) for x in op.arguments]
            options = {name: value(x) for name, x in op.options.items()}
            held[op.out] = RULES[op.name](op, *arguments, **options)
        return held[moment.loss]

    return f


def _refuse(op: Op) -> None:
    """What the rules of losses leave out."""
    if op.name in ("cross_entropy", "nll_loss"):
        target = op.given(1, "target")
        labels = op.constants.get(target.id) if isinstance(target, Ref) else None
        plain = op.given(2, "weight") is None and not op.options.get("label_smoothing")
        if labels is None or not plain or (labels.ndim == 1 and (labels < 0).any()):
            raise Unknown(op, f"{op.name} with weights, smoothing or classes to ignore")
        if not op.shape == () or labels.ndim > 2 or (labels.ndim == 2 and labels.dtype.kind != "f"):
            raise Unknown(op, f"{op.name} of this form")
    if op.name == "dropout" and op.options.get("training") and op.mask is None:
        raise Unknown(op, op.name)


def _linear(_: Op, x: Any, W: Any, b: Any = None) -> Any:
    z = np.matmul(x, np.transpose(W))
    return z if b is None else z + b


def _softmax(_: Op, z: Any, dim: int | None = None, *__: Any, **___: Any) -> Any:
    axis = 1 if dim is None else dim
    e = np.exp(z - np.max(z, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def _log_softmax(_: Op, z: Any, dim: int | None = None, *__: Any, **___: Any) -> Any:
    axis = 1 if dim is None else dim
    z = z - np.max(z, axis=axis, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True))


def _reduced(losses: Any, reduction: str, count: int) -> Any:
    total = np.sum(losses)
    return total / count if reduction == "mean" else total


def _nll(_: Op, log_p: Any, labels: Any, *__: Any, reduction: str = "mean", **___: Any) -> Any:
    m = len(labels)
    return _reduced(-log_p[np.arange(m), labels], reduction, m)


def _cross_entropy(op: Op, z: Any, labels: Any, *_: Any, reduction: str = "mean", **__: Any) -> Any:
    log_p = _log_softmax(op, z, 1)
    if labels.ndim == 2:
        return _reduced(-(log_p * labels), reduction, len(labels))
    return _nll(op, log_p, labels, reduction=reduction)


def _mse(_: Op, x: Any, y: Any, *__: Any, reduction: str = "mean", **___: Any) -> Any:
    square = (x - y) * (x - y)
    return _reduced(square, reduction, square.size)


def _bce(_: Op, z: Any, y: Any, *__: Any, reduction: str = "mean", **___: Any) -> Any:
    losses = np.maximum(z, 0) - z * y + np.log(1 + np.exp(-abs(z)))
    return _reduced(losses, reduction, losses.size)


def _axes(dim: Any) -> Any:
    return tuple(dim) if isinstance(dim, list) else dim


def _sum(_: Op, x: Any, dim: Any = None, keepdim: bool = False, **__: Any) -> Any:
    return np.sum(x, axis=_axes(dim), keepdims=keepdim)


def _mean(_: Op, x: Any, dim: Any = None, keepdim: bool = False, **__: Any) -> Any:
    return np.mean(x, axis=_axes(dim), keepdims=keepdim)


def _shaped(op: Op, x: Any, *_: Any, **__: Any) -> Any:
    return np.reshape(x, op.shape)


def _same(_: Op, x: Any, *__: Any, **___: Any) -> Any:
    return x


def _two(function: Rule) -> Rule:
    return lambda _, x, y, **__: function(x, y)


def _one(function: Rule) -> Rule:
    return lambda _, x, *__, **___: function(x)


def _turned(_: Op, x: Any, *axes: Any, **__: Any) -> Any:
    return np.swapaxes(x, *axes) if axes else np.transpose(x)


#: The name of a function or a method of PyTorch -> the same in NumPy, which is given the operation and its arguments.
RULES: dict[str, Rule] = {
    "linear": _linear, "softmax": _softmax, "log_softmax": _log_softmax, "cross_entropy": _cross_entropy,
    "nll_loss": _nll, "mse_loss": _mse, "binary_cross_entropy_with_logits": _bce,
    "dropout": lambda op, x, *_, **__: x if op.mask is None else x * op.mask,
    "addmm": lambda _, b, x, W: np.matmul(x, W) + b,
    "sum": _sum, "mean": _mean, "getitem": lambda _, x, index: x[index], "pow": _two(lambda x, n: x**n),
    "leaky_relu": lambda _, x, slope=0.01, **__: np.maximum(x, 0) + slope * np.minimum(x, 0),
    **dict.fromkeys(("relu", "relu_"), _one(lambda x: np.maximum(x, 0))),
    **dict.fromkeys(("tanh", "tanh_"), _one(np.tanh)), "exp": _one(np.exp), "log": _one(np.log),
    **dict.fromkeys(("sigmoid", "sigmoid_"), _one(lambda z: 1 / (1 + np.exp(-z)))), "neg": _one(lambda x: -x),
    **dict.fromkeys(("matmul", "mm"), _two(np.matmul)),
    **dict.fromkeys(("add", "add_", "__radd__"), _two(lambda x, y: x + y)),
    **dict.fromkeys(("sub", "sub_"), _two(lambda x, y: x - y)), "__rsub__": _two(lambda x, y: y - x),
    "rsub": _two(lambda x, y: y - x), **dict.fromkeys(("mul", "mul_", "__rmul__"), _two(lambda x, y: x * y)),
    **dict.fromkeys(("div", "div_", "true_divide"), _two(lambda x, y: x / y)),
    **dict.fromkeys(("view", "reshape", "flatten", "squeeze", "unsqueeze"), _shaped),
    **dict.fromkeys(("t", "T", "transpose"), _turned),
    **dict.fromkeys(("contiguous", "clone", "to", "float", "double", "cpu"), _same),
}  # fmt: skip
RULES["__getitem__"] = RULES["getitem"]
