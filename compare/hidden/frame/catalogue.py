"""The experiments by name, in the order in which they are told."""

import difflib
import importlib
from collections.abc import Iterable
from typing import cast

from compare.hidden.frame.experiment import Experiment
from compare.shared.errors import BadInput

NAMES: tuple[str, ...] = (
    "used-twice",
    "tape",
    "memory",
    "accumulate",
    "unbroadcast",
    "fused-loss",
    "softmax-twice",
    "init",
    "dtype",
    "mixed-precision",
    "layout",
    "relu-at-zero",
    "mean-or-sum",
    "summation-order",
    "in-place",
    "no-grad",
    "kept-loss",
    "freed-graph",
    "batch-size",
    "init-scale",
    "cost",
    "blas",
    "compile",
    "all-reduce",
    "optimizer-state",
    "double-backward",
    "what-vanished",
    "gradient-flow",
    "shape-errors",
    "first-day",
    "trust",
)

#: Seconds, about, of those that take long; the others take some two each, and all some three to begin.
LONG = {"softmax-twice": 20, "compile": 18, "first-day": 9, "trust": 11}


def seconds(names: Iterable[str]) -> float:
    """About how long these take together, on the whole of MNIST and a processor of 2024."""
    return 3 + sum(LONG.get(name, 2) for name in names)


def load(name: str) -> Experiment:
    """The experiment of that name, from its module in this folder. Raises BadInput where there is none."""
    if name not in NAMES:
        close = difflib.get_close_matches(name, NAMES, n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise BadInput(f"There is no experiment {name!r}.{hint} There are: {', '.join(NAMES)}.")
    return cast(Experiment, importlib.import_module(f"compare.hidden.experiments.{name.replace('-', '_')}"))
