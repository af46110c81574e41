"""An array that the backward pass needs is overwritten before it runs: who notices?"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.losses import cross_entropy
from autograd.network import Network as EngineNetwork
from autograd.network import array
from compare.hidden.frame.experiment import Finding, plain
from compare.hidden.tools.batches import first_batch
from compare.shared.settings import Settings
from compare.shared.terminal import Advance
from compare.shared.training import initial_weights
from compare.worlds import AUTOGRAD, MANUAL, TORCH_REF, world
from manual.network import Network as ManualNetwork

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

QUESTION = "What if you overwrite an array that the backward pass still needs?"
CLAIM = (
    "Halving a1 between forward and backward makes the gradients wrong without a word by hand and on the engine; "
    "PyTorch refuses a write that its version counter sees, and is as wrong as they are for one through .data or NumPy."
)

HALF = 0.5
#: How a1 is overwritten: (implementation, what is written), in the order of the figure; and one that needs no guard.
WRITES = (
    (MANUAL, "a1 *= 0.5"),
    (AUTOGRAD, "a1.data *= 0.5"),
    (TORCH_REF, "a1.mul_(0.5)"),
    (TORCH_REF, "with no_grad(): a1.mul_(0.5)"),
    (TORCH_REF, "a1.detach().mul_(0.5)"),
    (TORCH_REF, "a1.data.mul_(0.5)"),
    (TORCH_REF, "a1.detach().numpy()[:] *= 0.5"),
    (TORCH_REF, "z1.mul_(0.5), which relu does not keep"),
)
REFUSED = ("a1.mul_(0.5)", "with no_grad(): a1.mul_(0.5)", "a1.detach().mul_(0.5)")
HARMLESS = "z1.mul_(0.5), which relu does not keep"


@dataclass(frozen=True)
class Written:
    """One way to overwrite an array. error: of the gradients after it, None where it was refused."""

    implementation: str
    write: str
    error: float | None

    @property
    def is_wrong(self) -> bool:
        """Whether it passes and the gradients are wrong."""
        return self.error is not None and self.error > 1e-3


@dataclass(frozen=True)
class Measured:
    """What came of each write, and the first refusal's message."""

    rows: list[Written]
    message: str


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured:
    """The error of the gradients after each write, as a part of the right one, or that `backward` raised an error."""
    x, labels = first_batch(settings, digits)
    start = initial_weights(settings.with_(init="he"), digits)
    _, right = ManualNetwork(start).gradients(x, labels)
    ways = {MANUAL: by_hand, AUTOGRAD: on_the_engine, TORCH_REF: in_pytorch}
    rows, message = [], ""
    for name, write in WRITES:
        try:
            error: float | None = relative_error(ways[name](start, x, labels, write), right)
        except RuntimeError as refusal:
            error, message = None, message or str(refusal)
        rows.append(Written(name, write, error))
        advance()
    return Measured(rows, message)


def relative_error(found: dict[str, np.ndarray], right: dict[str, np.ndarray]) -> float:
    """The distance of all gradients from the right ones, by the length of the right ones."""
    distance = sum(float(((found[name] - right[name]) ** 2).sum()) for name in right)
    return float(np.sqrt(distance / sum(float((g**2).sum()) for g in right.values())))


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    rows, message = result.rows, result.message
    refused = [row.write for row in rows if row.error is None]
    wrong = [row for row in rows if row.is_wrong]
    silent = [row for row in rows if row.write not in (*REFUSED, HARMLESS)]
    holds = tuple(refused) == REFUSED and wrong == silent
    errors = [row.error for row in wrong if row.error is not None]
    ways = sum(row.implementation == TORCH_REF and row.write != HARMLESS for row in rows)
    answer = (
        f"The gradients are silently wrong, by {_span(errors)} of their length, by hand and on the engine; PyTorch "
        f"refuses {len(refused)} of {ways} ways to overwrite a1, and is as wrong after the other {ways - len(refused)}."
    )
    lesson = (
        f"The backward pass computes with the arrays that the forward pass left. Change one in between, to save memory "
        f"or by mistake, and every gradient before it is another function's. By hand and on this engine nothing can "
        f"notice: an array does not know who waits for it (autograd/tensor.py says so). PyTorch counts the writes to "
        f"each tensor, notes the count when it saves one, and compares: {message.split('; expected')[0]!r}. Not the "
        f"write is forbidden, but the use of what was overwritten: z1 may change, because relu keeps only its result. "
        f"The guard has two doors that stand open, .data and the NumPy array that shares the memory; writes through "
        f"them are not counted. That is why updates are written under `no_grad`, and never through .data."
    )
    return Finding(answer, holds, {"writes": plain(rows), "message": message}, lesson)


def _span(errors: list[float]) -> str:
    if not errors:
        return "nothing"
    least, most = f"{min(errors):.0%}", f"{max(errors):.0%}"
    return least if least == most else f"{least} to {most}"


def by_hand(
    start: dict[str, np.ndarray], x: np.ndarray, labels: np.ndarray, write: str = "a1 *= 0.5"
) -> dict[str, np.ndarray]:
    """`gradients` of manual/network.py, with the write between its two lines."""
    del write
    net = ManualNetwork(start)
    _, a1, _, a2, z3 = net.forward(x)
    a1 *= HALF
    _, dW3, db3, _, _, dW2, db2, _, _, dW1, db1 = net.backward(x, a1, a2, z3, labels)
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2, "W3": dW3, "b3": db3}


def on_the_engine(
    start: dict[str, np.ndarray], x: np.ndarray, labels: np.ndarray, write: str = "a1.data *= 0.5"
) -> dict[str, np.ndarray]:
    """The same on the engine, through `data`."""
    del write
    net = EngineNetwork(start)
    _, a1, _, _, z3 = net.forward(x)
    loss = cross_entropy(z3, labels)
    a1.data *= HALF
    loss.backward()
    return {name: array(getattr(net, name).grad) for name in start}


def in_pytorch(start: dict[str, np.ndarray], x: np.ndarray, labels: np.ndarray, write: str) -> dict[str, np.ndarray]:
    """The same in PyTorch, where there are several ways to write. Raises RuntimeError where PyTorch refuses."""
    import torch

    from torch_ref.network import Network as TorchNetwork

    def without_gradient(_: torch.Tensor, a1: torch.Tensor) -> None:
        with torch.no_grad():
            a1.mul_(HALF)

    through: tuple[Callable[[torch.Tensor, torch.Tensor], Any], ...] = (
        lambda _, a1: a1.mul_(HALF),
        without_gradient,
        lambda _, a1: a1.detach().mul_(HALF),
        lambda _, a1: a1.data.mul_(HALF),
        lambda _, a1: np.multiply(a1.detach().numpy(), HALF, out=a1.detach().numpy()),
        lambda z1, _: z1.mul_(HALF),
    )
    writes = dict(zip([written for name, written in WRITES if name == TORCH_REF], through, strict=True))
    net = TorchNetwork(start)
    z1, a1, _, _, z3 = net.forward(x)
    loss = torch.nn.functional.cross_entropy(z3, torch.from_numpy(labels))
    writes[write](z1, a1)
    loss.backward()
    return world(TORCH_REF).gradients_left(net)


def draw(result: Measured) -> "Figure":
    """A bar for each way to write: how wrong the gradients are, or that PyTorch refused."""
    from matplotlib.ticker import PercentFormatter

    from compare.shared.figures import INK, new_figure

    rows = result.rows
    figure = new_figure(9, 4.6)
    axes = figure.subplots()
    for i, row in enumerate(rows):
        error = row.error
        axes.barh(i, error or 0, 0.6, color=world(row.implementation).colour)
        words = (
            "refused: RuntimeError" if error is None else f"{error:.0%}, silently" if row.is_wrong else "right, allowed"
        )
        axes.annotate(words, (error or 0, i), (6, 0), textcoords="offset points", va="center", fontsize=9, color=INK)
    labels = [f"{world(row.implementation).title}:  {row.write}" for row in rows]
    axes.set_yticks(range(len(rows)), labels, fontsize=9, color=INK)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.3 * max(row.error or 0 for row in rows))
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.grid(False, axis="y")
    axes.set_axisbelow(True)
    axes.set_xlabel("error of the gradients, as a part of their length")
    axes.set_title("PyTorch guards what it saved, except against .data and NumPy", loc="right")
    return figure
