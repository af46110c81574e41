"""Deep graphs and long trainings: no recursion, no reference cycles, no growth."""

import gc
import operator
import subprocess
import sys
import textwrap
import tracemalloc
import weakref
from pathlib import Path

import numpy as np
import pytest

from autograd import SGD, Adam, Tensor, cross_entropy

#: What Linux says of a process: in pages, its size and how much of it is in memory.
STATM = Path("/proc/self/statm")


def run_on_a_small_stack(body: str) -> subprocess.CompletedProcess:
    """Run in a process of its own, which would not survive an overflow of the C stack."""
    program = textwrap.dedent("""
        import sys, threading
        import numpy as np
        from autograd import Tensor, graph

        DEPTH = 100_000

        def chain(x):
            for _ in range(DEPTH // 2):
                x = x + x * 0.0
            return x

        def body():
            sys.setrecursionlimit(60)
    """) + textwrap.indent(textwrap.dedent(body), "    ")
    program += textwrap.dedent("""
        threading.stack_size(256 * 1024)
        thread = threading.Thread(target=body)
        thread.start()
        thread.join()
    """)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)


def test_a_graph_of_100_000_operations_is_built_run_backward_and_freed_on_a_small_stack():
    done = run_on_a_small_stack("""
        x = Tensor(1.0, requires_grad=True)
        y = chain(x)
        y.backward()
        print(x.grad, y.node.parents)
        del y
        print("freed")
    """)
    assert (done.stdout, done.stderr, done.returncode) == ("1.0 ()\nfreed\n", "", 0)


def test_such_a_graph_is_freed_also_where_no_backward_took_it_apart():
    done = run_on_a_small_stack("""
        x = Tensor(1.0, requires_grad=True)
        y = chain(x)
        print(len(graph(y)))
        del y
        y = chain(x)
        y.backward(retain_graph=True)
        del y
        print("freed")
    """)
    assert (done.stdout, done.stderr, done.returncode) == ("100001\nfreed\n", "", 0)


def test_these_two_would_notice_recursion():
    done = run_on_a_small_stack("""
        def depth(node):
            return 1 + max(map(depth, node.parents), default=0)

        depth(chain(Tensor(1.0, requires_grad=True)).node)
    """)
    assert "RecursionError" in done.stderr


@pytest.mark.parametrize("optimizer", [lambda p: SGD(p, 0.1, momentum=0.9, weight_decay=1e-4), Adam])
def test_500_training_steps_leave_memory_flat_without_the_garbage_collector(optimizer):
    random = np.random.default_rng(0)
    x, labels = random.standard_normal((8, 6)), random.integers(0, 3, 8)
    W1, b1 = Tensor(random.standard_normal((6, 5)), requires_grad=True), Tensor(np.zeros(5), requires_grad=True)
    W2 = Tensor(random.standard_normal((5, 3)), requires_grad=True)
    training = optimizer([W1, b1, W2])

    def step():
        training.zero_grad()
        hidden = (x @ W1 + b1).relu()
        hidden.retain_grad()
        loss = cross_entropy(hidden[:, ::-1] @ W2, labels) + (W1 * W1).mean() + hidden.softmax().max(axis=1).sum()
        loss.backward()
        training.step()

    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        for _ in range(50):
            step()
        before, tracked = tracemalloc.get_traced_memory()[0], len(gc.get_objects())
        for _ in range(500):
            step()
        grown, more = tracemalloc.get_traced_memory()[0] - before, len(gc.get_objects()) - tracked
    finally:
        tracemalloc.stop()
        gc.enable()
    # One node that stayed behind in each step would be 500 objects and some hundred kilobytes.
    assert more < 25
    assert grown < 12_500


def test_a_graph_that_never_ran_backward_goes_with_its_last_tensor():
    x = Tensor(np.ones(3), requires_grad=True)
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        for _ in range(100):
            x.exp().sum()
        assert len(gc.get_objects()) - before < 20
    finally:
        gc.enable()


@pytest.mark.parametrize("combine", [operator.add, operator.sub])
def test_a_sum_keeps_neither_of_its_arrays_alive(combine):
    product = Tensor(np.ones(3), requires_grad=True) * 2
    array = weakref.ref(product.data)
    total = combine(product, Tensor(np.ones(3), requires_grad=True))
    del product
    assert array() is None
    total.sum().backward()


@pytest.mark.slow
@pytest.mark.skipif(not STATM.exists(), reason="the system does not tell a process its size in this way")
def test_20_000_training_steps_leave_the_process_as_large_as_1_000_did():
    program = """
        import sys
        import numpy as np
        from autograd.network import Network

        random = np.random.default_rng(0)
        sizes = (6, 5, 4, 3)
        start = {f"b{k}": random.standard_normal(sizes[k]) for k in (1, 2, 3)}
        start |= {f"W{k}": random.standard_normal((sizes[k - 1], sizes[k])) for k in (1, 2, 3)}
        x, labels = random.random((4, 6)), random.integers(0, 3, 4)
        net = Network(start)
        for step in range(1, 20_001):
            net.step(x, labels, 0.01)
            if step in (1_000, 20_000):
                print(open(sys.argv[1]).read().split()[1])
    """
    command = [sys.executable, "-c", textwrap.dedent(program), STATM]
    run = subprocess.run(command, capture_output=True, text=True, timeout=240)
    after_1_000, after_all = map(int, run.stdout.split())
    # In pages, of 4 KiB at least: one that leaves behind eight bytes a step would need 37 more of them.
    assert after_all - after_1_000 <= 16
