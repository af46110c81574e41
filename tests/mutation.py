"""From source to mutants: the small changes that could be slips of the pen, read off the syntax tree.

None is listed by hand, so an operation that is added tomorrow has its mutants too. Changed is what functions compute:
not their annotations, docstrings and error messages, nor options that change no value (`UNTOUCHED`).
"""

import ast
import builtins
import functools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import CodeType
from typing import Any

HOUSE = Path(__file__).parents[1]

OPERATORS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult, ast.MatMult: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
COMPARISONS = {
    ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.LtE), ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.GtE),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
PARTNERS = {
    "sin": "cos", "cos": "sin", "maximum": "minimum", "max": "min", "sum": "mean", "mean": "sum", "ones": "zeros",
    "zeros": "ones", "ones_like": "zeros_like",
}  # fmt: skip
UNTOUCHED = {"strict", "optimize"}  # keywords that say how, or how carefully, and not what
TRANSPOSES = {"T", "mT"}
ROOTS = {"np", "self", "tensor"}  # what they have are functions of their arguments


@dataclass(frozen=True)
class Scope:
    """Where a node stands."""

    function: ast.AST | None = None  # the outermost function, None at the level of the module or a class
    name: str = ""  # that of the function, of a class with a dot
    nested: ast.AST | None = None  # the innermost function in it, if there is one
    vjp: ast.AST | None = None  # the vector-Jacobian product: the function of g
    shown: ast.AST | None = None  # the smallest lambda or statement around
    variables: tuple[str, ...] = ()  # of the function, in the order in which they are bound
    words: tuple[str, ...] = ()  # the keys, as in d["W1"], that the function uses
    attributes: tuple[str, ...] = ()  # those of self in the file


@dataclass(frozen=True)
class Mutant:
    """One change to one file: in `parent`, `old` gives way to `new`."""

    file: str
    tree: ast.Module = field(repr=False)
    scope: Scope = field(repr=False)
    parent: ast.AST = field(repr=False)
    place: tuple[str, int | None] = field(repr=False)
    old: ast.AST = field(repr=False)
    new: ast.AST = field(repr=False)
    change: str = ""

    @contextmanager
    def planted(self) -> Iterator[None]:
        """Within it, the tree has the change."""
        put(self.parent, self.place, self.new)
        try:
            yield
        finally:
            put(self.parent, self.place, self.old)

    def code(self) -> CodeType:
        """The changed module, compiled."""
        with self.planted():
            return compile(self.tree, str(HOUSE / self.file), "exec")

    def defaults(self, code: CodeType) -> dict[str, Any]:
        """The attributes that hold a function's defaults, where the change is in those and the code is of it."""
        function = self.scope.nested or self.scope.function
        arguments, first = function.args, min(n.lineno for n in [function, *getattr(function, "decorator_list", [])])
        names = tuple(a.arg for a in arguments.posonlyargs + arguments.args + arguments.kwonlyargs)
        here = code.co_firstlineno, code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        if here != (first, names) or not any(node is self.old for node in ast.walk(arguments)):
            return {}
        with self.planted():
            by_keyword = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
            return {
                "__defaults__": tuple(map(ast.literal_eval, arguments.defaults)),
                "__kwdefaults__": {a.arg: ast.literal_eval(default) for a, default in by_keyword if default},
            }

    def __str__(self) -> str:
        return f"{self.file}:{self.old.lineno} {self.scope.name}: {self.change}"


def put(parent: ast.AST, place: tuple[str, int | None], node: ast.AST) -> None:
    name, index = place
    if index is None:
        setattr(parent, name, node)
    else:
        getattr(parent, name)[index] = node


def mutants(file: str) -> list[Mutant]:
    """All of a file, each once, from top to bottom."""
    tree = ast.parse((HOUSE / file).read_text())
    attributes = ordered(n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute) and is_name(n.value, "self"))
    found: dict[tuple[ast.AST, str], Mutant] = {}
    for scope, parent, place, old in places(tree, Scope(attributes=attributes)):
        if scope.nested is None and scope.name in run_on_loading(tree):
            continue
        small = isinstance(old, ast.Name | ast.Constant | ast.Attribute) and not isinstance(parent, ast.arguments)
        counted = isinstance(old, ast.Call) and is_name(old.func, "len")
        around = parent if small or counted else old  # enough to recognise it by
        before = text(scope.shown), text(around)
        for new in changes(old, scope):
            ast.fix_missing_locations(ast.copy_location(new, old))
            mutant = Mutant(file, tree, scope, parent, place, old, new)
            with mutant.planted():
                after = text(new if scope.shown is old else scope.shown), text(new if around is old else around)
            if after[0] != before[0]:
                found.setdefault((scope.shown, after[0]), replace(mutant, change=f"{before[1]} -> {after[1]}"))
    return list(found.values())


def places(parent: ast.AST, scope: Scope) -> Iterator[tuple[Scope, ast.AST, tuple[str, int | None], ast.AST]]:
    """Every node that may be changed, with its scope, its parent and its place there."""
    for name, value in ast.iter_fields(parent):
        for index, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(node, ast.AST) or left_alone(name, node):
                continue
            inner = entered(parent, node, scope)
            if inner.function is not None and not (makes_functions(inner.function) and inner.nested is None):
                yield inner, parent, (name, index), node
            yield from places(node, inner)


def left_alone(name: str, node: ast.AST) -> bool:
    """What stands there for a reader or a type checker, or as a message."""
    return (
        name in ("decorator_list", "returns", "annotation", "msg")
        or isinstance(node, ast.Raise | ast.JoinedStr)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        or (isinstance(node, ast.keyword) and node.arg in UNTOUCHED)
    )


def makes_functions(function: ast.AST) -> bool:
    """Whether it returns a function of its own, as a decorator does: its body has run before a test could notice."""
    body = function.body if is_def(function) else []
    inner = {statement.name for statement in body if is_def(statement)}
    return any(isinstance(s, ast.Return) and is_name(s.value) and s.value.id in inner for s in body)


@functools.cache
def run_on_loading(node: ast.AST) -> set[str]:
    """The functions that a module calls while it is loaded, before a mutant can be planted in them."""
    if isinstance(node, ast.FunctionDef | ast.Lambda):
        return set()
    called = {node.func.id} if isinstance(node, ast.Call) and is_name(node.func) else set()
    return called.union(*map(run_on_loading, ast.iter_child_nodes(node)))


def entered(parent: ast.AST, node: ast.AST, scope: Scope) -> Scope:
    """The scope of `node`, given that of its parent."""
    if isinstance(node, ast.ClassDef):
        return replace(scope, name=f"{node.name}.")
    if isinstance(node, ast.FunctionDef | ast.Lambda):
        if scope.function is None:
            bound = [n for n in ast.walk(node) if isinstance(n, ast.arg) or is_name(n, context=ast.Store)]
            bound.sort(key=lambda n: (n.lineno, n.col_offset))
            keys = [n.slice for n in ast.walk(node) if isinstance(n, ast.Subscript) and is_word(n.slice)]
            names = ordered(getattr(n, "arg", None) or n.id for n in bound)
            scope = replace(
                scope, function=node, name=scope.name + named(parent, node), words=ordered(k.value for k in keys),
                variables=tuple(name for name in names if name not in ("self", "g")),
            )  # fmt: skip
        else:
            scope = replace(scope, nested=node)
        arguments = node.args.posonlyargs + node.args.args
        if arguments and arguments[0].arg == "g":
            scope = replace(scope, vjp=node)
    return replace(scope, shown=node) if isinstance(node, ast.stmt | ast.Lambda) else scope


def named(parent: ast.AST, node: ast.AST) -> str:
    """The name of a function, or of the operation that is made of a lambda."""
    words = [a.value for a in getattr(parent, "args", []) if is_word(a)] if isinstance(parent, ast.Call) else []
    return getattr(node, "name", None) or (words or ["lambda"])[0]


def changes(node: ast.AST, scope: Scope) -> Iterator[ast.AST]:
    """The slips that can happen at one node."""
    match node:
        case ast.Lambda(body=body) if node is scope.vjp:
            g = ast.Name("g", ast.Load())
            yield ast.Lambda(node.args, ast.UnaryOp(ast.USub(), g) if is_name(body, "g") else g)
        case ast.FunctionDef() if node is scope.vjp:
            yield ast.FunctionDef(node.name, node.args, [ast.Return(ast.Name("g", ast.Load()))], [])
        case ast.BinOp(left, op, right):
            yield ast.BinOp(left, OPERATORS[type(op)](), right)
            yield from (left, right)
        case ast.BoolOp(op, values):
            yield ast.BoolOp(OPERATORS[type(op)](), values)
            yield from values
        case ast.UnaryOp(ast.USub() | ast.Not(), operand):
            yield operand
        case ast.Compare(left, operators, right):
            for k, op in enumerate(operators):
                for other in COMPARISONS[type(op)]:
                    yield ast.Compare(left, [*operators[:k], other(), *operators[k + 1 :]], right)
        case ast.IfExp(test, body, orelse):
            yield ast.IfExp(test, orelse, body)
        case ast.If(test, body, orelse) if not isinstance(test, ast.Compare | ast.UnaryOp):
            yield ast.If(ast.UnaryOp(ast.Not(), test), body, orelse)
        case ast.AugAssign(target, op, value):
            yield ast.AugAssign(target, OPERATORS[type(op)](), value)
            yield ast.Assign([target], value)
            yield ast.Pass()
        case ast.Assign([ast.Subscript() | ast.Attribute()]) | ast.Expr(ast.Call()):
            if not any(is_name(n, "super") for n in ast.walk(node)):  # without it the code would not fit its function
                yield ast.Pass()
        case ast.Constant(value):
            yield from map(ast.Constant, other_constants(value, scope))
        case ast.Call():
            yield from other_calls(node, scope)
        case ast.Attribute(value, name, ast.Load()):
            if name in TRANSPOSES:
                yield value
            if is_name(value, "self"):
                yield from (ast.Attribute(value, other, ast.Load()) for other in alike(name, scope.attributes))
        case ast.Name(name, ast.Load()) if name in scope.variables:
            yield from (ast.Name(other, ast.Load()) for other in alike(name, scope.variables))


def other_constants(value: Any, scope: Scope) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, value - 1] if value == 1 else [value + 1]
    return alike(value, scope.words) if isinstance(value, str) else []


def other_calls(call: ast.Call, scope: Scope) -> Iterator[ast.AST]:
    """With another function, without the call, without one of its keywords, with its last two arguments exchanged."""
    function, arguments, keywords = call.func, call.args, call.keywords
    if isinstance(function, ast.Attribute) and function.attr in PARTNERS:
        yield ast.Call(ast.Attribute(function.value, PARTNERS[function.attr], ast.Load()), arguments, keywords)
    if isinstance(function, ast.Attribute) and function.attr == "where":
        yield ast.Call(function, [arguments[0], arguments[2], arguments[1]], keywords)
    if is_name(function, "len"):
        yield ast.BinOp(call, ast.Sub(), ast.Constant(1))
    if not (isinstance(scope.shown, ast.Expr) and scope.shown.value is call):
        yield from bare(function, arguments)
    for k, keyword in enumerate(keywords):
        if keyword.arg not in UNTOUCHED:
            yield ast.Call(function, arguments, [*keywords[:k], *keywords[k + 1 :]])


def bare(function: ast.AST, arguments: list[ast.AST]) -> list[ast.AST]:
    """What a call is made on: z in z.copy(), np.exp(z) and relu(z). A built-in function, as in len(z), stays."""
    if isinstance(function, ast.Attribute) and not any(is_name(function.value, root) for root in ROOTS):
        return [function.value]
    if is_name(function) and function.id in dir(builtins):
        return []
    return [argument for argument in arguments[:1] if not isinstance(argument, ast.Starred)]


def alike(name: str, others: tuple[str, ...]) -> list[str]:
    """The first that differs from `name` in one letter, if there is one: b for a, dW2 for dW3."""
    return [o for o in others if len(o) == len(name) and sum(a != b for a, b in zip(o, name, strict=True)) == 1][:1]


def is_name(node: ast.AST, name: str | None = None, context: type = ast.expr_context) -> bool:
    return isinstance(node, ast.Name) and name in (None, node.id) and isinstance(node.ctx, context)


def is_def(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef)


def is_word(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def ordered(names: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def text(node: ast.AST) -> str:
    """A lambda or simple statement, or the head of a compound one, in a line."""
    lines = ast.unparse(node).splitlines()
    return lines[0] if hasattr(node, "body") and isinstance(node, ast.stmt) else " ".join(map(str.strip, lines))
