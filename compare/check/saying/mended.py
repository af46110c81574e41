"""How a line could read: the learner's own statement with one thing in it changed; "" where it is not that plain."""

import ast
import re
from collections.abc import Callable

Change = Callable[[ast.expr], ast.expr | None]


def with_name(source: str, old: str, new: str) -> str:
    """Another name, or expression, in the place of one."""
    if not old or not new or old == new:
        return ""
    changed = re.sub(rf"(?<![\w.]){re.escape(old)}(?![\w\[])", new.replace("\\", ""), source)
    return changed if changed != source else ""


def transposed(source: str, name: str) -> str:
    """The line with a name turned: `W.T` for `W`, or the other way round."""
    if not name:
        return ""
    return with_name(source, f"{name}.T", name) or with_name(source, name, f"{name}.T")


def with_other_sign(update: str) -> str:
    """An update that goes the other way: `W -= s` for `W += s`."""
    if len(re.findall(r" ([+-])=? ", update)) != 1:
        return ""
    return re.sub(r" ([+-])(=?) ", lambda sign: f" {'-' if sign[1] == '+' else '+'}{sign[2]} ", update)


def times(source: str, factor: str) -> str:
    """The line, with what it gives times something more."""
    return _assigned(source, lambda value: ast.BinOp(value, ast.Mult(), _read(factor))) if factor else ""


def divided(source: str, by: str) -> str:
    """The line, with what it gives divided by something."""
    return _assigned(source, lambda value: ast.BinOp(value, ast.Div(), _read(by)))


def undivided(source: str) -> str:
    """The line without the division by a name that comes last."""

    def change(value: ast.expr) -> ast.expr | None:
        plain = isinstance(value, ast.BinOp) and isinstance(value.op, ast.Div) and not isinstance(value.right, ast.Call)
        return value.left if plain and isinstance(value, ast.BinOp) else None

    return _assigned(source, change)


def without_factors(source: str, names: list[str]) -> str:
    """The line without the factors p and 1 - p, or 1 - p ** 2, of whatever is multiplied in it."""
    unwanted = {form.format(p=name).replace(" ", "") for name in names if name
                for form in ("{p}", "1-{p}", "1.0-{p}", "1-{p}**2", "1-{p}*{p}")}  # fmt: skip

    def change(value: ast.expr) -> ast.expr | None:
        kept, dropped = _without(value, unwanted)
        return kept if dropped else None

    return _assigned(source, change)


def summed_over(source: str, axis: int, keepdims: bool) -> str:
    """The line with the sum, or mean, in it taken over that axis."""

    def change(value: ast.expr) -> ast.expr | None:
        calls = [n for n in ast.walk(value) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)
                 and n.func.attr in ("sum", "mean")]  # fmt: skip
        if len(calls) != 1:
            return None
        call, method = calls[0], calls[0].func
        assert isinstance(method, ast.Attribute)
        of_numpy = isinstance(method.value, ast.Name) and method.value.id in ("np", "numpy")
        call.args = call.args[:1] if of_numpy else []
        call.keywords = [ast.keyword("axis", ast.Constant(axis))]
        if keepdims:
            call.keywords.append(ast.keyword("keepdims", ast.Constant(True)))
        return value

    return _assigned(source, change)


def _without(value: ast.expr, unwanted: set[str]) -> tuple[ast.expr, bool]:
    """A product or quotient without some of its factors, and whether there were any."""
    if not isinstance(value, ast.BinOp) or not isinstance(value.op, ast.Mult | ast.Div):
        return value, False
    if isinstance(value.op, ast.Mult):
        for this, other in ((value.right, value.left), (value.left, value.right)):
            if ast.unparse(this).replace(" ", "") in unwanted:
                return _without(other, unwanted)[0], True
    value.left, left = _without(value.left, unwanted)
    value.right, right = _without(value.right, unwanted) if isinstance(value.op, ast.Mult) else (value.right, False)
    return value, left or right


def _read(expression: str) -> ast.expr:
    return ast.parse(expression, mode="eval").body


def _assigned(source: str, change: Change) -> str:
    """An assignment with its value changed."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return ""
    statement = tree.body[0] if len(tree.body) == 1 else None
    if not isinstance(statement, ast.Assign | ast.AugAssign):
        return ""
    before = ast.unparse(statement)
    changed = change(statement.value)
    if changed is None:
        return ""
    statement.value = changed
    after = ast.unparse(statement)
    return after if after != before else ""
