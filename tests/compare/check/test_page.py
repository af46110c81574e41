"""The learner's page: their lines as they wrote them, a mark where one was judged, the mistake opened at its line."""

import base64
import io
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from compare.check import page, question
from compare.check.answer import Check
from compare.check.saying.diagnoses import COLUMNS, ROWS, _values
from compare.report.page import render
from compare.shared.output import Output
from compare.shared.results import Results

ABOUT = {"settings": {}, "environment": {}}


@pytest.fixture(scope="module")
def wrong(tmp_path_factory, write_network):
    """A check of a network with one wrong line, run in a process of its own."""
    source = write_network(replaced={"dz2": "dz2 = da2 * (self.z1 > 0)"})
    path = tmp_path_factory.mktemp("page") / "net.py"
    path.write_text(source + "\n# a < b & c\n")
    return question.ask(str(path), Output(path.parent / "out"))


def shown(check):
    return render(page.check_page(Results(check, ABOUT, []), None))


def test_every_line_of_the_file_stands_on_the_page_with_the_mark_of_what_was_judged(wrong):
    lines = page.source_lines(wrong)
    assert len(lines) == len(wrong.file.read_text().splitlines())
    marks = {line.number: line.mark for line in lines if line.mark}
    assert [number for number, mark in marks.items() if mark == "wrong"] == [wrong.source_line]
    assert sum(mark == "right" for mark in marks.values()) >= 3
    assert [line.mistakes for line in lines if line.mistakes] == [[0]]


def test_the_mistake_is_opened_at_its_line_with_its_explanation_and_what_is_written_is_escaped(wrong):
    text = shown(wrong)
    assert text.count('id="mistake-1"') == 1
    assert "# a &lt; b &amp; c" in text
    assert wrong.diagnoses[0]["explanation"].split(",")[0] in text


def test_the_network_is_drawn_as_it_was_understood(wrong):
    boxes = page.boxes(wrong.understood)
    assert [(box.size, box.kind) for box in boxes] == [
        ("20", "inputs"), ("12", "relu"), ("12", "relu"), ("10", "softmax"),
    ]  # fmt: skip


def test_a_picture_shows_each_entry_as_one_pixel_zero_as_grey_and_signs_as_blue_and_red():
    values = {"shape": [1, 3], "from": [0, 0], "found": [[-2.0, 0.0, 2.0]], "expected": [[0.0, 0.0, 0.0]]}
    found, expected, difference = page.pictures(values)
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(found.address.partition(",")[2]))))
    assert pixels.shape == (1, 3, 3)
    assert pixels[0].tolist() == [page.BELOW.tolist(), page.ZERO.tolist(), page.ABOVE.tolist()]
    assert difference.address == found.address
    assert "from 0 to 0" in expected.words


def test_of_a_large_array_the_part_around_the_largest_difference_is_shown():
    found, expected = np.zeros((784, 128)), np.zeros((784, 128))
    found[400, 127] = 1.0
    values = _values(SimpleNamespace(found=found, expected=expected))
    assert values["from"] == [400 - ROWS // 2, 128 - COLUMNS]
    assert np.max(values["found"]) == 1.0
    assert "its rows 389 to 412 and columns 97 to 128" in page.pictures(values)[0].words


def test_the_curve_goes_from_the_first_step_to_the_last_and_higher_losses_lie_higher():
    course = {"at": [1, 10, 100], "losses": [2.0, None, 1.0]}
    assert page.curve(course) == [(0.0, 0.0), (300.0, 50.0)]
    assert page.curve({"at": [1], "losses": [2.0]}) == []


def test_a_page_without_mistakes_holds(wrong):
    right = Check(wrong.file, wrong.place, wrong.understood, "It ran.", [], wrong.lines, [], {})
    assert page.check_page(Results(right, ABOUT, []), None).holds
