"""The same ten mistakes in three worlds: who refuses them, where, and which pass without a word."""

import importlib
import traceback
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from compare.hidden.frame.experiment import Finding, plain
from compare.shared.settings import DTYPES, Settings
from compare.shared.terminal import Advance
from compare.shared.training import initial_weights
from compare.worlds import AUTOGRAD, MANUAL, TORCH_REF, world

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

    Case = tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]

QUESTION = "Who notices a wrong shape, dtype or label, and which mistakes pass silently?"
CLAIM = (
    "None of the three refuses all ten mistakes: each lets at least one pass with a wrong gradient, by hand more of "
    "them than in PyTorch; and by hand most of the errors are raised in your own file, in PyTorch none of them."
)

#: It looks inside, in each in its own way, and so is about these.
WORLDS = (MANUAL, AUTOGRAD, TORCH_REF)

ROWS = 64  # of the training set; as many as the second hidden layer is wide, which is how shapes fit by accident
RIGHT = 1e-3  # a gradient this near to the right one, relatively, is right


def mistakes(parameters: dict[str, np.ndarray], x: np.ndarray, labels: np.ndarray) -> "dict[str, Case]":
    """Ten ways to get the parameters, x (m, fan_in) or the labels (m,) wrong, by name."""
    m, classes = len(x), parameters["b3"].size
    other = next(dtype for dtype in DTYPES if dtype != x.dtype)
    unknown, ignored = labels.copy(), labels.copy()
    unknown[0], ignored[0] = -1, -100
    return {
        "W2 transposed": ({**parameters, "W2": parameters["W2"].T.copy()}, x, labels),
        "batch axis lost: x (784,)": (parameters, x[0], labels[:1]),
        "one-hot labels (m, 10)": (parameters, x, np.eye(classes, dtype=x.dtype)[labels]),
        "labels as a column (m, 1)": (parameters, x, labels[:, None]),
        "one label for the batch": (parameters, x, labels[:1]),
        "b2 as long as the batch (m, 1)": ({**parameters, "b2": np.zeros((m, 1), x.dtype)}, x, labels),
        f"images in {other}": (parameters, x.astype(other), labels),
        "images as bytes, 0 to 255": (parameters, np.rint(x * 255).astype(np.uint8), labels),
        "a label of -1": (parameters, x, unknown),
        "a label of -100": (parameters, x, ignored),
    }


@dataclass(frozen=True)
class RefusedAt:
    """A mistake that raised. kind: "refused" by the gradients, "late" where only the update after them refuses.

    file, line: where the error was raised; own: whether that is the network's own file; at: the line of it that was
    running; message: the error's first line.
    """

    kind: str
    file: str
    line: int | None
    own: bool
    at: str
    message: str


@dataclass(frozen=True)
class Passed:
    """A mistake that nobody refused. kind: "right" or "wrong".

    error: |gradient - right| / |right|, None where a shape differs.
    """

    kind: str
    error: float | None


@dataclass(frozen=True)
class Measured:
    """Every outcome, by mistake and implementation."""

    outcomes: dict[str, dict[str, RefusedAt | Passed]]


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured:
    """Gradients and one step in each world, for each mistake."""
    x, labels = digits.train_x[:ROWS], digits.train_labels[:ROWS]
    parameters = initial_weights(settings.with_(init="he"), digits)
    _, right = _network(MANUAL, parameters).gradients(x, labels)
    outcomes: dict[str, dict[str, RefusedAt | Passed]] = {}
    for mistake, case in mistakes(parameters, x, labels).items():
        outcomes[mistake] = {name: outcome(name, case, right) for name in WORLDS}
        advance()
    return Measured(outcomes)


def _network(name: str, parameters: dict[str, np.ndarray]) -> Any:
    return importlib.import_module(f"{name}.network").Network(parameters)


def outcome(name: str, case: "Case", right: dict[str, np.ndarray]) -> RefusedAt | Passed:
    """What happens to one mistake in one world."""
    parameters, x, labels = case
    gradients = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            network = _network(name, parameters)
            _, gradients = network.gradients(x, labels)
            network.step(x, labels, 0.1)
        except Exception as error:  # whatever it is, it is the outcome
            frames = traceback.extract_tb(error.__traceback__)
            own_file = str(importlib.import_module(f"{name}.network").__file__)
            own = next(frame for frame in reversed(frames) if frame.filename == own_file)
            return RefusedAt(
                "late" if gradients else "refused", "/".join(Path(frames[-1].filename).parts[-2:]), frames[-1].lineno,
                frames[-1].filename == own_file, (own.line or "").partition("  #")[0],
                f"{type(error).__name__}: {str(error).splitlines()[0]}",
            )  # fmt: skip
    assert gradients is not None
    distance = _distance(gradients, right)
    return Passed("right" if distance is not None and distance < RIGHT else "wrong", distance)


def _distance(found: dict[str, np.ndarray], right: dict[str, np.ndarray]) -> float | None:
    if any(found[name].shape != value.shape for name, value in right.items()):
        return None
    squares = sum(float((np.abs(found[n].astype(float) - value) ** 2).sum()) for n, value in right.items())
    return float(np.sqrt(squares / sum(float((value.astype(float) ** 2).sum()) for value in right.values())))


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    outcomes = result.outcomes

    def count(name: str, *kinds: str) -> int:
        return sum(found[name].kind in kinds for found in outcomes.values())

    refused = {name: count(name, "refused", "late") for name in WORLDS}
    wrong = {name: count(name, "wrong") for name in WORLDS}
    own = {name: sum(getattr(found[name], "own", False) for found in outcomes.values()) for name in WORLDS}
    holds = (
        all(wrong.values())
        and wrong[MANUAL] > wrong[TORCH_REF]
        and own[MANUAL] > refused[MANUAL] / 2
        and own[TORCH_REF] == 0
        and refused[TORCH_REF] > 0
    )
    answer = f"Of {len(outcomes)} mistakes, " + "; ".join(
        f"{world(name).title}: {refused[name]} refused ({own[name]} of them in your file), {wrong[name]} silently wrong"
        for name in WORLDS
    )
    lost = next(found[TORCH_REF] for mistake, found in outcomes.items() if mistake.startswith("batch axis"))
    said = f"{lost.message!r} in {lost.file}, at your line {lost.at!r}" if isinstance(lost, RefusedAt) else "nothing"
    silent = {n: [mistake for mistake, found in outcomes.items() if found[n].kind == "wrong"] for n in WORLDS}
    lesson = (
        f"NumPy broadcasts whatever it can, so by hand these pass: {'; '.join(silent[MANUAL])}. PyTorch checks "
        f"dtypes and labels and still lets pass: {'; '.join(silent[TORCH_REF])} (-100 is its default ignore_index). "
        "Whoever refuses names the operation that failed, not the mistake, and the two can be far apart. With the "
        f"batch axis lost, PyTorch says {said}. So check shapes where data comes in: one assert on x, one on labels."
    )
    return Finding(f"{answer}.", holds, {"outcomes": plain(outcomes)}, lesson)


def draw(result: Measured) -> "Figure":
    """A table: a row for each mistake, a column for each world."""
    from compare.hidden.tools.coloured_table import draw_table
    from compare.shared.figures import new_figure

    outcomes = result.outcomes
    figure = new_figure(9.6, 7)
    cells = [[_cell(found[name]) for name in WORLDS] for found in outcomes.values()]
    draw_table(figure.subplots(), list(outcomes), [world(name).title for name in WORLDS], cells, fontsize=8)
    figure.suptitle(
        "Ten mistakes: refused, and at which of your lines, or passed in silence",
        fontsize=11, fontweight="bold", x=0.01, ha="left",
    )  # fmt: skip
    return figure


def _cell(found: RefusedAt | Passed) -> tuple[str, str]:
    """Words and a colour."""
    if isinstance(found, RefusedAt):
        at = found.at if len(found.at) <= 34 else f"{found.at[:31]}..."
        return f"{'refused' if found.kind == 'refused' else 'refused in the update'} at\n{at}", "blue"
    if found.kind == "right":
        return "passes, and is right", "green"
    return f"PASSES: the gradient\n{_off(found.error)}", "orange"


def _off(error: float | None) -> str:
    """How far a gradient is from the right one."""
    if error is None:
        return "has another shape"
    return f"is {error:.0%} wrong" if error < 1 else f"errs by {error:,.0f} times its size"
