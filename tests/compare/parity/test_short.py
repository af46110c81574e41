"""parity in bfloat16: PyTorch alone, line by line."""

import json

import pytest

from compare.parity.short import question
from compare.parity.short.answer import ALONE
from compare.shared import autocast
from compare.shared.results import ask
from compare.shared.settings import Settings

OPTIONS = ["--dtype", "bfloat16", "--hidden", "12,8", "--batch-size", "16", "--init", "he"]


def test_pytorch_alone_is_judged_line_by_line(in_process, small_set, tmp_path):
    done = in_process("parity", *OPTIONS, "--data", small_set, "--out", tmp_path, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert {"holds": True, "dtype": "bfloat16", "batch_size": 16}.items() <= document.items()
    assert len(document["lines"]) == 17
    for line in document["lines"]:
        assert (line["implementation"], line["answer"]) == ("torch_ref", "holds")
        assert max(line["bound_used"], line["probable_used"]) <= 1
    assert {"z1": "bfloat16", "dW1": "float32"}.items() <= {
        line["line"]: line["computed_in"] for line in document["lines"]
    }.items()
    assert document["verdict"].startswith("It holds. All 17 lines")
    assert document["verdict"].split(";")[0] in (tmp_path / "report.html").read_text()


def test_it_prints_a_row_a_line_and_why_pytorch_is_alone(in_process, small_set, tmp_path):
    done = in_process("parity", *OPTIONS, "--after", "5", "--data", small_set, "--out", tmp_path)
    assert done.returncode == 0
    for line in ("z1", "loss", "dz3", "dW1", "db1"):
        assert any(row.split()[:1] == [line] for row in done.stdout.splitlines())
    for sentence in ("after 5 training steps", ALONE, "It holds."):
        assert sentence in " ".join(done.stdout.split())


def test_a_line_that_is_wrong_is_named(small_set, tmp_path, monkeypatch):
    right = autocast.trace

    def wrong(*arguments):
        trace, dtypes = right(*arguments)
        return trace | {"dW2": trace["dW2"] * 1.125}, dtypes

    monkeypatch.setattr(autocast, "trace", wrong)
    settings = Settings(widths=(12, 8), batch_size=16, init="he", dtype="bfloat16", data=small_set)
    found = ask(lambda out: question.ask(settings, out), tmp_path).answer
    assert not found.holds
    assert found.verdict.startswith("It does not hold. In PyTorch, dW2 is wrong, given its own inputs: entry [")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["curves"], "--dtype bfloat16 is for parity alone"),
        (["rosetta"], "python -m compare parity --dtype bfloat16"),
        (["hidden", "tape"], "--dtype bfloat16 is for parity alone"),
        (["parity", "--mutants"], "--mutants has no --dtype bfloat16"),
        (["parity", "--activation", "sigmoid"], "--activation sigmoid is not judged in bfloat16"),
        (["parity", "--init-scale", "1e30"], "At these weights the calculation overflows"),
    ],
)
def test_what_has_no_bfloat16_says_so_in_one_paragraph(in_process, small_set, tmp_path, arguments, said):
    done = in_process(*arguments, "--dtype", "bfloat16", "--data", small_set, "--out", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
