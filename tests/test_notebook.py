"""The walk as a notebook: made of the walk, with all of its commands, and it runs from top to bottom."""

import importlib.util
import re
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]
WALK = (HOUSE / "docs" / "bridge.md").read_text()

jupytext = pytest.importorskip("jupytext", reason="jupytext, of the dev extras, makes the notebook")
nbformat = pytest.importorskip("nbformat", reason="nbformat comes with jupytext")


@pytest.fixture(scope="module")
def maker():
    spec = importlib.util.spec_from_file_location("notebook", HOUSE / "docs" / "notebook.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def notebook(maker):
    return maker.notebook(WALK)


def test_the_notebook_that_lies_there_is_the_walk_as_it_stands_now(maker, notebook):
    there = nbformat.read(maker.NOTEBOOK, as_version=4)
    assert there == notebook, "docs/bridge.md has been changed: run python docs/notebook.py"


def test_every_command_of_the_walk_is_a_cell_but_for_those_that_are_folded_away(notebook):
    open_text = re.sub(r"^<details>.*?^</details>$", "", WALK, flags=re.MULTILINE | re.DOTALL)
    commands = re.findall(r"^\$ (.*)$", open_text, re.MULTILINE)
    assert len(commands) > 10
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert [source.splitlines()[0][1:] for source in code if source.startswith("!")] == commands
    assert [source for source in code[1:] if not source.startswith("!")] == [
        block.rstrip() for block in re.findall(r"^```python\n(.*?)^```$", WALK, re.MULTILINE | re.DOTALL)
    ]


def test_the_text_is_the_walks_own_word_for_word(notebook):
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    for paragraph in re.sub(r"^```(console|python).*?^```$", "", WALK, flags=re.MULTILINE | re.DOTALL).split("\n\n"):
        assert paragraph.strip() in text, paragraph


def takes_seconds(cell):
    return bool(cell.metadata.get("tags")) or "plain.train" in cell.source


@pytest.mark.slow
def test_it_runs_from_top_to_bottom_and_shows_a_commands_figures_in_place(notebook, tmp_path):
    """All cells but those that take seconds, each of which test_bridge.py runs; and one that leaves a figure."""
    nbclient = pytest.importorskip("nbclient", reason="nbclient, of the dev extras, runs the notebook")
    kept = [cell for cell in notebook.cells if not takes_seconds(cell)]
    drawing = "Path('results/drawn').mkdir(parents=True)\nfrom compare.shared.figures import new_figure\n"
    drawing += "new_figure(2, 2).savefig('results/drawn/one.png')\nfigures()"
    notebook.cells = [*kept, nbformat.v4.new_code_cell(drawing)]
    for room in ("manual", "autograd", "torch_ref", "compare"):
        (tmp_path / room).symlink_to(HOUSE / room)
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    for cell in kept:
        for output in cell.get("outputs", ()):
            assert "Traceback" not in str(output), output
    assert "image/png" in str([output.get("data", {}).keys() for output in notebook.cells[-1].outputs])
