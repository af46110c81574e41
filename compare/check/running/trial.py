"""One trial of calling what a learner's program defines: what is passed for each argument, and what has come of it."""

import ast
import inspect
import re
from collections.abc import Callable
from typing import Any

from compare.check.recording.session import session
from compare.check.running.data import MISSING, Data, Setting
from compare.check.running.examples import Examples
from compare.check.running.nests import arrays_in
from compare.check.running.results import GIVEN, CallResults
from compare.check.running.roles import normal, roles
from compare.check.running.starting import how_many, made_up

SIMPLE = {
    "lr": 0.1, "epochs": 20, "batch_size": 8, "verbose": False, "zero": 0.0, "one": 1.0, "momentum": 0.9,
    "scale": 0.1, "seed": 0, "times": 1,
}  # fmt: skip
DATA = {"x", "y", "pairs"}
WIDTHS = {"n_in", "n_hidden", "n_out", "sizes", "hidden_sizes"}


class Unbindable(Exception):
    """Nobody knows what to pass for an argument. for_good: whatever the layout of the data."""

    def __init__(self, message: str, for_good: bool = True) -> None:
        super().__init__(message)
        self.for_good = for_good


class Trial:
    """One trial: a namespace of the program's definitions, and what has been called of them.

    namespace: by name; is_own: is a class or a function the learner's?

    data: what it is given; results: what it returned; object, layers, helpers: what was made of its classes; calls: how
    many succeeded; updated: whether the parameters were changed here, since nothing of the program's does.
    """

    def __init__(
        self, namespace: dict[str, Any], is_own: Callable[[Any], bool], setting: Setting, examples: Examples
    ) -> None:
        self.namespace, self.is_own, self.setting, self.examples = namespace, is_own, setting, examples
        self.data, self.results = Data(setting), CallResults()
        self.calls, self.updated = 0, False
        self.object: Any = None
        self.layers: list[Any] | None = None
        self.helpers: dict[str, Any] = {}  # optimizers and the like, by their class
        self._tuple: list[str] = []  # what the parameters in a tuple are called, once they are made
        self._used = set[str]()

    def renew(self) -> None:
        """Another batch of data."""
        self.data.renew()
        self.results.rest = []

    def call(self, function: Callable[..., Any], role: str = "") -> Any:
        """Call it with what its arguments ask for, and remember what it returns."""
        result = function(**self.bound(function, makes_parameters=role == "init"))
        self.calls += 1
        labels = self.data.of("y") if role == "forward" and self.setting.labels != "numbers" else None
        self.results.remember(function, role, result, getattr(labels, "shape", None))
        return result

    def made(self, kind: type) -> Any:
        """An object of a class of theirs; None where nobody knows how to make one."""
        try:
            passed = self.bound(kind)
        except Unbindable:
            return None
        try:
            return kind(**passed)
        except Exception:  # it does not take this
            return None

    @property
    def source(self) -> Any:
        """Where the parameters are: a tuple of them with the names that its maker gives them."""
        made = (held for held in (self.object, self.layers) if held is not None)
        held = next(made, self.results.by_name.get("<params>"))
        if isinstance(held, tuple) and len(held) == len(set(self._tuple)):
            return dict(zip(self._tuple, held, strict=True))
        return held

    def make_up(self, kind: type | None, names: list[str]) -> None:
        """Random parameters of those names, in a dict or a list, or each for an argument of its own."""
        count, data = how_many(names), self.data
        lists = [v for name, v in self.namespace.items() if "sizes" in roles(name) and isinstance(v, list | tuple)]
        sizes = next(
            (list(v) for v in lists if len(v) == count + 1 and all(type(n) is int for n in v)),
            [data.n_in, *[data.n_hidden] * (count - 1), data.n_out],
        )
        made = made_up(names, sizes, "column" in self.setting.layout, data.random)
        known = self.results.by_name
        if kind is not dict:
            known |= {normal(name): value for name, value in made.items()}
            known["<names>"] = names
        known["<params>"] = made if kind is dict else kind(made.values()) if kind else tuple(made.values())

    def fill(self) -> None:
        """Give the program's functions the data under the names that statements which are not run would have set."""
        for name in self.namespace["<skipped>"]:
            asked = inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD)
            given = set(roles(name)[:1]) & {*DATA, *SIMPLE, *WIDTHS, "m"}  # and no results: those are computed
            if given and (value := self._value(asked, None)) is not MISSING:
                self.namespace[name] = value

    def bound(self, function: Callable[..., Any], call: int = 0, makes_parameters: bool = False) -> dict[str, Any]:
        """What to pass; as in that call of it, if the program shows one. Raises Unbindable.

        makes_parameters: so that `inputs` is their number, unless it is given labels as well.
        """
        try:
            parameters = list(inspect.signature(function).parameters.values())
        except (TypeError, ValueError):
            raise Unbindable(f"what {function} asks for cannot be told") from None
        name = getattr(function, "__name__", "")
        shown = self.examples.arguments(name, [p.name for p in parameters], call)
        passed: dict[str, Any] = {}
        self._used = set()
        makes = makes_parameters or isinstance(function, type)
        data = not makes or any("y" in roles(p.name) for p in parameters)
        for p in parameters:
            if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
                continue
            value = self._value(p, shown.get(p.name), data)
            if value is not MISSING:
                passed[p.name] = value
            elif p.default is p.empty:
                raise Unbindable(f"`{p.name}` of {name} is not known by its name", not DATA & set(roles(p.name)))
        return passed

    def _value(self, p: inspect.Parameter, shown: ast.expr | None, data: bool = True) -> Any:
        """By its name the data, then what was returned before, what an example shows, and what the name means."""
        meant, optional, known = roles(p.name), p.default is not p.empty, self.results.by_name
        for role in DATA & set(meant) if data and (not optional or p.default is None) else ():
            if (value := self.data.of(role)) is not MISSING:
                return MISSING if optional and re.search("val|test|dev", p.name.lower()) else value
        if normal(p.name) in known:
            value = known[normal(p.name)]
            self._used |= self.results.used(value)
            return value
        if shown is not None and not set(meant) & {"epochs", "batch_size", "verbose"}:
            try:
                value = eval(compile(ast.Expression(shown), "<example>", "eval"), self.namespace)
            except Exception:  # an example that needs what is not there
                pass
            else:
                self._note(p.name, meant, value)
                return value
        if self.object is not None and p.name in vars(self.object):
            return vars(self.object)[p.name]
        for role in meant:
            if optional and role not in ("epochs", "batch_size", "verbose"):
                if role in WIDTHS:
                    self.data.note_widths([role], p.default)
                continue
            if role == "params" and len(p.name) == 1 and isinstance(known.get("<params>"), tuple):
                continue  # each of them goes to an argument of its own
            if role not in self._used and (value := self._meant(role, data)) is not MISSING:
                self._used |= {role} & GIVEN
                self.results.unnamed = [u for u in self.results.unnamed if u[2] is not value]  # to no other argument
                return value
        if optional or not self.results.unnamed:
            return self.results.rest.pop(0) if self.results.rest and not optional and not meant else MISSING
        return self.results.name_one(p.name)

    def _note(self, name: str, meant: list[str], value: Any) -> None:
        """What an example shows for an argument, of those roles, is so in every step."""
        self.data.note_widths(meant, value)
        if "layers" in meant and self.source is None and not isinstance(value, int | str):
            self.results.by_name |= {normal(name): value, "<params>": value}  # the same one in the next step
            self.read_widths()

    def _meant(self, role: str, data: bool) -> Any:
        known = self.results.by_name
        if role in SIMPLE:
            return SIMPLE[role]
        if role in ("n_in", "n_hidden", "n_out"):
            return getattr(self.data, role)
        if role == "sizes":
            return [self.data.n_in, self.data.n_hidden, self.data.n_out]
        if role == "hidden_sizes":
            return [self.data.n_hidden]
        if role == "m":
            return self.data.rows
        if role == "layers":
            return next((held for held in (self.object, self.layers) if held is not None), MISSING)
        if role == "output":
            return known.get("<output>", self.data.of("y") if data else MISSING)
        if role == "params" and "<params>" not in known and self.object is not None:
            return self.object
        if role == "params" and "<params>" not in known and data:
            one = self.data.random.random((self.data.n_in, self.data.n_out)) - 0.5
            known["<params>"] = session.leaf(one, "rand")
        if role in ("activation", "derivative", "loss", "optimizer"):
            return self._helper(role)
        return known.get(f"<{role}>", MISSING)

    def _helper(self, role: str) -> Any:
        """A function, an object or a word of the program's own that does what the role says."""
        wanted = {
            "activation": "sigmoid$|tanh$|relu$", "derivative": "prime|deriv|slope|grad",
            "loss": "loss|cost|mse|entropy|error", "optimizer": "sgd|optim|descent|adam",
        }[role]  # fmt: skip
        for name, value in self.namespace.items():
            if self.is_own(value) and re.search(wanted, name.lower()):
                if not isinstance(value, type):
                    return value
                if (made := self.made(value)) is not None:
                    return made
        words = re.findall(r"""['"](relu|sigmoid|tanh|mse|cross_?entropy|sgd)['"]""", self.examples.text)
        return next((w for w in words if re.search(wanted, w)), MISSING)

    def read_widths(self) -> None:
        """Take over the widths of the matrices that are there, now that something has been made; renew the data."""
        self._tuple = [name or str(k) for k, name in enumerate(self.results.by_name.get("<names>", []))]
        self.data.read_widths([(n, a.shape) for n, a in arrays_in(self.source) if a.ndim == 2])
        self.renew()
