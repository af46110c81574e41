"""How many threads compute: the same number for NumPy's BLAS and for PyTorch, set together and put back.

One is the default. Matrices of 64 rows gain little from a second thread, and a BLAS waits for its threads by spinning:
where another program holds one of two processors, the same training took twenty times as long with two threads as with
one. And with one, the last bits do not depend on how many processors there are.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext


def available_threads() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def use_threads(threads: int, in_pytorch: bool = True) -> Iterator[int]:
    """Compute with that many threads; gives the number. in_pytorch: whether PyTorch will, which takes long to load."""
    from threadpoolctl import threadpool_limits  # neither is there where a learner's program runs

    with _pytorch_uses(threads) if in_pytorch else nullcontext(), threadpool_limits(threads, user_api="blas"):
        yield threads


@contextmanager
def _pytorch_uses(threads: int) -> Iterator[None]:
    import torch

    _make_optimizers_without_compiler()
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _make_optimizers_without_compiler() -> None:
    """Let PyTorch's optimizers be made and cleared without `torch._dynamo`, which takes more than a second to load.

    PyTorch (torch/_compile.py) wraps these two methods so that its compiler never traces them, and looks here for the
    wrapped one; where nothing is compiled, that is the method itself. A release that looks elsewhere works as ever, and
    so does a step, which loads it. Processes that compile do not come through here.
    """
    from torch.optim import Optimizer

    for method in (Optimizer.add_param_group, Optimizer.zero_grad):
        plain = getattr(method, "__wrapped__", None)
        if plain is not None:
            plain.__dynamo_disable = plain
