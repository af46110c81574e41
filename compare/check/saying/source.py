"""The learner's lines, and what they call things."""

import ast
import linecache
import re
from functools import cache
from pathlib import Path

from compare.check.recording.graph import Node, Place


@cache
def statements(file: str) -> dict[int, ast.stmt]:
    """The innermost simple statement on each line of a file."""
    found: dict[int, ast.stmt] = {}
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError):
        return found
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                found[line] = node
    return found


def text(place: Place) -> str:
    """The line itself."""
    return linecache.getline(place.file, place.line).strip()


def target(place: Place | None) -> str:
    """What a line gives a value to, as it stands there: `self.W1` of `self.W1 -= lr * dW1`; "" where there is none."""
    statement = statements(place.file).get(place.line) if place is not None else None
    if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Lambda):
        return ""  # what a function gives has the name that its caller gives it
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        return ast.unparse(statement.targets[0])
    if isinstance(statement, ast.AugAssign | ast.AnnAssign):
        return ast.unparse(statement.target)
    return ""


def name_of(node: Node, nodes: list[Node]) -> str:
    """What the learner calls a value: the target of its line, if it is what the line gives; "" where it has none."""
    name, place = target(node.place), node.place
    later = [n for n in nodes if n.number > node.number and n.place == node.place and node in n.parents]
    if not name and place is not None and place.caller is not None:  # the last thing that a helper makes, it returns
        name = target(place.caller)
        later = [n for n in nodes if n.number > node.number and n.place and n.place.caller == place.caller]
    return name if name and not later and "," not in name else ""


def added(place: Place | None) -> str:
    """The name of what a line adds to something else; "" where there is none, or more than one."""
    statement = statements(place.file).get(place.line) if place is not None else None
    found = list(ast.walk(statement)) if statement is not None else []
    terms = [x for n in found if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Add) for x in (n.left, n.right)]
    named = {ast.unparse(x) for x in terms if isinstance(x, ast.Name | ast.Attribute | ast.Subscript)}
    return named.pop() if len(named) == 1 else ""


def parameter_names(updates: list[Node], shapes: list[tuple[int, ...]]) -> list[str]:
    """A name for each parameter, from the lines that update them; those that share a line are counted."""
    names = [target(node.place) or "parameter" for node in updates]
    names = [name if "," not in name else "parameter" for name in names]
    return [
        f"{name} {'x'.join(map(str, shape)) or 'number'}" if names.count(name) > 1 else name
        for name, shape in zip(names, shapes, strict=True)
    ]


def second_name(place: Place, name: str) -> str:
    """A name on a line that another line gives to the very array called `name`, as in `old = W`; "" where none does."""
    here, line = statements(place.file), statements(place.file).get(place.line)
    given = {ast.unparse(s.targets[0]) for s in here.values()
             if isinstance(s, ast.Assign) and ast.unparse(s.value) == name}  # fmt: skip
    used = (
        set() if line is None else {ast.unparse(n) for n in ast.walk(line) if isinstance(n, ast.Name | ast.Attribute)}
    )
    return next(iter(sorted(given & used)), "") if name not in used else ""


def divided_by(place: Place) -> str:
    """The name that a line divides by, if it divides by one; "" where it is not that plain."""
    statement = statements(place.file).get(place.line)
    nodes = [] if statement is None else [n for n in ast.walk(statement) if isinstance(n, ast.BinOp)]
    names = {ast.unparse(n.right) for n in nodes if isinstance(n.op, ast.Div)}
    name = names.pop() if len(names) == 1 else ""
    return name if re.fullmatch(r"[A-Za-z_][\w.]*(\[\d\])?", name) else ""


def added_up(place: Place) -> str:
    """A line that adds where it replaced, if what it gives a value to was made of zeros above; "" where it was not."""
    lines, here = statements(place.file), statements(place.file).get(place.line)
    if not isinstance(here, ast.Assign):
        return ""
    name = target(place).partition("[")[0]
    above = [s for line, s in lines.items() if line < place.line and isinstance(s, ast.Assign)]
    zeros = [s for s in above if "zeros" in ast.unparse(s.value) or ast.unparse(s.value) in ("0", "0.0")]
    begun = any(ast.unparse(t).partition("[")[0] == name for s in zeros for t in s.targets)
    return text(place).replace(" = ", " += ", 1) if begun else ""


def divisor(place: Place) -> tuple[str, int] | None:
    """The name that a line divides by, or by one over it multiplies with, and the line above that counts it."""
    statement = statements(place.file).get(place.line)
    if statement is None:
        return None
    for node in ast.walk(statement):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and isinstance(node.right, ast.Name):
            lines = [
                line for line, other in statements(place.file).items()
                if line < place.line and isinstance(other, ast.Assign)
                and ast.unparse(other.targets[0]) == node.right.id
                and (".shape" in ast.unparse(other.value) or "len(" in ast.unparse(other.value))
            ]  # fmt: skip
            if lines:
                return node.right.id, max(lines)
    return None


def list_around(place: Place) -> int | None:
    """The head of the loop over listed names in which a line stands."""
    try:
        tree = ast.parse("".join(linecache.getlines(place.file)))
    except (SyntaxError, ValueError):
        return None
    heads = [
        node.lineno for node in ast.walk(tree)
        if isinstance(node, ast.For) and isinstance(node.iter, ast.Tuple | ast.List)
        and node.lineno < place.line <= (node.end_lineno or 0)
    ]  # fmt: skip
    return max(heads, default=None)


def short(file: str) -> str:
    """A file's name."""
    return Path(file).name
