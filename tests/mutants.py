"""Would the suite notice? The calculus is altered, one small slip at a time, and each time some test must fail.

    python tests/mutants.py [--list] [--sample] [--only TEXT] [--jobs N] [--json FILE]

This is to the suite what `python -m compare parity --mutants` is to the line check. The mutants come from the syntax
tree (`mutation.py`). The tests are collected once; then a forked process for each mutant puts the changed code into the
functions, in its own memory alone, and runs the tests that are near until one fails. That test must pass without the
mutant, or it does not count. Exit 0 if every mutant is killed, but for those listed as equivalent, which must not be.
"""

import argparse
import ast
import functools
import gc
import importlib
import json
import os
import re
import signal
import sys
import tempfile
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import IO

import pytest
from equivalent_mutants import EQUIVALENT
from mutation import HOUSE, Mutant, mutants

FILES = [
    *(f"manual/{name}.py" for name in ("network", "functions", "deep")),
    *(f"autograd/{name}.py" for name in ("elementwise", "reductions", "shaping", "products", "losses")),
    *(f"autograd/{name}.py" for name in ("operation", "optimizers", "tape", "differentiate")),
]
MECHANICS = {f"autograd/{name}.py" for name in ("operation", "tape", "differentiate")}
TESTS = ["tests/manual", "tests/autograd", "-k", "not memory"]  # that is slow to measure, and not the same in a fork
#: One test of each runs first: what it loads, all processes share.
WARM = ("test_operations.py", "test_functions.py", "test_optimizers.py")
GENERAL = "test_semantics"
SECONDS = 10  # a test that runs longer hangs, and so has noticed
Report = IO[bytes]  # a file that a forked process shares with its parent
FAR = 3  # calls away from the function that a test is named for, the test is not near


def listed(mutant: Mutant) -> str:
    """The reason for which a mutant is listed as equivalent, if it is."""
    return EQUIVALENT.get((mutant.file, mutant.scope.name, mutant.change), "")


class Outcome:
    """What became of a mutant: `killer` names the test that failed."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant, self.killer = mutant, ""
        self.equivalent = listed(mutant)

    @property
    def right(self) -> bool:
        return bool(self.killer) != bool(self.equivalent)

    def as_json(self) -> dict[str, object]:
        m = self.mutant
        return {
            "file": m.file, "line": m.old.lineno, "column": m.old.col_offset, "function": m.scope.name,
            "change": m.change, "killer": self.killer, "equivalent": self.equivalent,
        }  # fmt: skip

    def __str__(self) -> str:
        listed = f", though it is listed as equivalent: {self.equivalent}" if self.equivalent else ""
        return f"{f'killed by {self.killer}' if self.killer else 'SURVIVED'}{listed}\n    {self.mutant}"


class Trials:
    """A pytest plugin: instead of running all tests once, it runs some of them on each mutant."""

    def __init__(self, chosen: list[Mutant], jobs: int) -> None:
        self.outcomes, self.jobs = [Outcome(mutant) for mutant in chosen], jobs
        self.forked = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo) -> None:
        if self.forked and call.excinfo and not call.excinfo.errisinstance(pytest.skip.Exception):
            os._exit(0)

    def pytest_sessionstart(self) -> None:
        """Before the tests are collected: each keeps the settings that hold where it is defined."""
        import hypothesis  # not before pytest, which wants to see it imported

        # Any example that fails will do, not the simplest; and a test that draws slowly has not failed.
        hypothesis.settings.register_profile(
            "mutants", hypothesis.settings.get_profile("project"), phases=[hypothesis.Phase.generate],
            report_multiple_bugs=False, suppress_health_check=list(hypothesis.HealthCheck),
        )  # fmt: skip
        hypothesis.settings.load_profile("mutants")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        live, order = functions(), Order(session.items)
        for name in WARM:
            item = next(item for item in session.items if name in item.nodeid)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        gc.freeze()
        waiting, running = self.outcomes[::-1], {}
        while waiting or running:
            while waiting and len(running) < self.jobs:
                outcome = waiting.pop()
                pid, report = self.start(order.near(outcome.mutant), functools.partial(plant, outcome.mutant, live))
                running[pid] = outcome, report
            outcome = finish(running)
            if outcome.killer in order.items and self.fails(order.items[outcome.killer]):
                print(f"\nfails without a mutant: {outcome.killer}", flush=True)
                del order.items[outcome.killer]
                waiting.append(outcome)
            elif not outcome.right:
                print(f"\n{outcome}", flush=True)
        return True

    @functools.cache  # noqa: B019 (as long as the script)
    def fails(self, item: pytest.Item) -> bool:
        """Whether a test fails without any mutant."""
        pid, report = self.start([item], lambda: None)
        os.waitpid(pid, 0)
        return bool(read(report))

    def start(self, items: list[pytest.Item], alter: Callable[[], None]) -> tuple[int, Report]:
        """Fork, alter the code and run the tests until one fails or hangs: the process, and the report of which."""
        report = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (`read` closes it)
        pid = os.fork()
        if pid:
            return pid, report
        try:
            self.forked = True
            for stream in (1, 2):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
            alter()
            for item, after in zip(items, [*items[1:], None], strict=True):
                write(report, item.nodeid)
                signal.alarm(SECONDS)
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            write(report, "")
            os._exit(0)
        finally:
            os._exit(1)


def finish(running: dict[int, tuple[Outcome, Report]]) -> Outcome:
    """Wait for one of the processes."""
    pid, status = os.wait()
    outcome, report = running.pop(pid)
    outcome.killer = read(report)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise RuntimeError(f"This mutant could not be tried: {outcome.mutant}")
    return outcome


def write(report: Report, name: str) -> None:
    """Note the test that runs from here on."""
    report.seek(0)
    report.truncate()
    report.write(name.encode())


def read(report: Report) -> str:
    """The test that ran last, which failed; "" if none did."""
    with report:
        report.seek(0)
        return report.read().decode()


Place = tuple[str, str, int]  # file, name and first line of a function


def place(code: CodeType) -> Place:
    return code.co_filename, code.co_qualname, code.co_firstlineno


def functions() -> dict[Place, list[FunctionType]]:
    """The functions of the files, as they live in this process: decorated ones, lambdas and closures too."""
    for file in FILES:
        importlib.import_module(file.removesuffix(".py").replace("/", "."))
    found, paths = defaultdict(list), {str(HOUSE / file) for file in FILES}
    for thing in gc.get_objects():
        if type(thing) is FunctionType and thing.__code__.co_filename in paths:
            found[place(thing.__code__)].append(thing)
    return found


def plant(mutant: Mutant, live: dict[Place, list[FunctionType]]) -> None:
    """Give the living functions the code of the mutant, and the defaults where it changes one of those."""
    for code in codes(mutant.code()):
        for function in live.get(place(code), []):
            if len(function.__code__.co_freevars) == len(code.co_freevars):  # else a closure that an old graph holds
                function.__code__ = code
            for name, values in mutant.defaults(code).items():
                setattr(function, name, values)


def codes(code: CodeType) -> Iterator[CodeType]:
    """A code object and those in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes(constant)


class Order:
    """Which tests to run: those named for the altered function first, then those named for what calls it."""

    def __init__(self, items: list[pytest.Item]) -> None:
        self.items = {item.nodeid: item for item in items}
        self.words = {nodeid: re.sub(r"\W+", "_", f"{nodeid}_") for nodeid in self.items}
        self.callers: dict[tuple[str, str], set[str]] = defaultdict(set)  # by room and name
        for file in FILES:
            for statement in ast.parse((HOUSE / file).read_text()).body:
                for node in ast.walk(statement):
                    name = getattr(node, "id", getattr(node, "attr", None))
                    self.callers[file.partition("/")[0], name] |= defined(statement)

    def near(self, mutant: Mutant) -> list[pytest.Item]:
        """The tests that are near, nearest first, and those of what all operations have in common."""
        return [self.items[nodeid] for nodeid in self.names(mutant.file, mutant.scope.name) if nodeid in self.items]

    @functools.cache  # noqa: B019 (as long as the script)
    def names(self, path: str, function: str) -> list[str]:
        """Their names, for all mutants of a function of a file."""
        room, _, file = path.removesuffix(".py").partition("/")
        distance, reached = {}, set(function.split("."))
        for far in range(FAR):
            distance |= dict.fromkeys(reached - distance.keys(), far)
            reached = {caller for name in reached for caller in self.callers[room, name]}
        ranks = {}
        for nodeid, words in self.words.items():
            nearest = min((far for name, far in distance.items() if f"_{name}_" in words), default=FAR)
            elsewhere = f"tests_{room}_test_{file}_" not in words
            if nearest < FAR or GENERAL in nodeid or not elsewhere:
                ranks[nodeid] = f"tests_{room}_" not in words, elsewhere, nearest
        return sorted(ranks, key=ranks.__getitem__)


def defined(statement: ast.stmt) -> set[str]:
    """The names that a statement of a module gives."""
    targets = getattr(statement, "targets", [getattr(statement, "target", None)])
    return {statement.name} if hasattr(statement, "name") else {t.id for t in targets if isinstance(t, ast.Name)}


def sample(everything: list[Mutant]) -> list[Mutant]:
    """One mutant of each vector-Jacobian product and of each statement outside of them, the same in every run.

    Of the mechanics, which nearly every test is near, only what takes a gradient: `make mutants` tries the rest.
    Of those that are listed as equivalent, on which all tests that are near must run, only the network's come on top.
    """
    groups = defaultdict(list)
    for mutant in everything:
        if mutant.file in MECHANICS and not mutant.scope.vjp:
            continue
        if not listed(mutant):
            groups[mutant.scope.vjp or mutant.scope.shown].append(mutant)
        elif mutant.file == FILES[0]:
            groups[mutant].append(mutant)
    return [min(group, key=lambda mutant: zlib.crc32(str(mutant).encode())) for group in groups.values()]


def main() -> int:
    parser = argparse.ArgumentParser(description="Alter the calculus, one slip at a time: each time a test must fail.")
    parser.add_argument("--list", action="store_true", help="show the mutants and run nothing")
    parser.add_argument("--sample", action="store_true", help="one of each vector-Jacobian product and statement")
    parser.add_argument("--only", default="", help="those in whose line of --list this text stands", metavar="TEXT")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes at a time", metavar="N")
    parser.add_argument("--json", type=Path, help="write the outcomes to this file", metavar="FILE")
    options = parser.parse_args()
    chosen = [mutant for file in FILES for mutant in mutants(file) if options.only in str(mutant)]
    chosen = sample(chosen) if options.sample else chosen
    if options.list:
        print(*chosen, sep="\n")
        return 0
    began, trials = time.monotonic(), Trials(chosen, options.jobs)
    json_file = options.json and options.json.absolute()
    os.chdir(HOUSE)
    sys.path[0] = str(HOUSE)  # not tests/, where manual and autograd are folders of tests
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # threads do not survive a fork
    quiet = ["-qq", "-s", "-p", "no:cacheprovider", "--no-header", "--durations=0", "--durations-min=99"]
    if status := pytest.main([*TESTS, *quiet], plugins=[trials]):
        return int(status)
    if json_file:
        json_file.write_text(json.dumps([outcome.as_json() for outcome in trials.outcomes], indent=1))
    killed = sum(bool(outcome.killer) for outcome in trials.outcomes)
    survived = sum(not outcome.killer and not outcome.equivalent for outcome in trials.outcomes)
    equivalent = len(chosen) - killed - survived
    took = time.monotonic() - began
    print(f"\n{len(chosen)} mutants, {killed} killed, {survived} survived, {equivalent} equivalent: {took:.0f} s")
    return int(not all(outcome.right for outcome in trials.outcomes))


if __name__ == "__main__":
    sys.exit(main())
