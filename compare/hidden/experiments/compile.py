"""`torch.compile` on the same step: what it takes, what it saves, what it fuses, and whether gradients stay right."""

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from compare.hidden.frame.experiment import Finding, NotMeasured
from compare.judge.network import check_gradients, gradient_balls
from compare.shared.processes import ProcessFailed, run_python
from compare.shared.settings import Settings
from compare.shared.terminal import Advance
from compare.shared.training import initial_weights

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

QUESTION = "What does torch.compile do to the step, and what does it cost?"
CLAIM = (
    "A compiled step runs fewer kernels than an eager one runs operators, and its gradients stay within the same bound "
    "as the eager ones; compiling takes longer than a hundred eager steps."
)

IMAGES = 64
LIMIT = 120.0  # seconds for the process that compiles
STEPS = 100


@dataclass(frozen=True)
class Measured:
    """What was measured: times in seconds, counts, parts of the bound used, the part of the entries changed."""

    compiling: float
    seconds: dict[str, float]
    operators: int
    kernels: list[str]
    products: int
    bound_used: dict[str, float]
    changed: float


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured | NotMeasured:
    """The step in float64, where the end-to-end bound is a verdict, in a process of its own with an empty cache."""
    start = initial_weights(settings.with_(init="he", dtype="float64"), digits)
    x, labels = digits.train_x[:IMAGES].astype(np.float64), digits.train_labels[:IMAGES]
    try:
        found = compiled(start, x, labels)
    except ProcessFailed as failed:
        return aside(f"torch.compile cannot be used here: {failed}")
    advance()
    allowed = gradient_balls(start, x, labels, settings.activation)
    used = {
        kind: max(v.bound_used for v in check_gradients({name: found[f"{kind} {name}"] for name in start}, allowed))
        for kind in ("eager", "compiled")
    }
    changed = [found[f"eager {name}"] != found[f"compiled {name}"] for name in start]
    return Measured(
        compiling=float(found["compiling"]),
        seconds={kind: float(found[kind]) for kind in ("eager", "compiled")},
        operators=int(found["operators"]),
        kernels=[str(name) for name in found["kernels"]],
        products=int(found["products"]),
        bound_used=used,
        changed=sum(int(c.sum()) for c in changed) / sum(c.size for c in changed),
    )


def aside(reason: str) -> NotMeasured:
    """Nothing compiled here, and why."""
    lesson = (
        "torch.compile writes C++ for the steps between matrix products, several operations to a loop, and needs a C++ "
        "compiler for it. Everything else in this project runs without."
    )
    return NotMeasured(reason, lesson)


def compiled(start: dict[str, np.ndarray], x: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """What the process that compiles has measured."""
    with tempfile.TemporaryDirectory() as folder:
        inputs, results, cache = (Path(folder) / name for name in ("inputs.npz", "results.npz", "cache"))
        np.savez(inputs, allow_pickle=False, **start, x=x, labels=labels)
        environment = {
            "TORCHINDUCTOR_CACHE_DIR": str(cache),
            "OMP_NUM_THREADS": "1",  # a batch of this size is too small to share
            # Take the processor's word for its instructions: trying each out takes seconds that are not our step's.
            "TORCHINDUCTOR_VEC_ISA_OK": "1",
        }
        run_python(["-m", "compare.hidden.experiments.compile_worker", str(inputs), str(results)], environment, LIMIT)
        with np.load(results, allow_pickle=False) as found:
            return dict(found)


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    measured: dict[str, Any] = asdict(result)
    eager, fast = measured["seconds"]["eager"], measured["seconds"]["compiled"]
    kernels, products, operators = len(measured["kernels"]), measured["products"], measured["operators"]
    used, compiling = measured["bound_used"], measured["compiling"]
    saved = eager - fast
    measured["steps_to_pay"] = compiling / saved if saved > 0 else None
    pays = f"pays after {compiling / saved:,.0f} steps" if saved > 0 else "never pays at this size"
    holds = kernels + products < operators and max(used.values()) <= 1 and compiling > STEPS * eager
    answer = (
        f"Compiling takes {compiling:.1f} s and turns {operators} operators into {kernels} kernels and {products} "
        f"calls of the library; a step then takes {fast / eager:.2f} times as long as eager, so compiling {pays}; the "
        f"gradients use {used['compiled']:.1g} of their bound, eager {used['eager']:.1g}."
    )
    example = next(iter(sorted(measured["kernels"], key=len)[kernels // 2 :]), "none")
    lesson = (
        f"PyTorch runs a step operator by operator: each reads its arrays, writes new ones and returns to Python. The "
        f"compiler sees all of it, leaves the matrix products to the library and writes loops in C++ for the rest, "
        f"each of one or more operations, such as {example}: arrays between them are never written. That may reorder "
        f"sums, and {measured['changed']:.1%} of the gradients' numbers have other last bits, within the bound that "
        f"covers every order. It costs the time of {compiling / eager:,.0f} eager steps, for this shape and dtype. "
        f"What it can save is the calls and the memory traffic between the products: here a step takes "
        f"{fast / eager:.0%} of the eager time. By hand you have fused a step too: softmax and cross-entropy into dz3 "
        f"= (a3 - y) / m."
    )
    return Finding(answer, holds, measured, lesson)


def draw(result: Measured) -> "Figure":
    """The time spent after so many steps, with compiling and without."""
    from compare.shared.figures import INK, MUTED, new_figure

    measured = judge(result).measured
    eager, fast = measured["seconds"]["eager"], measured["seconds"]["compiled"]
    figure = new_figure(9, 5)
    axes = figure.subplots()
    pays = measured["steps_to_pay"]
    steps = np.geomspace(1, max(1e6, 10 * (pays or 0)), 200)
    axes.plot(steps, eager * steps, color="#E69F00", linewidth=2.4, linestyle="--", label="eager")
    axes.plot(steps, measured["compiling"] + fast * steps, color="#0072B2", linewidth=2.4, label="compiled")
    if pays:
        axes.plot([pays], [eager * pays], "o", color=INK, markersize=8)
        axes.annotate(
            f"compiling has paid\nafter {pays:,.0f} steps", (pays, eager * pays), (-14, 14),
            textcoords="offset points", ha="right", va="bottom",
        )  # fmt: skip
    axes.axhline(measured["compiling"], color=MUTED, linewidth=1, linestyle=(0, (1, 2)))
    axes.annotate(
        f"compiling: {measured['compiling']:.1f} s", (1, measured["compiling"]), (4, -6), textcoords="offset points",
        va="top", color=MUTED,
    )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel(f"steps of {IMAGES} images")
    axes.set_ylabel("seconds so far")
    title = "Compiling must be earned back, step by step" if pays else "Compiling is not earned back at this size"
    axes.set_title(title)
    axes.legend(loc="lower right")
    return figure
