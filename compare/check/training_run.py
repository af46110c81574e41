"""A learner's network in training: in our loop, and in its own training function, watched. Runs in the child."""

import inspect
import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from compare.check.binding import Unbindable, arguments, plain_name, role_of
from compare.check.making import CannotJudge, own_functions
from compare.check.runs import Layout
from compare.check.subjects import ClassStyle, GradientsStyle, Subject

TRAIN = r"(train|fit|sgd|gradient_descent|optimi[sz]e)(_?(network|net|model|nn|loop))?"
NETWORK = r"network|net|model|nn|neuralnetwork|mlp|self"
WATCHED = 20  # batches of the learner's own training


class Enough(BaseException):
    """Enough batches were seen; no `except Exception` of a learner's is meant to catch this."""


def train_theirs(
    make: Callable[[], Subject], module: ModuleType, own: dict[str, np.ndarray], request: dict[str, Any]
) -> dict[str, Any]:
    """Losses of our loop around their network, and what its own training function feeds it, if there is one.

    request: train.data, an .npz of x (n, pixels) as bytes, labels (n,) and batches (steps, m); columns, out_in,
    labels_as. Raises CannotJudge for what does not train itself.
    """
    wanted = request["train"]
    with np.load(wanted["data"], allow_pickle=False) as data:
        x, labels, batches = data["x"], data["labels"], data["batches"]
    layout = Layout(wanted["columns"], wanted["out_in"], wanted["labels_as"])
    subject = make()
    if isinstance(subject, GradientsStyle):
        raise CannotJudge("gradients() alone does not train; --train needs a network that updates its weights")
    rate, said = learning_rate(subject, module)
    losses = _our_loop(subject, layout, own, x, labels, batches, rate)
    now = subject.current()
    moved = 0.0 if now is None else max(float(abs(now[n] - own[n]).max()) for n in now)
    return {"losses": losses, "learning_rate": rate, "learning_rate_said": said, "moved": moved,
            "watched": _watch_their_own(make, module, layout, x, labels)}  # fmt: skip


def learning_rate(subject: Subject, module: ModuleType) -> tuple[float, bool]:
    """The learning rate that the file itself names, as a default, an attribute or a constant; else 0.1 and False."""
    functions = [f for f in (*subject.functions().values(), _trainer(subject, module)) if f is not None]
    for function in reversed(functions):
        for parameter in inspect.signature(function).parameters.values():
            if role_of(parameter.name) == "learningrate" and isinstance(parameter.default, int | float):
                return float(parameter.default), True
    holders = [vars(subject.object)] if isinstance(subject, ClassStyle) else []
    for holder in [*holders, vars(module)]:
        for name, value in holder.items():
            if role_of(name) == "learningrate" and isinstance(value, int | float):
                return float(value), True
    return 0.1, False


def _our_loop(
    subject: Subject, layout: Layout, own: dict[str, np.ndarray], x: np.ndarray, labels: np.ndarray,
    batches: np.ndarray, rate: float,
) -> list[float]:  # fmt: skip
    subject.load({name: value.copy() for name, value in own.items()})
    parts, losses = subject.functions(), []
    with np.errstate(all="ignore"):
        for rows in batches:
            batch, y = _in_layout(x[rows] / 255, labels[rows], layout)
            subject.begin(batch, y, len(rows), rate)
            for part in ("forward", "backward", "update"):
                function = parts[part]
                if function is not None:
                    found = subject.call(function)
                if part == "forward":
                    subject.known.setdefault("output", next(v for v in reversed(found.values()) if _is_output(v, rows)))
            p = np.asarray(subject.known["output"])
            p = p.T if layout.columns else p
            losses.append(float(-np.log(np.maximum(p[np.arange(len(rows)), labels[rows]], 1e-300)).mean()))
            subject.keep()
    return losses


def _is_output(value: Any, rows: np.ndarray) -> bool:
    return isinstance(value, np.ndarray) and value.ndim == 2 and len(rows) in value.shape


def _in_layout(x: np.ndarray, labels: np.ndarray, layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    y = np.eye(10)[labels] if layout.labels == "one-hot" else labels
    if layout.columns:
        return x.T.copy(), y.T.copy() if y.ndim == 2 else y
    return x, y


def _trainer(subject: Subject, module: ModuleType) -> Callable[..., Any] | None:
    own = own_functions(module)
    methods = {}
    if isinstance(subject, ClassStyle):
        methods = {name: getattr(subject.object, name) for name, f in vars(subject.kind).items() if callable(f)}
    named = {**own, **methods}
    return next((f for name, f in named.items() if re.fullmatch(TRAIN, name, re.IGNORECASE)), None)


def _watch_their_own(
    make: Callable[[], Subject], module: ModuleType, layout: Layout, x: np.ndarray, labels: np.ndarray
) -> dict[str, Any] | None:
    """Call the file's own training function with pixels as they come, 0 to 255, and see what reaches the network."""
    subject = make()
    trainer = _trainer(subject, module)
    if trainer is None:
        return None
    pixels, y = _in_layout(x[:640].astype(np.float64), labels[:640], layout)
    known: dict[str, Any] = {"x": pixels, "y": y, "m": 64, "learningrate": 0.1, "epochs": 2, "numepochs": 2,
                             "iterations": WATCHED, "batchsize": 64}  # fmt: skip
    if isinstance(subject, ClassStyle):
        for parameter in inspect.signature(trainer).parameters:
            if re.fullmatch(NETWORK, plain_name(parameter)):
                known[plain_name(parameter)] = subject.object
    seen: dict[str, Any] = {"function": trainer.__name__, "line": trainer.__code__.co_firstlineno, "largest": 0.0,
                            "forward": 0, "backward": 0, "rows": 0, "strangers": 0, "moved": 0.0}  # fmt: skip
    true = {_pattern(row): int(label) for row, label in zip(x[:640], labels[:640], strict=True)}
    before = {name: value.copy() for name, value in (subject.current() or subject.own).items()}
    try:
        positional, keywords = arguments(trainer, known)
    except Unbindable:
        return None
    restore = _spy(subject, module, layout, seen, true)
    try:
        with np.errstate(all="ignore"):
            trainer(*positional, **keywords)
    except Enough:
        pass
    except Exception as error:
        seen["error"] = f"{type(error).__name__}: {error}"[:300]
    finally:
        restore()
    if isinstance(subject, ClassStyle):
        now = subject.current() or before
        seen["moved"] = max(float(abs(now[n] - before[n]).max()) for n in now)
    else:
        seen["moved"] = None
    return seen


def _spy(
    subject: Subject, module: ModuleType, layout: Layout, seen: dict[str, Any], true: dict[bytes, int]
) -> Callable[[], None]:
    """Put watchers around forward and backward; returns what takes them off again."""
    owner: Any = subject.kind if isinstance(subject, ClassStyle) else module
    parts = subject.functions()
    originals = {}
    for part in ("forward", "backward"):
        function = parts[part]
        if function is None:
            continue
        name = function.__name__
        originals[name] = getattr(owner, name)
        setattr(owner, name, _watched(originals[name], part, layout, seen, true))

    def restore() -> None:
        for name, function in originals.items():
            setattr(owner, name, function)

    return restore


def _watched(
    function: Callable[..., Any], part: str, layout: Layout, seen: dict[str, Any], true: dict[bytes, int]
) -> Callable[..., Any]:
    signature = inspect.signature(function)

    def watcher(*positional: Any, **keywords: Any) -> Any:
        seen[part] += 1
        given = signature.bind(*positional, **keywords).arguments
        by_role = {role_of(name): value for name, value in given.items() if role_of(name)}
        images = by_role.get("x")
        if isinstance(images, np.ndarray) and images.ndim == 2:
            images = images.T if layout.columns else images
            seen["largest"] = max(seen["largest"], float(abs(images).max()))
            y = by_role.get("y")
            if part == "backward" and isinstance(y, np.ndarray):
                _compare_labels(images, y, layout, seen, true)
        if seen["forward"] > WATCHED or seen["backward"] > WATCHED:
            raise Enough
        return function(*positional, **keywords)

    return watcher


def _compare_labels(
    images: np.ndarray, y: np.ndarray, layout: Layout, seen: dict[str, Any], true: dict[bytes, int]
) -> None:
    numbers = y.argmax(axis=0 if layout.columns else 1) if y.ndim == 2 and min(y.shape) > 1 else y.reshape(-1)
    for image, label in zip(images, numbers, strict=False):
        right = true.get(_pattern(image))
        if right is not None:
            seen["rows"] += 1
            seen["strangers"] += int(right != label)


def _pattern(image: np.ndarray) -> bytes:
    """Which pixels are not the background: the same however they are scaled."""
    return np.packbits(image > image.min()).tobytes()
