"""Rosetta: what is said of each line is what the source, the tape and PyTorch's graph really hold."""

import json
from pathlib import Path

import numpy as np
import pytest

import manual.network
from autograd.network import Network as Engine
from compare.rosetta import question
from compare.shared.errors import BadInput
from compare.shared.initial import initial_parameters
from compare.shared.results import ask
from compare.shared.settings import Settings
from compare.side_by_side.lines import compare_lines
from compare.worlds import AUTOGRAD, MANUAL, TORCH_REF


@pytest.fixture(scope="module")
def asked(small_set, tmp_path_factory):
    settings = Settings(data=small_set, widths=(12, 11), batch_size=7, init="he")
    return ask(lambda out: question.ask(settings, out), tmp_path_factory.mktemp("rosetta"))


@pytest.fixture(scope="module")
def rows(asked):
    return {row.line: row for row in asked.answer.rows}


def test_each_line_is_a_statement_of_the_hand_written_network(asked):
    source = {line.partition("#")[0].strip() for line in Path(manual.network.__file__).read_text().splitlines()}
    assert {row.nodes[MANUAL] for row in asked.answer.rows} <= source
    assert all(row.nodes[MANUAL].startswith(f"{row.line} = ") for row in asked.answer.rows)


def test_the_nodes_are_those_of_the_tape_and_of_the_grad_fns(rows):
    nodes = {line: (row.nodes[AUTOGRAD], row.nodes[TORCH_REF]) for line, row in rows.items()}
    assert nodes["z1"] == ("matmul, add", "TBackward0, AddmmBackward0")
    assert nodes["a2"] == ("relu", "ReluBackward0")
    assert nodes["loss"] == ("cross_entropy", "LogSoftmaxBackward0, NllLossBackward0")
    assert nodes["dz3"] == ("cross_entropy", "NllLossBackward0, LogSoftmaxBackward0")
    assert nodes["dW3"] == ("add, matmul", "AddmmBackward0, TBackward0")
    assert nodes["db3"] == ("add", "AddmmBackward0")
    assert nodes["da1"] == ("add, matmul", "AddmmBackward0")
    assert nodes["dz1"] == ("relu", "ReluBackward0")


def test_the_operators_are_those_that_ran_for_the_line_and_no_other(rows):
    assert rows["z2"].operators[TORCH_REF].split(", ")[-1] == "addmm"
    assert rows["a1"].operators[TORCH_REF] == "relu"
    assert "mm" in rows["dW1"].operators[TORCH_REF].split(", ")
    assert "sum" not in rows["dW1"].operators[TORCH_REF]
    assert rows["db1"].operators[TORCH_REF].split(", ")[0] == "sum"
    assert "threshold_backward" in rows["dz2"].operators[TORCH_REF]
    assert "forward" not in rows["dz3"].operators[TORCH_REF]


def test_another_activation_shows_in_all_columns():
    data = np.random.default_rng(0)
    parameters = initial_parameters((6, 5, 4, 3), "he")
    rows, _ = compare_lines(parameters, data.random((4, 6)), data.integers(0, 3, 4), "sigmoid")
    assert (rows[1].nodes[AUTOGRAD], rows[1].nodes[TORCH_REF]) == ("sigmoid", "SigmoidBackward0")
    assert all(row.holds for row in rows)


def test_what_is_kept_is_what_the_backward_pass_reads(rows, asked):
    def names(line, who):
        return {kept.name for kept in rows[line].kept[who]}

    for who in ("manual", "torch_ref"):
        assert names("z3", who) == {"a2", "W3"}
        assert names("a1", who) == {"a1"}
        assert names("z1", who) == {"x"}
    assert {"a2", "W3"} <= names("z3", "autograd")
    assert names("loss", "manual") == {"z3", "labels"}
    a1, a2, scores = 7 * 12 * 8, 7 * 11 * 8, 7 * 10 * 8
    assert asked.answer.extra_bytes["manual"] == a1 + a2 + scores
    assert all(asked.answer.extra_bytes[who] >= a1 + a2 + scores for who in (AUTOGRAD, TORCH_REF))


def test_the_three_agree_and_the_json_has_a_row_for_every_line(asked, rows):
    assert asked.answer.holds
    forward, backward = "z1 a1 z2 a2 z3 loss", "dz3 dW3 db3 da2 dz2 dW2 db2 da1 dz1 dW1 db1"
    assert " ".join(rows) == f"{forward} {backward}"
    document = json.loads((asked.files[0].parent / "results.json").read_text())
    assert document["holds"] is True
    assert [line["line"] for line in document["lines"]] == list(rows)
    assert all(line["holds"] for line in document["lines"])
    assert document["lines"][0]["shape"] == [7, 12]
    assert {path.name for path in asked.files} == {"rosetta.png", "rosetta.svg", "results.json"}


def test_one_wrong_line_in_one_of_the_three_does_not_hold(monkeypatch):
    right = Engine.trace

    def wrong(self, x, labels):
        trace = right(self, x, labels)
        return trace | {"dW2": trace["dW2"] * (1 + 1e-7)}

    monkeypatch.setattr(Engine, "trace", wrong)
    data = np.random.default_rng(0)
    parameters = initial_parameters((6, 5, 4, 3), "he")
    rows, _ = compare_lines(parameters, data.random((4, 6)), data.integers(0, 3, 4))
    assert [row.line for row in rows if not row.holds] == ["dW2"]


def test_another_depth_is_refused(small_set, tmp_path):
    with pytest.raises(BadInput, match=r"--hidden has 1 widths here"):
        ask(lambda out: question.ask(Settings(data=small_set, widths=(8,)), out), tmp_path)
