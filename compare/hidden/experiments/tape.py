"""The record that a forward pass leaves behind, line by line."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autograd.losses import cross_entropy
from autograd.network import Network as EngineNetwork
from autograd.tape import Node
from compare.hidden.frame.experiment import Finding
from compare.hidden.tools.batches import first_batch
from compare.hidden.tools.coloured_table import draw_table
from compare.hidden.tools.graphs import nodes
from compare.shared.settings import Settings
from compare.shared.terminal import Advance
from compare.shared.training import initial_weights
from compare.worlds import AUTOGRAD, MANUAL, TORCH_REF, world
from manual.functions import cross_entropy as cross_entropy_by_hand
from manual.network import Network as ManualNetwork

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

QUESTION = "What does a framework write down while your forward pass runs?"
CLAIM = (
    "The engine and PyTorch record at least one node for every line of the forward pass, and as many in each step as "
    "in the one before; by hand, nothing is recorded."
)

#: It looks inside, in each in its own way, and so is about these.
WORLDS = (MANUAL, AUTOGRAD, TORCH_REF)

#: The lines of the forward pass by their results.
LINES = {
    "z1": "z1 = x W1 + b1",
    "a1": "a1 = relu(z1)",
    "z2": "z2 = a1 W2 + b2",
    "a2": "a2 = relu(z2)",
    "z3": "z3 = a2 W3 + b3",
    "loss": "cross-entropy of z3",
}
STEPS = 3


@dataclass(frozen=True)
class Measured:
    """Names of the nodes by implementation and line, and their number by implementation and step."""

    by_line: dict[str, dict[str, list[str]]]
    by_step: dict[str, list[int]]


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured:
    """The nodes that each line of the forward pass adds, and their number in each of a few steps."""
    import torch

    from torch_ref.network import Network as TorchNetwork

    x, labels = first_batch(settings, digits)
    start = initial_weights(settings, digits)
    networks: dict[str, tuple[Any, Any, Any]] = {
        MANUAL: (ManualNetwork(start), cross_entropy_by_hand, labels),
        AUTOGRAD: (EngineNetwork(start), cross_entropy, labels),
        TORCH_REF: (TorchNetwork(start), torch.nn.functional.cross_entropy, torch.from_numpy(labels)),
    }
    by_line, by_step = {}, dict[str, list[int]]()
    for name, (net, loss_of, targets) in networks.items():
        by_step[name] = []
        for _ in range(STEPS):
            values = net.forward(x)
            by_line[name] = new_nodes([*values, loss_of(values[-1], targets)])
            by_step[name].append(sum(len(recorded) for recorded in by_line[name].values()))
            net.step(x, labels, settings.learning_rate)
        advance()
    return Measured(by_line, by_step)


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    by_line, by_step = result.by_line, result.by_step
    total = {name: counts[0] for name, counts in by_step.items()}
    steady = all(len(set(counts)) == 1 for counts in by_step.values())
    holds = (
        total[MANUAL] == 0 and steady and all(by_line[name][line] for name in (AUTOGRAD, TORCH_REF) for line in LINES)
    )
    answer = (
        f"A step of six lines records {total[AUTOGRAD]} nodes on the engine and {total[TORCH_REF]} in PyTorch, "
        f"{'as many' if steady else 'but not as many'} in each of {STEPS} steps; by hand, {total[MANUAL]}."
    )
    leaves = sum(recorded.count("leaf") for recorded in by_line[AUTOGRAD].values())
    lesson = (
        f"Nothing in the line `z1 = layer1(x)` says so, but it also writes a note: which operation it was, and from "
        f"what. The notes of a step are a graph, called the tape, and `backward` is a walk over it in reverse. "
        f"{leaves} of the nodes stand for the weights and biases, where the walk ends; the others for operations. One "
        f"line can be several: a layer in PyTorch is a transpose (T) and a product with a sum (Addmm), and its "
        f"cross-entropy a log-softmax and a negative log-likelihood. By hand there is no tape, because you are the "
        f"one who remembers: `backward` in manual/network.py is the tape, written down once, by you."
    )
    return Finding(answer, holds, {"nodes_by_line": by_line, "nodes_by_step": by_step}, lesson)


def new_nodes(values: list[Any]) -> dict[str, list[str]]:
    """The names of the nodes behind each line's value that were behind none of the values before it."""
    seen: set[Any] = set()
    names = {}
    for line, value in zip(LINES, values, strict=True):
        new = [node for node in nodes(value) if node not in seen]
        seen.update(new)
        names[line] = [_name(node) for node in new]
    return names


def _name(node: Any) -> str:
    """The engine's name of an operation; PyTorch's without the "Backward0" at its end."""
    return node.operation if isinstance(node, Node) else node.name().rpartition("::")[2].removesuffix("Backward0")


def draw(result: Measured) -> "Figure":
    """One row a line of the forward pass: what each implementation wrote down for it."""
    from compare.shared.figures import new_figure

    by_line = result.by_line
    figure = new_figure(9, 5)
    axes = figure.subplots()
    colours = {MANUAL: "grey", AUTOGRAD: "orange", TORCH_REF: "green"}
    cells = [
        [(_words(by_line[name][line]), colours[name] if by_line[name][line] else "grey") for name in WORLDS]
        for line in LINES
    ]
    totals = {name: counts[0] for name, counts in result.by_step.items()}
    columns = [f"{world(name).title}: {totals[name]} nodes" for name in WORLDS]
    draw_table(axes, list(LINES.values()), columns, cells, fontsize=9)
    axes.set_title("What each line of the forward pass leaves on the tape", pad=14)
    return figure


def _words(recorded: list[str]) -> str:
    """Each name once, with its number, leaves first."""
    names = sorted(dict.fromkeys(recorded), key=lambda name: name not in ("leaf", "AccumulateGrad"))
    counts = [recorded.count(name) for name in names]
    return ",  ".join(f"{n} x {name}" if n > 1 else name for name, n in zip(names, counts, strict=True)) or "nothing"
