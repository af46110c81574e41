"""Weights as (in, out) or as (out, in): what a transpose is, and who pays for it."""

import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from compare.hidden.frame.experiment import Finding, plain
from compare.hidden.tools.batches import first_batch
from compare.hidden.tools.timing import median_seconds
from compare.shared.settings import Settings
from compare.shared.terminal import Advance
from compare.shared.training import initial_weights

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

QUESTION = "PyTorch keeps its weights transposed: who pays for that?"
CLAIM = (
    "Nobody pays in memory: a transpose swaps two strides and copies no byte, in NumPy and in PyTorch, and none of the "
    "three products of a layer makes a copy of W in either layout; they return the same numbers but for rounding."
)

PRODUCTS = ("x W", "dz W^T", "x^T dz")
SYMBOLS = {"x W": "$x\\,W$", "dz W^T": "$dz\\,W^T$", "x^T dz": "$x^T dz$"}


@dataclass(frozen=True)
class Transpose:
    """W and W.T in one library: their strides in bytes, and whether they share their memory."""

    strides: tuple[int, ...]
    strides_of_transpose: tuple[int, ...]
    shared: bool


@dataclass(frozen=True)
class Product:
    """A product of a layer in one library and layout. difference: between the layouts, of the largest entry."""

    library: str
    product: str
    layout: str
    seconds: float
    bytes_beyond_result: int
    difference: float


@dataclass(frozen=True)
class Measured:
    """Transposes by library, the products, the bytes of W, the seconds to copy it, and how much may be rounding."""

    transposes: dict[str, Transpose]
    rows: list[Product]
    size: int
    copying: float
    tolerance: float


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured:
    """The first layer of the network in both layouts: strides, shared memory, bytes allocated, times."""
    import torch

    x, _ = first_batch(settings, digits)
    W = initial_weights(settings, digits)["W1"]
    dz = np.random.default_rng(settings.seed).standard_normal((len(x), W.shape[1])).astype(W.dtype)
    turned = np.ascontiguousarray(W.T)  # what torch.nn.Linear holds: (out, in), row by row
    transposes = {
        "NumPy": Transpose(W.strides, W.T.strides, bool(np.shares_memory(W, W.T))),
        "PyTorch": _torch_transpose(torch.from_numpy(W)),
    }
    by_numpy = _products(x, W, dz, turned)
    by_torch = _products(*(torch.from_numpy(array) for array in (x, W, dz, turned)))
    rows = []
    for library, products in (("NumPy", by_numpy), ("PyTorch", by_torch)):
        seconds = median_seconds({f"{p} {layout}": run for (p, layout), run in products.items()})
        for p in PRODUCTS:
            results = [np.asarray(products[p, layout]()) for layout in ("in, out", "out, in")]
            first, second = results[0], results[1].reshape(results[0].shape)
            difference = float(np.abs(first - second).max() / np.abs(first).max())
            for layout in ("in, out", "out, in"):
                run = products[p, layout]
                beyond = _allocated(run, library) - results[0].nbytes
                rows.append(Product(library, p, layout, seconds[f"{p} {layout}"], beyond, difference))
        advance()
    copy = median_seconds({"transpose": lambda: W.T, "copy": lambda: np.ascontiguousarray(W.T)}, rounds=50)
    return Measured(transposes, rows, W.nbytes, copy["copy"], float(np.finfo(W.dtype).eps) * len(x[0]))


def _torch_transpose(W: Any) -> Transpose:
    size = W.element_size()
    strides, turned = (tuple(size * n for n in one.stride()) for one in (W, W.T))
    return Transpose(strides, turned, W.data_ptr() == W.T.data_ptr())


def _products(x: Any, W: Any, dz: Any, turned: Any) -> dict[tuple[str, str], Callable[[], Any]]:
    """The products of a layer and its backward pass with W (in, out), then with the same W kept as (out, in).

    The gradient has the layout of the weights: x^T dz, or its transpose dz^T x.
    """
    return {
        ("x W", "in, out"): lambda: x @ W,
        ("dz W^T", "in, out"): lambda: dz @ W.T,
        ("x^T dz", "in, out"): lambda: x.T @ dz,
        ("x W", "out, in"): lambda: x @ turned.T,
        ("dz W^T", "out, in"): lambda: dz @ turned,
        ("x^T dz", "out, in"): lambda: (dz.T @ x).T,
    }


def _allocated(run: Callable[[], Any], library: str) -> int:
    """The bytes that a product asks for, its result included: NumPy tells tracemalloc, PyTorch's operations a mode."""
    run()
    if library == "PyTorch":
        return _allocated_by_torch(run)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    kept = run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    del kept
    return peak - before


def _allocated_by_torch(run: Callable[[], Any]) -> int:
    """The bytes of every result that is no view of an input, over all operations that PyTorch carries out."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    class Ledger(TorchDispatchMode):
        total = 0

        def __torch_dispatch__(self, operation: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            del types
            result = operation(*args, **(kwargs or {}))
            given = {arg.untyped_storage().data_ptr() for arg in args if isinstance(arg, torch.Tensor)}
            if result.untyped_storage().data_ptr() not in given:
                self.total += result.nbytes
            return result

    with Ledger() as ledger:  # type: ignore[no-untyped-call]
        run()
    return ledger.total


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    transposes, rows, size, copying = result.transposes, result.rows, result.size, result.copying
    swapped = all(one.shared and one.strides_of_transpose == one.strides[::-1] for one in transposes.values())
    beyond = max(row.bytes_beyond_result for row in rows)
    holds = swapped and beyond < size / 10 and all(row.difference <= result.tolerance for row in rows)
    by = {(row.library, row.product, row.layout): row.seconds for row in rows}
    ratios = [by[lib, p, "out, in"] / by[lib, p, "in, out"] for lib in ("NumPy", "PyTorch") for p in PRODUCTS]
    by_numpy = transposes["NumPy"]
    answer = (
        f"W.T turns the strides {by_numpy.strides} into {by_numpy.strides_of_transpose} and copies "
        f"{0 if swapped else size:,} of {size:,} bytes; the products allocate at most {beyond:,} bytes beyond their "
        f"result and take {min(ratios):.2f} to {max(ratios):.2f} times as long with W kept as (out, in)."
    )
    forward = by["NumPy", "x W", "in, out"]
    lesson = (
        f"A matrix is one stretch of memory and two strides: how many bytes to the next row, and to the next column. "
        f"Transposing swaps the strides, so `W.T` in a formula costs nothing, and BLAS, which both libraries call, "
        f"takes a flag for it. nn.Linear keeps (out, in), one row of weights a unit, and computes x W^T; this project, "
        f"like the chapter, keeps (in, out) and computes x W. That is the T beside every Addmm on PyTorch's tape, and "
        f"the reason why a weight file of the one must be transposed for the other. You pay where the bytes are "
        f"really moved, as when `torch_ref` hands its weights out: copying W transposed takes "
        f"{copying / forward:.1f} times as long as the product x W itself."
    )
    measured = {"transposes": transposes, "products": rows, "bytes_of_W": size, "seconds_to_copy_transposed": copying}
    return Finding(answer, holds, plain(measured), lesson)


def draw(result: Measured) -> "Figure":
    """The time of each product in both layouts, and that of a real transposition."""
    from compare.shared.figures import INK, MUTED, new_figure

    rows = result.rows
    figure = new_figure(9, 4.4)
    axes = figure.subplots()
    shades = {"in, out": "#0072B2", "out, in": "#E69F00"}
    groups = [(library, p) for library in ("NumPy", "PyTorch") for p in PRODUCTS]
    for row in rows:
        at = groups.index((row.library, row.product)) + (-0.19 if row.layout == "in, out" else 0.19)
        first = row.product == PRODUCTS[0] and row.library == "NumPy"
        axes.bar(at, 1e6 * row.seconds, 0.36, color=shades[row.layout],
                 label=f"W kept as ({row.layout})" if first else None)  # fmt: skip
    copying = 1e6 * result.copying
    axes.bar(len(groups), copying, 0.36, color=MUTED)
    labels = [f"{library}\n{SYMBOLS[p]}" for library, p in groups] + ["NumPy, copy\nof $W^T$"]
    axes.set_xticks(range(len(groups) + 1), labels)
    axes.tick_params(axis="x", length=0, labelcolor=INK)
    axes.grid(False, axis="x")
    axes.set_axisbelow(True)
    axes.set_ylim(0, 1.3 * max(copying, *(1e6 * row.seconds for row in rows)))
    axes.set_ylabel("microseconds, median")
    axes.set_title("A transpose inside a product is free; one that moves the bytes is not")
    axes.legend(ncols=2)
    return figure
