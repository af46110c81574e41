"""A learner's file as one program: a module or a notebook, of Python 3 or 2, with the lines that its author sees."""

import __future__

import ast
import json
import re
import tokenize
from bisect import bisect_right
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

from compare.check.running.definitions import Missing, is_definition, names_are_there
from compare.check.running.python2 import converted, is_python2

#: Lines of a notebook that are IPython's and not Python's; `%time statement` times a statement, which is kept.
MAGIC = re.compile(r"(\s*)(?:%(?:time|timeit|prun)\s+(?!-)(.*)|%[a-zA-Z].*|!.*|\?.*|[\w.]+\?{1,2}\s*)")
ASSIGNED = re.compile(r"(\s*[\w.]+\s*=)\s*[!%]\w.*")
#: Cells in another language; of the others that begin with %% (%%time, %%capture) only that line is dropped.
FOREIGN = re.compile(r"%%(?:bash|sh|html|javascript|js|latex|markdown|svg|writefile|file|perl|ruby|cmd|R|script)\b")


class Unreadable(Exception):
    """Python cannot read the file. line: where, if known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, eq=False)
class Program:
    """A learner's file as Python reads it.

    path: where it lies; cells: the first line of each code cell of a notebook; notes: what was done to read it.
    """

    path: Path
    text: str
    tree: ast.Module
    cells: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def code(self, rewrite: Callable[[ast.Module], ast.Module]) -> CodeType:
        """All of it, rewritten, and compiled under its own name and with its own lines."""
        tree = rewrite(ast.parse(self.text))
        return compile(tree, str(self.path), "exec", dont_inherit=True)

    @cache  # noqa: B019 (a process reads one program)
    def definitions(self, rewrite: Callable[[ast.Module], ast.Module]) -> list[tuple[ast.stmt, CodeType | None]]:
        """Its statements, those that are definitions with their code."""
        late = any(isinstance(s, ast.ImportFrom) and s.module == "__future__" for s in self.tree.body)
        flags = __future__.annotations.compiler_flag if late else 0

        def compiled(statement: ast.stmt) -> CodeType:
            one = rewrite(ast.Module([deepcopy(statement)], []))
            return compile(one, str(self.path), "exec", flags, dont_inherit=True)

        return [(s, compiled(s) if is_definition(s) else None) for s in self.tree.body]

    def define(self, rewrite: Callable[[ast.Module], ast.Module], namespace: dict[str, Any]) -> list[str]:
        """Run its definitions alone, in order, in `namespace`. Raises whatever one of them raises.

        Returns the names that only the other statements would have set.
        """
        skipped: list[str] = []
        for statement, code in self.definitions(rewrite):
            if code is not None and names_are_there(statement, namespace):
                try:
                    exec(code, namespace)
                except ImportError as error:
                    if not isinstance(statement, ast.Import | ast.ImportFrom):
                        raise
                    for alias in statement.names:
                        namespace[alias.asname or alias.name.partition(".")[0]] = Missing(error)
            else:
                names = [n for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
                skipped += [n.id for n in names]
        return [name for name in dict.fromkeys(skipped) if name not in namespace]

    @property
    def runs(self) -> bool:
        """Whether anything but imports, definitions and constants stands at module level: so that it may train."""
        return not all(is_definition(statement) for statement in self.tree.body)

    def place(self, line: int) -> str:
        """The line as its author counts: "line 12", or "cell 3, line 5"."""
        cell = bisect_right(self.cells, line)
        return f"cell {cell}, line {line - self.cells[cell - 1] + 1}" if cell else f"line {line}"


def read_program(path: Path) -> Program:
    """The file read as Python, or Jupyter, would read it. Raises Unreadable."""
    try:
        cells = _cells(path) if path.suffix == ".ipynb" else [_decoded(path)]
        starts = [1]
        for cell in cells[:-1]:
            starts.append(starts[-1] + cell.count("\n") + 1)
        text, tree, notes = _parsed("\n".join(cells))
    except SyntaxError as error:
        raise Unreadable(error.msg, error.lineno) from None
    except (ValueError, RecursionError, MemoryError) as error:  # no text, or nested too deeply for the parser
        raise Unreadable(str(error) or "it is nested too deeply") from None
    return Program(path, text, tree, starts if path.suffix == ".ipynb" else [], notes)


def _decoded(path: Path) -> str:
    """Its text, decoded as Python does it: by the byte order mark or the coding line, else as UTF-8."""
    try:
        with tokenize.open(path) as file:
            return file.read()
    except UnicodeDecodeError as error:
        raise Unreadable(f"it is not in {error.encoding}, which is how Python reads it") from None
    except SyntaxError as error:
        known = "unknown" not in error.msg
        raise Unreadable(
            "it is not in utf-8, which is how Python reads it" if known else "it declares an encoding that is not known"
        ) from None


def _cells(path: Path) -> list[str]:
    """The text of each code cell, without what is IPython's; no line is lost."""
    content = json.loads(path.read_text(encoding="utf-8-sig"))
    try:
        cells = content["cells"] if "cells" in content else content["worksheets"][0]["cells"]
        found = [c.get("source", c.get("input", "")) for c in cells if c["cell_type"] == "code"]
        return [_without_magic(source if isinstance(source, str) else "".join(source)) for source in found]
    except (TypeError, KeyError, IndexError, AttributeError):
        raise Unreadable("it is JSON, but no notebook: there are no cells in it") from None


def _without_magic(cell: str) -> str:
    """The cell with `pass` for each line that is IPython's."""
    if _parses(cell):
        return cell
    lines = cell.split("\n")
    first = next((n for n, line in enumerate(lines) if line.strip()), 0)
    if FOREIGN.match(lines[first]):
        return "\n".join("" for _ in lines)
    if lines[first].startswith("%%"):
        lines[first] = ""
    for n, line in enumerate(lines):
        if found := ASSIGNED.fullmatch(line):
            lines[n] = f"{found[1]} None"
        elif found := MAGIC.fullmatch(line):
            lines[n] = found[1] + (found[2] or "pass")
    return "\n".join(lines)


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def _parsed(text: str) -> tuple[str, ast.Module, list[str]]:
    """The text, its tree, and what had to be changed in it. Raises SyntaxError of the text as it is."""
    try:
        tree: ast.Module = ast.parse(text)
        if not is_python2(text):
            return text, tree, []
    except SyntaxError as error:
        if _parses(plain := _without_magic(text)):  # a notebook that was saved under the name of a module
            return plain, ast.parse(plain), []
        if not _parses(converted(plain)):
            raise error from None
        text = plain
    newer = converted(text)
    tree = ast.parse(newer)
    return newer, tree, ["It is written for Python 2 and was read as Python 3, in which 1 / 2 is 0.5, and not 0."]
