"""The page of every kind of command in a real Chromium, phone or desk, light or dark: nothing scrolls sideways."""

from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "check" / "examples"
pytestmark = pytest.mark.slow


@pytest.fixture(
    params=[
        ["rosetta"],
        ["parity"],
        ["curves", "--epochs", "1"],
        ["divergence", "--steps", "30"],
        ["exercises", "3", "--epochs", "1"],
        ["hidden", "first-day"],
        ["check", str(EXAMPLES / "mask_missing.py")],
    ],
    ids=lambda arguments: arguments[0],
)
def written(request, in_process, small_set, tmp_path):
    """The page of a command."""
    data = [] if request.param[0] == "check" else ["--data", small_set]
    done = in_process(*request.param, *data, "--out", tmp_path / "out")
    assert done.returncode in (0, 1), done.stderr
    (page,) = (tmp_path / "out").glob("*.html")
    return page


def test_a_page_is_as_wide_as_its_window_and_says_no_name_of_json_and_no_backtick(browser, written):
    for width in (380, 1200):
        for theme in ("light", "dark"):
            context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
            tab = context.new_page()
            said = []
            tab.on("console", lambda message, said=said: said.append(message.text))
            tab.goto(written.as_uri())
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            for details in tab.query_selector_all("details"):
                details.evaluate("each => each.open = true")
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            assert said == []
            text = tab.inner_text("main")
            assert not [word for word in ("`", "torch_ref", "bound_used", "null") if word in text]
            context.close()
