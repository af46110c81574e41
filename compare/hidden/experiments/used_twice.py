"""A graph small enough to draw: value and gradient in every box, and one value that is used twice."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import relu
from autograd.tensor import Tensor
from compare.hidden.frame.experiment import Finding
from compare.shared.settings import Settings
from compare.shared.terminal import Advance
from compare.worlds import AUTOGRAD, MANUAL, TORCH_REF, world

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

QUESTION = "What is the gradient of a value that is used twice?"
CLAIM = (
    "The gradient of a value is the sum over its uses of what comes back along each: by hand, on the engine and in "
    "PyTorch the same, for every one of 1,000 draws of the numbers."
)

DRAWS = 1000
EXAMPLE = {"x": 2.0, "w": 3.0, "b": -4.0, "v": 5.0}  # those of docs/tape.py

#: name: (how it is made, the numbers it is made of, where its box stands: column and row)
BOXES: dict[str, tuple[str, tuple[str, ...], tuple[float, float]]] = {
    "x": ("", (), (0, 0)),
    "w": ("", (), (0, 1)),
    "b": ("", (), (0, 2)),
    "v": ("", (), (3, 2)),
    "p": ("x * w", ("x", "w"), (1, 0.5)),
    "z": ("p + b", ("p", "b"), (2, 1)),
    "h": ("relu(z)", ("z",), (3, 0.75)),
    "q": ("h * v", ("h", "v"), (4, 1.5)),
    "loss": ("h + q", ("h", "q"), (5, 0.75)),
}


def forward(x: Any, w: Any, b: Any, v: Any, relu: Any) -> dict[str, Any]:
    """Every value by name, of numbers or of tensors that hold one."""
    p = x * w
    z = p + b
    h = relu(z)
    q = h * v
    return {"x": x, "w": w, "b": b, "v": v, "p": p, "z": z, "h": h, "q": q, "loss": h + q}


def by_hand(x: float, w: float, b: float, v: float) -> dict[str, float]:
    """The gradient of `loss` by each value, with the chain rule written out."""
    z = x * w + b
    h = max(z, 0.0)
    dq = 1.0
    dh = 1.0 + dq * v  # straight into the loss, and by way of q
    dz = dh * (z > 0)
    return {"x": dz * w, "w": dz * x, "b": dz, "v": dq * h, "p": dz, "z": dz, "h": dh, "q": dq, "loss": 1.0}


def on_the_engine(**numbers: float) -> dict[str, float]:
    """The same from the engine's tape."""
    values = forward(**{n: Tensor(np.asarray(value), requires_grad=True) for n, value in numbers.items()}, relu=relu)
    for value in values.values():
        value.retain_grad()
    values["loss"].backward()
    return {name: float(value.grad) for name, value in values.items()}


def in_pytorch(**numbers: float) -> dict[str, float]:
    """The same from PyTorch's graph."""
    import torch

    leaves = {n: torch.tensor(value, dtype=torch.float64, requires_grad=True) for n, value in numbers.items()}
    values = forward(**leaves, relu=torch.relu)
    for value in values.values():
        value.retain_grad()
    values["loss"].backward()
    return {name: value.grad.item() for name, value in values.items()}


@dataclass(frozen=True)
class Measured:
    """Example's values and gradients, and how many draws agree with those by hand, by implementation."""

    values: dict[str, float]
    gradients: dict[str, float]
    equal: dict[str, int]


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured:
    """The example, and random numbers, all in float64."""
    del digits
    random = np.random.default_rng(settings.seed)
    draws = [EXAMPLE, *(dict(zip(EXAMPLE, random.normal(size=4).tolist(), strict=True)) for _ in range(DRAWS - 1))]
    equal = {AUTOGRAD: 0, TORCH_REF: 0}
    for k, draw in enumerate(draws):
        expected = by_hand(**draw)
        equal[AUTOGRAD] += same(on_the_engine(**draw), expected)
        equal[TORCH_REF] += same(in_pytorch(**draw), expected)
        if k % 200 == 0:
            advance()
    values = {name: float(value) for name, value in forward(**EXAMPLE, relu=lambda z: max(z, 0.0)).items()}
    return Measured(values, on_the_engine(**EXAMPLE), equal)


def same(found: dict[str, float], expected: dict[str, float]) -> bool:
    """Whether all gradients are the same to the bit: no step of these can be rounded in two ways."""
    return all(found[name] == value for name, value in expected.items())


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    values, gradients, equal = result.values, result.gradients, result.equal
    through = gradients["q"] * values["v"]
    answer = (
        f"The sum over its uses. h goes straight into the loss, which gives {gradients['loss']:g}, and into q, which "
        f"gives {through:g}: its gradient is {gradients['h']:g}. By hand, on the engine and in PyTorch all gradients "
        f"are bit-identical in {min(equal.values()):,} of {DRAWS:,} draws."
    )
    lesson = (
        "Read the picture from right to left. The loss's own gradient is 1. Every arrow carries back the gradient of "
        "its end, times the derivative of the step there: that product is the vector-Jacobian product, and is "
        "written at the arrow. A box adds up what its arrows bring. Two things follow, and they are the whole engine. "
        "A box must wait until all of its arrows have arrived, so the walk takes later steps first. And gradients are "
        "added, never assigned: which is why they must be set to zero before the next step. docs/tape.py does "
        "this in 26 lines, autograd/tape.py for arrays of any shape."
    )
    measured = {"values": values, "gradients": gradients, "equal": equal, "draws": DRAWS}
    return Finding(answer, all(n == DRAWS for n in equal.values()), measured, lesson)


def shares(values: dict[str, float], gradients: dict[str, float]) -> dict[tuple[str, str], float]:
    """What comes back along each arrow (from, to): the gradient of its end times the derivative of the step there."""
    found = {}
    for name, (how, parts, _) in BOXES.items():
        for part in parts:
            other = parts[1 - parts.index(part)] if len(parts) == 2 else part
            derivative = {"*": values[other], "+": 1.0}.get(how[2:3], float(values[part] > 0))
            found[part, name] = gradients[name] * derivative
    return found


def draw(result: Measured) -> "Figure":
    """The graph: forward along the arrows, gradients back along them."""
    from compare.shared.figures import new_figure

    figure = new_figure(10, 4.4)
    axes = figure.subplots()
    values, gradients = result.values, result.gradients
    for name, (how, _, place) in BOXES.items():
        text = f"{name} = {how}" if how else name
        _draw_box(axes, place, text, f"value {values[name]:g}", f"gradient {gradients[name]:g}", leaf=not how)
    for (part, whole), share in shares(values, gradients).items():
        _draw_arrow(axes, BOXES[part][2], BOXES[whole][2], f"{share:g}")
    axes.plot([-0.45, 5.45], [2.5, -0.55], alpha=0)  # the space that boxes and arrows take
    axes.invert_yaxis()
    axes.axis("off")
    axes.set_title("The gradient of a value that is used twice is a sum: at h, 1 + 5 = 6")
    return figure


def _draw_box(axes: "Axes", place: tuple[float, float], name: str, value: str, gradient: str, leaf: bool) -> None:
    from matplotlib.patches import FancyBboxPatch

    from compare.hidden.tools.coloured_table import PALE
    from compare.shared.figures import INK

    x, y = place
    style = "round,pad=0,rounding_size=0.06"
    colour = PALE["grey"] if leaf else PALE["blue"]
    axes.add_patch(FancyBboxPatch((x - 0.36, y - 0.3), 0.72, 0.6, boxstyle=style, facecolor=colour, edgecolor="none"))
    axes.text(x, y - 0.16, name, ha="center", va="center", fontsize=10, fontweight="bold", color=INK)
    axes.text(x, y + 0.02, value, ha="center", va="center", fontsize=9, color=world(MANUAL).colour)
    axes.text(x, y + 0.19, gradient, ha="center", va="center", fontsize=9, color="#a84800")


def _draw_arrow(axes: "Axes", start: tuple[float, float], end: tuple[float, float], share: str) -> None:
    """Draw an arrow from one box's right side to another's left, with what comes back written at its middle."""
    from compare.shared.figures import MUTED

    (x0, y0), (x1, y1) = (start[0] + 0.37, start[1]), (end[0] - 0.37, end[1])
    axes.annotate("", (x1, y1), (x0, y0), arrowprops={"arrowstyle": "-|>", "color": MUTED, "linewidth": 1})
    white = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    axes.text((x0 + x1) / 2, (y0 + y1) / 2, share, ha="center", va="center", fontsize=9, color="#a84800", bbox=white)
