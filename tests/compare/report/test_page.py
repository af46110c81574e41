"""The page: one file that asks for nothing, says what was found, and keeps what was there before."""

import base64
import html
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from compare.report import tiles
from compare.report.answer_page import answer_page
from compare.report.collected import collected, inline_svg
from compare.report.page import Page, render, write_page
from compare.report.questions import QUESTIONS
from compare.report.sources import side_by_side
from compare.report.tiles import ABOVE, BELOW, ZERO
from compare.report.writing import write_report
from compare.run.page import run_page
from compare.shared.dataset import pixels
from compare.shared.output import Output
from compare.shared.terminal import TableShown, noted, print_pieces, print_table, print_text
from compare.worlds import build, world
from manual.network import Network

HOSTILE = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>"


def test_the_page_opens_with_the_verdict_and_names_its_versions(page, run):
    text = page.read_text()
    assert text.index("verdict") < text.index("The curves, side by side")
    assert html.escape(run.answer.verdict) in re.sub(r'<span class="nowrap">([^<]*)</span>', r"\1", text)
    assert run.document["environment"]["torch"] in text
    assert page.stat().st_size < 5_000_000


def test_the_page_asks_for_no_other_file(page):
    addresses = re.findall(r"""(?:src|href)=["']([^"']*)""", page.read_text())
    assert addresses
    assert all(address.startswith(("data:", "#")) for address in addresses), addresses
    assert "default-src 'none'" in page.read_text()


def test_every_line_of_the_calculation_is_there_with_what_it_is_in_each_world(page):
    text = page.read_text()
    for line in ("z1", "a2", "loss", "dz3", "dW1", "db1"):
        assert f'<span class="code">{line}</span>' in text
    assert "dz3 = (a3 - y) / m" in text
    assert "AddmmBackward0" in text
    assert "cross_entropy" in text


def test_beside_each_line_of_backward_stands_what_took_its_place_and_on_the_engine_where(page):
    text = re.sub(r"</?span[^>]*>", "", page.read_text())
    rows = [row for row in re.findall(r"<tr>.*?</tr>", text) if "da2 * self.activation_derivative" in row]
    (place,) = {re.search(r"relu \(elementwise\.py:(\d+)\)", row)[1] for row in rows if "taken" in row}
    assert any("ReluBackward0" in row for row in rows)
    source = (world("autograd").library() / "elementwise.py").read_text().splitlines()
    assert source[int(place) - 1].startswith("relu = operation(")


def test_experiments_left_beside_the_run_are_told_and_broken_files_passed_over(results, page):
    (told,) = collected(results / "hidden")
    assert (told.name, told.holds, len(told.figures)) == ("tape", True, 1)
    assert "What is &lt;recorded&gt;?" in page.read_text()
    assert collected(results / "nowhere") == []


def test_a_page_says_what_the_terminal_shows_in_the_same_words_and_the_verdict_once(capsys):
    with noted() as pieces:
        print_text("It holds.")
        print_table("Steps", ("step", "time"), [("by `hand`", "1.5"), ("engine", "2")])
        print_text("time: of a step\nAnd `code`.")
    assert capsys.readouterr().out == ""
    text = render(answer_page(["bench"], {"holds": True, "verdict": "It holds."}, [], pieces))
    assert text.count("It holds.") == 1
    assert "<h2>Steps</h2>" in text
    assert '<th scope="col">step</th><th scope="col" class="number">time</th>' in text
    assert '<td class="words">by <code>hand</code></td><td class="number">1.5</td>' in text
    assert "<b>time</b>: of a step" in text
    assert "And <code>code</code>." in text
    print_pieces(pieces)
    assert capsys.readouterr().out.split()[:3] == ["It", "holds.", "Steps"]


def test_the_page_of_one_experiment_or_exercise_asks_its_question_has_its_name_and_answers_once():
    told = {"name": "tape", "question": "What is it?", "answer": "This.", "holds": True, "lesson": "Because `x`."}
    page = answer_page(["hidden", "tape"], {"experiments": [told]}, [], ["tape: What is it?\n\nThis.\n\nBecause `x`."])
    text = render(page)
    assert page.file == "tape.html"
    assert "<h1>What is it?</h1>" in text
    assert (text.count("This."), text.count("Because <code>x</code>.")) == (1, 1)
    exercise = answer_page(
        ["exercises", "2"], {"exercise": 2, "question": "Deeper?", "answer": "No.", "holds": True}, []
    )
    assert (exercise.file, exercise.title, exercise.lead) == ("exercise-2.html", "Exercise 2", "Deeper?")


def test_an_experiment_is_told_with_its_own_figure_and_not_with_one_whose_name_begins_alike(results, tmp_path):
    for name in ("init", "init-scale"):
        (tmp_path / f"{name}.svg").write_text((results / "hidden" / "tape.svg").read_text())
        told = {"name": name, "question": "?", "answer": "a", "holds": True}
        (tmp_path / f"{name}.json").write_text(json.dumps(told))
    (tmp_path / "odd.json").write_text(json.dumps({"name": "odd", "question": "?", "answer": "a", "holds": True}))
    (tmp_path / "odd.svg").write_text("no drawing")
    assert [(one.name, len(one.figures)) for one in collected(tmp_path)] == [("init-scale", 1), ("init", 1)]


def test_the_command_that_made_a_page_stands_on_it_without_the_folders_it_names(run, tmp_path):
    path = write_report(
        ["run", "--data", "/home/somebody/digits", "--seed", "3"], run, tmp_path, False, page_of=run_page
    )
    assert "python -m compare run --data digits --seed 3" in path.read_text()
    assert "somebody" not in path.read_text()


@pytest.mark.parametrize("place", ["verdict", "title", "setting", "experiment", "table"])
def test_text_from_outside_cannot_inject_markup(place):
    content, pieces = {"holds": True, "verdict": "fine", "settings": {"data": "MNIST"}}, []
    if place == "verdict":
        content["verdict"] = HOSTILE
    elif place == "setting":
        content["settings"] = {"data": HOSTILE}
    elif place == "experiment":
        content["experiments"] = [{"name": HOSTILE, "question": HOSTILE, "answer": HOSTILE, "holds": True}]
    elif place == "table":
        pieces = [TableShown(HOSTILE, [HOSTILE, "b"], [[HOSTILE, "1"]]), HOSTILE]
    text = render(answer_page([HOSTILE if place == "title" else "curves"], content, [], pieces))
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "&lt;script&gt;alert" in text


def test_a_figure_gets_a_text_alternative_which_cannot_break_out_of_it(results):
    markup = str(inline_svg(results / "hidden" / "tape.svg", HOSTILE))
    assert markup.startswith('<svg role="img" aria-label="&lt;script&gt;')
    assert "onerror=alert(1)>" not in markup


def test_two_figures_on_a_page_share_no_names(tmp_path, results):
    source = (results / "hidden" / "tape.svg").read_text()
    (tmp_path / "other.svg").write_text(source)
    first, second = (
        set(re.findall(r'\bid="([^"]+)"', str(inline_svg(path, ""))))
        for path in (results / "hidden" / "tape.svg", tmp_path / "other.svg")
    )
    assert first
    assert not first & second
    used = set(re.findall(r'(?:xlink:href="|url\()#([^")]+)', str(inline_svg(tmp_path / "other.svg", ""))))
    assert used <= second


def test_the_latest_is_report_html_and_earlier_ones_are_kept_unless_overwritten(tmp_path):
    page = Page(
        "t", True, "first", "answer.html.j2", {"command": "x"}, {"experiments": [], "figures": [], "pieces": []}
    )
    output = Output(tmp_path)
    for verdict in ("first", "second", "third"):
        assert write_page(replace(page, verdict=verdict), output).name == "report.html"
    assert write_page(replace(page, verdict="instead"), output, force=True).name == "report.html"
    kept = {"report.html": "instead", "report-1.html": "first", "report-2.html": "second"}
    assert {path.name for path in tmp_path.iterdir()} == set(kept)
    assert all(f"<p>{verdict}</p>" in (tmp_path / name).read_text() for name, verdict in kept.items())


@pytest.mark.parametrize("typed", QUESTIONS)
def test_the_title_of_a_page_is_the_question_that_the_readme_says_the_command_answers(typed):
    arguments = [*typed.split(), "--seed", "1"]
    page = answer_page(arguments, {"holds": True, "verdict": "fine", "settings": {"worlds": ["manual"]}}, [])
    text = render(page)
    assert f"<h1>{html.escape(QUESTIONS[typed])}</h1>" in text.replace("&#39;", "&#x27;")
    assert f"Three ways to a gradient: {arguments[0]}" in text
    readme = Path(__file__).parents[3] / "README.md"
    (row,) = re.findall(rf"^\| `{typed}(?:`| \[).*$", readme.read_text(), re.MULTILINE)
    assert QUESTIONS[typed].rstrip("?") in row
    assert "<dt>networks</dt><dd>by hand</dd>" in text


def test_a_verdict_that_does_not_hold_is_marked():
    text = render(answer_page(["parity"], {"holds": False, "verdict": "dz1 is wrong"}, []))
    assert '<div class="verdict bad"><p>dz1 is wrong</p>' in text


def test_every_line_of_the_three_sources_stands_once_and_equal_lines_stand_on_one_height():
    blocks = {block.name: block.rows for block in side_by_side()}
    assert list(blocks)[:5] == ["before", "__init__", "parameters", "forward", "backward"]
    for column in range(3):
        numbers = [row[column].number for rows in blocks.values() for row in rows if row[column].number]
        assert len(numbers) == len(set(numbers))
        assert numbers == sorted(numbers)
    (z1,) = [row for row in blocks["forward"] if row[0].text.strip().startswith("z1 =")]
    assert z1[1].text == z1[0].text
    assert z1[2].text.strip().startswith("z1 = self.layer1")
    assert {cell.kind for row in blocks["backward"] for cell in row[1:]} == {"taken"}
    same = [row for rows in blocks.values() for row in rows if row[0].kind == "same"]
    assert same
    assert all(row[0].text == row[1].text == row[2].text for row in same)
    for cell in (cell for rows in blocks.values() for row in rows for cell in row):
        assert " " * cell.indent + html.unescape(re.sub("<[^>]*>", "", cell.markup)) == cell.text
    assert 'class="c-' in z1[0].markup


def test_the_tiles_are_the_first_layers_own_weights_and_gradients_before_and_after(run):
    answer, pictures = run.answer, run_page(run, run.files[0].parent / "nowhere").parts["learned"]
    titles = ["W1 before training", "dW1 before training", "W1 after training", "dW1 after training"]
    assert [picture.title for picture in pictures] == titles
    data = answer.data
    x, labels = pixels(data.train_images[:64], "float32"), data.train_labels[:64]
    after = Network(dict(answer.curves[0].weights[-1]))
    for picture, array in ((pictures[2], after.W1), (pictures[3], after.gradients(x, labels)[1]["W1"])):
        assert picture.largest == np.abs(array).max()
        image = Image.open(io.BytesIO(base64.b64decode(picture.address.partition(",")[2]))).convert("RGB")
        for unit, pixel in [(0, 0), (17, 300), divmod(int(np.abs(array.T).argmax()), 784)]:
            at = unit % 16 * 29 + pixel % 28, unit // 16 * 29 + pixel // 28
            part = np.sqrt(abs(array[pixel, unit]) / picture.largest)
            stops = ABOVE if array[pixel, unit] > 0 else BELOW
            expected = [np.interp(part, [0, 1 / 3, 2 / 3, 1], channel) for channel in zip(*stops, strict=True)]
            np.testing.assert_allclose(image.getpixel(at), expected, atol=2)


def test_zero_is_the_same_grey_in_the_report_as_in_look_and_so_is_every_colour():
    script = (Path(tiles.__file__).parent / "templates" / "look_pictures.js").read_text()
    for name, stops in (("BELOW", BELOW), ("ABOVE", ABOVE)):
        told = re.search(rf"const {name} = \[ZERO, (.*)\];", script).group(1)
        assert json.loads(f"[{told}]") == [list(stop) for stop in stops[1:]]
    assert f"const ZERO = {list(ZERO)}" in script


def test_the_drawn_digits_are_those_that_were_read_wrongly(run):
    parts = run_page(run, run.files[0].parent / "nowhere").parts
    read = run.answer.curves[0].predictions[-1]
    for drawn in parts["wrong"].drawn:
        assert drawn.label == run.answer.data.test_labels[drawn.index]
        assert drawn.read == str(read[drawn.index]) != str(drawn.label)
        assert drawn.source.startswith("data:image/png;base64,")
        for curve, (name, part) in zip(run.answer.curves, drawn.probabilities, strict=True):
            scores = build(name, curve.weights[-1]).logits(pixels(run.answer.data.test_images, "float32"))[drawn.index]
            assert name == curve.implementation
            assert part == pytest.approx(np.exp(scores[read[drawn.index]]) / np.exp(scores).sum(), rel=1e-4)
    assert parts["wrong"].count == (read != run.answer.data.test_labels).sum()
