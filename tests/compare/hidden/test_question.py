"""The frame of the hidden experiments: listing, running, keeping on; and each of them on real digits."""

import json
import subprocess
import sys
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest

from compare.hidden import catalogue, question, tables
from compare.hidden.answer import Told
from compare.hidden.experiment import Finding
from compare.shared.errors import BadInput
from compare.shared.figures import new_figure
from compare.shared.results import ask
from compare.shared.settings import Settings


def experiment(answer="4 of 4", holds=True, measured=None, draw=new_figure):
    """A fake one, which calls `advance` more often than there are parts of the bar."""

    def measure(settings, digits, advance):
        for _ in range(2 * question.PARTS):
            advance()
        rows = len(digits.train_x)
        return Finding(answer, holds, measured or {"rows": rows, "dtype": settings.dtype}, "Take this from it.")

    return SimpleNamespace(QUESTION=f"Is it {answer}?", CLAIM="It is.", measure=measure, draw=lambda _: draw())


@pytest.fixture
def fakes(monkeypatch):
    """In place of the experiments: one that holds, one that does not, one that cannot run here and so draws nothing."""

    def no_figure():
        raise AssertionError("there is nothing to draw")

    known = {
        "good": experiment(),
        "bad": experiment(answer="3 of 4", holds=False),
        "absent": experiment(answer="no compiler", measured={"available": False}, draw=no_figure),
    }
    monkeypatch.setattr(catalogue, "NAMES", tuple(known))
    monkeypatch.setattr(catalogue, "load", known.__getitem__)
    return known


@pytest.fixture
def settings(small_set):
    return Settings(data=small_set, dtype="float32")


def test_without_a_name_the_experiments_are_listed_and_nothing_is_measured_or_written(fakes, settings, tmp_path):
    for fake in fakes.values():
        fake.measure = None
    listing = ask(lambda out: question.ask(settings, out), tmp_path / "out")
    assert listing.answer.holds
    assert listing.answer.as_json()["experiments"][1] == {"name": "bad", "question": "Is it 3 of 4?"}
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("fakes")
def test_one_experiment_leaves_its_figure_and_its_numbers(settings, tmp_path):
    answers = ask(lambda out: question.ask(settings, out, "good"), tmp_path)
    assert {path.name for path in answers.files} == {"good.png", "good.svg", "good.json"}
    assert answers.answer.holds
    kept = json.loads((tmp_path / "good.json").read_text())
    assert kept["measured"] == {"rows": 640, "dtype": "float32"}
    assert (kept["question"], kept["claim"], kept["answer"]) == ("Is it 4 of 4?", "It is.", "4 of 4")
    assert kept["environment"]["threads"] >= 1


def test_all_keeps_going_after_one_that_does_not_hold_and_does_not_hold_as_a_whole(fakes, settings, tmp_path, capsys):
    answers = ask(lambda out: question.ask(settings, out, everything=True), tmp_path)
    assert not answers.answer.holds
    assert [(one["name"], one["holds"]) for one in answers.answer.as_json()["experiments"]] == [
        ("good", True), ("bad", False), ("absent", True),
    ]  # fmt: skip
    promised = {"name", "question", "answer", "holds", "seconds", "measured"}
    assert set(answers.answer.as_json()["experiments"][0]) == promised | {"claim", "lesson"}
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "absent.json", "bad.json", "bad.png", "bad.svg", "good.json", "good.png", "good.svg",
    ]  # fmt: skip
    tables.show(answers.answer)
    table = capsys.readouterr().out.rpartition("experiment ")[2]
    rows = [line.split(maxsplit=3) for line in table.splitlines()]
    assert [(row[0], row[1], row[3].strip()) for row in rows if len(row) == 4 and row[0] in fakes] == [
        ("good", "yes", "4 of 4"), ("bad", "NO", "3 of 4"), ("absent", "yes", "no compiler"),
    ]  # fmt: skip
    assert "2 of 3 claims hold." in table


@pytest.mark.usefixtures("fakes")
def test_an_experiment_never_takes_more_of_the_bar_than_its_parts_and_all_of_them_in_the_end(
    settings, tmp_path, monkeypatch
):
    taken = []

    @contextmanager
    def bar(_, steps):
        taken.append(-steps)
        yield lambda steps=1, *_: taken.append(steps)

    monkeypatch.setattr(question, "progress", bar)
    ask(lambda out: question.ask(settings, out, everything=True), tmp_path)
    assert taken[0] == -3 * question.PARTS
    assert sum(taken) == 0


def test_an_unknown_name_is_bad_input_that_names_the_nearest_and_all(settings, tmp_path):
    with pytest.raises(
        BadInput, match=r"no experiment 'memroy'. Did you mean memory\? There are: used-twice, tape, memory, "
    ):
        ask(lambda out: question.ask(settings, out, "memroy"), tmp_path)


def test_a_name_and_all_together_are_bad_input(settings, tmp_path):
    with pytest.raises(BadInput, match="tape and --all"):
        ask(lambda out: question.ask(settings, out, "tape", everything=True), tmp_path)


def test_listing_loads_neither_pytorch_nor_matplotlib():
    code = (
        "import sys\n"
        "from compare.hidden import catalogue, question\n"
        f"for name in {catalogue.NAMES}: catalogue.load(name)\n"
        "print({'torch', 'matplotlib'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


@pytest.mark.parametrize("name", catalogue.NAMES)
def test_an_experiment_asks_a_question_and_makes_a_claim(name):
    found = catalogue.load(name)
    assert found.QUESTION.endswith("?")
    assert found.CLAIM.strip().endswith(".")


@pytest.mark.slow
@pytest.mark.parametrize("name", catalogue.NAMES)
def test_an_experiment_holds_on_a_small_set_and_its_figure_shows_something(name, finding_of):
    found, finding = catalogue.load(name), finding_of(name)
    assert finding.holds, finding.answer
    assert "\n" not in finding.answer
    json.dumps(Told(name, found.QUESTION, found.CLAIM, finding, 0.0).as_json(), default=np.ndarray.tolist)
    if finding.measured.get("available", True):
        figure = found.draw(finding)
        assert all(axes.has_data() for axes in figure.axes)
        assert figure.axes
