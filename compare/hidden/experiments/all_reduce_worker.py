"""One process of several that share a batch: `all_reduce` starts them through PyTorch's launcher, torchrun.

Run as `torchrun ... -m compare.hidden.experiments.all_reduce_worker INPUTS RESULTS`, two .npz files. Each process
computes the gradients of its shard; `all_reduce` adds them up across the processes, so that every one has the sum.
"""

import os
import sys

import numpy as np
import torch
import torch.distributed as distributed

from torch_ref.network import Network


def main(inputs: str, results: str) -> None:
    """Read parameters, x, labels and, for each way of sharing, where the shards end; the first process writes."""
    distributed.init_process_group("gloo")
    rank, processes = distributed.get_rank(), distributed.get_world_size()
    given = dict(np.load(inputs, allow_pickle=False))
    x, labels = given.pop("x"), given.pop("labels")
    ends = {name: given.pop(name) for name in ("equal", "unequal")}
    network = Network(given)
    found = {"processes": np.array(processes)}
    for shards, last in ends.items():
        shard = slice(last[rank - 1] if rank else 0, last[rank])
        _, gradients = network.gradients(x[shard], labels[shard])
        rows = len(labels[shard])
        for name, gradient in gradients.items():
            found[f"{shards}, mean of means {name}"] = added_up(gradient) / processes
            found[f"{shards}, weighted {name}"] = added_up(gradient * (rows / len(x)))
    if rank == 0:
        np.savez(results, allow_pickle=False, **found)
    distributed.destroy_process_group()


def added_up(gradient: np.ndarray) -> np.ndarray:
    """The sum of that array over all processes, the same in each of them."""
    total = torch.tensor(gradient)
    distributed.all_reduce(total)
    return total.numpy()


if __name__ == "__main__":
    main(*sys.argv[1:])
    # All is written and the group destroyed. Python's own exit would also take PyTorch's threads down, and in version
    # 2.13 that aborts the process now and then ("terminate called without an active exception").
    os._exit(0)
