"""What a program has beside the step that was judged: other functions that change its parameters."""

import ast
import linecache
from collections.abc import Iterable, Iterator

from compare.check.recording.graph import Node
from compare.check.saying.source import short, statements
from compare.check.steps.parameters import update_forms
from compare.check.understanding.step import Step


def other_functions(nodes: Iterable[Node], names: list[str], file: str) -> list[str]:
    """A note for each function of a file that changes attributes of these names, and made none of the nodes."""
    ran = set[str]()
    for node in nodes:
        place = node.place
        while place is not None:
            ran.add(place.function)
            place = place.caller
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError):
        return []
    judged, notes = {name.partition("[")[0] for name in names if "." in name}, []
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and function.name not in ran:
            changed = sorted(judged.intersection(_changed(function)))
            if changed:
                notes.append(
                    f"{function.name}, in line {function.lineno}, changes {', '.join(changed)}, too, and had no part "
                    f"in the step that was judged: {short(file)}:{function.name} judges it."
                )
    return notes


def left_out(step: Step, ends: Iterable[Node]) -> dict[str, bool]:
    """A note for what outputs are made of and the step changes, though by nothing that follows from parameters.

    With it, whether that is more than one number.
    """
    used, waiting = set[Node](), list(ends)
    while waiting:
        node = waiting.pop()
        if node not in used:
            used.add(node)
            waiting += node.parents if node in step.window else ()
    names = dict[str, bool]()
    for node in step.nodes:
        statement = statements(node.place.file).get(node.place.line) if node.place is not None else None
        if statement is not None and node not in step.moving and any(b in used for b, _, _ in update_forms(node)):
            names |= dict.fromkeys(_changed(statement), node.value.size > 1)
    words = "is changed, too, by something that does not depend on it: whether that is its gradient was not judged."
    return {f"{name} {words}": wide for name, wide in names.items()}


def _changed(part: ast.stmt) -> Iterator[str]:
    """What is made of itself and something more or less: `a -= b`, `a = a - b`."""
    for node in ast.walk(part):
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
            yield ast.unparse(node.target).partition("[")[0]
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp) and len(node.targets) == 1:
            before = ast.unparse(node.targets[0])
            if isinstance(node.value.op, ast.Add | ast.Sub) and ast.unparse(node.value.left) == before:
                yield before.partition("[")[0]
