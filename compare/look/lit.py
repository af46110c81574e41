"""Where a line of the calculation stands in a world's source, and the source with its colours."""

import ast
from dataclasses import dataclass

from markupsafe import Markup

from compare.report.syntax import coloured

#: The methods that hold the lines; where one sets none itself, the graph's backward pass does.
METHODS = ("forward", "backward", "gradients")


@dataclass(frozen=True)
class LitLine:
    """A line of a file as markup. lines: those of the calculation that it computes."""

    number: int
    markup: Markup
    lines: tuple[str, ...]


def lit_source(source: str, lines: list[str]) -> list[list[LitLine]]:
    """METHODS of the first class in a source, without their docstrings; of each line, what it computes.

    A line that is no assignment anywhere is computed where `.backward()` is called.
    """
    network = next(node for node in ast.parse(source).body if isinstance(node, ast.ClassDef))
    methods = {node.name: node for node in network.body if isinstance(node, ast.FunctionDef)}
    found = [methods[name] for name in METHODS if name in methods]
    computed = _places(found, lines)
    text = source.splitlines()
    blocks = []
    for method in found:
        docstring = method.body[0]
        skipped = range(docstring.lineno, (docstring.end_lineno or 0) + 1) if ast.get_docstring(method) else range(0)
        numbers = [n for n in range(method.lineno, (method.end_lineno or 0) + 1) if n not in skipped]
        marked = coloured("\n".join(text[n - 1].removeprefix("    ") for n in numbers))
        blocks.append([LitLine(n, m, tuple(computed.get(n, ()))) for n, m in zip(numbers, marked, strict=True)])
    return blocks


def _places(methods: list[ast.FunctionDef], lines: list[str]) -> dict[int, list[str]]:
    """By the number of a line in the file, the lines of the calculation that it computes."""
    by_name, call = {}, 0
    for node in (node for method in methods for node in ast.walk(method)):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            by_name[node.targets[0].id] = node.lineno
        if isinstance(node, ast.Expr) and ast.unparse(node).endswith(".backward()"):
            call = node.lineno
    places: dict[int, list[str]] = {}
    for line in lines:
        if number := by_name.get(line, call):
            places.setdefault(number, []).append(line)
    return places
