"""`bench` on a small set, without a compiler: with one it takes most of a minute."""

import csv
import json

import numpy as np
import pytest

from compare.bench import measuring, question
from compare.bench.measuring import Measured, Rest, Timed, batch_sizes
from compare.bench.question import Bench
from compare.bench.rivals import rivals
from compare.bench.torch_process import TorchProcess
from compare.shared.errors import BadInput
from compare.shared.output import dump_json
from compare.shared.processes import ProcessFailed
from compare.shared.results import ask
from compare.shared.rounds import Timing
from compare.shared.settings import Settings

IN_ALL = ["floor", "manual", "manual_preallocated", "autograd", "torch_ref"]


@pytest.fixture
def no_compiler(monkeypatch):
    monkeypatch.setenv("CXX", "there-is-no-such-compiler")
    monkeypatch.setattr(measuring, "BUDGET", {})


@pytest.fixture
def timed():
    """An answer with made-up times."""
    rows = [
        Timed(name, dtype, size, Timing(100.0 * (i + 1), 10.0, 3), float(i + 1), (i + 1) / 5, 1000)
        for dtype in ("float32", "float64")
        for size in (1, 640)
        for i, name in enumerate(IN_ALL)
    ]
    return Bench(Settings(), Measured(rows, {"manual": 0.1, "torch_ref": 0.2}), {})


@pytest.mark.slow
@pytest.mark.usefixtures("no_compiler")
def test_the_answer_has_a_row_for_each_rival_dtype_and_batch_size_and_the_gradients_were_judged(small_set, tmp_path):
    found = ask(lambda out: question.ask(Settings(data=small_set), out), tmp_path).answer
    content = json.loads(dump_json(found.as_json()))
    assert found.holds
    assert [(r["dtype"], r["batch_size"], r["implementation"]) for r in content["rows"]] == [
        (dtype, size, name) for dtype in ("float32", "float64") for size in (1, 64, 640) for name in IN_ALL
    ]
    for row in content["rows"]:
        cell = {r["implementation"]: r for r in content["rows"]
                if (r["dtype"], r["batch_size"]) == (row["dtype"], row["batch_size"])}  # fmt: skip
        assert row["over_floor"] == pytest.approx(row["microseconds"] / cell["floor"]["microseconds"])
        assert row["over_torch"] == pytest.approx(row["microseconds"] / cell["torch_ref"]["microseconds"])
        assert row["spread"] >= 0
        weights = 109_386 * np.dtype(row["dtype"]).itemsize
        if row["implementation"] == "floor":
            results = 109_184 + row["batch_size"] * (128 + 64 + 10 + 64 + 128)  # dW1 dW2 dW3; z1 z2 z3 da2 da1
            assert row["peak_bytes"] == results * np.dtype(row["dtype"]).itemsize
        else:
            assert row["peak_bytes"] > weights
    assert set(content["bound_used"]) == set(IN_ALL) - {"floor"}
    assert content["blas"].keys() >= {"internal_api", "chosen_by"}
    assert "there-is-no-such-compiler" in content["not_compiled"] or "compiler" in content["not_compiled"].lower()
    assert "could not compile here" in " ".join(found.reasons)
    assert {path.name for path in tmp_path.iterdir()} == {"bench.csv", "bench.png", "bench.svg", "results.json"}
    with (tmp_path / "bench.csv").open() as table:
        assert len(list(csv.reader(table))) == 1 + len(content["rows"])
    kept = json.loads((tmp_path / "results.json").read_text())
    assert {name: kept[name] for name in content} == content
    assert "environment" in kept


def test_gradients_outside_their_bounds_fail_the_answer_whatever_the_times(timed):
    assert timed.holds
    timed.measured.bound_used["torch_ref"] = 1.5
    assert not timed.holds
    assert "PyTorch are outside their bounds" in timed.verdict
    timed.measured.bound_used["torch_ref"] = float("nan")
    assert not timed.holds


def test_the_verdict_tells_the_ratios_in_float32_by_batch_size(timed):
    assert "on batches of 1 and 640" in timed.verdict
    assert "by hand 2.00 and 2.00; by hand, arrays made once 3.00 and 3.00; engine 4.00 and 4.00" in timed.verdict


def test_what_was_timed_before_a_stop_is_written(small_set, tmp_path, monkeypatch, timed):
    def stopped(_settings, _data, measured, _advance):
        measured.rows += timed.measured.rows[:5]
        raise KeyboardInterrupt

    monkeypatch.setattr(question, "measure", stopped)
    with pytest.raises(KeyboardInterrupt):
        ask(lambda out: question.ask(Settings(data=small_set), out), tmp_path)
    with (tmp_path / "bench.csv").open() as table:
        assert [row["implementation"] for row in csv.DictReader(table)] == IN_ALL
    assert [path.name for path in tmp_path.iterdir()] == ["bench.csv"]


def test_a_process_that_fails_is_told_in_one_paragraph(small_set, tmp_path, monkeypatch):
    def fails(*_):
        with TorchProcess() as pytorch:
            pytorch.ask("there_is_no_such_request")

    monkeypatch.setattr(question, "measure", fails)
    with pytest.raises(BadInput, match=r"PyTorch is timed could not go on: AttributeError.*there_is_no_such_request"):
        ask(lambda out: question.ask(Settings(data=small_set), out), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_process_that_never_answers_is_ended(monkeypatch):
    monkeypatch.setattr("compare.bench.torch_process.LIMIT", 0.05)
    with TorchProcess() as pytorch:
        with pytest.raises(ProcessFailed, match="code"):
            pytorch.ask("load")
        assert pytorch.process.poll() is not None


def test_the_sizes_are_those_that_the_set_allows_with_the_whole_set_last():
    assert batch_sizes(60_000) == [1, 64, 1024, 60_000]
    assert batch_sizes(64) == [1, 64]
    assert batch_sizes(1) == [1]


def test_with_several_threads_there_is_a_rest_where_the_library_changes_and_only_there(monkeypatch):
    rests = []
    monkeypatch.setattr("time.sleep", rests.append)
    rest = Rest(threads=2)
    for name in (*rivals(), *rivals()):
        rest(name)
    assert rests == [measuring.REST] * 3
    rests.clear()
    rest = Rest(threads=1)
    for name in (*rivals(), *rivals()):
        rest(name)
    assert not any(rests)
