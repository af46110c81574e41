"""How a program's own text calls what it defines: in statements that are not run, in docstrings, in comments."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator

from compare.check.running.definitions import is_harmless
from compare.check.running.program import Program


class Examples:
    """The calls of a program's own names, by name, in the order of its text."""

    def __init__(self, program: Program) -> None:
        self.own = frozenset(n.name for n in ast.walk(program.tree) if isinstance(n, ast.ClassDef | ast.FunctionDef))
        classes = frozenset(n.name for n in ast.walk(program.tree) if isinstance(n, ast.ClassDef))
        imports = [n for n in ast.walk(program.tree) if isinstance(n, ast.ImportFrom)]
        classes |= {alias.asname or alias.name for n in imports for alias in n.names}  # perhaps of a file beside it
        trees = [program.tree, *_quoted(program)]
        self.text = program.text
        self.calls: dict[str, list[ast.Call]] = {}
        self.lists: list[ast.List] = []  # of own objects: [Dense(2, 3), Tanh(), ...]
        self.constants = {
            n.value for n in ast.walk(program.tree) if isinstance(n, ast.Constant) and type(n.value) is int
        }
        for node in (node for tree in trees for node in ast.walk(tree)):
            if isinstance(node, ast.List) and node.elts and all(_makes(e, classes) for e in node.elts):
                self.lists.append(node)
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if name in self.own | classes:
                    self.calls.setdefault(name, []).append(node)
        self.constructors = classes

    def arguments(self, name: str, names: list[str], call: int = 0) -> dict[str, ast.expr]:
        """What is passed in a call of `name`, by the names of its arguments, where it can be known without running."""
        calls = self.calls.get(name, [])
        if not 0 <= call < len(calls):
            return {}
        given = dict(zip(names, calls[call].args, strict=False))
        given |= {keyword.arg: keyword.value for keyword in calls[call].keywords if keyword.arg}
        return {n: value for n, value in given.items() if is_harmless(value, self.constructors)}


def _makes(value: ast.expr, classes: frozenset[str]) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in classes


def _quoted(program: Program) -> Iterator[ast.Module]:
    """The lines of docstrings and comments that are Python."""
    texts = [n.value for n in ast.walk(program.tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(program.text).readline))
        texts += [token.string for token in tokens if token.type == tokenize.COMMENT]
    except (tokenize.TokenError, SyntaxError):
        pass
    for line in "\n".join(texts).splitlines():
        if "(" in line:
            try:
                yield ast.parse(re.sub(r"^[\s#>.]+", "", line))
            except (SyntaxError, ValueError):
                continue
