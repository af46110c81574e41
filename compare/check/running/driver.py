"""A program that only defines things, driven: what to make, what to call for one step of training, found by trial.

Names order what is tried; what comes out of a trial decides. Each trial runs the definitions anew, in a namespace and
a recording of its own.
"""

import ast
import contextlib
import gc
import inspect
import random
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from time import monotonic
from typing import Any

import numpy as np

from compare.check.running.calls import contents, describe, make, shapes_of, step, update
from compare.check.running.clock import Clock, TooLong
from compare.check.running.data import LAYOUTS, Setting
from compare.check.running.examples import Examples
from compare.check.running.failure import is_ours
from compare.check.running.nests import arrays_in
from compare.check.running.plans import BY_HAND, CallPlan, asks, methods_of, plans
from compare.check.running.program import Program
from compare.check.running.roles import of_parameter, roles
from compare.check.running.trial import Trial, Unbindable
from compare.check.steps.recorder import Enough, Recorder

ONE_TRIAL = 8.0  # seconds
STEPS = 8
ADDED = ", and each parameter less 0.1 times its gradient"


@dataclass
class Driven:
    """What driving has come to.

    recorder: what was recorded, where a step was seen; words: what was called, or why nothing; error: what stopped the
    trial that came furthest.
    """

    recorder: Recorder | None
    words: str
    error: BaseException | None = None


@dataclass
class Attempt:
    """What a trial has come to. shapes: of its parameters; finite: whether these are numbers after the first step."""

    recorder: Recorder
    shapes: Counter[Any] = field(default_factory=Counter)
    finite: bool = True
    error: BaseException | None = None


@dataclass
class Driver:
    """Tries plans on one program, and keeps the best that came of it."""

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
    #: By plan that was to train: the lines that it was in, and what came of it.
    _stopped: dict[CallPlan, tuple[tuple[int, ...], Driven]] = field(default_factory=dict)
    _ran: set[CallPlan] = field(default_factory=set)  # with some layout of the data
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
    def without_a_step(self) -> Driven:
        """What is best, where no step was seen: an error in what is to train says more than what else did nothing."""
        stopped = [found for plan, found in self._stopped.items() if plan not in self._ran]
        if not isinstance(self.best.error, Unbindable) or not stopped:
            return self.best
        return stopped[0][1]  # of the likeliest

    def attempt(self, plan: CallPlan, setting: Setting) -> bool:
        """One trial; whether updates were seen in it. What is best so far is kept. Raises Unbindable if none can be."""
        started = monotonic()
        trial = Trial({"<skipped>": []}, self.is_own, setting, self.examples)
        attempt = self._attempted(trial, plan)
        if attempt is None:
            return False
        words = f"{describe(trial, plan)}{ADDED * trial.updated}; {setting.words}"
        if attempt.error is None and attempt.recorder.updates:
            if trial.updated and self._updates:
                return False  # what its own function leaves as it is, is left
            self._updates |= not trial.updated
            return self._keep(attempt, words, not trial.updated)
        error = self._keep_error(attempt.error, plan, words, trial.calls)
        if monotonic() - started > 0.3:  # what is large is not left to chance
            del attempt, trial.namespace, trial
            gc.collect()
        if isinstance(error, Unbindable) and error.for_good:
            raise error
        return False

    def _attempted(self, trial: Trial, plan: CallPlan) -> Attempt | None:
        """What comes of a trial; None where the same has been tried before."""
        attempt = Attempt(self.new_recorder())
        try:
            with self.clock.limit(min(ONE_TRIAL, self.clock.left)), attempt.recorder:
                trial.namespace = self.namespace()
                make(trial, plan)
                key = (plan, trial.setting.layout, trial.setting.labels, trial.data.n_in, trial.data.n_out)
                if key in self._tried:
                    return None
                self._tried.add(key)
                found = list({id(a): (n, a) for n, a in arrays_in(trial.source) if of_parameter(n) == n}.values())
                attempt.shapes = shapes_of(found)
                before = contents(trial, found)
                for number in range(STEPS):
                    step(trial, plan)
                    if attempt.shapes - shapes_of(arrays_in(trial.source)):
                        raise ValueError("the parameters do not keep their shapes")
                    if number == 0 and (not plan.steps or plan.steps[-1][0] == "backward"):
                        trial.updated = before <= contents(trial, found)  # known now: later the recorder changes them
                    if trial.updated:
                        trial.updated = update(trial, found)
                    if number == 0:
                        finite = (np.isfinite(a.view(np.ndarray)).all() for _, a in arrays_in(trial.source))
                        attempt.finite = all(finite)
        except Enough:
            pass
        except TooLong as late:
            if self.clock.left <= 0:
                raise
            attempt.error = late
        except Exception as raised:  # by what is called, or for want of what it asks for
            if is_ours(raised):
                raise
            attempt.error = raised
        return attempt

    def _keep(self, attempt: Attempt, words: str, own_updates: bool) -> bool:
        """A step was seen: the best so far, unless a better one was; whether it is as good as any."""
        seen = Counter(p.versions[0].shape for p in attempt.recorder.parameters)
        whole = not Counter(shape for _, shape in attempt.shapes) - seen  # of a name, once: Adam has a W1 of its own
        worth = (attempt.finite, own_updates)
        if (whole and attempt.finite) or self.partly is None or worth > self._worth:
            self.best = self.partly = Driven(attempt.recorder, words)
            self._worth = worth
        return whole and attempt.finite

    def _keep_error(self, error: BaseException | None, plan: CallPlan, words: str, calls: int) -> BaseException:
        """No step was seen: what stopped it, kept where the program came further than ever before."""
        if error is None:  # it runs, and nothing is updated: nor is it with other data
            error = Unbindable("nothing is updated by it")
            self._ran.add(plan)
        elif plan.trains and not isinstance(error, Unbindable):
            frames = traceback.walk_tb(error.__traceback__)
            lines = tuple(line for frame, line in frames if self.own(frame.f_code.co_filename))
            if lines > self._stopped.get(plan, ((), None))[0]:
                self._stopped[plan] = lines, Driven(None, words, error)
        if calls > self._furthest:
            words = f"{words}: {error}" if isinstance(error, Unbindable) else words
            self._furthest, self.best = calls, Driven(None, words, error)
        return error


def drive(
    program: Program, request: dict[str, Any], clock: Clock, new_recorder: Callable[[], Recorder],
    rewrite: Callable[[ast.Module], ast.Module],
) -> Driven:  # fmt: skip
    """Find what to call for a step of training, and record it."""
    driver = Driver(program, clock, new_recorder, rewrite, request["seed"])
    try:
        space = driver.namespace()
    except Exception as error:
        if is_ours(error):
            raise
        return Driven(None, "its definitions", error)
    own = {name: value for name, value in space.items() if driver.is_own(value)}
    name = request["name"]
    methods = {method for value in own.values() if isinstance(value, type) for method in methods_of(value)}
    if name is not None and name not in {*own, *methods}:
        return Driven(None, f"there is no {name} in it; there are: {', '.join(own) or 'no classes and no functions'}")
    with contextlib.suppress(TooLong):
        if first_that_trains(driver, own, name, space):
            return driver.best
    return driver.partly or driver.without_a_step


def first_that_trains(driver: Driver, own: dict[str, Any], name: str | None, space: dict[str, Any]) -> bool:
    """The plans, each in every layout that it can take, until one trains; with other widths when all have failed."""
    left = [p for p in plans(own) if name is None or name == p.maker or name in (step for _, step in p.steps)]
    for widths in likely_widths(driver.examples):
        for plan in list(left):
            try:
                for layout, labels in layouts(own, plan, space):
                    if driver.clock.left <= 0 or driver.attempt(plan, Setting(layout, labels, widths)):
                        return driver.clock.left > 0
            except Unbindable:
                left.remove(plan)
    return False


def likely_widths(examples: Examples) -> list[tuple[int, int, int]]:
    """Of inputs, hidden units and outputs: first what the program's own constants make likely."""
    first = (784 if 784 in examples.constants else 6, 5, 10 if 10 in examples.constants else 3)
    return list(dict.fromkeys([first, (6, 5, 1), (2, 5, 2), (2, 5, 1), (784, 12, 10)]))


def layouts(own: dict[str, Any], plan: CallPlan, space: dict[str, Any]) -> list[tuple[str, str]]:
    """How the data may lie: in pairs where one argument takes both, in one way where there is nothing to lay out."""
    functions = [own[name] for _, name in plan.steps if inspect.isfunction(own.get(name))]
    if isinstance(kind := own.get(plan.maker or ""), type):
        functions += [getattr(kind, name) for _, name in plan.steps if hasattr(kind, name)]
    wanted = {role for f in functions for role in asks(f)} | {r for name in space["<skipped>"] for r in roles(name)}
    singly = plan.maker == BY_HAND or wanted & {"x", "y"}
    kinds = [kind for kind in LAYOUTS if ("pairs" in wanted if kind.startswith("pairs") else singly)]
    found = list(product(kinds, ("one-hot", "numbers"))) or [("rows", "one-hot")]
    return found + [("rows", "one-hot in columns")] * ("rows" in kinds)
