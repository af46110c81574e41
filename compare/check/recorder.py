"""Which source line gave which array: the learner's functions, watched while they run.

Python calls a trace function before each line (`sys.settrace`). When the next line of a frame is reached, the
statement before it is finished, and the arrays that it assigned are copied, with its line number. So locals such as
dz2, which a backward pass never hands out, can be judged too, and each wrong number has a line.

Runs in the child process.
"""

import ast
import sys
import tokenize
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

MOST_EVENTS = 600  # of one run; a loop over single rows should not fill the memory
LARGEST_ARRAY = 4_000_000

Simple = ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr | ast.Return


@dataclass(frozen=True)
class Event:
    """An array, assigned. spelled: as the source has it, like self.z1 or grads['dW1']; function: where."""

    spelled: str
    value: np.ndarray
    file: str
    line: int
    function: str


class Recorder:
    """A context in which every assignment of an array by code in `folder` is recorded, in order."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.events: list[Event] = []
        self.return_lines: dict[str, int] = {}
        self._statements: dict[str, dict[int, list[Simple]]] = {}
        self._pending: dict[int, list[Simple] | None] = {}

    def __enter__(self) -> "Recorder":
        self._other = sys.gettrace()
        sys.settrace(self._enter_frame)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._other)

    def _enter_frame(self, frame: FrameType, event: str, _: Any) -> Any:
        del event
        file = frame.f_code.co_filename
        return self._watch if file.startswith(self.folder) and "site-packages" not in file else None

    def _watch(self, frame: FrameType, event: str, _: Any) -> Any:
        pending = self._pending.get(id(frame))
        if event == "exception":  # what raised has assigned nothing
            self._pending[id(frame)] = None
        elif event in ("line", "return"):
            here = self._statement(frame) if event == "line" else None
            if pending is not None and here is not pending:
                self._finish(pending, frame)
            if here and isinstance(here[-1], ast.Return):
                self.return_lines[frame.f_code.co_name] = here[-1].lineno
            self._pending[id(frame)] = here
            if event == "return":
                self._pending.pop(id(frame), None)
        return self._watch

    def _statement(self, frame: FrameType) -> list[Simple] | None:
        file = frame.f_code.co_filename
        if file not in self._statements:
            self._statements[file] = statements_by_line(source_text(file))
        return self._statements[file].get(frame.f_lineno)

    def _finish(self, statements: list[Simple], frame: FrameType) -> None:
        statement = statements[0]
        for target in [target for each in statements for target in targets(each)]:
            for spelled, value in _arrays(target, frame):
                if len(self.events) < MOST_EVENTS and np.size(value) <= LARGEST_ARRAY:
                    copy = np.array(value)
                    self.events.append(
                        Event(spelled, copy, frame.f_code.co_filename, statement.lineno, frame.f_code.co_name)
                    )


def source_text(file: str | Path) -> str:
    """The text of a Python file, decoded as Python itself does it: a byte order mark or a `coding:` line is heeded.

    Raises SyntaxError for a file that is not in the encoding that it declares, or in UTF-8 if it declares none.
    """
    try:
        with tokenize.open(file) as lines:
            return lines.read()
    except UnicodeDecodeError as error:
        what = f"it is not in {error.encoding}, the encoding that it declares or, if it declares none, Python's own"
        raise SyntaxError(what, (str(file), None, None, None)) from None


def statements_by_line(source: str) -> dict[int, list[Simple]]:
    """The simple statements that each line belongs to: one, but for those with a semicolon between them."""
    found: dict[int, list[Simple]] = {}
    simple = [node for node in ast.walk(ast.parse(source)) if isinstance(node, Simple)]
    for node in sorted(simple, key=lambda node: (node.lineno, node.col_offset)):
        if node.lineno in found:
            found[node.lineno].append(node)
        else:
            together: list[Simple] = [node]
            found |= dict.fromkeys(range(node.lineno, (node.end_lineno or node.lineno) + 1), together)
    return found


def targets(statement: Simple) -> list[ast.expr]:
    """What a statement assigns to, a tuple taken apart; `out=` of a call counts."""
    found: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        found += statement.targets
    elif isinstance(statement, ast.AugAssign | ast.AnnAssign):
        found.append(statement.target)
    if statement.value is not None:
        found += [k.value for node in ast.walk(statement.value) if isinstance(node, ast.Call)
                  for k in node.keywords if k.arg == "out"]  # fmt: skip
    flat: list[ast.expr] = []
    for target in found:
        flat += target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
    return flat


def _arrays(target: ast.expr, frame: FrameType) -> list[tuple[str, Any]]:
    value = _look_up(target, frame)
    while value is None and isinstance(target, ast.Subscript | ast.Attribute):  # dz1[z1 <= 0] = 0 changes dz1
        target = target.value
        value = _look_up(target, frame)
    spelled = ast.unparse(target)
    if isinstance(value, dict):
        return [(f"{spelled}[{key!r}]", part) for key, part in value.items() if _is_numbers(part)]
    return [(spelled, value)] if _is_numbers(value) else []


def _look_up(target: ast.expr, frame: FrameType) -> Any:
    if isinstance(target, ast.Name):
        return frame.f_locals.get(target.id)
    if isinstance(target, ast.Attribute):
        owner = _look_up(target.value, frame)
        return getattr(owner, "__dict__", {}).get(target.attr)
    if isinstance(target, ast.Subscript):
        owner, key = _look_up(target.value, frame), target.slice
        if isinstance(owner, dict | list):
            index: Any = key.value if isinstance(key, ast.Constant) else _look_up(key, frame)
            try:
                return owner[index]
            except (KeyError, IndexError, TypeError):
                return None
        return None
    if isinstance(target, ast.JoinedStr):  # grads[f"dW{k}"]
        parts = [str(p.value) if isinstance(p, ast.Constant) else str(_look_up(p.value, frame)) for p in target.values
                 if isinstance(p, ast.Constant | ast.FormattedValue)]  # fmt: skip
        return "".join(parts)
    return None


def _is_numbers(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.ndim <= 2 and value.dtype.kind in "fiub"
    return isinstance(value, float | np.floating)
