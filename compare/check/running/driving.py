"""A program that only defines things, driven: what to make, what to call for one step of training, found by trial.

Names order what is tried; what comes out of a trial decides. Each trial runs the definitions anew, in a namespace and
a recording of its own.
"""

import ast
import contextlib
import gc
import inspect
import random
import re
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product
from time import monotonic
from typing import Any

import numpy as np

from compare.check.running.clock import Clock, TooLong
from compare.check.running.examples import Examples
from compare.check.running.layers import build, is_layer, step_by_hand
from compare.check.running.program import Program
from compare.check.running.roles import of_parameter, roles
from compare.check.running.starting import names_wanted
from compare.check.running.world import DATA, LAYOUTS, SIMPLE, WIDTHS, Setting, Unbindable, World, arrays_in
from compare.check.steps.recorder import Enough, Recorder

ONE_TRIAL = 8.0  # seconds
STEPS = 8
BY_HAND = "[layers]"
MADE_UP = "[parameters]"
RANDOM = ", given random parameters"
ADDED = ", and each parameter less 0.1 times its gradient"
TRAIN = ("fit", "train", "sgd", "learn", "descent", "optimi", "step", "backprop", "update", "gradient", "model", "")
FORWARD = ("forward", "feed", "fwd", "propagat", "predict", "run", "out", "ask", "query", "call", "model")
BACKWARD = ("back", "bwd", "grad", "learn", "deriv", "loss", "cost")
UPDATE = ("update", "step", "apply", "descent", "optimi", "adjust", "sgd", "adam")
LOSS = ("loss", "cost", "error", "criterion", "objective")
INIT = ("init", "param", "weight", "create", "make", "build", "new", "setup", "start", "he", "model", "net", "theta")
GIVES_GRADIENTS = re.compile("grad(?!.*desc)|back_?prop|backward|one_sample")
BACK = re.compile("^(?!.*(forward|feed|fwd)).*(back|bwd|grad|deriv)")  # propagation, but no forward one
SETS_UP = re.compile("_?(init|build|compile|setup|create|reset|use|set)")
NO_TRAINER = re.compile(
    r"pred|score|accura|eval|^test|plot|load|save|^get_|print|show|one_?hot|forward|^loss|^cost|classify"
)


@dataclass
class Driven:
    """recorder: what was recorded, where a step was; words: what was called, or why nothing; error: the furthest."""

    recorder: Recorder | None
    words: str
    error: BaseException | None = None


@dataclass(frozen=True)
class Plan:
    """maker: a class, a function that makes parameters, MADE_UP or None; steps: with its methods or functions."""

    maker: str | None
    steps: tuple[tuple[str, str], ...]  # role and name

    @property
    def trains(self) -> bool:
        """Whether one call is to do it all."""
        return [role for role, _ in self.steps] == ["train"]

    def __str__(self) -> str:
        return ", ".join(name for _, name in self.steps)


@dataclass
class Trials:
    """All that is tried for one program."""

    program: Program
    clock: Clock
    new_recorder: Callable[[], Recorder]
    rewrite: Callable[[ast.Module], ast.Module]
    seed: int
    best: Driven = field(default_factory=lambda: Driven(None, "there is no class and no function in it to train with"))
    partly: Driven | None = None  # a step that leaves some parameters as they are: taken where no other is found
    _worth: tuple[bool, bool] = (False, False)  # of partly: whether its values are finite, and its updates its own
    _updates: bool = False  # one of its own functions was seen to update
    _furthest: int = -1
    _stopped: dict[Plan, tuple[tuple[int, ...], Driven]] = field(
        default_factory=dict
    )  # in what was to train: its lines
    _ran: set[Plan] = field(default_factory=set)  # with some layout of the data
    _tried: set[Any] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.examples = Examples(self.program)
        self.own = self.new_recorder().own

    def is_own(self, value: Any) -> bool:
        """Is it a class or a function of the learner's?"""
        if isinstance(value, type):
            return any(self.is_own(f) for f in vars(value).values() if inspect.isfunction(f))
        return inspect.isfunction(value) and self.own(value.__code__.co_filename)

    def namespace(self) -> dict[str, Any]:
        """The definitions, run anew."""
        random.seed(self.seed)
        np.random.seed(self.seed)
        space: dict[str, Any] = {"__name__": "__main__", "__file__": str(self.program.path)}
        space["<skipped>"] = self.program.define(self.rewrite, space)
        return space

    @property
    def told(self) -> Driven:
        """What is best, where no step was seen: an error in what is to train says more than what else did nothing."""
        stopped = [found for plan, found in self._stopped.items() if plan not in self._ran]
        if not isinstance(self.best.error, Unbindable) or not stopped:
            return self.best
        return stopped[0][1]  # of the likeliest

    def attempt(self, plan: Plan, setting: Setting) -> bool:
        """One trial; whether updates were seen in it. What is best so far is kept. Raises Unbindable if none can be."""
        started = monotonic()
        world = World({"<skipped>": []}, self.is_own, setting, self.examples)
        recorder = self.new_recorder()
        error: BaseException | None = None
        shapes = Counter[Any]()
        finite = True
        try:
            with self.clock.limit(min(ONE_TRIAL, self.clock.left)), recorder:
                world.namespace = self.namespace()
                make(world, plan)
                key = (plan, setting.layout, setting.labels, world.n_in, world.n_out)
                if key in self._tried:
                    return False
                self._tried.add(key)
                found = list({id(a): (n, a) for n, a in arrays_in(world.source) if of_parameter(n) == n}.values())
                shapes = shapes_of(found)
                before = contents(world, found)
                for number in range(STEPS):
                    step(world, plan)
                    if shapes - shapes_of(arrays_in(world.source)):
                        raise ValueError("the parameters do not keep their shapes")
                    if number == 0 and (not plan.steps or plan.steps[-1][0] == "backward"):
                        world.updated = before <= contents(world, found)  # known now: later the recorder changes them
                    if world.updated:
                        world.updated = update(world, found)
                    if number == 0:
                        finite = all(np.isfinite(a.view(np.ndarray)).all() for _, a in arrays_in(world.source))
        except Enough:
            pass
        except TooLong as late:
            if self.clock.left <= 0:
                raise
            error = late
        except Exception as raised:
            error = raised
        words = f"{describe(world, plan)}{ADDED * world.updated}; {setting.words}"
        if error is None and recorder.updates and world.updated and self._updates:
            return False  # what its own function leaves as it is, is left
        if error is None and recorder.updates:
            self._updates |= not world.updated
            seen = Counter(p.versions[0].shape for p in recorder.parameters)
            whole = not Counter(shape for _, shape in shapes) - seen  # of a name, once: Adam has a W1 of its own
            worth = (finite, not world.updated)
            if (whole and finite) or self.partly is None or worth > self._worth:
                self.best = self.partly = Driven(recorder, words)
                self._worth = worth
            return whole and finite
        if error is None:  # it runs, and nothing is updated: nor is it with other data
            error = Unbindable("nothing is updated by it")
            self._ran.add(plan)
        elif plan.trains and not isinstance(error, Unbindable):
            frames = traceback.walk_tb(error.__traceback__)
            lines = tuple(line for frame, line in frames if self.own(frame.f_code.co_filename))
            if lines > self._stopped.get(plan, ((), None))[0]:
                self._stopped[plan] = lines, Driven(None, words, error)
        if world.calls > self._furthest:
            words = f"{words}: {error}" if isinstance(error, Unbindable) else words
            self._furthest, self.best = world.calls, Driven(None, words, error)
        if monotonic() - started > 0.3:  # what is large is not left to chance
            del recorder, world.namespace, world
            gc.collect()
        if isinstance(error, Unbindable) and error.for_good:
            raise error
        return False


def drive(
    program: Program, request: dict[str, Any], clock: Clock, new_recorder: Callable[[], Recorder],
    rewrite: Callable[[ast.Module], ast.Module],
) -> Driven:  # fmt: skip
    """Find what to call for a step of training, and record it."""
    trials = Trials(program, clock, new_recorder, rewrite, request["seed"])
    try:
        space = trials.namespace()
    except Exception as error:
        return Driven(None, "its definitions", error)
    own = {name: value for name, value in space.items() if trials.is_own(value)}
    name = request["name"]
    methods = {method for value in own.values() if isinstance(value, type) for method in methods_of(value)}
    if name is not None and name not in {*own, *methods}:
        return Driven(None, f"there is no {name} in it; there are: {', '.join(own) or 'no classes and no functions'}")
    with contextlib.suppress(TooLong):
        if first_that_trains(trials, own, name, space):
            return trials.best
    return trials.partly or trials.told


def first_that_trains(trials: Trials, own: dict[str, Any], name: str | None, space: dict[str, Any]) -> bool:
    """The plans, each in every layout that it can take, until one trains; with other widths when all have failed."""
    left = [p for p in plans(own) if name is None or name == p.maker or name in (step for _, step in p.steps)]
    for widths in likely_widths(trials.examples):
        for plan in list(left):
            try:
                for layout, labels in layouts(own, plan, space):
                    if trials.clock.left <= 0 or trials.attempt(plan, Setting(layout, labels, widths)):
                        return trials.clock.left > 0
            except Unbindable:
                left.remove(plan)
    return False


def likely_widths(examples: Examples) -> list[tuple[int, int, int]]:
    """Of inputs, hidden units and outputs: first what the program's own constants make likely."""
    first = (784 if 784 in examples.constants else 6, 5, 10 if 10 in examples.constants else 3)
    return list(dict.fromkeys([first, (6, 5, 1), (2, 5, 2), (2, 5, 1), (784, 12, 10)]))


def layouts(own: dict[str, Any], plan: Plan, space: dict[str, Any]) -> list[tuple[str, str]]:
    """How the data may lie: in pairs where one argument takes both, in one way where there is nothing to lay out."""
    functions = [own[name] for _, name in plan.steps if inspect.isfunction(own.get(name))]
    if isinstance(kind := own.get(plan.maker or ""), type):
        functions += [getattr(kind, name) for _, name in plan.steps if hasattr(kind, name)]
    wanted = {role for f in functions for role in asks(f)} | {r for name in space["<skipped>"] for r in roles(name)}
    singly = plan.maker == BY_HAND or wanted & {"x", "y"}
    kinds = [kind for kind in LAYOUTS if ("pairs" in wanted if kind.startswith("pairs") else singly)]
    found = list(product(kinds, ("one-hot", "numbers"))) or [("rows", "one-hot")]
    return found + [("rows", "one-hot in columns")] * ("rows" in kinds)


def make(world: World, plan: Plan) -> None:
    """The object, the layers or the parameters that the steps work on."""
    for name, value in world.namespace.items():
        world.note_widths(roles(name), value)
    world.fill()
    maker = world.namespace.get(plan.maker or "")
    called = [world.namespace.get(name) for name in (plan.maker or "", *(name for _, name in plan.steps))]
    if plan.maker == BY_HAND or any("layers" in asks(f) for f in called if callable(f)):
        world.layers = build(world)
    if isinstance(maker, type):
        world.object = made(world, maker)
        if not any(True for _ in arrays_in(world.object)):
            complete(world)
    elif maker is not None:
        world.call(maker, "init")
    elif plan.maker == MADE_UP:
        world.make_up(*names_wanted(world.namespace[name] for _, name in plan.steps))
    world.read_widths()
    if isinstance(maker, type):
        give_data(world)


def give_data(world: World) -> None:
    """An object that waits for its data, as by `self.X = None`, gets them, as wide as its other attributes say."""
    held = vars(world.object)
    waiting = [(name, role) for name in held if held[name] is None for role in roles(name)[:1] if role in ("x", "y")]
    if waiting:
        for name, value in held.items():
            world.note_widths(roles(name), value)
        world.renew()
    for name, role in waiting:
        setattr(world.object, name, world.x_now if role == "x" else world.y_now)


def made(world: World, kind: type) -> Any:
    """An object: where it takes any number of things, as an example shows."""
    calls = world.examples.calls.get(kind.__name__, [])
    if calls and any(p.kind is p.VAR_POSITIONAL for p in inspect.signature(kind).parameters.values()):
        return eval(compile(ast.Expression(calls[0]), "<example>", "eval"), world.namespace)
    return kind(**world.bound(kind))


def complete(world: World) -> None:
    """An object without weights yet: add layers to it as an example shows, or call what sets them up."""
    for name, method in methods_of(type(world.object)).items():
        bound = getattr(world.object, name)
        if name.startswith("add"):
            for call in range(len(world.examples.calls.get(name, [])) or 2):
                bound(**world.bound(bound, call))
        elif SETS_UP.match(name) and not asks(method) & DATA:
            with contextlib.suppress(Unbindable):
                world.call(bound)


def step(world: World, plan: Plan) -> None:
    """One step of training, with data of its own."""
    world.renew()
    world.fill()
    if plan.maker == BY_HAND:
        return step_by_hand(world)
    for role, name in plan.steps:
        holder, _, method = name.rpartition(".")
        if holder and holder not in world.helpers:
            world.helpers[holder] = world.namespace[holder](**world.bound(world.namespace[holder]))
        owner = world.helpers[holder] if holder else world.object
        world.call(getattr(owner, method) if hasattr(owner, method) else world.namespace[name], role)


def shapes_of(named: Iterable[tuple[str, np.ndarray]]) -> Counter[Any]:
    """The shapes of what is called as parameters are, or has no name."""
    return Counter((n, a.shape) for n, a in named if re.match(r"w|b$|b\d|bias|theta|\d+$", n))


def contents(world: World, made: list[tuple[str, np.ndarray]]) -> set[Any]:
    """What is in the arrays of those names; read beside the recording."""
    names = {name for name, _ in made}
    return {(name, a.view(np.ndarray).tobytes()) for name, a in arrays_in(world.source) if name in names}


def update(world: World, parameters: list[tuple[str, np.ndarray]]) -> bool:
    """Where nothing updates, do it: each gradient is for the parameter of its name, or else of its order and shape."""
    gradients = [(name, g) for name, g in arrays_in(world.returned.get("<grads>"))]
    if not gradients:
        gradients = [(name, g) for name, g in arrays_in(world.source) if of_parameter(name) != name]
    named = dict(parameters)
    pairs = [(named.get(of_parameter(name)), g) for name, g in gradients]
    if not all(p is not None and p.shape == g.shape for p, g in pairs):
        left = [p for _, p in parameters]
        pairs = []
        for _, g in gradients:
            fits = next((n for n, p in enumerate(left) if p.shape == g.shape), None)
            if fits is not None:
                pairs.append((left.pop(fits), g))
    for p, g in pairs:
        assert p is not None
        p -= SIMPLE["lr"] * g
    return bool(pairs)


def describe(world: World, plan: Plan) -> str:
    """What was called, as its author would write it."""
    if plan.maker == BY_HAND:
        return ", ".join(type(layer).__name__ + "()" for layer in world.layers or []) + ": forward, backward"
    calls = []
    for _, name in plan.steps:
        holder, _, method = name.rpartition(".")
        function = world.namespace.get(holder or plan.maker or "") or world.namespace.get(name)
        function = getattr(function, method, None) or world.namespace.get(name)
        names = [n for n in inspect.signature(function).parameters if n != "self"] if function else []
        calls.append(f"{name}({', '.join(names)})")
    if plan.maker == MADE_UP:
        return ", ".join(calls) + RANDOM
    return f"{plan.maker + '(): ' if plan.maker else ''}{', '.join(calls)}"


def methods_of(kind: type) -> dict[str, Any]:
    """The methods of a class, without static ones, its own and inherited."""
    found = inspect.getmembers(kind, inspect.isfunction)
    return {
        n: f
        for n, f in found
        if not n.startswith("__") and not isinstance(inspect.getattr_static(kind, n), staticmethod)
    }


def asks(function: Any) -> set[str]:
    """The roles of the arguments of a function."""
    return {role for name in inspect.signature(function).parameters if name != "self" for role in roles(name)}


def trains(name: str, function: Any) -> bool:
    """Does it look like one that is given the data and does the rest?"""
    wants = [set(roles(n)) for n in inspect.signature(function).parameters if n != "self"]
    both = any("x" in w for w in wants) and any({"y", "output"} & w and "x" not in w for w in wants)
    return (both or any("pairs" in w for w in wants)) and not NO_TRAINER.search(name.lower())


def ranked(names: Any, words: tuple[str, ...]) -> list[str]:
    """The names in which one of the words is, those with an early one first."""
    found = {name: next((n for n, word in enumerate(words) if word in name.lower()), None) for name in names}
    return sorted((name for name, n in found.items() if n is not None), key=lambda name: found[name] or 0)


def plans(own: dict[str, Any]) -> Iterator[Plan]:
    """All that may be a step of training, the likeliest first."""
    classes = {name: methods_of(value) for name, value in own.items() if isinstance(value, type)}
    functions = {name: value for name, value in own.items() if not isinstance(value, type)}
    layers = [
        name for name in classes if is_layer(own[name]) and not any(trains(n, f) for n, f in classes[name].items())
    ]
    holders = [name for name in layers if "layers" in asks(own[name].__init__)]
    optimizers = [f"{c}.{m}" for c, ms in classes.items() for m in ranked(ms, UPDATE)[:1] if not ranked(ms, FORWARD)]
    networks = sorted(classes.keys() - (set(layers) - set(holders)), key=list(classes).index, reverse=True)
    networks.sort(key=lambda c: not any(trains(n, f) for n, f in classes[c].items()))
    for c in networks:  # the chapter's own form
        backward = classes[c].get("backward")
        if "forward" in classes[c] and backward is not None and {"y", "lr"} <= asks(backward):
            yield Plan(c, (("forward", "forward"), ("backward", "backward")))
    for c in networks:
        for n in ranked([n for n, f in classes[c].items() if trains(n, f)], TRAIN):
            yield Plan(c, ((("backward" if GIVES_GRADIENTS.search(n) else "train"), n),))
    for c in networks:  # an autoencoder's targets are its inputs
        single = [n for n, f in classes[c].items() if "x" in asks(f) and not trains(n, f)]
        for n in ranked([n for n in single if not NO_TRAINER.search(n.lower())], ("train", "fit", "learn")):
            yield Plan(c, (("train", n),))
    for c in networks:  # with the data that the object has
        for n in ranked([n for n, f in classes[c].items() if asks_little(f)], ("train", "fit", "learn")):
            yield Plan(c, (("train", n),))
    makers = [n for n in ranked(functions, INIT) if not asks(functions[n]) & {*DATA, "grads", "cache"}][:3]
    for n in ranked([n for n, f in functions.items() if trains(n, f)], TRAIN):
        for maker in [None, *makers, *(networks if "layers" in asks(functions[n]) else [])]:
            yield Plan(maker, ((("backward" if GIVES_GRADIENTS.search(n) else "train"), n),))
    for c in networks:
        for steps in sequences(classes[c], optimizers, "y" in asks(own[c])):  # some are made with their data
            yield Plan(c, steps)
    for maker in [*makers, None]:
        for steps in sequences(functions, optimizers):
            yield Plan(maker, steps)
    if layers:
        yield Plan(BY_HAND, ())
    alone = [
        ((("backward" if GIVES_GRADIENTS.search(n) else "train"), n),)
        for n in ranked([n for n, f in functions.items() if trains(n, f)], TRAIN)
    ]
    for steps in [*alone, *sequences(functions, [])]:
        if names_wanted(functions[n] for _, n in steps)[1]:
            yield Plan(MADE_UP, steps)
    for n in ranked(
        [n for n, f in functions.items() if asks_little(f)], ("main", "train", "run", "fit", "model", "build")
    ):
        yield Plan(None, (("train", n),))


def asks_little(function: Any) -> bool:
    """Can it be called with no data, which it takes from elsewhere?"""
    return all(set(roles(n)) & {*SIMPLE, *WIDTHS} for n in required(function))


def required(function: Any) -> list[str]:
    """The arguments that it cannot do without."""
    parameters = inspect.signature(function).parameters.values()
    open_ended = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [p.name for p in parameters if p.default is p.empty and p.kind not in open_ended and p.name != "self"]


def sequences(
    members: dict[str, Any], optimizers: list[str], has_data: bool = False
) -> Iterator[tuple[tuple[str, str], ...]]:
    """forward, loss, backward, update, as far as there are such; first those that update."""
    forward = [n for n in ranked(members, FORWARD) if has_data or "x" in asks(members[n])]
    forward = [n for n in forward if not BACK.search(n.lower())][:2]
    backward = [n for n in ranked(members, BACKWARD) if n not in forward][:4]
    loss = [n for n in ranked(members, LOSS) if n not in backward[:1]][:1]
    update = [n for n in ranked(members, UPDATE) if n not in forward + backward][:2] + optimizers
    first = [[("forward", n)] for n in forward] + [[("loss", n)] for n in loss]
    first += [[("forward", f), ("loss", n)] for f in forward[:1] for n in loss] + [[]]
    for u, b, head in product([*update, None], backward, first):
        if b not in (n for _, n in head):
            yield (*head, ("backward", b), *((("update", u),) if u else ()))
