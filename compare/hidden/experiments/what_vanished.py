"""Three things that vanish from your code in a framework, counted in lines, and where they went."""

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from compare.hidden.frame.experiment import Finding, plain
from compare.hidden.tools.batches import first_batch
from compare.hidden.tools.source_lines import PARTS, behind, in_network
from compare.shared.settings import Settings
from compare.shared.terminal import Advance
from compare.shared.training import initial_weights
from compare.worlds import AUTOGRAD, MANUAL, TORCH_REF, world

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from compare.shared.training import Digits

QUESTION = "Initial weights, backward pass and update: how many lines are they, and where did those lines go?"
CLAIM = (
    "The backward pass, more than ten lines by hand, and the update, a line for each parameter, are a call or a few on "
    "the engine and in PyTorch, with more lines behind them than were saved; and PyTorch's layers draw initial weights "
    "of their own even where nobody asks for them."
)

#: It looks inside, in each in its own way, and so is about these.
WORLDS = (MANUAL, AUTOGRAD, TORCH_REF)

#: Where torch.nn.Linear draws its weights.
DRAWS = "reset_parameters"


@dataclass(frozen=True)
class LineCounts:
    """How many lines a part takes: in network.py, and behind it, in these functions, the longest first."""

    in_network: int
    behind: int
    functions: list[str]


@dataclass(frozen=True)
class Measured:
    """Lines by implementation and part, and the number of parameters."""

    counts: dict[str, dict[str, LineCounts]]
    parameters: int


def measure(settings: Settings, digits: "Digits", advance: Advance) -> Measured:
    """Build each network and take one step, while every function that runs for it is noted."""
    import autograd.network
    import manual.network
    import torch_ref.network

    modules = {MANUAL: manual.network, AUTOGRAD: autograd.network, TORCH_REF: torch_ref.network}
    x, labels = first_batch(settings, digits)
    start = initial_weights(settings, digits)
    counts = {}
    for name, network in modules.items():

        def run(network: Any = network) -> None:
            network.Network(start).step(x, labels, settings.learning_rate)

        run()  # once before, for what a library does only the first time
        counts[name] = count(run, network)
        advance()
    return Measured(counts, len(start))


def count(run: Any, network: ModuleType) -> dict[str, LineCounts]:
    """The lines of each part, while `run` makes a step with that network."""
    found = {}
    ran = behind(run, network, _library(network))
    for part, lines in in_network(network).items():
        functions = sorted(ran[part], key=lambda name: (-len(ran[part][name]), name))
        hidden = set().union(*ran[part].values())
        found[part] = LineCounts(len(lines), len(hidden), functions)
    return found


def _library(network: ModuleType) -> Path:
    """The folder of what a network is built on: its own, or PyTorch's."""
    if network.__name__.startswith(TORCH_REF):
        import torch

        return Path(torch.__file__).parent
    return Path(str(network.__file__)).parent


def judge(result: Measured) -> Finding:
    """Whether it supports the claim, and what to take from it."""
    counts, parameters = result.counts, result.parameters
    weights, backward, update = ({name: counts[name][part] for name in WORLDS} for part in PARTS)
    frameworks = (AUTOGRAD, TORCH_REF)
    drawn = [name for name in weights[TORCH_REF].functions if name.endswith(DRAWS)]
    holds = (
        backward[MANUAL].in_network > 10
        and update[MANUAL].in_network == parameters
        and all(backward[name].in_network == 1 for name in frameworks)
        and all(update[name].in_network < parameters for name in frameworks)
        and all(
            part[name].behind > part[MANUAL].in_network - part[name].in_network
            for part in (backward, update)
            for name in frameworks
        )
        and bool(drawn)
    )
    answer = (
        f"The backward pass: {_story(backward)}; the update: {_story(update)}; the initial weights: {_story(weights)}."
    )
    lesson = (
        "Nothing has vanished; it moved. By hand you can read all of it. On the engine the backward pass is one line, "
        f"and {backward[AUTOGRAD].behind} lines of this project do it, all of which you can read. In PyTorch "
        f"{backward[TORCH_REF].behind} lines of Python only prepare the call; the work is in C++, which no count "
        "of Python sees. The update became an optimizer, which can do more than yours and is therefore longer. And "
        f"the initial weights: {drawn[0] if drawn else 'nothing'} draws some for every layer you make, and this "
        f"project has to spend {weights[TORCH_REF].in_network} lines, where by hand it spends "
        f"{weights[MANUAL].in_network}, on putting its own in their place."
    )
    return Finding(answer, holds, {"lines": plain(counts)}, lesson)


def _story(part: dict[str, LineCounts]) -> str:
    """A part in words, like "16 lines by hand, 1 on ...": what is in view, and what is behind it."""
    words = [f"{part[MANUAL].in_network} lines by hand"]
    for name in (AUTOGRAD, TORCH_REF):
        where = "on the engine" if name == AUTOGRAD else f"in {world(name).title}"
        words.append(f"{part[name].in_network} {where} with {part[name].behind} behind")
    return ", ".join(words)


def draw(result: Measured) -> "Figure":
    """A bar for each part and implementation: lines in network.py, then those behind, and whose they are."""
    from compare.shared.figures import MUTED, new_figure

    counts = result.counts
    figure = new_figure(9.5, 6.4)
    axes = figure.subplots()
    longest = max(one.in_network + one.behind for parts in counts.values() for one in parts.values())
    ticks = {}
    for i, part in enumerate(PARTS):
        for j, name in enumerate(WORLDS):
            one, y = counts[name][part], 4 * i + j
            seen, hidden = one.in_network, one.behind
            axes.barh(y, seen, color=world(name).colour, height=0.8)
            axes.barh(
                y, hidden, left=seen, color=world(name).colour, alpha=0.35, hatch="//", edgecolor="white", height=0.8
            )
            main = ", ".join(".".join(f.split(".")[-2:]) for f in one.functions[:2])
            words = f"{seen} + {hidden}" + (f"   {main}" if main else "")
            axes.text(seen + hidden + longest * 0.01, y, words, va="center", fontsize=8)
            ticks[y] = world(name).title
        axes.text(0, 4 * i - 0.75, part, fontweight="bold", fontsize=10, va="center")
    axes.set_yticks(list(ticks), list(ticks.values()))
    axes.set_ylim(11, -1.2)
    axes.set_xlim(0, longest * 1.72)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(
        "lines of code: in network.py (solid) + of Python behind it (hatched), of which the two longest", color=MUTED
    )
    axes.set_title("What vanishes from network.py is still there, behind it")
    return figure
