"""How many threads compute: the same number for NumPy's BLAS and for PyTorch, set together and put back."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


def available_threads() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def use_threads(threads: int | None) -> Iterator[int]:
    """Compute with that many threads (None: as many as there are processors); gives the number."""
    import torch

    count = threads or available_threads()
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        with threadpool_limits(count, user_api="blas"):
            yield count
    finally:
        torch.set_num_threads(before)
