"""The page as a reader meets it, in a real Chromium: mouse, keyboard, phone, dark theme, screen reader, paper."""

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(params=["light", "dark"])
def theme(request):
    return request.param


@pytest.fixture(params=[360, 1440])
def width(request):
    return request.param


@pytest.fixture
def opened(browser, page, theme, width):
    """The page opened, with what the browser said and asked for meanwhile."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
    tab = context.new_page()
    tab.said, tab.asked = [], []
    tab.on("console", lambda message: tab.said.append(message.text))
    tab.on("pageerror", lambda error: tab.said.append(str(error)))
    tab.on("request", lambda request: tab.asked.append(request.url))
    tab.goto(page.as_uri())
    yield tab
    context.close()


def test_no_console_message_no_request_and_nothing_overflows(opened, page, width):
    assert opened.said == []
    assert [url for url in opened.asked if not url.startswith("data:")] == [page.as_uri()]
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    for details in opened.query_selector_all("details"):
        details.evaluate("each => each.open = true")
    assert opened.evaluate("document.documentElement.scrollWidth") <= width


def test_every_figure_has_size_and_a_text_alternative(opened):
    for details in opened.query_selector_all("details"):
        details.evaluate("each => each.open = true")
    drawn = opened.query_selector_all("svg[role=img], img")
    assert len(drawn) > 10
    for one in drawn:
        box = one.bounding_box()
        assert box["width"] > 20
        assert box["height"] > 20
        assert one.get_attribute("aria-label") or one.get_attribute("alt")


# Of the rules some look at colours and some at sizes, and none at both: each theme is judged once, and each width.
@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 360)])
def test_no_serious_violation_of_the_accessibility_rules(opened):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe, of the dev extras, judges")
    for details in opened.query_selector_all("details"):
        details.evaluate("each => each.open = true")
    violations = axe.Axe().run(opened).response["violations"]
    serious = [(v["id"], v["nodes"][0]["html"]) for v in violations if v["impact"] in ("serious", "critical")]
    assert serious == []


def shown(tab):
    return tab.inner_text(".reading > div:not([hidden]) h3")


def test_pointing_at_an_epoch_in_a_chart_shows_its_three_values(opened, run):
    assert shown(opened) == "Epoch 3"
    opened.locator("svg.torch_ref .band[data-epoch='2']").first.hover()
    assert shown(opened) == "Epoch 2"
    text = opened.inner_text(".reading > div:not([hidden])")
    for curve in run.answer.curves:
        assert f"{curve.train_loss[1]:.4f}" in text
        assert f"{curve.test_accuracy[1]:.2%}" in text


def test_the_keyboard_alone_reaches_the_epochs_and_unfolds_a_line(opened):
    opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.className") == "skip"
    opened.focus(".epochs button")
    assert shown(opened) == "Epoch 1"
    opened.keyboard.press("Tab")
    assert shown(opened) == "Epoch 2"
    opened.focus("details.line summary")
    opened.keyboard.press("Enter")
    assert opened.evaluate("document.querySelector('details.line').open")
    assert "z1 = x @ self.W1 + self.b1" in opened.inner_text("details.line[open]")


def test_the_page_prints_with_its_folded_parts_open(opened):
    opened.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert opened.evaluate("[...document.querySelectorAll('details')].every(each => each.open)")
    assert opened.pdf().startswith(b"%PDF")
