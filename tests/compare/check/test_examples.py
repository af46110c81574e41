"""The examples to try by hand: a right network, and one for each common bug, named like its diagnosis."""

from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parent / "examples").glob("*.py"))


SMALLER = {
    "inputs=784": "inputs=20",
    "hidden1=128": "hidden1=12",
    "hidden2=128": "hidden2=12",
    "hidden2=64": "hidden2=11",
}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_gets_the_diagnosis_that_it_is_named_after(judge_source, path):
    source = path.read_text()
    for size, smaller in SMALLER.items():  # the full size takes seconds each
        source = source.replace(size, smaller)
    check = judge_source(source)
    assert [d.name for d in check.diagnoses] == ([] if path.stem == "right" else [path.stem.replace("_", "-")])
    assert check.holds == (path.stem == "right")
