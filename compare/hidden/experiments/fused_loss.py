"""Softmax, then logarithm, then mean, against the three in one: at which scores each breaks down."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.losses import cross_entropy
from autograd.network import array
from autograd.tensor import Tensor
from compare.hidden.frame.experiment import Finding, plain
from compare.shared.settings import DTYPES, Settings
from compare.shared.terminal import Advance
from compare.worlds import AUTOGRAD, MANUAL, TORCH_REF, world
from manual import functions as by_hand

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

QUESTION = "Why is the loss one function, and not softmax, then log, then mean?"
CLAIM = (
    "Written in three steps, the loss or its gradient is not finite from some score below 1,000 on, in NumPy, on the "
    "engine and in PyTorch, in both dtypes, and even where the softmax is a safe one; written as one function, both "
    "are right up to a score of 10,000."
)

#: It looks inside, in each in its own way, and so is about these.
WORLDS = (MANUAL, AUTOGRAD, TORCH_REF)

#: How the loss may be written; what the first two lack is not the same.
FORMS = {
    "plain": "exp(z) / sum(exp(z)), log, mean",
    "safe softmax": "softmax(z), log, mean",
    "fused": "cross_entropy(z)",
}
SCORES = np.append(np.arange(1.0, 1000.0), 10_000.0)  # of class 0, a wrong one; the nine others, RIGHT too, have 0

#: The losses (n,) and gradients (n, 10) of n rows of scores (n, 10), each on its own; the label is RIGHT in all.
Losses = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
RIGHT = 1


@dataclass(frozen=True)
class Breakdown:
    """Where one way to write the loss breaks down: of SCORES the first, None where it is right, or finite, for all.

    loss, gradient: as text, since JSON knows no NaN, at the first score where one of them is not finite.
    """

    form: str
    implementation: str
    dtype: str
    wrong_from: float | None
    not_finite_from: float | None
    loss: str = ""
    gradient: str = ""

    def as_json(self) -> dict[str, Any]:
        """As a JSON document has it: without the loss and the gradient where both stay finite."""
        return {name: value for name, value in vars(self).items() if value != ""}


@dataclass(frozen=True)
class Measured:
    """What was found of every form, implementation and dtype."""

    found: list[Breakdown]


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured:
    """The scores from which loss or gradient is wrong, and not finite, for every form, implementation and dtype.

    The scores are made up, so neither the settings nor the digits matter.
    """
    del settings, digits
    ways = {MANUAL: numpy_losses, AUTOGRAD: engine_losses, TORCH_REF: torch_losses}
    found = []
    with np.errstate(all="ignore"):
        for form in FORMS:
            for name, losses in ways.items():
                for dtype in DTYPES:
                    found.append(Breakdown(form, name, dtype, *breakdown(losses(form), dtype)))
            advance()
    return Measured(found)


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    found = result.found
    holds = all((one.wrong_from is None) if one.form == "fused" else (one.not_finite_from is not None) for one in found)

    def scores(what: str, form: str, dtype: str) -> str:
        alike = [getattr(one, what) for one in found if (one.form, one.dtype) == (form, dtype)]
        alike = [score for score in alike if score]
        return f"{min(alike):.0f}" if alike else "none"

    def both(what: str, form: str) -> str:
        return f"{scores(what, form, 'float32')} in float32 and {scores(what, form, 'float64')} in float64"

    fused_fails = any(one.wrong_from for one in found if one.form == "fused")
    answer = (
        f"Written in three steps, the gradient is wrong from a score of {both('wrong_from', 'plain')} on, and not "
        f"finite from {both('not_finite_from', 'plain')}; with a safe softmax it is not finite from "
        f"{both('not_finite_from', 'safe softmax')}. As one function it is {'not ' if fused_fails else ''}right up to "
        f"{SCORES[-1]:,.0f}."
    )
    lesson = (
        "exp overflows first: e^89 is beyond float32. Long before, the derivative of the quotient divides by the sum "
        "twice, and e^-100 is below the normal numbers of float32: finite, and wrong without a word. Taking the "
        "largest score off first, the safe softmax, mends the quotient and nothing else: the other exponentials become "
        "tiny and then 0, so that 1 / p and log p overflow. The chain rule multiplies that infinity by a zero to get "
        "to the scores, and one NaN in a gradient makes every weight NaN one step later. The fused form takes the "
        "logarithm before the quotient, log softmax(z) = z - log(sum(exp(z))), and "
        "its gradient is softmax(z) - onehot, the line `dz3 = (a3 - y) / m` that you wrote by hand: nothing in it can "
        "overflow. So hand scores to `torch.nn.functional.cross_entropy`, never probabilities."
    )
    return Finding(answer, holds, {"breakdowns": plain(found)}, lesson)


def breakdown(losses_of: Losses, dtype: str) -> tuple[float | None, float | None, str, str]:
    """The first of SCORES at which loss or gradient is off by more than 1%, and the first at which one is not finite.

    And at the latter, as text, the loss and its derivative with respect to the large score; "" where there is none.
    """
    z = np.zeros((len(SCORES), 10), dtype)
    z[:, 0] = SCORES
    losses, gradients = losses_of(z)
    rest = np.exp(-SCORES)  # e^z / e^score of the nine other classes
    exact = np.stack([np.ones_like(rest), *[rest] * 9], axis=1) / (1 + 9 * rest)[:, None]
    exact[:, RIGHT] -= 1
    finite = np.isfinite(losses) & np.isfinite(gradients).all(axis=1)
    off = np.maximum(abs(losses / (SCORES + np.log1p(9 * rest)) - 1), abs(gradients - exact).max(axis=1))
    wrong_from = _first(~(finite & (off < 0.01)))
    if finite.all():
        return wrong_from, None, "", ""
    k = int(np.argmin(finite))
    return wrong_from, _first(~finite), f"{losses[k]:.3g}", f"{gradients[k, 0]:.3g}"


def _first(where: np.ndarray) -> float | None:
    return float(SCORES[np.argmax(where)]) if where.any() else None


def numpy_losses(form: str) -> Losses:
    """The loss by hand: each step's derivative times the next one's, except in the fused form."""

    def losses(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        labels = np.full(len(z), RIGHT)
        onehot = np.eye(10, dtype=z.dtype)[labels]
        if form == "fused":
            each = [by_hand.cross_entropy(row[None], labels[:1]) for row in z]
            return np.array(each), by_hand.softmax(z) - onehot
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) if form == "plain" else by_hand.softmax(z)
        dp = np.where(onehot, -1 / p, 0)
        return -np.log(p[:, RIGHT]), p * (dp - (dp * p).sum(axis=1, keepdims=True))

    return losses


def engine_losses(form: str) -> Losses:
    """The loss on the engine; cross_entropy is a mean, and so gets a row at a time."""

    def losses(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if form == "fused":
            rows = [Tensor(row[None], requires_grad=True) for row in z]
            each = [cross_entropy(row, np.array([RIGHT])) for row in rows]
            for loss in each:
                loss.backward()
            return np.array([loss.data for loss in each]), np.concatenate([array(row.grad) for row in rows])
        leaf = Tensor(z, requires_grad=True)
        p = leaf.exp() / leaf.exp().sum(axis=1, keepdims=True) if form == "plain" else leaf.softmax(axis=1)
        loss = -p.log()[:, RIGHT]
        loss.sum().backward()
        return loss.data, array(leaf.grad)

    return losses


def torch_losses(form: str) -> Losses:
    """The loss in PyTorch."""
    import torch

    def losses(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        leaf = torch.tensor(z, requires_grad=True)
        if form == "fused":
            loss = torch.nn.functional.cross_entropy(leaf, torch.full((len(z),), RIGHT), reduction="none")
        else:
            p = leaf.exp() / leaf.exp().sum(dim=1, keepdim=True) if form == "plain" else leaf.softmax(dim=1)
            loss = -p.log()[:, RIGHT]
        loss.sum().backward()
        assert leaf.grad is not None, "the loss depends on the scores"
        return loss.detach().numpy(), leaf.grad.numpy()

    return losses


def draw(result: Measured) -> "Figure":
    """A row for each form and dtype: up to which score each implementation is right, and up to which it is finite."""
    from compare.shared.figures import INK, MUTED, new_figure

    figure = new_figure(9, 4.8)
    axes = figure.subplots()
    rows = [(form, dtype) for form in FORMS for dtype in DTYPES]
    end = 1060.0
    for one in result.found:
        row, name = rows.index((one.form, one.dtype)), one.implementation
        y, colour = row + 0.24 * (WORLDS.index(name) - 1), world(name).colour
        right, finite = one.wrong_from or end, one.not_finite_from or end
        axes.plot([0, right], [y, y], color=colour)
        axes.plot([right, finite], [y, y], color=colour, linewidth=1, linestyle=":")
        axes.plot(right, y, color=colour, marker=world(name).marker if one.wrong_from else ">", markersize=7,
                  linestyle="none", label=world(name).title if row == 0 else None)  # fmt: skip
        if one.not_finite_from:
            axes.plot(finite, y, color=INK, marker="x", markersize=5, linestyle="none",
                      label="not finite" if (row, name) == (0, WORLDS[-1]) else None)  # fmt: skip
            axes.annotate(f"loss {one.loss}, gradient {one.gradient}", (finite, y), (10, 0), fontsize=8,
                          textcoords="offset points", va="center", color=MUTED)  # fmt: skip
    axes.set_yticks(range(len(rows)), [f"{FORMS[form]}\n{dtype}" for form, dtype in rows], fontsize=9)
    axes.invert_yaxis()
    axes.set_xlim(0, end + 20)
    axes.grid(False, axis="y")
    axes.set_xlabel("score of one wrong class, all others 0; a line ends where loss or gradient first errs by 1%")
    axes.set_title("Only the loss in one function survives large scores")
    figure.legend(loc="outside lower center", ncols=4)
    return figure
