"""The frame of the hidden experiments: listing, running, keeping on; and each of them on real digits."""

import ast
import json
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from compare.hidden import question, tables
from compare.hidden.answer import Outcome
from compare.hidden.frame import catalogue
from compare.hidden.frame.experiment import Finding, NotMeasured
from compare.shared import terminal
from compare.shared.errors import BadInput
from compare.shared.figures import new_figure
from compare.shared.results import ask
from compare.shared.settings import Settings


def experiment(answer="4 of 4", holds=True, draw=new_figure):
    """A fake one, which calls `advance` more often than there are parts of the bar."""

    def measure(settings, digits, advance):
        for _ in range(2 * question.PARTS):
            advance()
        return {"rows": len(digits.train_x), "dtype": settings.dtype}

    def judge(result):
        return Finding(answer, holds, result, "Take this from it.")

    return SimpleNamespace(
        QUESTION=f"Is it {answer}?", CLAIM="It is.", measure=measure, judge=judge, draw=lambda _: draw()
    )


def absent():
    """A fake one that cannot run here, and so judges and draws nothing."""
    return SimpleNamespace(QUESTION="Is it?", CLAIM="It is.", measure=lambda *_: NotMeasured("no compiler", "Get one."))


@pytest.fixture
def fakes(monkeypatch):
    """In place of the experiments: one that holds, one that does not, one that cannot run here and so draws nothing."""

    known = {
        "good": experiment(),
        "bad": experiment(answer="3 of 4", holds=False),
        "absent": absent(),
    }
    monkeypatch.setattr(catalogue, "NAMES", tuple(known))
    monkeypatch.setattr(catalogue, "load", known.__getitem__)
    return known


@pytest.fixture
def settings(small_set):
    return Settings(data=small_set, dtype="float32")


def test_how_long_it_takes_is_known_of_experiments_that_there_are():
    assert set(catalogue.LONG) <= set(catalogue.NAMES)
    assert (
        catalogue.seconds(["tape"]) < terminal.WAIT < catalogue.seconds(["trust"]) < catalogue.seconds(catalogue.NAMES)
    )


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


@pytest.mark.usefixtures("fakes")
def test_all_keeps_going_after_one_that_does_not_hold_and_does_not_hold_as_a_whole(settings, tmp_path, capsys):
    answers = ask(lambda out: question.ask(settings, out, everything=True), tmp_path)
    assert not answers.answer.holds
    assert [(one["name"], one["holds"]) for one in answers.answer.as_json()["experiments"]] == [
        ("good", True), ("bad", False), ("absent", None),
    ]  # fmt: skip
    promised = {"name", "question", "answer", "holds", "seconds", "measured"}
    assert set(answers.answer.as_json()["experiments"][0]) == promised | {"claim", "lesson"}
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "absent.json", "bad.json", "bad.png", "bad.svg", "good.json", "good.png", "good.svg",
    ]  # fmt: skip
    tables.show(answers.answer)
    verdict, _, table = capsys.readouterr().out.partition("experiment ")
    assert verdict.strip() == "1 of 2 claims hold, and 1 was not measured here."
    rows = [" ".join(line.split()) for line in table.splitlines()]
    for name, holds, answer in [("good", "yes", "4 of 4"), ("bad", "NO", "3 of 4"), ("absent", "not measured", "no c")]:
        assert any(row.startswith(f"{name} {holds} ") for row in rows)
        assert sum(row.startswith(answer) for row in rows) == 1


def test_what_is_not_measured_neither_holds_nor_fails(fakes, settings, tmp_path):
    del fakes["bad"]
    results = ask(lambda out: question.ask(settings, out, "absent"), tmp_path)
    assert results.answer.holds
    (one,) = results.document["experiments"]
    assert one["holds"] is None
    assert one["measured"] == {"available": False, "reason": "no compiler"}
    tables.show(results.answer)


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
        "from compare.hidden import question\n"
        "from compare.hidden.frame import catalogue\n"
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
    found, (result, finding) = catalogue.load(name), finding_of(name)
    assert finding.holds is not False, finding.answer
    assert "\n" not in finding.answer
    json.dumps(Outcome(name, found.QUESTION, found.CLAIM, finding, 0.0).as_json(), default=np.ndarray.tolist)
    if not isinstance(result, NotMeasured):
        figure = found.draw(result)
        assert all(axes.has_data() for axes in figure.axes)
        assert figure.axes


@pytest.mark.parametrize("name", catalogue.NAMES)
def test_an_experiment_measures_a_frozen_dataclass_of_its_own_and_a_spoilt_one_is_shown_to_refute_its_claim(name):
    found = catalogue.load(name)
    assert found.Measured.__dataclass_params__.frozen
    assert found.Measured.__module__ == found.__name__
    assert "Any" not in str(found.Measured.__annotations__), "what was measured is a dataclass, not a dict of anything"
    module = name.replace("-", "_")
    tests = ast.parse((Path(__file__).parent / f"test_{module}.py").read_text())
    judged = [
        ast.unparse(test) for test in tests.body if isinstance(test, ast.FunctionDef) and ".judge(" in ast.unparse(test)
    ]
    refuted = [
        test
        for test in judged
        if re.search(r"assert not .*holds", test) or (".holds is holds" in test and "False" in test)
    ]
    assert refuted, f"test_{module}.py shows nothing that the judgement of {name} refuses"
