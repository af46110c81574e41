"""What an optimizer remembers between steps: arrays that no line of yours has made."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.optimizers import SGD, Adam
from autograd.tensor import Tensor
from compare.hidden.frame.experiment import Finding, plain
from compare.hidden.tools.batches import batches
from compare.shared.settings import Settings
from compare.shared.terminal import Advance
from compare.shared.threads import use_threads
from compare.shared.training import initial_weights
from compare.worlds import AUTOGRAD, TORCH_REF
from manual.network import Network as ManualNetwork

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

QUESTION = "What does an optimizer remember from step to step, and in how many arrays?"
CLAIM = (
    "Plain SGD keeps no array of a parameter's size, momentum one and Adam two for each parameter, on the engine as in "
    "PyTorch; and given the same gradients, the two take the same steps to within rounding."
)

STEPS = 200
HIDDEN_ARRAYS = {"SGD": 0, "SGD with momentum": 1, "Adam": 2}
LEARNING_RATE, MOMENTUM, ADAM_LEARNING_RATE = 0.1, 0.9, 0.001
PINK = "#CC79A7"

#: What a step may be off by, in units of roundoff. The weight rounds once, in w - step. The step itself is made in some
#: ten operations; and a running mean also carries what its two products and its sum rounded in each step before.
IN_A_STEP, IN_A_MEAN = 10, 3


@dataclass(frozen=True)
class Race:
    """Both optimizers of a kind, side by side.

    arrays, bytes: what each holds afterwards, by implementation; arrays: of a parameter's shape, for each parameter;
    names: what PyTorch calls them; difference_by_step: of the weights, at most; allowed_used: how much of what rounding
    may do, at most.
    """

    arrays: dict[str, float]
    bytes: dict[str, int]
    names: list[str]
    difference_by_step: list[float]
    allowed_used: float


@dataclass(frozen=True)
class Measured:
    """The race of each kind of optimizer, by its name."""

    found: dict[str, Race]
    parameter_bytes: int
    dtype: str


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured:
    """Both optimizers of a kind on the same gradients: those by hand, at the engine's weights."""
    start = initial_weights(settings.with_(init="he"), digits)
    found = {}
    with use_threads(1):  # the work of a step is too small to be shared
        for name in HIDDEN_ARRAYS:
            found[name] = race(name, start, batches(settings, digits, STEPS))
            advance()
    return Measured(found, _bytes(start.values()), settings.dtype)


def race(name: str, start: dict[str, np.ndarray], data: Iterable[tuple[np.ndarray, np.ndarray]]) -> Race:
    """Step both optimizers; what each holds afterwards, and how far apart their weights are after each step."""
    import torch

    engine_leaves = {p: Tensor(value.copy(), requires_grad=True) for p, value in start.items()}
    torch_leaves = {p: torch.tensor(value, requires_grad=True) for p, value in start.items()}
    engine, pytorch = _optimizers(name, list(engine_leaves.values()), list(torch_leaves.values()))
    u = float(np.finfo(start["W1"].dtype).eps) / 2
    allowed = {p: np.zeros_like(value) for p, value in start.items()}
    differences, used = [], 0.0
    for k, (x, labels) in enumerate(data):
        before = {p: tensor.data.copy() for p, tensor in engine_leaves.items()}
        _, gradients = ManualNetwork(before).gradients(x, labels)
        for p, gradient in gradients.items():
            engine_leaves[p].grad = gradient
            torch_leaves[p].grad = torch.from_numpy(gradient)
        engine.step()
        pytorch.step()
        difference = {p: np.abs(engine_leaves[p].data - torch_leaves[p].detach().numpy()) for p in start}
        for p in start:
            step = float(np.abs(engine_leaves[p].data - before[p]).max())
            allowed[p] += 2 * u * (np.abs(engine_leaves[p].data) + (IN_A_STEP + IN_A_MEAN * k) * step)
            used = max(used, float((difference[p] / allowed[p]).max(initial=0, where=allowed[p] > 0)))
        differences.append(float(max(value.max() for value in difference.values())))
    states = pytorch.state.values()
    return Race(
        {AUTOGRAD: _per_parameter(_engine_state(engine), start), TORCH_REF: _torch_arrays(pytorch, start)},
        {AUTOGRAD: _bytes(_engine_state(engine)), TORCH_REF: sum(t.nbytes for s in states for t in _tensors(s))},
        sorted({key for state in states for key, value in state.items() if value is not None}),
        differences,
        used,
    )


def _optimizers(name: str, engine_leaves: list[Tensor], torch_leaves: Any) -> tuple[Any, Any]:
    import torch

    if name == "Adam":
        return Adam(engine_leaves, ADAM_LEARNING_RATE), torch.optim.Adam(torch_leaves, ADAM_LEARNING_RATE)
    momentum = MOMENTUM if name == "SGD with momentum" else 0.0
    return SGD(engine_leaves, LEARNING_RATE, momentum), torch.optim.SGD(torch_leaves, LEARNING_RATE, momentum)


def _engine_state(optimizer: Any) -> list[np.ndarray]:
    """Every array among the attributes of the engine's optimizer that are not its parameters."""
    found: list[np.ndarray] = []
    waiting = [value for name, value in vars(optimizer).items() if name != "parameters"]
    while waiting:
        value = waiting.pop()
        if isinstance(value, np.ndarray):
            found.append(value)
        elif isinstance(value, list | tuple):
            waiting.extend(value)
    return found


def _tensors(state: dict[str, Any]) -> list[Any]:
    return [value for value in state.values() if hasattr(value, "nbytes")]


def _torch_arrays(optimizer: Any, start: dict[str, np.ndarray]) -> float:
    return _per_parameter([t.numpy() for state in optimizer.state.values() for t in _tensors(state)], start)


def _per_parameter(arrays: list[np.ndarray], start: dict[str, np.ndarray]) -> float:
    """How many of the arrays have the shape of a parameter, for each parameter."""
    shapes = {value.shape for value in start.values()}
    return sum(array.shape in shapes for array in arrays) / len(start)


def _bytes(arrays: Iterable[np.ndarray]) -> int:
    return sum(array.nbytes for array in arrays)


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    found, parameter_bytes, dtype = result.found, result.parameter_bytes, result.dtype
    counted = all(set(found[name].arrays.values()) == {arrays} for name, arrays in HIDDEN_ARRAYS.items())
    same = all(one.allowed_used <= 1 for one in found.values())
    difference = max(one.difference_by_step[-1] for one in found.values())
    steps = len(found["Adam"].difference_by_step)
    momentum, adam = (found[name].bytes[TORCH_REF] for name in ("SGD with momentum", "Adam"))
    answer = (
        f"For {parameter_bytes:,} bytes of parameters, SGD keeps {found['SGD'].bytes[TORCH_REF]:,} bytes, "
        f"momentum {momentum:,} and Adam {adam:,}; after {steps} steps along the same gradients engine and PyTorch "
        f"differ by {difference:.1e} at most."
    )
    names = ", ".join(found["Adam"].names)
    lesson = (
        "The update by hand, W1 -= learning_rate * dW1, has no memory. Momentum has: a velocity for every parameter. "
        f"Adam has two running means, and PyTorch keeps them in optimizer.state as {names}. You never see them, but "
        f"they are {adam / parameter_bytes:.1f} times the memory of the weights; they must be saved with the weights "
        "if a training is to go on later; and a new optimizer starts without them. There is nothing else in it: the "
        f"few lines of autograd/optimizers.py take the steps of torch.optim. In {dtype} their weights differ by at "
        f"most {max(one.allowed_used for one in found.values()):.0%} of what rounding may do, most of it in one "
        "last bit."
    )
    return Finding(answer, counted and same, {"parameter_bytes": parameter_bytes, "optimizers": plain(found)}, lesson)


def draw(result: Measured) -> "Figure":
    """What each optimizer holds in multiples of the parameters' bytes; below, how far apart the two are, by step."""
    from compare.shared.figures import BLUE, MUTED, VERMILLION, new_figure

    found, size = result.found, result.parameter_bytes
    figure = new_figure(9, 5.6)
    above, below = figure.subplots(2, height_ratios=(1, 1.1))
    for y, one in enumerate(found.values()):
        state = one.bytes[TORCH_REF] / size
        above.barh(y, 1, color=MUTED, height=0.6, label="parameters" if y == 0 else None)
        above.barh(y, 1, left=1, color="#cccccc", height=0.6, label="their gradients" if y == 0 else None)
        if state:
            label = "hidden in the optimizer" if y == 1 else None
            above.barh(y, state, left=2, color=PINK, hatch="//", edgecolor="white", height=0.6, label=label)
        above.text(2 + state + 0.05, y, f"{one.bytes[TORCH_REF]:,} bytes hidden", va="center", fontsize=9)
    above.set_yticks(range(len(found)), list(found))
    above.invert_yaxis()
    above.set_xlim(0, 5.3)
    above.grid(axis="y", visible=False)
    above.set_xlabel("times the memory of the parameters (PyTorch)")
    above.set_title("Adam remembers two arrays for every parameter")
    above.legend(loc="upper right", fontsize=9)
    styles = {"SGD": (BLUE, "-"), "SGD with momentum": (VERMILLION, "--")}
    styles["Adam"] = (PINK, ":")
    for name, one in found.items():
        steps = [(k, value) for k, value in enumerate(one.difference_by_step, start=1) if value > 0]
        if steps:
            below.plot(*zip(*steps, strict=True), color=styles[name][0], linestyle=styles[name][1], label=name)
        else:
            below.plot([], [], color=styles[name][0], linestyle=styles[name][1], label=f"{name}: 0, equal to the bit")
    below.set_yscale("log")
    below.set_xlabel("step")
    below.set_ylabel("largest difference\nof a weight")
    below.set_title("The steps are the same: engine against PyTorch, from the same gradients")
    below.legend(fontsize=9, loc="lower right")
    return figure
