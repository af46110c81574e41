"""Lines of source, counted in the source: those of a network that serve a purpose, and those that run behind them."""

import ast
import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any

PARTS = ("initial weights", "backward pass", "update")
#: A line: its file and number.
Line = tuple[str, int]


@functools.cache
def tree(path: str) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(Path(path).read_text())


def lines_of(path: str, nodes: Sequence[ast.stmt | ast.expr]) -> set[Line]:
    """The lines of these statements that hold code: no blank ones, no comments, no docstrings."""
    text = Path(path).read_text().splitlines()
    docstrings = {n for node in nodes for inner in ast.walk(node) for n in _docstring(inner)}
    numbers = {n for node in nodes for n in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
    return {(path, n) for n in numbers - docstrings if text[n - 1].strip() and text[n - 1].strip()[0] != "#"}


def _docstring(node: ast.AST) -> range:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return range(node.lineno, (node.end_lineno or node.lineno) + 1)
    return range(0)


def in_network(network: ModuleType) -> dict[str, set[Line]]:
    """The lines of a network.py that a training needs for each part, read from its class.

    Initial weights: what __init__ makes of `parameters`, and the functions that it calls for that. Backward pass: the
    method of that name if there is one, and the statements that call anything of that name. Update: `-=` on a weight,
    and whatever makes or uses the optimizer. Methods that no training step reaches do not count.
    """
    path = str(network.__file__)
    functions = {node.name: node for node in tree(path).body if isinstance(node, ast.FunctionDef)}
    the_class = next(node for node in tree(path).body if isinstance(node, ast.ClassDef))
    methods = {node.name: node for node in the_class.body if isinstance(node, ast.FunctionDef)}
    found: dict[str, set[Line]] = {part: set() for part in PARTS}
    for statement in methods["__init__"].body:
        names = _names(statement)
        if any(isinstance(n, ast.Name) and n.id == "parameters" for n in ast.walk(statement)):
            called = [s for name in names & functions.keys() for s in functions[name].body]
            found["initial weights"] |= lines_of(path, [statement, *called])
        elif "activation" not in names:  # the optimizer, and what is made for it alone
            found["update"] |= lines_of(path, [statement])
    for method in _reached(methods, "step"):
        for statement in methods[method].body:
            names = _names(statement)
            if method == "backward" or "backward" in names:
                found["backward pass"] |= lines_of(path, [statement])
            elif "optimizer" in names or isinstance(statement, ast.AugAssign):
                found["update"] |= lines_of(path, [statement])
    return found


def _names(node: ast.AST) -> set[str]:
    """Every variable and attribute in a statement."""
    return {
        n.id if isinstance(n, ast.Name) else n.attr for n in ast.walk(node) if isinstance(n, ast.Name | ast.Attribute)
    }


def _reached(methods: dict[str, ast.FunctionDef], first: str) -> list[str]:
    """The method, and those that it calls, and so on."""
    reached = [first]
    for method in reached:
        reached += sorted((_names(methods[method]) & methods.keys()) - set(reached))
    return reached


def behind(run: Callable[[], Any], network: ModuleType, library: Path) -> dict[str, dict[str, set[Line]]]:
    """The functions of `library` that run when `run` does, by the part of network.py that they run for, with lines.

    Every call of a Python function is seen as it happens; what a library has compiled (PyTorch's C++) is not.
    """
    path, parts = str(network.__file__), in_network(network)
    seen: dict[str, set[CodeType]] = {part: set() for part in PARTS}

    def note(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event != "call" or code.co_filename == path or not Path(code.co_filename).is_relative_to(library):
            return
        for caller in _callers(frame):
            if caller.f_code.co_filename == path:
                for part, lines in parts.items():
                    if (path, caller.f_lineno) in lines:
                        seen[part].add(code)
                return

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(before)
    return {part: _by_function(codes, library) for part, codes in seen.items()}


def _callers(frame: FrameType) -> Iterator[FrameType]:
    while frame.f_back:
        frame = frame.f_back
        yield frame


def _by_function(codes: set[CodeType], library: Path) -> dict[str, set[Line]]:
    found: dict[str, set[Line]] = {}
    for code in codes:
        file = Path(code.co_filename).relative_to(library.parent).with_suffix("")
        module = ".".join(part for part in file.parts if part != "__init__")
        name = f"{module}.{code.co_qualname.replace('.<locals>', '')}"
        found[name] = found.get(name, set()) | _body(code)
    return found


def _body(code: CodeType) -> set[Line]:
    """The lines of a function's body; a lambda's are where it stands."""
    for node in ast.walk(tree(code.co_filename)):
        if isinstance(node, ast.FunctionDef):
            first = node.decorator_list[0].lineno if node.decorator_list else node.lineno
            if first == code.co_firstlineno and node.name == code.co_name:
                return lines_of(code.co_filename, node.body)
        elif isinstance(node, ast.Lambda) and node.lineno == code.co_firstlineno and code.co_name == "<lambda>":
            return lines_of(code.co_filename, [node])
    return set()
