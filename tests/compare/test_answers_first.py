"""Every command begins with its answer, in two sentences, and its tables fit into a terminal of 80 columns."""

import re
from pathlib import Path

import pytest
from rich.console import Console
from rich.measure import Measurement

from compare.bench import measuring
from compare.shared import terminal

EXAMPLES = Path(__file__).parent / "check" / "examples"
CHAPTER = ["curves", "--preset", "chapter", "--dtype", "float32"]
COMMANDS = [
    ["run", "--epochs", "1"],
    ["curves", "--epochs", "1"],
    pytest.param(CHAPTER, marks=pytest.mark.slow),
    ["parity"],
    ["parity", "--dtype", "float32", "--batch-size", "1"],
    ["parity", "--dtype", "bfloat16"],
    pytest.param(["parity", "--mutants"], marks=pytest.mark.slow),
    ["divergence", "--steps", "30"],
    ["divergence", "--steps", "30", "--pair", "manual,autograd,torch_ref"],
    ["look", "--epoch", "0"],
    ["rosetta"],
    ["hidden", "tape"],
    *(["exercises", str(number), "--epochs", "1"] for number in (1, 2, 3)),
    ["check", str(EXAMPLES / "right.py")],
    ["check", str(EXAMPLES / "mask_missing.py")],
    pytest.param(["bench"], marks=pytest.mark.slow),
]


@pytest.fixture
def tables(monkeypatch):
    """The tables that are printed."""
    found = []
    laid_out = terminal.laid_out
    monkeypatch.setattr(terminal, "laid_out", lambda *table: found.append(laid_out(*table)) or found[-1])
    return found


def sentences(text):
    """A full stop, or a colon before a capital, within a number or a name ends none."""
    return [part for part in re.split(r"(?<=[.?!])\s+(?=[A-Z])", " ".join(text.split())) if part]


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_the_answer_is_two_sentences_that_come_first_and_the_tables_fit_into_80_columns(
    in_process, small_set, tables, monkeypatch, arguments
):
    monkeypatch.setenv("CXX", "there-is-no-such-compiler")  # of what bench measures, as little as can be
    monkeypatch.setattr(measuring, "BUDGET", {})
    data = [] if arguments[0] == "check" else ["--data", small_set]
    done = in_process(*arguments, *data)
    assert done.returncode in (0, 1), done.stderr
    paragraphs = [paragraph for paragraph in done.stdout.split("\n\n") if paragraph.strip()]
    answer = paragraphs[1 if arguments[0] in ("exercises", "hidden") else 0]  # below the question
    assert 1 <= len(sentences(answer)) <= 2, answer
    console = Console(width=400)
    for table in tables:
        assert Measurement.get(console, console.options, table).maximum <= 80, table.title
