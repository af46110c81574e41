"""What is this line called over there? Each hand-written line beside the engine's node and PyTorch's."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from compare.judge.network import check_lines, line_names
from compare.shared.dataset import load_mnist
from compare.shared.environment import environment
from compare.shared.errors import BadInput
from compare.shared.output import Output
from compare.shared.settings import Settings
from compare.shared.terminal import print_files, print_table, print_text
from compare.shared.threads import use_threads
from compare.shared.training import Digits, initial_weights, trace_all
from compare.worlds import MANUAL, NAMES, PAIRS, world
from compare.worlds.columns.column import Column, Kept

#: What PyTorch calls its operators.
OPERATORS = (
    "t transposes, mm multiplies matrices, addmm multiplies and adds, threshold_backward is the ReLU's. view and "
    "detach copy nothing: the one is another shape, the other a tensor without its history.\n"
)

#: The layers of manual/network.py, whose lines these are.
HIDDEN_LAYERS = 2


@dataclass(frozen=True)
class Row:
    """One line of the calculation.

    nodes: what it is in each world: by hand its statement, elsewhere the names of the nodes that made its value, or
    whose backward gave its gradient, in the order in which they did; operators: what ran for it, in the worlds that
    tell; largest_difference: of an entry, between any two worlds; bound_used: the most that one of them used of the
    rounding error that this line may make; kept: what each of them holds of it for the backward pass.
    """

    line: str
    nodes: dict[str, str]
    operators: dict[str, str]
    shape: tuple[int, ...]
    largest_difference: float
    bound_used: float
    kept: dict[str, tuple[Kept, ...]]

    @property
    def holds(self) -> bool:
        """Whether all values of the line are right, each within the line's own bound of the exact one."""
        return self.bound_used <= 1

    @property
    def is_forward(self) -> bool:
        """Whether it is a line of the forward pass."""
        return not self.line.startswith("d")

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        kept = {name: [{"array": k.name, "bytes": k.bytes} for k in arrays] for name, arrays in self.kept.items()}
        return {
            "line": self.line,
            **{world(name).nodes_key: words for name, words in self.nodes.items()},
            **{world(name).operators_key: words for name, words in self.operators.items()}, "shape": list(self.shape),
            "largest_difference": self.largest_difference, "bound_used": self.bound_used, "holds": self.holds,
            "kept_for_backward": kept,
        }  # fmt: skip


@dataclass(frozen=True)
class Rosetta:
    """The answer."""

    settings: Settings
    rows: list[Row]
    extra_bytes: dict[str, int]  # by implementation: what the backward pass keeps besides the parameters and the batch
    files: list[Path]
    environment: dict[str, Any]

    @property
    def holds(self) -> bool:
        """Whether the three agree in every line."""
        return all(row.holds for row in self.rows)

    @property
    def verdict(self) -> str:
        """In words."""
        wrong = [row.line for row in self.rows if not row.holds]
        if wrong:
            return f"It does not hold. The line {wrong[0]} is outside its rounding bound in one of the three."
        largest = max(self.rows, key=lambda row: row.largest_difference)
        keep = ", ".join(f"{world(name).title} {count:,}" for name, count in self.extra_bytes.items())
        return (
            f"It holds. Line for line the three compute the same: values differ by {largest.largest_difference:.1e} at "
            f"most (in {largest.line}), and all are within their rounding bounds. For the backward pass they keep, "
            f"besides the parameters and the batch, these bytes: {keep}."
        )

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "holds": self.holds,
            "verdict": self.verdict,
            "settings": self.settings.as_json(),
            "lines": [row.as_json() for row in self.rows],
            "kept_bytes": self.extra_bytes,
            "files": [str(path) for path in self.files],
            "environment": self.environment,
        }

    def print(self) -> None:
        """The verdict and four tables, on stdout."""
        print_text(self.verdict)
        print_text("")
        print_table(
            "The same line in three languages",
            [world(name).nodes_title for name in NAMES],
            [[_wrapped(words, 38 if name == MANUAL else 20) for name, words in row.nodes.items()] for row in self.rows],
        )
        print_text(
            "Of the engine and of PyTorch, the nodes of the graph that made the line's value, or whose backward gave "
            "its gradient. TBackward0 belongs to a transpose, AddmmBackward0 to a product with a sum.\n"
        )
        for name in self.rows[0].operators:
            print_table(
                f"{world(name).operators_title}, as they ran",
                ("line", "operators"),
                [(row.line, row.operators[name]) for row in self.rows],
            )
            print_text(OPERATORS)
        print_table(
            "The values of each line in all three",
            ("line", "shape", "largest difference", "share of the bound"),
            [
                (
                    row.line,
                    " x ".join(map(str, row.shape)) or "1",
                    f"{row.largest_difference:.1e}",
                    f"{row.bound_used:.1%}",
                )
                for row in self.rows
            ],
        )
        print_text(
            "share of the bound: the largest error of an entry in any of the three, divided by the rounding error that "
            "the line may make.\n"
        )
        print_table(
            "The arrays that a line keeps for the backward pass, in bytes",
            ("line", *(f"{world(name).title} keeps" for name in NAMES)),
            [
                (row.line, *(own_arrays(row.kept[name]) for name in NAMES))
                for row in self.rows if any(own_arrays(row.kept[name]) for name in NAMES)
            ],
        )  # fmt: skip
        print_text(
            "The parameters, the images and the labels, which are kept anyway, are left out; an array that two lines "
            "keep is one array.\n"
        )
        print_files(self.files)


def _wrapped(words: str, width: int) -> str:
    """On lines of that width, without the word `self`, broken where a person would."""
    return textwrap.fill(words.replace("self.", ""), width)


def own_arrays(arrays: Sequence[Kept]) -> str:
    """A line of text for each array but those given anyway: its name and its bytes."""
    own = [kept for kept in arrays if not kept.given]
    return "\n".join(f"{kept.name.replace('Backward0._saved_', '.')} {kept.bytes:,}" for kept in own)


def answer(settings: Settings, out: Path) -> Rosetta:
    """Lay the three side by side, for the first batch of the training set, and draw them.

    Raises BadInput for a set, an option or a folder that cannot be used, and for another depth than that of
    manual/network.py.
    """
    from compare.rosetta.figure import draw
    from compare.shared.figures import save_figure

    if len(settings.hidden) != HIDDEN_LAYERS:
        raise BadInput(
            f"--hidden has {len(settings.hidden)} widths here, and the network that is written out line by line has "
            f"{HIDDEN_LAYERS} hidden layers; give {HIDDEN_LAYERS} widths, as in --hidden 128,64."
        )
    output = Output(out)
    digits = Digits.of(load_mnist(settings.data), settings)
    rows = settings.rows_per_batch(len(digits.train_x))
    with use_threads(settings.threads) as threads:
        weights = initial_weights(settings, digits)
        lines, extra = compare_lines(weights, digits.train_x[:rows], digits.train_labels[:rows], settings.activation)
        save_figure(draw(lines, extra, settings), output, "rosetta")
        files = [*output.files, output.folder / "results.json"]
        result = Rosetta(settings, lines, extra, files, environment(threads))
        output.write_json("results.json", result.as_json())
    return result


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # overflow is looked for here, and reported better
def compare_lines(
    parameters: dict[str, np.ndarray], x: np.ndarray, labels: np.ndarray, activation: str = "relu"
) -> tuple[list[Row], dict[str, int]]:
    """Every line in all three, and the bytes that each keeps. x (m, fan_in), labels (m,).

    Raises BadInput where the parameters are so large that the calculation overflows in all three.
    """
    lines = line_names(HIDDEN_LAYERS + 1)
    traces = trace_all(parameters, x, labels, activation)
    checks = {name: check_lines(trace, parameters, x, labels, activation) for name, trace in traces.items()}
    columns: Mapping[str, Column] = {
        name: world(name).column(lines, parameters, x, labels, activation) for name in NAMES
    }
    told = [name for name, column in columns.items() if column.operators]
    rows = [
        Row(
            line,
            nodes={name: ", ".join(column.lines[line]) for name, column in columns.items()},
            operators={name: ", ".join(columns[name].operators[line]) for name in told},
            shape=traces[NAMES[0]][line].shape,
            largest_difference=max(_difference(traces[a][line], traces[b][line]) for a, b in PAIRS),
            bound_used=max(check[line].bound_used for check in checks.values()),
            kept={name: column.kept.get(line, ()) for name, column in columns.items()},
        )
        for line in lines
    ]
    return rows, {name: column.extra_bytes for name, column in columns.items()}


def _difference(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a - b).max())
