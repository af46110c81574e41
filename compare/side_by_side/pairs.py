"""Two implementations side by side: how far apart their gradients are, and whether two correct ones may be.

Each correct gradient is within its worst case of the exact one (`judge.network.gradient_balls`), so two of them are
within twice that bound of each other. That is the answer to "mine differs from PyTorch's by 6e-9: is it wrong?".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from compare.judge.ball import Ball
from compare.judge.network import gradient_balls
from compare.judge.verdict import part_of, ulps

EXACT, WITHIN, OUTSIDE = "exact", "within bound", "outside"


@dataclass(frozen=True)
class PairRow:
    """One gradient in two implementations.

    pair: "manual/torch_ref"; parameter: W1, b1, ...; absolute, relative, ulp: the largest difference of an entry, that
    by the largest entry of the two, and the largest in units in the last place of the dtype; bound: the most that two
    correct implementations can differ in any entry; bound_used: the largest difference / bound of an entry; verdict:
    EXACT (every entry is the same), WITHIN or OUTSIDE.
    """

    pair: str
    parameter: str
    absolute: float
    relative: float
    ulp: float
    bound: float
    bound_used: float
    verdict: str

    @property
    def holds(self) -> bool:
        """Whether two correct implementations may differ so much."""
        return self.verdict != OUTSIDE


def compare_pairs(
    gradients: Mapping[str, Mapping[str, np.ndarray]],
    parameters: Mapping[str, np.ndarray],
    x: np.ndarray,
    labels: np.ndarray,
    activation: str = "relu",
    *,
    allowed: Mapping[str, Ball] | None = None,
) -> list[PairRow]:
    """Every pair of implementations, parameter by parameter.

    gradients: by the implementation's name, then by the parameter's, all from the same `parameters`, `x` (m, fan_in)
    and `labels` (m,); allowed: what `gradient_balls` gives for that, where it is known already.
    """
    allowed = allowed or gradient_balls(parameters, x, labels, activation)
    dtype = parameters["W1"].dtype
    return [
        _row(f"{first}/{second}", name, gradients[first][name], gradients[second][name], 2 * allowed[name].worst, dtype)
        for first, second in combinations(gradients, 2)
        for name in parameters
    ]


def _row(pair: str, name: str, first: np.ndarray, second: np.ndarray, bound: np.ndarray, dtype: Any) -> PairRow:
    a, b = first.astype(np.float64), second.astype(np.float64)
    with np.errstate(all="ignore"):
        difference = abs(a - b)
        used = float(part_of(difference, bound).max())
        size = float(np.maximum(abs(a), abs(b)).max())
        ulp = float(ulps(difference, a, b, dtype).max())
    absolute = float(np.where(np.isnan(difference), np.inf, difference).max())
    return PairRow(
        pair,
        name,
        absolute,
        relative=absolute / size if size > 0 else 0.0,
        ulp=ulp,
        bound=float(bound.max()),
        bound_used=used,
        verdict=EXACT if absolute == 0 else WITHIN if used <= 1 else OUTSIDE,
    )
