"""A table shows all of what it is given: nothing is cut off, nothing is taken for markup."""

from functools import partial

import pytest
from rich.console import Console

from compare.shared import terminal

pytestmark = pytest.mark.usefixtures("narrow")


@pytest.fixture
def narrow(monkeypatch):
    monkeypatch.setattr(terminal, "_stdout", lambda: Console(width=80))


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (3, ""),
        (8.4, "Three trainings: about 8 s."),
        (43, "Three trainings: about 40 s."),
        (200, "Three trainings: about 3 min."),
    ],
)
def test_a_wait_is_announced_where_it_is_long_and_somebody_looks(seconds, said, monkeypatch, capsys):
    terminal.announce_wait("Three trainings", seconds)
    assert not capsys.readouterr().err  # no terminal
    console = partial(Console, force_terminal=True, color_system=None)
    monkeypatch.setattr(terminal, "Console", console)
    terminal.announce_wait("Three trainings", seconds)
    assert capsys.readouterr().err.strip() == said


def test_nothing_is_cut_off_where_the_terminal_is_too_narrow(capsys):
    cells = [f"{letter * 39}|" for letter in "abcd"]
    terminal.print_table("", ["1", "2", "3", "4"], [cells])
    shown = capsys.readouterr().out
    assert "\N{HORIZONTAL ELLIPSIS}" not in shown
    assert {letter: shown.count(letter) for letter in "abcd|"} == {**dict.fromkeys("abcd", 39), "|": 4}
    assert max(map(len, shown.splitlines())) <= 80


def test_a_table_that_fits_has_one_line_for_each_row(capsys):
    terminal.print_table("", ["name", "value"], [["of 4 words or so", "1.0 to 2.0"], ["b", "2"]])
    assert [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()][-2:] == [
        ["of", "4", "words", "or", "so", "1.0", "to", "2.0"],
        ["b", "2"],
    ]


@pytest.mark.parametrize("text", ["x[i] [red]y", "[/foo]", ":smile:"])
def test_titles_headers_and_cells_are_not_taken_for_markup(text, capsys):
    terminal.print_table(text, [text, "b"], [[text, text]])
    assert capsys.readouterr().out.count(text) == 4


def test_numbers_end_at_the_right_of_their_column_and_words_begin_at_its_left(capsys):
    rows = [["a", "1.5", "add", "0.0041"], ["b", "10.25", "-", "outside"], ["c", "-", "multiply", "1e-05"]]
    terminal.print_table("", ["name", "number", "operation", "share"], rows)
    header, _, *lines = [line for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert len({line.index(row[2]) for line, row in zip(lines, rows, strict=True)} | {header.index("operation")}) == 1
    assert {line.index(row[1]) + len(row[1]) for line, row in zip(lines, rows, strict=True)} == {
        header.index("number") + len("number")
    }
    assert len({line.rindex(row[3]) + len(row[3]) for line, row in zip(lines, rows, strict=True)}) == 1


def test_sentences_in_the_last_column_begin_at_its_left_and_break_between_words(capsys):
    words = [f"word{i}" for i in range(40)]
    terminal.print_table("", ["name", "number", "answer"], [["a name", "1", " ".join(words)]])
    header, _, *lines = [line for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert {line.index("word") for line in lines} == {header.index("answer")}
    assert lines[0].split()[:3] == ["a", "name", "1"]
    assert " ".join(lines).split()[3:] == words
