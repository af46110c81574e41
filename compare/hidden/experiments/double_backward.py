"""The gradient of a gradient: PyTorch and the engine give it if asked; by hand there is the difference of two."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.differentiate import hessian_vector_product
from autograd.elementwise import sigmoid
from autograd.losses import cross_entropy
from autograd.network import Network as EngineNetwork
from autograd.tensor import Tensor
from compare.hidden.frame.experiment import Finding, plain
from compare.hidden.tools.batches import first_batch
from compare.shared.settings import DTYPES, Settings
from compare.shared.terminal import Advance
from compare.shared.threads import use_threads
from compare.shared.training import initial_weights
from compare.worlds import AUTOGRAD, MANUAL, TORCH_REF, world
from manual.network import Network as ManualNetwork

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

    Arrays = dict[str, np.ndarray]

QUESTION = "Can a gradient itself be differentiated?"
CLAIM = (
    "If asked for it beforehand, PyTorch and the engine both differentiate a gradient again and give a Hessian-vector "
    "product that is right to rounding; the best that two gradients by hand can give, their difference, errs at least "
    "ten times as much in the same dtype."
)

#: How far the difference reaches to either side, by the length of the direction.
STEPS = [2.0**-k for k in range(-3, 21)]
#: The Hessian-vector product that is taken for exact must itself agree with a difference in float64 this well.
AGREES = 1e-6
#: What is right to rounding errs by less than so many times the machine epsilon of its dtype.
ROUNDING = 100


@dataclass(frozen=True)
class Errors:
    """Relative errors of H v. products: by implementation; differences: of two gradients by hand, by step of STEPS."""

    products: dict[str, float]
    differences: list[float]

    def as_json(self) -> dict[str, Any]:
        """As a JSON document has it: all three by implementation."""
        return {**self.products, MANUAL: self.differences}


@dataclass(frozen=True)
class Measured:
    """Errors by dtype, and what engine and PyTorch do where nothing was asked for."""

    errors: dict[str, Errors]
    engine_records: bool
    refused: str


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured:
    """H v for one batch and one direction v, in both dtypes; sigmoid units, whose gradients have no jumps."""
    x, labels = first_batch(settings, digits)
    start = initial_weights(settings.with_(init="he", dtype="float64"), digits)
    random = np.random.default_rng(settings.seed)
    direction = {name: random.standard_normal(value.shape) for name, value in start.items()}
    length = _length(direction)
    direction = {name: value / length for name, value in direction.items()}

    def converted(dtype: Any) -> tuple["Arrays", "Arrays", np.ndarray]:
        point, along = ({name: value.astype(dtype) for name, value in arrays.items()} for arrays in (start, direction))
        return point, along, x.astype(dtype)

    exact = engine_product(*converted(np.longdouble), labels)  # longer than float64 on most machines
    errors: dict[str, Errors] = {}
    with use_threads(1):  # the work of a step is too small to be shared
        for dtype in DTYPES:
            inputs = (*converted(dtype), labels)
            products = {TORCH_REF: torch_product(*inputs), AUTOGRAD: engine_product(*inputs)}
            errors[dtype] = Errors(
                {name: _distance(product, exact) for name, product in products.items()},
                [_distance(difference(*inputs, h), exact) for h in STEPS],
            )
            advance()
    return Measured(errors, engine_records_backward(start, x, labels), refusal(start, x, labels))


def torch_product(point: "Arrays", direction: "Arrays", x: np.ndarray, labels: np.ndarray) -> "Arrays":
    """H v in PyTorch: the gradient of (gradient . v). W (fan_in, fan_out), b (fan_out,), x (m, fan_in), labels (m,)."""
    import torch

    leaves, loss = _torch_loss(point, x, labels)
    gradients = torch.autograd.grad(loss, list(leaves.values()), create_graph=True)
    parts = [(g * torch.from_numpy(direction[name])).sum() for name, g in zip(leaves, gradients, strict=True)]
    along = torch.stack(parts).sum()
    products = torch.autograd.grad(along, list(leaves.values()))
    return {name: product.numpy() for name, product in zip(leaves, products, strict=True)}


def engine_product(point: "Arrays", direction: "Arrays", x: np.ndarray, labels: np.ndarray) -> "Arrays":
    """H v on the engine, which differentiates (gradient . v) too; the shapes are those of `torch_product`."""

    def loss(*weights: Tensor) -> Tensor:
        return cross_entropy(_scores(dict(zip(point, weights, strict=True)), x, sigmoid), labels)

    product = hessian_vector_product(loss, argument=tuple(range(len(point))))
    return dict(zip(point, product(*point.values(), tuple(direction[name] for name in point)), strict=True))


def _scores(weights: dict[str, Any], a: Any, activation: Any) -> Any:
    """The network as a function of its six parameters, tensors of the engine or of PyTorch."""
    for k in (1, 2):
        a = activation(a @ weights[f"W{k}"] + weights[f"b{k}"])
    return a @ weights["W3"] + weights["b3"]


def _torch_loss(point: "Arrays", x: np.ndarray, labels: np.ndarray) -> tuple[dict[str, Any], Any]:
    """The six leaves, and the loss as a function of them."""
    import torch

    leaves = {name: torch.tensor(value, requires_grad=True) for name, value in point.items()}
    scores = _scores(leaves, torch.from_numpy(x), torch.sigmoid)
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
    """Whether the engine's `backward` leaves tensors with a node, that is, what can be differentiated, unasked."""
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


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    errors, engine_records, refused = result.errors, result.engine_records, result.refused
    best = {dtype: min(found.differences) for dtype, found in errors.items()}
    worst = {dtype: max(found.products.values()) for dtype, found in errors.items()}
    right = all(error < ROUNDING * np.finfo(dtype).eps for dtype, error in worst.items())
    far_better = all(error * 10 < best[dtype] for dtype, error in worst.items())
    holds = right and far_better and best["float64"] < AGREES and not engine_records and bool(refused)
    single = errors["float32"].products
    answer = (
        f"In PyTorch and on the engine, {'yes' if right else 'not well'}: a Hessian-vector product in float32 is off "
        f"by {single[TORCH_REF]:.1e} and {single[AUTOGRAD]:.1e}, the best difference of two gradients by hand by "
        f"{best['float32']:.1e}."
    )
    lesson = (
        "H v is the gradient of gradient . v, so the gradient needs a history of its own. With create_graph=True, "
        "PyTorch's backward pass is itself made of recorded operations. Without it the graph ends at the gradient, and "
        f"PyTorch says so: {refused!r}. On the engine, `backward` "
        f"{'records itself unasked' if engine_records else 'leaves plain arrays'}, while a `grad` within a `grad` runs "
        "the function on tensors that hold tensors: its vector-Jacobian products are NumPy code, and NumPy's functions "
        "on tensors record themselves. By hand you would have to derive a second backward pass. What is left is a "
        "difference of two gradients. A large step errs because the gradient is curved, a small one because the two "
        f"gradients cancel; the best in between reaches {best['float32']:.0e} in float32 and {best['float64']:.0e} in "
        "float64. Often that is good enough, and it costs two backward passes and no memory."
    )
    measured = {"steps": STEPS, "errors": plain(errors), "engine_records_backward": engine_records, "refusal": refused}
    return Finding(answer, bool(holds), measured, lesson)


def draw(result: Measured) -> "Figure":
    """The error of the difference by its step, against the products of PyTorch and the engine, in both dtypes."""
    from compare.shared.figures import INK, new_figure

    figure = new_figure(9, 5.2)
    axes = figure.subplots()
    for dtype, errors in result.errors.items():
        by_hand, exact = world(MANUAL), errors.products[TORCH_REF]
        lines = [
            axes.plot(STEPS, errors.differences, color=by_hand.colour, marker=by_hand.marker, markersize=4)[0],
            axes.axhline(exact, color=world(TORCH_REF).colour, linewidth=5, alpha=0.5),
            axes.axhline(errors.products[AUTOGRAD], color=world(AUTOGRAD).colour, linestyle=(0, (4, 3))),
        ]
        for x, y, side in ((STEPS[-1], errors.differences[-1], "left"), (STEPS[0], exact, "right")):
            axes.annotate(dtype, (x, y), (0, 7), textcoords="offset points", ha=side, color=INK, fontsize=9)
    names = ("difference of two gradients by hand", "PyTorch, create_graph=True", "engine, a grad within a grad")
    axes.legend(lines, names, fontsize=9, loc="lower right", bbox_to_anchor=(1, 0.17))
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_ylim(1e-17, 30)
    axes.set_xlabel("length of the step to either side")
    axes.set_ylabel("relative error of H v")
    axes.set_title("A gradient of a gradient gives H v to rounding; a difference has to find its step")
    return figure
