"""How far two trainings are apart: in their weights, their losses and their predictions."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from compare.shared.training import Curve


@dataclass(frozen=True)
class PairDifference:
    """How far two trainings are apart. The lists hold one entry an epoch, `weights` one more: the start."""

    pair: tuple[str, str]
    weights: list[float]  # the largest absolute difference of any parameter
    losses: list[float]  # by step: the absolute difference of the batch's loss
    disagreements: list[int]  # test images for which the two predict different classes

    @property
    def name(self) -> str:
        """Like "manual/torch_ref"."""
        return "/".join(self.pair)


def differences(curves: Sequence[Curve]) -> list[PairDifference]:
    """Of each pair among the finished trainings."""
    by_name = {curve.implementation: curve for curve in curves}
    return [_difference(by_name[a], by_name[b]) for a, b in combinations(by_name, 2)]


def _difference(a: Curve, b: Curve) -> PairDifference:
    return PairDifference(
        (a.implementation, b.implementation),
        [largest_difference(p, q) for p, q in zip(a.weights, b.weights, strict=False)],
        [abs(p - q) for p, q in zip(a.loss_by_step, b.loss_by_step, strict=False)],
        [int((p != q).sum()) for p, q in zip(a.predictions, b.predictions, strict=False)],
    )


def largest_difference(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> float:
    """The largest absolute difference between equally named arrays."""
    return max(float(np.abs(a[name] - b[name]).max()) for name in a)
