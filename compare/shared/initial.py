"""Initial weights: drawn once, in float64, and handed to all implementations, so that they start alike to the bit."""

import itertools
import math
from collections.abc import Sequence

import numpy as np

from compare.shared.errors import BadInput

#: name: what it draws
SCHEMES = {
    "chapter": "standard normal x scale, biases 0",
    "he": "normal with variance 2 / fan_in, biases 0 (He and others 2015)",
    "torch": "uniform within 1 / sqrt(fan_in), weights and biases: the default of torch.nn.Linear",
}


def initial_parameters(
    sizes: Sequence[int], init: str = "chapter", scale: float = 0.01, seed: int = 0, dtype: str = "float64"
) -> dict[str, np.ndarray]:
    """W1 (sizes[0], sizes[1]), b1 (sizes[1],), W2, ... in `dtype`; the same draws for every dtype.

    init: a name in SCHEMES; only "chapter" uses `scale`. Raises BadInput where the scale is too large for the dtype.
    """
    random = np.random.default_rng((seed, 0))
    parameters = {}
    for k, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes), start=1):
        if init == "torch":
            limit = 1 / math.sqrt(fan_in)
            W, b = random.uniform(-limit, limit, (fan_in, fan_out)), random.uniform(-limit, limit, fan_out)
        else:
            spread = math.sqrt(2 / fan_in) if init == "he" else scale
            with np.errstate(over="ignore"):  # said better below
                W, b = (random.standard_normal((fan_in, fan_out)) * spread).astype(dtype), np.zeros(fan_out)
        parameters[f"W{k}"], parameters[f"b{k}"] = W.astype(dtype), b.astype(dtype)
        if not np.isfinite(parameters[f"W{k}"]).all():
            raise BadInput(f"--init-scale {scale:g} is too large: initial weights overflow in {dtype}.")
    return parameters
