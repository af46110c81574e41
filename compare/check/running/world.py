"""One trial of calling what a learner's program defines: the data it is given, and what it has returned so far."""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from compare.check.recording.session import session
from compare.check.running.examples import Examples
from compare.check.running.roles import normal, of_parameter, roles
from compare.check.running.starting import how_many, made_up

MISSING: Any = object()
ROWS = (37, 41, 43, 29)
#: How inputs and labels lie, from (m, width); the last two make lists of pairs.
LAYOUTS: dict[str, Callable[[np.ndarray], Any]] = {
    "rows": lambda a: a,
    "columns": lambda a: np.ascontiguousarray(a.T),
    "columns one by one": lambda a: a.reshape(*a.shape, 1) if a.ndim > 1 else a,
    "one column": lambda a: a[:1].T.copy() if a.ndim > 1 else a[0],
    "one vector": lambda a: a[0],
    "rows one by one": lambda a: a[:, None] if a.ndim > 1 else a,
    "pairs of columns": lambda a: list(a.reshape(*a.shape, 1)) if a.ndim > 1 else list(a),
    "pairs of vectors": lambda a: list(a),
}
SIMPLE = {
    "lr": 0.1, "epochs": 20, "batch_size": 8, "verbose": False, "zero": 0.0, "one": 1.0, "momentum": 0.9,
    "scale": 0.1, "seed": 0, "times": 1,
}  # fmt: skip
DATA = {"x", "y", "pairs"}
GIVEN = {"params", "output", "cache", "grads"}  # each to one argument of a call
WIDTHS = {"n_in", "n_hidden", "n_out", "sizes", "hidden_sizes"}


class Unbindable(Exception):
    """Nobody knows what to pass for an argument. for_good: whatever the layout of the data."""

    def __init__(self, message: str, for_good: bool = True) -> None:
        super().__init__(message)
        self.for_good = for_good


@dataclass(frozen=True)
class Setting:
    """How the data of a trial are laid out: a key of LAYOUTS, "one-hot" or "numbers", and the widths to try first."""

    layout: str
    labels: str
    widths: tuple[int, int, int]

    @property
    def words(self) -> str:
        """For the one who reads the verdict."""
        return f"{self.layout}, labels as {self.labels.replace('numbers', 'class numbers')}"


class World:
    """namespace: the program's; returned: the results of calls, by name and by role; calls: how many succeeded."""

    def __init__(
        self, namespace: dict[str, Any], own: Callable[[Any], bool], setting: Setting, examples: Examples
    ) -> None:
        self.namespace, self.own, self.setting, self.examples = namespace, own, setting, examples
        self.n_in, self.n_hidden, self.n_out = setting.widths
        self.returned: dict[str, Any] = {}
        self.names: dict[str, list[str]] = {}  # of what each function returns
        self.unnamed: list[tuple[list[str], int, Any]] = []  # what has no name: the names, where it lacks there, itself
        self.calls, self.updated = 0, False
        self.object: Any = None
        self.layers: list[Any] | None = None
        self.helpers: dict[str, Any] = {}  # optimizers and the like, by their class
        self._tuple: list[str] = []  # what the parameters in a tuple are called, once they are made
        self._used = set[str]()
        self._random = np.random.default_rng(0)
        self.renew()

    def renew(self) -> None:
        """Another batch of data."""
        self._given: dict[str, Any] = {}
        self._left: list[Any] = []  # what forward returned to hand on
        m = next(m for m in ROWS if m not in (self.n_in, self.n_hidden, self.n_out))
        self.x = self._random.random((m, self.n_in))
        self.numbers = self._random.permutation(np.arange(m) % max(self.n_out, 2))
        self.one_hot = np.eye(self.n_out)[self.numbers] if self.n_out > 1 else self.numbers[:, None] * 1.0

    def call(self, function: Callable[..., Any], role: str = "") -> Any:
        """Call it with what its arguments ask for, and remember what it returns."""
        result = function(**self.bound(function, making=role == "init"))
        self.calls += 1
        self._remember(function, role, result)
        return result

    @property
    def source(self) -> Any:
        """Where the parameters are: a tuple of them with the names that its maker gives them."""
        held = next((held for held in (self.object, self.layers) if held is not None), self.returned.get("<params>"))
        if isinstance(held, tuple) and len(held) == len(set(self._tuple)):
            return dict(zip(self._tuple, held, strict=True))
        return held

    def make_up(self, kind: type | None, names: list[str]) -> None:
        """Random parameters of those names, in a dict or a list, or each for an argument of its own."""
        count = how_many(names)
        lists = [v for name, v in self.namespace.items() if "sizes" in roles(name) and isinstance(v, list | tuple)]
        sizes = next(
            (list(v) for v in lists if len(v) == count + 1 and all(type(n) is int for n in v)),
            [self.n_in, *[self.n_hidden] * (count - 1), self.n_out],
        )
        made = made_up(names, sizes, "column" in self.setting.layout, self._random)
        if kind is not dict:
            self.returned |= {normal(name): value for name, value in made.items()}
            self.returned["<names>"] = names
        self.returned["<params>"] = made if kind is dict else kind(made.values()) if kind else tuple(made.values())

    @property
    def x_now(self) -> Any:
        """The inputs of this step."""
        return self._data("x")

    @property
    def y_now(self) -> Any:
        """The labels of this step."""
        return self._data("y")

    def fill(self) -> None:
        """Give the program's functions the data under the names that statements which are not run would have set."""
        for name in self.namespace["<skipped>"]:
            asked = inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD)
            given = set(roles(name)[:1]) & {*DATA, *SIMPLE, *WIDTHS, "m"}  # and no results: those are computed
            if given and (value := self._value(asked, None)) is not MISSING:
                self.namespace[name] = value

    def bound(self, function: Callable[..., Any], call: int = 0, making: bool = False) -> dict[str, Any]:
        """What to pass; as in that call of it, if the program shows one. Raises Unbindable.

        making: whether it makes parameters, so that `inputs` is their number, unless it is given labels as well.
        """
        try:
            parameters = list(inspect.signature(function).parameters.values())
        except (TypeError, ValueError):
            raise Unbindable(f"what {function} asks for cannot be told") from None
        name = getattr(function, "__name__", "")
        shown = self.examples.arguments(name, [p.name for p in parameters], call)
        passed: dict[str, Any] = {}
        self._used = set()
        making = (making or isinstance(function, type)) and not any("y" in roles(p.name) for p in parameters)
        for p in parameters:
            if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
                continue
            value = self._value(p, shown.get(p.name), not making)
            if value is not MISSING:
                passed[p.name] = value
            elif p.default is p.empty:
                raise Unbindable(f"`{p.name}` of {name} is not known by its name", not DATA & set(roles(p.name)))
        return passed

    def _value(self, p: inspect.Parameter, shown: ast.expr | None, data: bool = True) -> Any:
        """By its name the data, then what was returned before, what an example shows, and what the name means."""
        meant, optional = roles(p.name), p.default is not p.empty
        for role in DATA & set(meant) if data and (not optional or p.default is None) else ():
            if (value := self._data(role)) is not MISSING:
                return MISSING if optional and re.search("val|test|dev", p.name.lower()) else value
        if normal(p.name) in self.returned:
            value = self.returned[normal(p.name)]
            self._used |= {role for role in GIVEN if self.returned.get(f"<{role}>") is value}
            return value
        if shown is not None and not set(meant) & {"epochs", "batch_size", "verbose"}:
            try:
                value = eval(compile(ast.Expression(shown), "<example>", "eval"), self.namespace)
                self.note_widths(meant, value)
                if "layers" in meant and self.source is None and not isinstance(value, int | str):
                    self.returned |= {normal(p.name): value, "<params>": value}  # the same one in the next step
                    self.read_widths()
                return value
            except Exception:  # an example that needs what is not there
                pass
        if self.object is not None and p.name in vars(self.object):
            return vars(self.object)[p.name]
        for role in meant:
            if optional and role not in ("epochs", "batch_size", "verbose"):
                if role in WIDTHS:
                    self.note_widths([role], p.default)
                continue
            if role == "params" and len(p.name) == 1 and isinstance(self.returned.get("<params>"), tuple):
                continue  # each of them goes to an argument of its own
            if role not in self._used and (value := self._meant(role, data)) is not MISSING:
                self._used |= {role} & GIVEN
                self.unnamed = [u for u in self.unnamed if u[2] is not value]  # not to another argument as well
                return value
        if optional or not self.unnamed:
            return self._left.pop(0) if self._left and not optional and not meant else MISSING
        names, k, value = self.unnamed.pop(0)  # from now on it has a name
        names[k] = p.name
        self.returned[normal(p.name)] = value
        return value

    def note_widths(self, meant: list[str], value: Any) -> None:
        """What an example, or a default, says about the widths."""
        for role in meant:
            if role in ("n_in", "n_hidden", "n_out") and type(value) is int and role != "n_hidden":
                setattr(self, role, value)
                return
            if role == "sizes" and isinstance(value, list | tuple) and all(isinstance(v, int) for v in value) and value:
                self.n_in, self.n_out = value[0], value[-1]
                return

    def _data(self, role: str) -> Any:
        """The same arrays all through a step, recorded as those that a program makes itself."""
        if role not in self._given:
            self._given[role] = self._laid_out(role)
        return self._given[role]

    def _laid_out(self, role: str) -> Any:
        in_pairs = self.setting.layout.startswith("pairs")
        if in_pairs != (role == "pairs"):
            return MISSING
        form = LAYOUTS[self.setting.layout]
        labels = self.numbers if self.setting.labels == "numbers" else self.one_hot
        if in_pairs:
            return [(session.leaf(x), session.leaf(y)) for x, y in zip(form(self.x), form(labels), strict=True)]
        if role == "y" and self.setting.labels == "one-hot in columns":
            return session.leaf(self.one_hot.T.copy())
        return session.leaf(form(self.x if role == "x" else labels))

    def _meant(self, role: str, data: bool) -> Any:
        if role in SIMPLE:
            return SIMPLE[role]
        if role in ("n_in", "n_hidden", "n_out"):
            return getattr(self, role)
        if role == "sizes":
            return [self.n_in, self.n_hidden, self.n_out]
        if role == "hidden_sizes":
            return [self.n_hidden]
        if role == "m":
            return len(self.x)
        if role == "layers":
            return next((held for held in (self.object, self.layers) if held is not None), MISSING)
        if role == "output":
            return self.returned.get("<output>", self._data("y") if data else MISSING)
        if role == "params" and "<params>" not in self.returned and self.object is not None:
            return self.object
        if role == "params" and "<params>" not in self.returned and data:
            self.returned["<params>"] = session.leaf(self._random.random((self.n_in, self.n_out)) - 0.5, "rand")
        if role in ("activation", "derivative", "loss", "optimizer"):
            return self._helper(role)
        return self.returned.get(f"<{role}>", MISSING)

    def _helper(self, role: str) -> Any:
        """A function, an object or a word of the program's own that does what the role says."""
        wanted = {
            "activation": "sigmoid$|tanh$|relu$", "derivative": "prime|deriv|slope|grad",
            "loss": "loss|cost|mse|entropy|error", "optimizer": "sgd|optim|descent|adam",
        }[role]  # fmt: skip
        for name, value in self.namespace.items():
            if self.own(value) and re.search(wanted, name.lower()):
                try:
                    return value(**self.bound(value)) if isinstance(value, type) else value
                except Exception:
                    continue
        words = re.findall(r"""['"](relu|sigmoid|tanh|mse|cross_?entropy|sgd)['"]""", self.examples.text)
        return next((w for w in words if re.search(wanted, w)), MISSING)

    def _remember(self, function: Callable[..., Any], role: str, result: Any) -> None:
        """By the names in its return statement, by the keys of dicts, and by its role."""
        parts = list(result) if isinstance(result, tuple) else [result]
        names = self.names.setdefault(function.__qualname__, returned_names(function))
        if len(names) != len(parts):
            names[:] = [""] * len(parts)
        for k, part in enumerate(parts):
            if isinstance(part, dict):
                self.returned |= {normal(key): value for key, value in part.items() if isinstance(key, str)}
            if names[k]:
                self.returned[normal(names[k])] = part
            elif isinstance(result, tuple):
                self.unnamed = [u for u in self.unnamed if u[0] is not names or u[1] != k] + [(names, k, part)]
        params = self.returned.get("<params>")
        for part in [result, *parts]:
            if params is not None and role not in ("forward", "backward") and alike(part, params):
                self.returned["<params>"] = part
                if isinstance(part, tuple):
                    self.returned |= {normal(n): p for n, p in zip(self.returned["<names>"], part, strict=True) if n}
        if role == "init":
            self.returned |= {"<params>": result, "<names>": names}
        elif role == "backward":
            self.returned["<grads>"] = next((part for part in parts if isinstance(part, dict | list)), result)
            if isinstance(result, tuple) and all(names) and self.returned["<grads>"] is result:
                self.returned["<grads>"] = dict(zip(names, parts, strict=True))
        elif role == "forward":
            shape = getattr(self._data("y"), "shape", None) if self.setting.labels != "numbers" else None
            outputs = [part for part in parts if isinstance(part, np.ndarray) and shape in (None, part.shape)]
            self.returned["<output>"] = outputs[-1] if outputs else parts[0]
            rest = [part for part in parts if isinstance(part, dict | list | tuple)]
            self.returned["<cache>"] = rest[-1] if rest else result
            self._left = [part for part in rest if part is not self.returned["<output>"]]

    def read_widths(self) -> None:
        """The widths and the way that the matrices which are there tell, now that something has been made."""
        self._tuple = [name or str(k) for k, name in enumerate(self.returned.get("<names>", []))]
        named = [(n, a.shape) for n, a in arrays_in(self.source) if a.ndim == 2]
        shapes = [shape for n, shape in named if not n.startswith("b") and of_parameter(n) == n]
        down, up = _chain(shapes), _chain([shape[::-1] for shape in shapes])
        if max(len(down), len(up)) < len(shapes) and any(1 not in shape for shape in shapes):  # biases without a name
            shapes = [shape for shape in shapes if 1 not in shape]
            down, up = _chain(shapes), _chain([shape[::-1] for shape in shapes])
        if shapes and max(len(down), len(up)) == len(shapes):
            chain = max(down, up, key=lambda chain: (len(chain), chain[0][0] == self.n_in))  # an autoencoder's are both
            if len(shapes) > 1 or {chain[0][0], chain[-1][1]} != {self.n_in, self.n_out}:
                self.n_in, self.n_out = chain[0][0], chain[-1][1]
        self.renew()


def _chain(shapes: list[Any]) -> list[Any]:
    """The first ones that can be multiplied one after the other."""
    ends = [k for k in range(1, len(shapes)) if shapes[k - 1][1] != shapes[k][0]]
    return shapes[: ends[0]] if ends else shapes


def alike(a: Any, b: Any) -> bool:
    """Are these nests of arrays of the same form?"""
    if isinstance(b, np.ndarray):
        return isinstance(a, np.ndarray) and a.shape == b.shape
    if isinstance(b, dict):
        return isinstance(a, dict) and a.keys() == b.keys()
    return isinstance(b, list | tuple) and type(a) is type(b) and len(a) == len(b) and all(map(alike, a, b))


def arrays_in(
    part: Any, name: str = "", depth: int = 5, seen: set[int] | None = None
) -> Iterator[tuple[str, np.ndarray]]:
    """The arrays of floats in attributes, dicts and lists, with the name that is nearest to each."""
    seen = set() if seen is None else seen
    if isinstance(part, np.ndarray):
        if part.dtype.kind == "f" and part.ndim:
            yield normal(name), part
        return
    if depth == 0 or id(part) in seen:
        return
    seen.add(id(part))
    if isinstance(part, dict):
        items = [(str(key) if isinstance(key, str) else f"{name}{key}", value) for key, value in part.items()]
    elif isinstance(part, list | tuple):
        items = [(f"{name}{k}", value) for k, value in enumerate(part[:100])]
    elif hasattr(part, "__dict__") and not isinstance(part, type | ModuleType | FunctionType):
        items = list(vars(part).items())
    else:
        return
    for key, value in items:
        yield from arrays_in(value, key, depth - 1, seen)


def returned_names(function: Callable[..., Any]) -> list[str]:
    """The names in its last return statement: W1 for W1, "a2" for self.a2; "" for what has none."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return []
    ends = [n.value for n in ast.walk(tree) if isinstance(n, ast.Return) and n.value is not None]
    if not ends:
        return []
    last = max(ends, key=lambda value: value.lineno)
    parts = last.elts if isinstance(last, ast.Tuple) else [last]
    return [getattr(part, "id", getattr(part, "attr", "")) for part in parts]
