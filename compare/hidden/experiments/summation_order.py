"""The same numbers in another order, or on another number of threads: other last bits, and the bound on them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.tensor import Tensor
from compare.hidden.frame.experiment import Finding, plain
from compare.judge.ball import Ball
from compare.judge.roundoff import Arithmetic
from compare.judge.verdict import part_of, ulps
from compare.shared.settings import Settings
from compare.shared.terminal import Advance
from compare.shared.threads import available_threads, use_threads
from compare.shared.training import initial_weights
from compare.worlds import AUTOGRAD, MANUAL, TORCH_REF, world
from manual.network import Network as ManualNetwork

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

QUESTION = "Why do the last bits of a gradient change when nothing else has?"
CLAIM = (
    "Added in another order, the same terms give a dW1 with other last bits, in NumPy and in PyTorch, while the "
    "engine, which asks NumPy, has NumPy's; no order errs by more than g(n) = n u / (1 - n u) times the sum of the "
    "terms' sizes, nor by more than the much smaller bound that takes roundings for independent."
)

Product = Callable[[np.ndarray, np.ndarray], np.ndarray]
SIZES = (64, 256, 1024, 4096, 16384)  # terms of a sum; then the whole training set
PIXELS = 28  # columns of x, the middle row of the image: each has a sum of its own for each of the hidden units
BLOCK = 64  # rows added at a time, as mini-batches whose gradients are accumulated are


@dataclass(frozen=True)
class Order:
    """What one order of the sums did, for the entry where each is largest, unless another reading is said.

    changed: the part of the entries whose bits are not the same product's of the rows as they come, on one thread, or,
    of that one itself, those by hand; ulps, median_ulps: by how many units in the last place those differ, at most and
    in the middle; error, likely: |found - exact| and the likely error, / (u sum |terms|);
    bound_used, probable_used: what part of g(n) and of the likely error the error is.
    """

    changed: float
    ulps: float
    median_ulps: float
    error: float
    likely: float
    bound_used: float
    probable_used: float


@dataclass(frozen=True)
class Measured:
    """What each order did, by the number of terms and the order's name."""

    by_size: dict[int, dict[str, Order]]
    dtype: str


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured:
    """dW1 = x^T dz1 in every order for growing numbers of terms, from one dz1, so that nothing else can differ."""
    middle = digits.train_x.shape[1] // 2
    by_size: dict[int, dict[str, Order]] = {}
    with use_threads(1):
        start = initial_weights(settings.with_(init="he"), digits)
        dz1 = ManualNetwork(start).trace(digits.train_x, digits.train_labels)["dz1"]
        x = np.ascontiguousarray(digits.train_x[:, middle - PIXELS // 2 : middle + PIXELS // 2])
        rows = len(x)
        for n in [*(size for size in SIZES if size < rows), rows]:
            by_size[n] = against_exact(in_every_order(x[:n], dz1[:n]), x[:n], dz1[:n])
            advance()
    return Measured(by_size, settings.dtype)


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    by_size, dtype = result.by_size, result.dtype
    n, orders = list(by_size.items())[-1]
    everything = [one for each in by_size.values() for one in each.values()]
    within = all(one.bound_used <= 1 and one.probable_used <= 1 for one in everything)
    moved = {kind: orders[f"{kind}, rows reversed"].changed for kind in ("by hand", "PyTorch")}
    same = orders["engine"].changed == 0
    worst = max(orders.values(), key=lambda one: one.bound_used)
    most = max(orders.values(), key=lambda one: one.ulps)
    threads = {kind: orders[f"{kind}, threads"].changed for kind in ("by hand", "PyTorch")}
    answer = (
        f"Reversing the {n:,} terms changes the bits of {moved['by hand']:.0%} of dW1 in NumPy and of "
        f"{moved['PyTorch']:.0%} in PyTorch, by up to {most.ulps:,.0f} ulps (half of them by "
        f"{most.median_ulps:.0f} or less); no order uses more than {worst.bound_used:.1g} of g(n), or "
        f"{worst.probable_used:.1g} of the probabilistic bound."
    )
    lesson = (
        f"Floating-point addition is commutative but not associative: each partial sum is rounded, so the order of "
        f"the terms decides the last bits. You never chose an order. The BLAS did, by the shape of its blocks, and it "
        f"may choose again when the number of threads changes: from one thread to several, {threads['by hand']:.0%} "
        f"of NumPy's dW1 and {threads['PyTorch']:.0%} of PyTorch's got other bits here. Many ulps are no cause for "
        f"alarm: they appear where large terms cancel and leave a small sum. The scale that counts is u = "
        f"{float(np.finfo(dtype).eps) / 2:.1e} times the sum of the terms' sizes: of that, the worst case is about n "
        f"and plain left to right came to {orders['row by row'].error:.0f}, the blocks of a BLAS to "
        f"{orders['by hand'].error:.0f}. Roundings go up and down and mostly cancel, so errors grow more like the "
        f"root of n (Higham and Mary 2019). If a test of yours demands equal bits, it tests the order of a sum."
    )
    return Finding(answer, within and same and min(moved.values()) > 0, {"orders_by_terms": plain(by_size)}, lesson)


def in_every_order(x: np.ndarray, dz: np.ndarray) -> dict[str, np.ndarray]:
    """x^T dz, (n, p) and (n, k) -> (p, k), by each implementation in its order and in others, by the order's name."""
    backwards = np.ascontiguousarray(x[::-1]), np.ascontiguousarray(dz[::-1])
    products: dict[str, Product] = {"by hand": by_hand, "engine": engine, "PyTorch": pytorch}
    with use_threads(1):
        found = {name: product(x, dz) for name, product in products.items()}
        found |= {f"{name}, rows reversed": product(*backwards) for name, product in products.items()}
        found["row by row"] = in_blocks(x, dz, 1)
        found[f"{BLOCK} rows at a time"] = in_blocks(x, dz, BLOCK)
    with use_threads(max(2, available_threads())):
        found |= {f"{name}, threads": product(x, dz) for name, product in products.items()}
    return found


def by_hand(x: np.ndarray, dz: np.ndarray) -> np.ndarray:
    """The line of manual/network.py."""
    return x.T @ dz


def engine(x: np.ndarray, dz: np.ndarray) -> np.ndarray:
    """The engine's vector-Jacobian product of x @ W1."""
    W = Tensor(np.zeros((x.shape[1], dz.shape[1]), x.dtype), requires_grad=True)
    (x @ W).backward(dz)
    assert W.grad is not None, "the product has just sent its gradient here"
    return W.grad


def pytorch(x: np.ndarray, dz: np.ndarray) -> np.ndarray:
    """PyTorch's, of a linear layer."""
    import torch

    inputs, gradient = torch.from_numpy(x), torch.from_numpy(dz)
    layer = torch.nn.Linear(x.shape[1], dz.shape[1], bias=False, dtype=inputs.dtype)
    layer(inputs).backward(gradient)
    assert layer.weight.grad is not None, "the layer has just been sent its gradient"
    return layer.weight.grad.numpy().T


def in_blocks(x: np.ndarray, dz: np.ndarray, rows: int) -> np.ndarray:
    """A few rows at a time, added from the first to the last; one at a time is the order of the formula."""
    total = np.zeros((x.shape[1], dz.shape[1]), x.dtype)
    for first in range(0, len(x), rows):
        block = slice(first, first + rows)
        total += x[block].T @ dz[block] if rows > 1 else np.multiply.outer(x[first], dz[first])
    return total


def against_exact(found: dict[str, np.ndarray], x: np.ndarray, dz: np.ndarray) -> dict[str, Order]:
    """What each order made of x^T dz, by its name."""
    run = Arithmetic.of(x.dtype)
    ball = Ball.given(x.T, run) @ Ball.given(dz, run)
    sizes = np.abs(x).T.astype(np.float64) @ np.abs(dz).astype(np.float64)
    unit = np.where(sizes > 0, run.u * sizes, 1)
    table = {}
    for name, product in found.items():
        error = np.asarray(abs(product - ball.exact), np.float64)
        plain, varied, _ = name.partition(", ")
        ulps_off = ulps_between(product, found[plain if varied else "by hand"])
        different = ulps_off[ulps_off > 0]
        table[name] = Order(
            changed=different.size / ulps_off.size,
            ulps=float(different.max(initial=0)),
            median_ulps=float(np.median(different)) if different.size else 0.0,
            error=float((error / unit).max()),
            likely=float((ball.likely / unit).max()),
            bound_used=float(part_of(error, ball.worst).max()),
            probable_used=float(part_of(error, ball.likely).max()),
        )
    return table


def ulps_between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """|a - b| in units in the last place of the larger, elementwise."""
    wide_a, wide_b = a.astype(np.float64), b.astype(np.float64)
    return ulps(abs(wide_a - wide_b), wide_a, wide_b, a.dtype)


def draw(result: Measured) -> "Figure":
    """The error of each order by the number of terms, below the two bounds."""
    from compare.shared.figures import INK, MUTED, new_figure

    by_size = result.by_size
    terms = np.array(list(by_size))
    series: dict[str, dict[str, Any]] = {
        "row by row": {"color": "#CC79A7", "marker": "D", "label": "NumPy, row by row"},
        "PyTorch": {"color": world(TORCH_REF).colour, "marker": world(TORCH_REF).marker, "label": "PyTorch"},
        "by hand": {"color": world(MANUAL).colour, "marker": world(MANUAL).marker, "markersize": 9, "label": "by hand"},
        "engine": {"color": world(AUTOGRAD).colour, "marker": world(AUTOGRAD).marker, "markersize": 4, "linestyle": ":",
                   "label": "engine: the same bits as by hand"},
    }  # fmt: skip
    figure = new_figure(9, 5.4)
    axes = figure.subplots()
    last_but_one = max(len(terms) - 2, 0)
    for name, style in series.items():
        axes.plot(terms, [orders[name].error for orders in by_size.values()], **style)
    probable = [orders["by hand"].likely for orders in by_size.values()]
    for heights, label, dashes in (
        (terms, "worst case, g(n)", "-"),
        (np.minimum(probable, terms), "if roundings are independent", "--"),
    ):
        axes.plot(terms, heights, color=INK, linestyle=dashes)
        axes.annotate(
            label, (terms[last_but_one], heights[last_but_one]), (-6, 8), textcoords="offset points", ha="right",
            va="bottom", color=INK,
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(terms, [f"{n:,}" for n in terms])
    axes.minorticks_off()
    axes.set_xlabel("terms in each sum (images)")
    axes.set_ylabel("largest error of dW1, in u * sum of |terms|")
    axes.set_title("Every order of a sum errs differently, and all of them far below the bounds")
    axes.legend(loc="upper left", labelcolor=MUTED)
    return figure
