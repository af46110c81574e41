"""The process behind `compile`: the same step, eager and compiled, with an empty cache, so that the time told is true.

Run as `python -m compare.hidden.experiments.compile_worker INPUTS RESULTS`, two .npz files, with
TORCHINDUCTOR_CACHE_DIR set to an empty folder: there the compiler leaves the code that it wrote, in which the kernels
are counted.
"""

import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from compare.hidden.tools.timing import median_seconds
from compare.shared.on_tensors import loss_on_tensors
from compare.worlds import TORCH_REF, world
from torch_ref.network import Network

ROUNDS = 200
Loss = Callable[[], torch.Tensor]


def main(inputs: str, results: str) -> None:
    """Read parameters, x and labels; write gradients and times of both, and what was run and generated."""
    given = dict(np.load(inputs, allow_pickle=False))
    x, labels = torch.from_numpy(given.pop("x")), torch.from_numpy(given.pop("labels"))
    net = Network(given)
    net.optimizer.param_groups[0]["lr"] = 0.0  # the same work in each step, and the weights stay

    def loss() -> torch.Tensor:
        return loss_on_tensors(net, x, labels)

    with OperatorCount() as operators:
        loss().backward()
    found: dict[str, Any] = {"operators": operators.count}
    found |= {f"eager {name}": value for name, value in world(TORCH_REF).gradients_left(net).items()}
    begun = time.perf_counter()
    try:
        compiled = torch.compile(loss)
        step(net, compiled)
    except Exception as error:  # whatever it lacks, a compiler above all: the reader is to hear of it
        sys.exit(f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}")
    found["compiling"] = time.perf_counter() - begun
    found |= {f"compiled {name}": value for name, value in world(TORCH_REF).gradients_left(net).items()}
    found |= median_seconds({"eager": lambda: step(net, loss), "compiled": lambda: step(net, compiled)}, ROUNDS)
    kernels, products = generated(Path(os.environ["TORCHINDUCTOR_CACHE_DIR"]))
    np.savez(results, allow_pickle=False, kernels=np.array(kernels, dtype=str), products=products, **found)


class OperatorCount(TorchDispatchMode):
    """Counts the operators that PyTorch runs while it is on, views aside: they do no arithmetic."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Called in place of each operator."""
        del types
        self.count += not func.is_view
        return func(*args, **(kwargs or {}))


def step(net: Network, loss: Loss) -> None:
    """Forward, backward and update."""
    net.optimizer.zero_grad()
    loss().backward()
    net.optimizer.step()


def generated(cache: Path) -> tuple[list[str], int]:
    """The names of the kernels in the generated code, and how many products it leaves to the library."""
    code = [path.read_text() for path in sorted(cache.rglob("*.py"))]
    kernels = [name for text in code for name in re.findall(r"^(cpp_fused_\w+) = ", text, re.MULTILINE)]
    return sorted(kernels), sum(len(re.findall(r"extern_kernels\.(?:add|b)?mm\(", text)) for text in code)


if __name__ == "__main__":
    main(*sys.argv[1:])
