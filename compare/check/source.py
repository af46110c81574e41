"""The learner's own lines: what stands there, and which of them made a wrong number."""

import ast
import linecache
from functools import cache

from compare.check.recorder import Simple, source_text, statements_by_line, targets


class Sources:
    """The files that a learner's code lies in, read once each."""

    def text(self, file: str, line: int) -> str:
        """The statement that the line belongs to, on one line."""
        statements = _statements(file).get(line)
        if not statements:
            return linecache.getline(file, line).strip()
        lines = source_text(file).splitlines()[statements[0].lineno - 1 : statements[-1].end_lineno]
        return " ".join(part.strip() for part in lines)

    def has_product(self, file: str, line: int) -> bool:
        """Whether the statement there multiplies matrices."""
        return any(
            isinstance(node, ast.MatMult)
            or (isinstance(node, ast.Attribute) and node.attr in ("dot", "matmul", "einsum"))
            for statement in _statements(file).get(line, [])
            for node in ast.walk(statement)
        )

    def targets(self, file: str, line: int) -> list[str]:
        """What the statement there assigns to, as it is spelled."""
        return [ast.unparse(target) for statement in _statements(file).get(line, []) for target in targets(statement)]


@cache
def _statements(file: str) -> dict[int, list[Simple]]:
    return statements_by_line(source_text(file))
