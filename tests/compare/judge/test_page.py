"""The page on the assertion: every snippet runs as it stands there, and what it says is said."""

import re
from pathlib import Path

import numpy as np
import pytest

from compare import GradientMismatch

PAGE = Path(__file__).parents[3] / "docs" / "assertion.md"
TEXT = PAGE.read_text()
EXAMPLE, *SNIPPETS = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
FRAMEWORKS = ["torch", "jax", "mygrad", "sklearn", "", "autograd.numpy", ""]
SAID = re.findall(r"^```text\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


@pytest.fixture(name="example")
def _example():
    names = {}
    exec(EXAMPLE, names)
    return names


def test_every_block_is_run_or_said():
    assert len(SNIPPETS) == len(FRAMEWORKS)
    assert TEXT.count("```") == 2 * (1 + len(SNIPPETS) + len(SAID))


@pytest.mark.parametrize(("framework", "snippet"), list(zip(FRAMEWORKS[:5], SNIPPETS[:5], strict=True)))
def test_a_snippet_runs_and_the_framework_is_right(framework, snippet, example):
    if framework:
        pytest.importorskip(framework)
    exec(snippet, example)


def test_the_snippet_for_hips_autograd_saves_its_gradients(tmp_path, monkeypatch):
    pytest.importorskip("autograd.numpy")
    monkeypatch.chdir(tmp_path)
    exec(SNIPPETS[5], {})
    assert set(np.load("found.npz")) == {"W", "x", "dW", "dx"}


def test_saved_gradients_are_judged(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    W, x = random.normal(size=(20, 5)), random.normal(size=(64, 20))
    y = np.tanh(x @ W)
    dz = 2 * y * (1 - y * y) / y.size
    np.savez("found.npz", W=W, x=x, dW=x.T @ dz, dx=dz @ W.T)
    exec(SNIPPETS[6], {})
    np.savez("found.npz", W=W, x=x, dW=x.T @ dz, dx=dz @ W.T * 1.000001)
    with pytest.raises(GradientMismatch):
        exec(SNIPPETS[6], {})


def test_what_it_says_when_it_fails(example):
    exec(SNIPPETS[4], example)
    loss, arguments = example["loss"], [example[name] for name in ("W", "b", "x", "labels")]
    check, dz = example["assert_gradients_match"], example["dz"]
    W, _, x, _ = arguments
    dW, db, dx = x.T @ dz, dz.sum(axis=0), dz @ W.T
    wrong = [
        ([dW * 64, db, dx], arguments),
        ([dW + np.float32(1e-4) * W, db, dx], arguments),
        ([dW, db, dx], [W.astype(float), *arguments[1:]]),
    ]
    for (found, given), said in zip(wrong, SAID, strict=True):
        with pytest.raises(GradientMismatch) as caught:
            check(loss, given, found)
        for line in said.splitlines():
            assert line in str(caught.value)


def test_the_readme_points_to_the_page():
    text = (PAGE.parents[1] / "README.md").read_text()
    assert "(docs/assertion.md)" in text
    assert "(compare/judge/assertion.py)" in text
