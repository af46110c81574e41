"""What the texts count in words is counted here, from the source: a number that no longer holds fails."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest

from compare.hidden.experiments import first_day_mistakes, shape_errors, tape, what_vanished
from compare.hidden.tools.source_lines import in_network
from compare.shared.initial import initial_parameters

HOUSE = Path(__file__).parents[1]
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def functions(path, name=""):
    """The functions of a file, or the one method of that name."""
    tree = ast.parse((HOUSE / path).read_text())
    if not name:
        return [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return next(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name)


def derivatives(function):
    """The lines of a backward pass that give a derivative."""
    targets = [ast.unparse(node.targets[0]) for node in function.body if isinstance(node, ast.Assign)]
    return [target for target in targets if re.fullmatch(r"(self\.)?d[zaWb]\d", target)]


def listing():
    """The lines of the smallest tape that a reader types, without its first, which says what it is."""
    return [line for line in (HOUSE / "docs" / "tape.py").read_text().splitlines()[1:] if line.strip()]


def mistakes():
    """The ways to get shapes, dtypes and labels wrong."""
    x, labels = np.zeros((4, 6), "float32"), np.zeros(4, int)
    return shape_errors.mistakes(initial_parameters((6, 5, 4, 3), "he"), x, labels)


FORWARD = [n for n in functions("manual/network.py", "forward").body if isinstance(n, ast.Assign)]
BACKWARD = derivatives(functions("manual/network.py", "backward"))
ERRORS, DAY = "compare/hidden/experiments/shape_errors.py", first_day_mistakes.TRAININGS
#: file, the sentence with its number in brackets, and what is counted.
STATED = [
    ("manual/__init__.py", r"the (\w+) formulas it\s+uses", functions("manual/functions.py")),
    ("docs/bridge.md", r"`forward` in \[manual/network.py\]\(../manual/network.py\): (\w+) lines", FORWARD),
    ("docs/bridge.md", r"your (\w+) lines, unchanged", FORWARD),
    ("docs/bridge.md", r"`backward` in \[manual/network.py\]\(../manual/network.py\): (\w+) lines", BACKWARD),
    ("docs/bridge.md", r"the chapter's nine lines of backward are (\w+) here", BACKWARD),
    ("docs/bridge.md", r"your (\w+) lines(?:, for any network|\n)", BACKWARD),
    ("docs/bridge.md", r"The 16 lines are your (\w+), the", BACKWARD),
    ("docs/bridge.md", r"\[docs/tape.py\]\(tape.py\): (\w+) lines", listing()),
    ("compare/hidden/experiments/used_twice.py", r"this in (\w+) lines, autograd/tape.py", listing()),
    ("docs/bridge.md", r"which of (\w+) other mistakes of that day", list(DAY)[1:]),
    ("docs/bridge.md", r"The other (\w+) run, and", [*first_day_mistakes.LEARN_NOTHING, first_day_mistakes.LESS]),
    ("docs/bridge.md", r"and (\w+) of them learn nothing at all", first_day_mistakes.LEARN_NOTHING),
    ("docs/bridge.md", r"A step of (\w+) lines records", tape.LINES),
    ("compare/hidden/experiments/tape.py", r"A step of (\w+) lines records", tape.LINES),
    (ERRORS, r"The same (\w+) mistakes in three worlds", mistakes()),
    (ERRORS, r"refuses all (\w+) mistakes", mistakes()),
    (ERRORS, r"\"\"\"(\w+) ways to get the parameters", mistakes()),
    (ERRORS, r"\"(\w+) mistakes: refused", mistakes()),
    ("docs/bridge.md", r"shape-errors.png` has all (\w+)\.", mistakes()),
]


@pytest.mark.parametrize(("file", "sentence", "counted"), STATED, ids=[f"{f}: {s[:40]}" for f, s, _ in STATED])
def test_a_number_in_a_text_is_that_of_the_source(file, sentence, counted):
    found = re.findall(sentence, (HOUSE / file).read_text())
    assert found, f"{file} says nothing like {sentence} any more"
    count = len(counted)
    assert {word.lower() for word in found} == {WORDS[count] if count < len(WORDS) else str(count)}


def test_the_lines_of_the_backward_pass_that_the_bridge_explains_are_those_that_are_counted():
    import manual.network

    lines = in_network(manual.network)
    text = (HOUSE / "docs" / "bridge.md").read_text()
    assert f"The backward pass: {len(lines['backward pass'])} lines by hand" in text
    assert what_vanished.PARTS[1] == "backward pass"
