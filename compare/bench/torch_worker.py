"""A process in which PyTorch is timed: its threads, its compiler and that compiler's cache are kept out of ours.

Run as `python -m compare.bench.torch_worker`. It reads requests on stdin, a JSON object a line, each of which names a
method of `Worker` and its arguments, and answers each with a line of JSON on stdout.
"""

import json
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.profiler import ProfilerActivity, profile

from compare.bench.rivals import COMPILED, LEARNING_RATE, first_images
from compare.shared.dataset import load_mnist
from compare.shared.on_tensors import loss_on_tensors
from compare.shared.rounds import stopwatch
from compare.shared.settings import Settings
from compare.shared.training import Digits, initial_weights
from compare.worlds import TORCH_REF, world
from torch_ref.network import Network


def main() -> None:
    """Answer requests until there are no more."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what else is printed must not be taken for an answer
    worker = Worker()
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(getattr(worker, request.pop("do"))(**request)), file=answers, flush=True)


class Worker:
    """What stays from one request to the next: digits, and the networks for one batch of them."""

    def load(self, sizes: list[int], **settings: Any) -> str | None:
        """Read the digits, and have a step compiled for batches of these sizes; why that could not be, if so.

        settings: those of `Settings` that matter here.
        """
        data = settings.pop("data")
        self.settings = Settings(**settings, data=Path(data) if data else None, init="he", batch_size=None)
        torch.set_num_threads(self.settings.threads)
        self.digits = Digits.of(load_mnist(self.settings.data), self.settings)
        self.start = initial_weights(self.settings, self.digits)
        self.kinds: dict[str, type[Network]] = {TORCH_REF: Network}
        try:
            for rows in sizes:
                CompiledNetwork(self.start).step(*first_images(self.digits, rows), LEARNING_RATE)
        except Exception as error:  # whatever it lacks, a compiler above all: the reader is to hear of it
            return f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}"
        self.kinds[COMPILED] = CompiledNetwork
        return None

    def prepare(self, rows: int) -> dict[str, int]:
        """Make networks for a batch of the first images; by network, the peak memory of a step in bytes."""
        self.batch = first_images(self.digits, rows)
        self.networks = {name: kind(self.start) for name, kind in self.kinds.items()}
        parameters = sum(value.nbytes for value in self.start.values())
        return {name: parameters + allocated_at_once(net, *self.batch) for name, net in self.networks.items()}

    def gradients(self) -> dict[str, dict[str, list[Any]]]:
        """Of the batch that is prepared, at the initial weights: by network and parameter."""
        found = {}
        for name, net in self.networks.items():
            _, gradients = type(net)(self.start).gradients(*self.batch)
            found[name] = {parameter: value.tolist() for parameter, value in gradients.items()}
        return found

    def seconds(self, name: str, steps: int) -> float:
        """What each of so many steps takes on average."""
        return stopwatch(partial(self.networks[name].step, *self.batch, LEARNING_RATE))(steps)


class CompiledNetwork(Network):
    """The reference with its forward pass and loss handed to `torch.compile`, which compiles the backward pass too."""

    def __init__(self, parameters: dict[str, np.ndarray]) -> None:
        super().__init__(parameters)
        self.compiled_loss = torch.compile(loss_on_tensors)

    def step(self, x: np.ndarray, labels: np.ndarray, learning_rate: float) -> float:
        """As `Network.step`, with the loss compiled."""
        self.optimizer.param_groups[0]["lr"] = learning_rate
        self.optimizer.zero_grad()
        loss = self.compiled_loss(self, torch.from_numpy(x), torch.from_numpy(labels))
        loss.backward()
        self.optimizer.step()
        return float(loss.item())

    def gradients(self, x: np.ndarray, labels: np.ndarray) -> tuple[float, dict[str, np.ndarray]]:
        """As `Network.gradients`, with the loss compiled."""
        return self.step(x, labels, 0.0), world(TORCH_REF).gradients_left(self)


def allocated_at_once(net: Network, x: np.ndarray, labels: np.ndarray) -> int:
    """The most bytes, of those that PyTorch allocates during a step, that are there at one time.

    From the events of PyTorch's own profiler: each allocation, and each release as a negative number.
    """
    net.optimizer.zero_grad()  # a step would release these, which were allocated before it
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        net.step(x, labels, LEARNING_RATE)
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace.json"
        profiler.export_chrome_trace(str(trace))
        events = json.loads(trace.read_text())["traceEvents"]
    changes = sorted((event["ts"], event["args"]["Bytes"]) for event in events if event.get("name") == "[memory]")
    held = np.cumsum([change for _, change in changes])
    return int(held.max(initial=0))


if __name__ == "__main__":
    main()
