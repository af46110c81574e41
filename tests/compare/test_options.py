"""Bad values in every option of every command: exit code 2 and one clear paragraph, or a value that is good.

Commands and options are read from the command line itself, so that new ones are tested too. Questions run for real up
to where they would begin to compute.
"""

import contextlib
import importlib
import inspect
import io
import json
import math
import pkgutil
import subprocess
import sys
import types
import typing
from pathlib import Path

import pytest
import typer
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import compare
from compare import commandline
from compare.commandline import app, main
from compare.shared import threads

RIGHT = Path(__file__).parent / "check" / "examples" / "right.py"
ARGUMENTS = {"hidden": ["tape"], "exercises": ["2"], "check": [str(RIGHT)]}  # what must be given for work to begin
COMMAND_LINE = typer.main.get_command(app)  # made once here: `app()` makes it anew each time, which takes longest
COMMANDS = COMMAND_LINE.commands


class WorkBegins(Exception):
    """Everything was checked, and found good."""


def values_taken(command):
    """By the name of the option, or of the argument: the kind of value that it takes."""
    function = next(c.callback for c in app.registered_commands if c.callback.__name__ == command)
    hints = {name: p.annotation for name, p in inspect.signature(function).parameters.items()}
    kinds = {}
    for parameter in COMMANDS[command].params:
        kind = typing.get_args(hints[parameter.name])[0]
        if isinstance(kind, types.UnionType):
            kind = next(part for part in typing.get_args(kind) if part is not type(None))
        if kind is not bool:
            kinds[parameter.opts[0]] = kind
    return kinds


EVERY = [(command, option, kind) for command in COMMANDS for option, kind in values_taken(command).items()]


def surely_bad(option, kind, value, folder):
    """Whether this value, one that is generated here, can be good for no option of that kind."""
    if kind is int:
        return not value.strip().lstrip("+-").replace("_", "").replace(".", "").isdigit() or int(float(value)) < 0
    if kind is float:
        try:
            return not (math.isfinite(float(value)) and float(value) > 0)
        except ValueError:
            return True
    if kind is str:
        return value in WORDS + LISTS and not any(c.isdigit() for c in value)
    return option == "--data" or (folder / value).is_file() or value.startswith("/dev/null")


NUMBERS = [
    "0",
    "-1",
    "-0",
    "1",
    "nan",
    "inf",
    "-inf",
    "1e400",
    "1e-400",
    "0.5",
    "1e3",
    "0x10",
    "1_0",
    "9" * 30,
    "9" * 400,
]
WORDS = ["", " ", "x", "None", "ja", "é", "數", "\x01", "\x1b[31m", "a\nb", "\t", "[/red]", "{0}", "%s", "--", "-x"]
LISTS = [",", "1,", ",1", "1,,2", "1,2,x", "manual", "manual,", "manual,manual", "manual,nobody", "1 2", "1;2"]
PATHS = ["/dev/null/x", "file", "file/x", "nowhere", "/proc/x", "x" * 300, "x/" * 2500, "\udcff", "."]
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), max_size=12)
VALUES = (
    st.sampled_from(NUMBERS + WORDS + LISTS + PATHS)
    | TEXT
    | st.floats().map(repr)
    | st.integers(-(2**70), 2**70).map(str)
    | st.lists(st.sampled_from(["", "8", "0", "-3", "x", "manual"]), max_size=4).map(",".join)
)


@pytest.fixture(scope="module", autouse=True)
def _no_work():
    """Work would begin where a question takes its threads or starts a process: by then, everything is checked."""

    def begin(*_, **__):
        raise WorkBegins

    for module in pkgutil.walk_packages(compare.__path__, "compare."):
        if not module.name.endswith(("__main__", "_worker", ".child")):
            importlib.import_module(module.name)
    with pytest.MonkeyPatch.context() as patch:
        for module in list(sys.modules.values()):
            if getattr(module, "use_threads", None) is threads.use_threads and module is not threads:
                patch.setattr(module, "use_threads", begin)
        patch.setattr(threads, "use_threads", begin)
        patch.setattr(subprocess, "Popen", begin)
        patch.setattr(commandline, "app", COMMAND_LINE)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory, small_set):
    """Where commands are run: it holds a data set and a file."""
    folder = tmp_path_factory.mktemp("options")
    (folder / "file").write_text("")
    (folder / "small").symlink_to(small_set)
    with contextlib.chdir(folder):
        yield folder


def run(*arguments):
    """The exit code, or None where work would begin; stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.setattr(sys, "argv", ["compare", *arguments])
        try:
            main()
        except SystemExit as end:
            code = end.code
        except WorkBegins:
            code = None
    return code, out.getvalue(), err.getvalue()


def command_line(command, option, value):
    """The command with this value, and with good ones for what it needs besides."""
    given = {"--data": "small", "--out": "out"}
    options = [part for name, good in given.items() if name in values_taken(command) for part in (name, good)]
    if option.startswith("-"):
        return [command, *options, "--json", *ARGUMENTS.get(command, []), option, value]
    return [command, *options, "--json", "--", value]


def assert_one_clear_paragraph(stderr, option, value):
    assert "Traceback" not in stderr
    paragraph = stderr[max(stderr.find("╭─ Error"), 0) :].removesuffix("\n")
    assert paragraph.startswith(("error: ", "╭─ Error"))
    assert paragraph.startswith("╭") or "\n" not in paragraph or "\n" in value
    if option.startswith("-"):
        assert option in paragraph or repr(value) in paragraph
    assert len(paragraph) < 900 + 2 * len(value)


@pytest.mark.parametrize(("command", "option", "kind"), EVERY, ids=[f"{c} {o}" for c, o, _ in EVERY])
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=VALUES)
@example(value="")
@example(value="-1")
@example(value="nan")
@example(value="x" * 300)
def test_a_bad_value_ends_with_2_and_one_clear_paragraph_before_any_work(folder, command, option, kind, value):
    code, stdout, stderr = run(*command_line(command, option, value))
    if code == 2:
        assert stdout == ""
        assert_one_clear_paragraph(stderr, option, value)
    else:
        assert code is None or json.loads(stdout)
        assert not surely_bad(option, kind, value, folder), (code, value)
        assert stderr == ""
    assert [path.name for path in folder.rglob("*") if path.is_file() and "small" not in path.parts] == ["file"]
