"""The gradient of a gradient: PyTorch records its own backward pass if asked; by hand and engine do not."""

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.losses import cross_entropy
from autograd.network import Network as EngineNetwork
from autograd.tensor import Tensor
from compare.hidden.batches import first_batch
from compare.hidden.experiment import Finding
from compare.shared.settings import DTYPES, Settings
from compare.shared.terminal import Advance
from compare.shared.threads import use_threads
from compare.shared.training import initial_weights
from manual.network import Network as ManualNetwork

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

    Arrays = dict[str, np.ndarray]

QUESTION = "Can a gradient itself be differentiated?"
CLAIM = (
    "PyTorch differentiates its own backward pass and gives a Hessian-vector product that is right to rounding; the "
    "engine's gradients are plain arrays without a graph, and the best that two gradients by hand can give, their "
    "difference, errs at least ten times as much in the same dtype."
)

#: How far the difference reaches to either side, by the length of the direction.
STEPS = [2.0**-k for k in range(-3, 21)]
#: The Hessian-vector product that is taken for exact, in float64, must itself agree with a difference this well.
AGREES = 1e-6


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Finding:
    """H v for one batch and one direction v, in both dtypes; sigmoid units, whose gradients have no jumps."""
    x, labels = first_batch(settings, digits)
    start = initial_weights(settings.with_(init="he", dtype="float64"), digits)
    random = np.random.default_rng(settings.seed)
    direction = {name: random.standard_normal(value.shape) for name, value in start.items()}
    length = _length(direction)
    direction = {name: value / length for name, value in direction.items()}
    exact = hessian_vector_product(start, direction, x.astype(np.float64), labels)
    errors: dict[str, dict[str, Any]] = {}
    with use_threads(1):  # the work of a step is too small to be shared
        for dtype in DTYPES:
            point = {name: value.astype(dtype) for name, value in start.items()}
            along = {name: value.astype(dtype) for name, value in direction.items()}
            found = hessian_vector_product(point, along, x.astype(dtype), labels)
            by_step = (difference(point, along, x.astype(dtype), labels, h) for h in STEPS)
            errors[dtype] = {
                "torch_ref": _distance(found, exact),
                "manual": [_distance(product, exact) for product in by_step],
            }
            advance()
    return judge(errors, engine_records_backward(start, x, labels), refusal(start, x, labels))


def hessian_vector_product(point: "Arrays", direction: "Arrays", x: np.ndarray, labels: np.ndarray) -> "Arrays":
    """H v in PyTorch: the gradient of (gradient . v). W (fan_in, fan_out), b (fan_out,), x (m, fan_in), labels (m,)."""
    import torch

    leaves, loss = _torch_loss(point, x, labels)
    gradients = torch.autograd.grad(loss, list(leaves.values()), create_graph=True)
    parts = [(g * torch.from_numpy(direction[name])).sum() for name, g in zip(leaves, gradients, strict=True)]
    along = torch.stack(parts).sum()
    products = torch.autograd.grad(along, list(leaves.values()))
    return {name: product.numpy() for name, product in zip(leaves, products, strict=True)}


def _torch_loss(point: "Arrays", x: np.ndarray, labels: np.ndarray) -> tuple[dict[str, Any], Any]:
    """The network as a function of its six leaves, and its loss."""
    import torch

    leaves = {name: torch.tensor(value, requires_grad=True) for name, value in point.items()}
    a = torch.from_numpy(x)
    for k in (1, 2):
        a = torch.sigmoid(a @ leaves[f"W{k}"] + leaves[f"b{k}"])
    scores = a @ leaves["W3"] + leaves["b3"]
    return leaves, torch.nn.functional.cross_entropy(scores, torch.from_numpy(labels))


def refusal(point: "Arrays", x: np.ndarray, labels: np.ndarray) -> str:
    """What PyTorch says where the backward pass was not recorded; "" if it says nothing."""
    import torch

    leaves, loss = _torch_loss(point, x.astype(point["W1"].dtype), labels)
    gradient, *_ = torch.autograd.grad(loss, list(leaves.values()))
    try:
        torch.autograd.grad(gradient.sum(), list(leaves.values()))
    except RuntimeError as error:
        return str(error).splitlines()[0]
    return ""


def engine_records_backward(point: "Arrays", x: np.ndarray, labels: np.ndarray) -> bool:
    """Whether the engine's gradients are tensors with a node, that is, can be differentiated."""
    network = EngineNetwork(point, "sigmoid")
    *_, z3 = network.forward(x.astype(point["W1"].dtype))
    cross_entropy(z3, labels).backward()
    gradient: Any = network.W1.grad
    return isinstance(gradient, Tensor) and gradient.requires_grad


def difference(point: "Arrays", direction: "Arrays", x: np.ndarray, labels: np.ndarray, h: float) -> "Arrays":
    """(gradient at point + h v - gradient at point - h v) / 2 h, by hand: about H v."""
    after, before = (
        ManualNetwork({n: w + point[n].dtype.type(s) * direction[n] for n, w in point.items()}, "sigmoid")
        for s in (h, -h)
    )
    (_, up), (_, down) = after.gradients(x, labels), before.gradients(x, labels)
    return {name: (up[name] - down[name]) / point[name].dtype.type(2 * h) for name in point}


def _length(arrays: "Arrays") -> float:
    return float(np.sqrt(sum((value.astype(np.float64) ** 2).sum() for value in arrays.values())))


def _distance(found: "Arrays", exact: "Arrays") -> float:
    """|found - exact| / |exact|, over all entries."""
    return _length({name: found[name].astype(np.float64) - exact[name] for name in exact}) / _length(exact)


def judge(errors: dict[str, dict[str, Any]], engine_records: bool, refused: str) -> Finding:
    """From the relative errors of H v by dtype, and what engine and PyTorch do where nothing was recorded."""
    best = {dtype: min(found["manual"]) for dtype, found in errors.items()}
    single = errors["float32"]["torch_ref"]
    holds = (
        best["float64"] < AGREES
        and single * 10 < best["float32"]
        and single < 100 * np.finfo(np.float32).eps
        and not engine_records
        and bool(refused)
    )
    answer = (
        f"In PyTorch, yes: a Hessian-vector product in float32 is right to {single:.1e}, where the best difference of "
        f"two gradients by hand is off by {best['float32']:.1e}; the engine's gradients "
        f"{'have a graph' if engine_records else 'have no graph to go back along'}."
    )
    lesson = (
        "With create_graph=True, PyTorch's backward pass is itself made of recorded operations, so that it can be "
        f"differentiated again. Without it the graph ends at the gradient, and PyTorch says so: {refused!r}. The "
        "engine's VJPs work on plain arrays, and by hand you would have to derive a second backward pass. What is "
        "left is a difference of two gradients. A large step errs because the gradient is curved, a small one because "
        f"the two gradients cancel; the best in between reaches {best['float32']:.0e} in float32 and "
        f"{best['float64']:.0e} in float64. Often that is good enough, and it costs two backward passes and no memory."
    )
    measured = {"steps": STEPS, "errors": errors, "engine_records_backward": engine_records, "refusal": refused}
    return Finding(answer, bool(holds), measured, lesson)


def draw(finding: Finding) -> "Figure":
    """The error of the difference by its step, against PyTorch's own product, in both dtypes."""
    from compare.shared.figures import COLOURS, new_figure

    figure = new_figure(9, 5)
    axes = figure.subplots()
    steps = finding.measured["steps"]
    for dtype, dash, marker in (("float32", "-", "o"), ("float64", "--", "s")):
        errors = finding.measured["errors"][dtype]
        axes.plot(
            steps, errors["manual"], color=COLOURS["manual"], linestyle=dash, marker=marker, markersize=4,
            label=f"difference of two gradients by hand, {dtype}",
        )  # fmt: skip
    single = finding.measured["errors"]["float32"]["torch_ref"]
    axes.axhline(single, color=COLOURS["torch_ref"], linewidth=2.4, label="PyTorch, create_graph=True, float32")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xlabel("length of the step to either side")
    axes.set_ylabel("relative error of H v")
    axes.set_title("A recorded backward pass gives H v to rounding; a difference has to find its step")
    axes.legend(fontsize=9, loc="lower right")
    return figure
