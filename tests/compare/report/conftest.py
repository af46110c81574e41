"""A run on a small set, and the page of it."""

import json

import pytest

from compare.report.page import write_page
from compare.run import question
from compare.run.page import run_page
from compare.shared.figures import new_figure, save_figure
from compare.shared.output import Output
from compare.shared.results import ask
from compare.shared.settings import Settings


@pytest.fixture(scope="session")
def run(small_set, tmp_path_factory):
    settings = Settings(data=small_set, init="he", epochs=3, dtype="float32")
    return ask(lambda out: question.ask(settings, out), tmp_path_factory.mktemp("results") / "run")


@pytest.fixture(scope="session")
def results(run):
    """The folder that holds the run's, with an experiment left beside it."""
    folder = run.files[0].parent.parent
    beside = Output(folder / "hidden")
    figure = new_figure(6, 3)
    figure.subplots().plot([1, 2, 3])
    save_figure(figure, beside, "tape")
    told = {"name": "tape", "question": "What is <recorded>?", "answer": 'Nodes: "9" & more.', "holds": True}
    (beside.folder / "tape.json").write_text(json.dumps({**told, "lesson": "<b>Look.</b>"}))
    (beside.folder / "broken.json").write_text('{"name":')
    return folder


@pytest.fixture(scope="session")
def page(run, results):
    return write_page(run_page(run, results), Output(results / "run"))
