"""An image looked at, on a small set and through a narrow network, and the page of it."""

import pytest

from compare.look import question
from compare.look.page import look_page
from compare.report.page import write_page
from compare.shared.output import Output
from compare.shared.results import ask
from compare.shared.settings import Settings


@pytest.fixture(scope="session")
def settings(small_set):
    return Settings(data=small_set, widths=(18, 12), init="he", dtype="float32", epochs=3)


@pytest.fixture(scope="session")
def look(settings, tmp_path_factory):
    return ask(lambda out: question.ask(settings, 7, None, None, out), tmp_path_factory.mktemp("results") / "look")


@pytest.fixture(scope="session")
def page(look):
    folder = look.files[0].parent
    return write_page(look_page(look, folder), Output(folder))
