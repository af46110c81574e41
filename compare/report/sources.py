"""The three network.py next to each other: what does the same thing stands on one height."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from compare.report.syntax import coloured
from compare.worlds import AUTOGRAD, MANUAL, NAMES, world


@dataclass(frozen=True)
class Cell:
    """A line of source in one of the columns, or none; `kind` is same, own, taken (by hand it is there) or absent."""

    text: str
    number: int | None
    kind: str

    @property
    def markup(self) -> Markup:
        """The text with its colours; each line for itself, for none of those shown goes on in the next one."""
        return coloured(self.text.strip())[0]

    @property
    def indent(self) -> int:
        """How many spaces it begins with."""
        return len(self.text) - len(self.text.lstrip())


@dataclass(frozen=True)
class Block:
    """A method, or what stands before the class: its rows have a cell for each world."""

    name: str
    rows: list[tuple[Cell, ...]]


def side_by_side(names: Sequence[str] = NAMES) -> list[Block]:
    """The files of these worlds, method by method, in the order in which the hand-written one has them."""
    parts = {name: _methods(world(name).source()) for name in names}
    blocks = []
    for method in parts[MANUAL]:
        columns = [parts[name].get(method, []) for name in names]
        blocks.append(Block(method, _align(columns)))
    return blocks


def where_defined(nodes: str) -> str:
    """The names of nodes, those of the engine each with the line of its file where value and derivative stand."""
    places: dict[str, str] = {}
    for path in sorted(world(AUTOGRAD).library().glob("*.py")):
        for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            for name in nodes.split(", "):
                if text.startswith((f"{name} = operation(", f"def {name}(")):
                    places.setdefault(name, f"{name} ({path.name}:{number})")
    return ", ".join(places.get(name, name) for name in nodes.split(", "))


def _methods(source: str) -> dict[str, list[tuple[int, str]]]:
    """Numbered lines of each method of the class, without docstrings; what comes before it is called "before"."""
    tree, lines = ast.parse(source), source.replace("  # fmt: skip", "").splitlines()
    network = next((node for node in tree.body if isinstance(node, ast.ClassDef)), None)
    if network is None:
        return {}
    parts = {"before": _lines(lines, 1, network.lineno - 1, _docstring_lines(tree))}
    for method in network.body:
        if isinstance(method, ast.FunctionDef) and method.end_lineno:
            parts[method.name] = _lines(lines, method.lineno, method.end_lineno, _docstring_lines(method))
    return parts


def _docstring_lines(tree: ast.Module | ast.FunctionDef) -> set[int]:
    """The lines of the docstrings in a module's functions and its own, or of one function."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Module | ast.FunctionDef)]
    found: set[int] = set()
    for node in nodes:
        first = node.body[0]
        if ast.get_docstring(node) is not None and first.end_lineno:
            found |= set(range(first.lineno, first.end_lineno + 1))
    return found


def _lines(lines: Sequence[str], first: int, last: int, left_out: set[int]) -> list[tuple[int, str]]:
    numbers = [n for n in range(first, last + 1) if n not in left_out and lines[n - 1].strip()]
    return [(n, lines[n - 1].removeprefix("    ") if lines[first - 1][0] == " " else lines[n - 1]) for n in numbers]


def _align(columns: Sequence[Sequence[tuple[int, str]]]) -> list[tuple[Cell, ...]]:
    """Rows of three cells: the second column is laid against the first, then the third against the second or first."""
    rows: list[list[tuple[int, str] | None]] = [[line] for line in columns[0]]
    for column in columns[1:]:
        rows = _lay_against(rows, column)
    return [_cells(row) for row in rows]


def _lay_against(
    rows: list[list[tuple[int, str] | None]], column: Sequence[tuple[int, str]]
) -> list[list[tuple[int, str] | None]]:
    """The alignment of highest total likeness (Needleman and Wunsch 1970, without a penalty for gaps)."""
    n, m, width = len(rows), len(column), len(rows[0]) if rows else 1
    best = [[0.0] * (m + 1) for _ in range(n + 1)]
    likeness = [
        [max((_likeness(cell[1], line) for cell in row if cell), default=0.0) for _, line in column] for row in rows
    ]
    for i in range(n - 1, -1, -1):
        for j in range(m - 1, -1, -1):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], best[i + 1][j + 1] + likeness[i][j])
    laid: list[list[tuple[int, str] | None]] = []
    i = j = 0
    while i < n or j < m:
        if i < n and j < m and likeness[i][j] > 0 and best[i][j] == best[i + 1][j + 1] + likeness[i][j]:
            laid.append([*rows[i], column[j]])
            i, j = i + 1, j + 1
        elif i < n and (j == m or best[i][j] == best[i + 1][j]):
            laid.append([*rows[i], None])
            i += 1
        else:
            laid.append([*[None] * width, column[j]])
            j += 1
    return laid


def _likeness(a: str, b: str) -> float:
    """The share of words that two lines have in common; 0 for less than a quarter."""
    first, second = set(re.findall(r"\w+", a)), set(re.findall(r"\w+", b))
    share = len(first & second) / max(len(first | second), 1)
    return share if share >= 0.25 else float(a.strip() == b.strip())


def _cells(row: Sequence[tuple[int, str] | None]) -> tuple[Cell, ...]:
    by_hand = row[0]
    same = len({line[1] if line else None for line in row}) == 1
    missing = Cell("", None, "taken" if by_hand else "absent")
    return tuple(Cell(line[1], line[0], "same" if same else "own") if line else missing for line in row)
