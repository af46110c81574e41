"""How many threads compute: the same number for NumPy's BLAS and for PyTorch, set together and put back.

One is the default. Matrices of 64 rows gain little from a second thread, and a BLAS waits for its threads by spinning:
where another program holds one of two processors, the same training took twenty times as long with two threads as with
one. And with one, the last bits do not depend on how many processors there are.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager


def available_threads() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def use_threads(threads: int) -> Iterator[int]:
    """Compute with that many threads; gives the number."""
    import torch  # neither is there where a learner's program runs
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with threadpool_limits(threads, user_api="blas"):
            yield threads
    finally:
        torch.set_num_threads(before)
