"""What all tests share: property-based tests draw the same examples every time and are not timed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")

#: These files are begun first, or else, in several processes, all of them would wait for the last of these.
LONGEST = (
    "test_learners",
    "test_run",
    "test_mutants",
    "test_chapter",
    "test_exercises",
    "test_bridge",
    "test_interrupted",
)


def pytest_configure(config):
    config.option.loadscopereorder = False  # pytest-xdist would begin with the files of many tests, however short


def pytest_collection_modifyitems(items):
    ranks = {name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path.stem, len(ranks)))


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    """As commands compute unless told otherwise; beside other programs, two would spin, waiting for each other."""
    from compare.shared.threads import use_threads

    with use_threads(1):
        yield


@pytest.fixture(scope="session")
def command(tmp_path_factory):
    """Runs `python -m compare ARGUMENTS` in a process of its own, which warm.py has ready; gives what `run` gives.

    folder: to run in. interrupt_after: seconds until Ctrl-C. largest_file: bytes; more fails, as on a full disk.
    """
    folder = tmp_path_factory.mktemp("command")
    with subprocess.Popen(
        [sys.executable, "-P", str(Path(__file__).with_name("warm.py"))],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as warm:  # fmt: skip

        def run(*arguments, **options):
            said = {name: str(folder / name) for name in ("stdout", "stderr")}
            request = {"folder": str(folder), "interrupt_after": None, "largest_file": None, **options, **said}
            request |= {"folder": str(request["folder"]), "arguments": list(map(str, arguments))}
            warm.stdin.write(json.dumps(request) + "\n")
            warm.stdin.flush()
            code = int(warm.stdout.readline())
            return subprocess.CompletedProcess(arguments, code, *(Path(path).read_text() for path in said.values()))

        yield run
        warm.stdin.close()


@pytest.fixture
def in_process(monkeypatch, capsys, tmp_path):
    """Like `command`, but in this very process: faster, where a process of its own is not what is tested."""
    from compare.commandline import main

    def run(*arguments):
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["compare", *map(str, arguments)])
            patch.chdir(tmp_path)
            with pytest.raises(SystemExit) as end:
                main()
        return subprocess.CompletedProcess(arguments, end.value.code, *capsys.readouterr())

    return run
