"""The process behind `blas`: one step by hand and on the engine, with whatever kernels this process's OpenBLAS has.

Run as `python -m compare.hidden.experiments.blas_worker INPUTS RESULTS`, two .npz files; PyTorch, which brings a BLAS
of its own, is never loaded here.
"""

import sys

import numpy as np

from autograd.network import Network as EngineNetwork
from compare.hidden.tools.timing import median_seconds
from compare.shared.environment import blas
from compare.worlds import AUTOGRAD, MANUAL
from manual.network import Network as ManualNetwork

ROUNDS = 8


def main(inputs: str, results: str) -> None:
    """Read parameters, x, labels and the larger batch that is timed; write the traces, the time and the kernels."""
    given = dict(np.load(inputs, allow_pickle=False))
    x, labels, many, many_labels = (given.pop(name) for name in ("x", "labels", "many", "many_labels"))
    by_hand = ManualNetwork(given)
    seconds = median_seconds({"gradients": lambda: by_hand.gradients(many, many_labels)}, ROUNDS)
    library = next((one for one in blas() if one["internal_api"] == "openblas"), {})
    traces = {MANUAL: by_hand.trace(x, labels), AUTOGRAD: EngineNetwork(given).trace(x, labels)}
    np.savez(
        results,
        allow_pickle=False,
        architecture=str(library.get("architecture", "")),
        version=str(library.get("version", "")),
        seconds=seconds["gradients"],
        **{f"{name} {line}": value for name, trace in traces.items() for line, value in trace.items()},
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
