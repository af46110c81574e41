"""What only moves entries, and what asks for none."""

from typing import Any

import numpy as np

from compare.judge.ball import RULES, Ball
from compare.judge.rules.errors import balls, rule


def _moving(function: Any) -> None:
    RULES[function] = lambda a, *inputs, **options: a.moved(lambda x: function(x, *inputs, **options))


for _function in (
    np.reshape, np.transpose, np.swapaxes, np.squeeze, np.expand_dims, np.broadcast_to, np.flip, np.take, np.repeat,
    np.tile, np.ravel, np.pad,
):  # fmt: skip
    _moving(_function)


@rule(np.concatenate)
def _concatenate(arrays: Any, axis: int = 0) -> Ball:
    items = balls(*arrays)

    def joined(part: str) -> Any:
        return np.concatenate([getattr(i, part) for i in items], axis)

    return Ball(joined("exact"), joined("worst"), joined("likely"), items[0].run)


def _plain(function: Any) -> None:
    RULES[function] = lambda a, *inputs, **options: function(a.value, *inputs, **options)


for _asking in (np.shape, np.ndim, np.size, np.argmax, np.argmin, np.isfinite, np.isnan, np.zeros_like, np.ones_like):
    _plain(_asking)
RULES[np.result_type] = lambda *inputs: next(i.run.dtype for i in inputs if isinstance(i, Ball))
