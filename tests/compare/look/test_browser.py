"""The page of look as a reader meets it, in a real Chromium: stepping, pointing, the keys, a phone, the dark, paper."""

import re

import numpy as np
import pytest

from compare.worlds import NAMES

pytestmark = pytest.mark.slow

ZERO = [201, 201, 201]
READY = "performance.getEntriesByName('first picture').length > 0"


@pytest.fixture(scope="module")
def pages(browser, page):
    """Opens the page at an address's hash, in a window of a width and a theme; the tab also tells what it said."""
    contexts = {}

    def opened(address="", width=1200, theme="light"):
        if (width, theme) not in contexts:
            options = {"viewport": {"width": width, "height": 900}, "color_scheme": theme, "reduced_motion": "reduce"}
            contexts[width, theme] = tab = browser.new_context(**options).new_page()
            tab.said, tab.asked = [], []
            tab.on("console", lambda message: tab.said.append(message.text))
            tab.on("pageerror", lambda error: tab.said.append(str(error)))
            tab.on("request", lambda request: tab.asked.append(request.url))
        tab = contexts[width, theme]
        tab.goto("about:blank")
        tab.goto(page.as_uri() + address)
        tab.wait_for_function(READY)
        return tab

    yield opened
    for tab in contexts.values():
        tab.context.close()


def line(tab):
    return tab.inner_text("[data-line][aria-current=step]")


def read(tab):
    """The entry that is read, and the cells of the table beneath: a value and a distance for each world."""
    rows = tab.locator("#reading .values tbody tr").all()
    cells = [[cell.inner_text() for cell in row.locator("td").all()] for row in rows]
    return tab.inner_text("#entry"), [value for value, _ in cells], [apart for _, apart in cells]


def hover(tab, name, x, y):
    """Point at the cell of a picture in column x and row y of its grid."""
    canvas = tab.locator(f"figure[data-name={name}] canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    width, height = canvas.evaluate("canvas => [canvas.width, canvas.height]")
    tab.mouse.move(box["x"] + box["width"] * (x + 0.5) / width, box["y"] + box["height"] * (y + 0.5) / height)


def apart(a, b):
    """Steps from one float32 to the other, by NumPy."""
    if a == b:
        return "the same"
    count, low, high = 0, min(a, b), max(a, b)
    while low < high and count < 10_000:
        low, count = np.nextafter(low, np.float32(np.inf)), count + 1
    return f"{count:,} ulp{'' if count == 1 else 's'}"


def assert_read(tab, entry, arrays):
    """What is read is NumPy's value, in the fewest digits that tell it from its neighbours."""
    said, values, distances = read(tab)
    assert said == entry
    index = tuple(int(part) for part in re.findall(r"\d+(?=[,\]])", entry))
    expected = [array[index] for array in arrays]
    assert [np.float32(value) for value in values] == expected
    digits = [len(re.sub(r"e.*|\D|^[-0.]*", "", value).strip("0")) for value in values]
    own = [len(re.sub(r"e.*|\D|^[-0.]*", "", str(value)).strip("0")) for value in expected]
    assert digits == own
    assert distances == ["", *(apart(expected[0], value) for value in expected[1:])]


@pytest.mark.parametrize(("width", "theme"), [(360, "light"), (1200, "dark")])
def test_all_lines_are_shown_without_a_word_in_the_console_a_request_or_anything_cut_off(
    pages, page, look, width, theme
):
    tab = pages("", width, theme)
    seen = []
    for row in look.answer.rows:
        seen.append(line(tab))
        assert tab.inner_text("#title").startswith(f"{row.line}, from ")
        assert tab.locator("[data-statement]").first.inner_text().startswith(f"{row.line} = ")
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        for picture in tab.locator("figure canvas, figure svg[tabindex]").all():
            box = picture.bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
            assert box["height"] > 10
            assert picture.get_attribute("aria-label")
        tab.keyboard.press("ArrowRight")
    assert seen == [row.line for row in look.answer.rows]
    assert tab.said == []
    assert {url for url in tab.asked if not url.startswith(("data:", "about:"))} <= {page.as_uri()}


def test_buttons_keys_slider_and_names_step_through_the_lines(pages):
    tab = pages()
    tab.click("#next")
    assert line(tab) == "a1"
    tab.keyboard.press("ArrowRight")
    assert line(tab) == "z2"
    tab.keyboard.press("ArrowLeft")
    tab.click("#previous")
    assert line(tab) == "z1"
    tab.focus("#line")
    tab.keyboard.press("End")
    assert line(tab) == "db1"
    tab.click("[data-line=dz3]")
    assert tab.get_attribute("#line", "aria-valuetext") == "dz3, line 7 of 17"
    assert tab.locator(".source-of .lit").all_inner_texts()[0].split(maxsplit=1)[1].startswith("dz3 = (a3 - y) / m")
    tab.click("#play")
    tab.wait_for_selector("[data-line=dW3][aria-current=step]")
    tab.keyboard.press("p")
    assert tab.inner_text("#play") == "Play"
    assert "line=dW3" in tab.evaluate("location.hash")


def test_the_value_under_the_pointer_is_that_of_numpy_in_every_world(pages, look):
    tab, last = pages("#line=dW2"), look.answer.moments[-1]
    traces = [last.traces[name] for name in NAMES]
    hover(tab, "dW2", 5, 9)
    assert_read(tab, "dW2[9, 5]", [trace["dW2"] for trace in traces])
    hover(tab, "a1", 0, 11)
    assert_read(tab, "a1[0, 11]", [trace["a1"] for trace in traces])
    tab = pages("#line=dW1")
    pixel, unit = divmod(int(np.abs(traces[0]["dW1"]).argmax()), 18)
    hover(tab, "dW1", unit % 16 * 29 + pixel % 28, unit // 16 * 29 + pixel // 28)
    assert_read(tab, f"dW1[{pixel}, {unit}]", [trace["dW1"] for trace in traces])
    assert f"row {pixel // 28}, column {pixel % 28} to unit {unit} of layer 1" in tab.inner_text("#reading")
    tab = pages("#line=loss")
    assert [np.float32(value) for value in read(tab)[1]] == [trace["loss"] for trace in traces]


def test_why_lights_what_meets_in_an_entry_and_its_terms_are_those_of_the_sum(pages, look):
    tab, last = pages("#line=da1"), look.answer.moments[-1]
    hover(tab, "da1", 0, 6)
    lit = {figure: tab.locator(f"figure[data-name={figure}] rect.made").all() for figure in ("W2", "dz2", "da1")}
    assert [len(rects) for rects in lit.values()] == [1, 1, 0]
    assert [lit["W2"][0].get_attribute(side) for side in ("x", "y", "width", "height")] == ["0", "6", "12", "1"]
    terms = last.traces[NAMES[0]]["dz2"][0].astype("float64") * last.parameters["W2"][6]
    largest = int(np.abs(terms).argmax())
    first = tab.locator("#reading .terms tbody tr").first.inner_text()
    assert f"dz2[0, {largest}] · W2[6, {largest}]" in first
    assert float(tab.locator("#reading .terms .total td").nth(1).inner_text()) == pytest.approx(terms.sum(), rel=5e-3)
    hover(tab, "W2", 3, 2)
    assert "A parameter" in tab.inner_text("#reading")


def test_the_time_slider_shows_each_moments_own_arrays_on_their_own_or_on_one_scale(pages, look):
    tab = pages("#line=z1&epoch=0&at=W1[300,2]")
    for moment in look.answer.moments:
        assert_read(tab, "W1[300, 2]", [moment.parameters["W1"]] * 3)
        tab.keyboard.press("+")
        tab.wait_for_timeout(50)
    assert tab.get_attribute("#time", "aria-valuetext") == "after epoch 3"
    tab.keyboard.press("-")
    tab.wait_for_selector("#time[aria-valuetext='after epoch 2']")
    ends = [
        max(float(np.abs(m.parameters["W1"]).max()) for m in which)
        for which in (look.answer.moments[2:3], look.answer.moments)
    ]
    scale = "figure[data-name=W1] .scale span:last-child"
    assert float(tab.inner_text(scale)) == pytest.approx(ends[0], rel=5e-3)
    tab.check("#common")
    assert float(tab.inner_text(scale)) == pytest.approx(ends[1], rel=5e-3)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_zero_is_the_same_grey_and_a_unit_that_is_off_is_dark_by_day_and_by_night(pages, look, theme):
    tab, trace = pages("#line=dz1", theme=theme), look.answer.moments[-1].traces[NAMES[0]]

    def pixel(name, x, y):
        read = "(c, [x, y]) => [...c.getContext('2d').getImageData(x, y, 1, 1).data].slice(0, 3)"
        return tab.locator(f"figure[data-name={name}] canvas").evaluate(read, [x, y])

    off = int((trace["a1"][0] == 0).argmax())
    red, green, blue = pixel("dz1", off, 0)
    assert max(red, green, blue) < 40
    up, down = int(trace["da1"][0].argmax()), int(trace["da1"][0].argmin())
    assert pixel("da1", up, 0)[0] > pixel("da1", up, 0)[2]
    assert pixel("da1", down, 0)[0] < pixel("da1", down, 0)[2]
    tab.click("[data-line=z1]")
    assert pixel("x", 0, 0) == ZERO
    paper = [int(part) for part in re.findall(r"\d+", tab.evaluate("getComputedStyle(document.body).backgroundColor"))]
    assert (max(paper) < 60) == (theme == "dark")


def test_the_keyboard_alone_goes_through_a_picture_and_to_the_line_that_made_it(pages, look):
    tab = pages("#line=dW2")
    tab.focus("figure[data-name=dW2] canvas")
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        tab.keyboard.press(key)
    assert_read(tab, "dW2[1, 2]", [look.answer.moments[-1].traces[name]["dW2"] for name in NAMES])
    tab.focus("figure[data-name=dz2] canvas")
    tab.keyboard.press("Enter")
    assert line(tab) == "dz2"
    tab = pages("#line=dW1&at=dW1[27,0]")
    tab.focus("figure[data-name=dW1] canvas")
    tab.keyboard.press("ArrowRight")
    assert tab.inner_text("#entry") == "dW1[0, 1]"  # over the gap, into the next unit's tile


@pytest.mark.parametrize(
    ("width", "theme", "address"), [(360, "dark", "#line=z2&at=z2[0,3]"), (1200, "light", "#line=dz3&at=dz3[0,1]")]
)
def test_axe_finds_nothing(pages, width, theme, address):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe, of the dev extras, judges")
    found = axe.Axe().run(pages(address, width, theme)).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


def test_the_page_prints(pages):
    assert pages("#line=z1&at=z1[0,1]").pdf().startswith(b"%PDF")
