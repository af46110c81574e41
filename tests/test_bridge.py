"""The guided walk: its commands are commands, its files are there, and its numbers are what the commands print.

In `docs/bridge.md`, a block ```console holds commands, each after "$ ", and under each command parts of what it prints.
Words must be found as they stand; numbers may differ as another processor's rounding makes them. "slow" after
`console` marks what takes seconds, "long" what takes minutes: that is read here, but not run. "whole" marks what takes
a minute because it reads the whole set, and says the same of fewer digits: it is run on those. "try" marks what a
reader finds on unfolding: the change above it, a block ```diff, is made in a copy of the house, and the command run
there.
"""

import gzip
import math
import os
import re
import shlex
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from typer.main import get_command

from compare.commandline import app
from compare.shared.dataset import BUILT_IN

HOUSE = Path(__file__).parents[1]
BRIDGE = HOUSE / "docs" / "bridge.md"
TEXT = BRIDGE.read_text()
NUMBER = re.compile(r"[-+]?\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?")


def blocks(text=TEXT):
    """(kind, command, parts of its output) of each command."""
    found = []
    for kind, body in re.findall(r"^```console ?(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        for line in body.splitlines():
            if line.startswith("$ "):
                found.append((kind, line[2:], []))
            else:
                found[-1][2].append(line)
    return found


def tries():
    """(change, its commands with parts of their output) of each Try; the change is None or (file, old, new)."""
    found, change = [], None
    for piece in re.findall(r"^```diff\n.*?^```$|^<details>.*?^</details>$", TEXT, re.MULTILINE | re.DOTALL):
        if piece.startswith("<details>"):
            found.append((change, [(command, parts) for _, command, parts in blocks(piece)]))
            change = None
        else:
            _, file, old, new, _ = piece.splitlines()
            change = file.removeprefix("--- "), old[1:].strip(), new[1:].strip()
    return found


BLOCKS = blocks()
TRIES = tries()


def plain(text):
    return " ".join(text.split())


def said(part, output):
    """Whether the output says this, with numbers close to these."""
    words = [re.escape(word) for word in NUMBER.split(plain(part))]
    pattern = f"({NUMBER.pattern})".join(words)
    expected = [float(number.replace(",", "")) for number in NUMBER.findall(plain(part))]
    return any(
        all(close(float(a.replace(",", "")), b) for a, b in zip(match.groups(), expected, strict=True))
        for match in re.finditer(pattern, plain(output))
    )


def close(a, b):
    """Counts up to 100 must be equal, others within 5 %; what rounding leaves, below 1e-6, within a factor of 100."""
    if 0 < abs(b) < 1e-6:
        return abs(b) / 100 <= abs(a) <= abs(b) * 100
    return a == b if b == int(b) and abs(b) <= 100 else abs(a - b) <= 0.05 * abs(b)


def test_what_counts_as_said():
    output = "It  holds:\n60 of 60, 2.3027 and 5.0e-15"
    assert said("holds: 60 of 60, 2.3026 and 3e-15", output)
    assert not said("holds: 59 of 60", output)
    assert not said("60 of 60, 2.0", output)
    assert not said("3e-12", output)
    assert not said("It fails", output)


def test_there_are_commands_and_every_block_is_one_of_five_kinds():
    assert len(BLOCKS) > 8
    assert {kind for kind, _, _ in BLOCKS} == {"", "slow", "whole", "long", "try"}
    assert TEXT.count("```") == 2 * len(re.findall(r"^```(console|python$|diff$)", TEXT, re.MULTILINE))


def test_every_station_has_a_try_but_the_last_and_each_change_can_be_made():
    stations = re.split(r"^## ", TEXT, flags=re.MULTILINE)
    numbered = [station for station in stations if re.match(r"\d+\. ", station)]
    assert ["**Try**" in station for station in numbered] == [True] * (len(numbered) - 1) + [False]
    assert len(TRIES) > len(numbered) - 2
    for change, _ in TRIES:
        if change:
            file, old, new = change
            assert old in (HOUSE / file).read_text(), old
            assert old != new


@pytest.fixture
def house(tmp_path):
    """A copy of the house, for a change."""
    for room in ("manual", "autograd", "torch_ref", "docs"):
        shutil.copytree(HOUSE / room, tmp_path / room)
    shutil.copytree(HOUSE / "compare", tmp_path / "compare", ignore=shutil.ignore_patterns("data", "__pycache__"))
    (tmp_path / "compare" / "data").symlink_to(HOUSE / "compare" / "data")
    return tmp_path


def run_in(house, typed):
    """What is typed at that house, in a process that loads it."""
    arguments = ["-c", python_block("Network(leaves)")] if typed == "python" else shlex.split(typed)[1:]
    environment = {**os.environ, "PYTHONPATH": str(house)}
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=house, env=environment)


@pytest.mark.slow
@pytest.mark.parametrize(("change", "commands"), TRIES, ids=lambda found: str(found)[:50])
def test_what_is_folded_away_is_what_happens(request, change, commands):
    if change:
        file, old, new = change
        house = request.getfixturevalue("house")
        (house / file).write_text((house / file).read_text().replace(old, new))
    for typed, parts in commands:
        if change:
            done = run_in(house, typed)
        else:  # nothing of the house is changed, so it need not be loaded anew
            _, _, _, *arguments = shlex.split(typed)
            done = request.getfixturevalue("in_process")(*arguments)
        assert done.returncode in (0, 1), done.stderr
        for part in parts:
            assert said(part, done.stdout), (part, done.stdout)


@pytest.mark.parametrize("typed", [typed for _, typed, _ in BLOCKS if typed.startswith("python -m compare")])
def test_every_command_exists_with_its_options(typed):
    python, dash, compare, name, *arguments = shlex.split(typed)
    assert (python, dash, compare) == ("python", "-m", "compare")
    group = get_command(app)
    subcommand = group.commands[name]
    subcommand.make_context(name, arguments)  # raises for an option or an argument that it does not know


@pytest.fixture(scope="module")
def fewer_digits(tmp_path_factory):
    """The first 640 images of either set: of each IDX file as many entries of its first axis."""
    folder = tmp_path_factory.mktemp("digits")
    for file in BUILT_IN.glob("*.gz"):
        content = gzip.decompress(file.read_bytes())
        start = 4 + 4 * content[3]  # after the magic number, whose last byte counts the axes, and their lengths
        size = math.prod(struct.unpack(f">{content[3] - 1}I", content[8:start]))
        header = content[:4] + struct.pack(">I", 640) + content[8:start]
        (folder / file.stem).write_bytes(header + content[start : start + 640 * size])
    return folder


@pytest.mark.parametrize(
    ("kind", "typed", "parts"),
    [
        pytest.param(kind, typed, parts, id=typed, marks=pytest.mark.slow if kind in ("slow", "whole") else ())
        for kind, typed, parts in BLOCKS
        if kind in ("", "slow", "whole")
    ],
)
def test_a_command_prints_what_stands_under_it(in_process, fewer_digits, kind, typed, parts):
    _, _, _, *arguments = shlex.split(typed)
    done = in_process(*arguments, *(["--data", fewer_digits] if kind == "whole" else []))
    assert done.returncode == 0, done.stderr
    for part in parts:
        assert said(part, done.stdout), part


@pytest.mark.slow
def test_the_next_chapters_network_typed_into_python_learns_as_it_says(capsys):
    before = torch.random.get_rng_state()
    exec(python_block("plain.train"), {})
    torch.random.set_rng_state(before)
    (said,) = re.findall(r"# some (.*)$", python_block("plain.train"), re.MULTILINE)
    assert float(capsys.readouterr().out) == pytest.approx(float(said), abs=0.02)


def test_the_forward_pass_by_hand_typed_into_python_is_differentiated_as_it_says(capsys):
    exec(python_block("Network(leaves)"), {})
    assert capsys.readouterr().out.split() == [
        word for k in (1, 2, 3) for name in "Wb" for word in (f"{name}{k}", "True")
    ]


def python_block(piece):
    """The one block for the reader to type in which this piece of code stands."""
    (block,) = [b for b in re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL) if piece in b]
    return block


def test_the_lines_that_are_said_to_be_there_for_the_comparison_alone_are_there():
    (table,) = re.findall(r"^\| in `torch_ref/network.py`.*?^$", TEXT, re.MULTILINE | re.DOTALL)
    source = (HOUSE / "torch_ref" / "network.py").read_text()
    codes = [code for row in table.splitlines()[2:] for code in re.findall(r"`([^`]+)`", row.split(" | ")[0])]
    assert len(codes) > 5
    assert not [code for code in codes if code not in source]


def test_every_measured_number_in_the_prose_stands_in_a_block():
    prose = re.sub(r"^```.*?^```$", "", TEXT, flags=re.MULTILINE | re.DOTALL)
    printed = {number for _, command, parts in BLOCKS for number in NUMBER.findall(" ".join([command, *parts]))}
    prose = re.sub(r"^\|.*$|\]\(.*?\)|`[^`]*`", "", prose, flags=re.MULTILINE)  # code, which others test
    measured = [number for number in NUMBER.findall(prose) if "." in number or "e" in number]
    given = {"0.01", "1.1e-16", "6e-08"}  # the chapter's learning rate and scale; the formats' unit roundoffs
    assert not set(measured) - printed - given


def test_the_files_it_sends_the_reader_to_are_there():
    links = re.findall(r"\]\(([^)#]+)\)", TEXT)
    assert links
    for link in links:
        assert (BRIDGE.parent / link).exists(), link
