"""Each hand-written line beside what it is in the other worlds, and what each of them keeps of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from compare.judge.network import check_lines, line_names
from compare.shared.errors import BadInput
from compare.shared.settings import Settings
from compare.shared.training import trace_all
from compare.worlds import NAMES, PAIRS, world
from compare.worlds.columns.column import Column, Kept

#: The layers of manual/network.py, whose lines these are.
HIDDEN_LAYERS = 2


def refuse_other_depths(settings: Settings) -> None:
    """Raises BadInput for a network of another depth than that of manual/network.py."""
    if len(settings.widths) != HIDDEN_LAYERS:
        raise BadInput(
            f"--hidden has {len(settings.widths)} widths here, and the network that is written out line by line has "
            f"{HIDDEN_LAYERS} hidden layers; give {HIDDEN_LAYERS} widths, as in --hidden 128,64."
        )


@dataclass(frozen=True)
class LineOfAll:
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
        """As a JSON document has it."""
        kept = {name: [{"array": k.name, "bytes": k.bytes} for k in arrays] for name, arrays in self.kept.items()}
        return {
            "line": self.line,
            **{world(name).nodes_key: words for name, words in self.nodes.items()},
            **{world(name).operators_key: words for name, words in self.operators.items()}, "shape": list(self.shape),
            "largest_difference": self.largest_difference, "bound_used": self.bound_used, "holds": self.holds,
            "kept_for_backward": kept,
        }  # fmt: skip


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # overflow is looked for here, and reported better
def compare_lines(
    parameters: dict[str, np.ndarray], x: np.ndarray, labels: np.ndarray, activation: str = "relu"
) -> tuple[list[LineOfAll], dict[str, int]]:
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
        LineOfAll(
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
