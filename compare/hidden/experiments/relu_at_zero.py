"""The derivative that does not exist: what each returns for a ReLU at exactly zero, and how often that is asked."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.elementwise import clip, maximum, relu
from autograd.network import array
from autograd.tensor import Tensor
from compare.hidden.frame.experiment import Finding
from compare.hidden.tools.batches import batches
from compare.hidden.tools.coloured_table import draw_table
from compare.shared.settings import Settings
from compare.shared.terminal import Advance
from compare.shared.training import initial_weights
from compare.worlds import AUTOGRAD, MANUAL, TORCH_REF, world
from manual.functions import relu_derivative
from manual.network import Network as ManualNetwork

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

QUESTION = "ReLU has no derivative at 0: what do you get there, and does it matter?"
CLAIM = (
    "By hand, on the engine and in PyTorch, ReLU's derivative at exactly 0 is 0, and in a training fewer than one "
    "pre-activation in 10,000 is exactly 0; written as maximum or as clip, the same function has another derivative."
)

#: It looks inside, in each in its own way, and so is about these.
WORLDS = (MANUAL, AUTOGRAD, TORCH_REF)

STEPS = 300
FORMS = {"relu": "relu(z)", "maximum": "maximum(z, 0)", "clip": "clip(z, 0, infinity)"}


@dataclass(frozen=True)
class Measured:
    """Derivatives at 0 by implementation and form, and the exact zeros among all pre-activations."""

    derivatives: dict[str, dict[str, float]]
    zeros: dict[str, int]
    count: dict[str, int]


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured:
    """The derivative at 0 of three ways to write max(z, 0), and the zeros among z1 and z2 in a training by hand."""
    derivatives = {MANUAL: by_hand(settings.dtype), AUTOGRAD: on_the_engine(settings.dtype)}
    derivatives[TORCH_REF] = in_pytorch(settings.dtype)
    advance()
    net = ManualNetwork(initial_weights(settings, digits))
    zeros, count = {"z1": 0, "z2": 0}, {"z1": 0, "z2": 0}
    for k, (x, labels) in enumerate(batches(settings, digits, STEPS)):
        z1, _, z2, _, _ = net.forward(x)
        for name, z in (("z1", z1), ("z2", z2)):
            zeros[name] += int((z == 0).sum())
            count[name] += z.size
        net.step(x, labels, settings.learning_rate)
        if k % (STEPS // 5) == 0:
            advance()
    return Measured(derivatives, zeros, count)


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    derivatives, zeros, count = result.derivatives, result.zeros, result.count
    at_zero = {name: found["relu"] for name, found in derivatives.items()}
    hits, total = sum(zeros.values()), sum(count.values())
    others = [derivatives[name][form] for name in (AUTOGRAD, TORCH_REF) for form in ("maximum", "clip")]
    holds = not any(at_zero.values()) and hits / total < 1e-4 and 0 not in others
    said = ", ".join(f"{value:g} {where}" for value, where in zip(
        at_zero.values(), ("by hand", "on the engine", "in PyTorch"), strict=True))  # fmt: skip
    torch = derivatives[TORCH_REF]
    answer = (
        f"relu'(0) is {said} ({torch['maximum']:g} for torch.maximum(z, 0), {torch['clip']:g} for z.clamp(min=0)); "
        f"in {STEPS} steps {hits:,} of {total:,} pre-activations were exactly 0."
    )
    lesson = (
        "At 0 every slope from 0 to 1 is as good as another, and a program must return one. All three return 0 for "
        "relu, and it is the only choice that the output alone allows: where a = 0 you cannot tell z = 0 from z < 0, "
        "and PyTorch, like the hand-written `a > 0`, keeps a. Written as maximum(z, 0) the two rivals tie and share "
        "the gradient, and clip counts its edge as inside. So one function has three gradients, and a framework's "
        "choice is part of what it computes. Whether it matters is another question: rounded sums of hundreds of "
        "products almost never give exactly 0. They do when something else is exact: weights of 0, or an image whose "
        "units of one layer are all off, so that the next layer sees only biases, which start at 0."
    )
    return Finding(answer, holds, {"derivative_at_0": derivatives, "exact_zeros": zeros, "of": count}, lesson)


def by_hand(dtype: str) -> dict[str, float]:
    """manual/functions.py has relu only."""
    return {"relu": float(relu_derivative(np.maximum(np.zeros(1, dtype), 0))[0])}


def on_the_engine(dtype: str) -> dict[str, float]:
    """Gradients of the three forms at 0."""
    found = {}
    forms: dict[str, Any] = {
        "relu": relu,
        "maximum": lambda z: maximum(z, np.zeros(1, dtype)),
        "clip": lambda z: clip(z, min=0),
    }
    for form, function in forms.items():
        z = Tensor(np.zeros(1, dtype), requires_grad=True)
        function(z).sum().backward()
        found[form] = float(array(z.grad)[0])
    return found


def in_pytorch(dtype: str) -> dict[str, float]:
    """Gradients of the three forms at 0."""
    import torch

    found = {}
    forms: dict[str, Any] = {
        "relu": torch.relu,
        "maximum": lambda z: torch.maximum(z, torch.zeros_like(z)),
        "clip": lambda z: z.clamp(min=0),
    }
    for form, function in forms.items():
        z = torch.tensor(np.zeros(1, dtype), requires_grad=True)
        function(z).sum().backward()
        assert z.grad is not None, "the gradient has reached z"
        found[form] = z.grad.item()
    return found


def draw(result: Measured) -> "Figure":
    """The derivative at 0 for each way of writing the same function, in each implementation."""
    from compare.shared.figures import MUTED, new_figure

    derivatives = result.derivatives
    colours = {0.0: "blue", 0.5: "green", 1.0: "orange"}
    cells = [
        [
            (f"{derivatives[name][form]:g}", colours.get(derivatives[name][form], "grey"))
            if form in derivatives[name]
            else ("not used", "grey")
            for name in WORLDS
        ]
        for form in FORMS
    ]
    figure = new_figure(9, 3.8)
    axes = figure.subplots()
    draw_table(axes, list(FORMS.values()), [world(name).title for name in WORLDS], cells, fontsize=14)
    axes.set_title("One function, three derivatives at exactly 0: it depends on how you write it", pad=14)
    hits, total = sum(result.zeros.values()), sum(result.count.values())
    axes.set_xlabel(f"how often it is asked: {hits:,} of {total:,} pre-activations in {STEPS} steps", color=MUTED)
    return figure
