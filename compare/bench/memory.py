"""The most memory that a step holds at once."""

import tracemalloc
from collections.abc import Callable

from compare.bench.rivals import Step


def peak_bytes(make: Callable[[], Step]) -> int:
    """Make a rival and let it take one step: the most bytes that were allocated at once meanwhile.

    That is the parameters, of which it makes a copy, and whatever else the step makes, but not the batch, which it is
    given. NumPy tells Python's `tracemalloc` of its arrays; what a BLAS library takes for itself is not in it.
    """
    tracemalloc.start()
    try:
        make()()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
