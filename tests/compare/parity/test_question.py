import json
import math

import numpy as np
import pytest

from autograd import operation
from compare.judge import units
from compare.parity import answer as answered
from compare.parity import question
from compare.parity.figure import draw
from compare.parity.sizes import Smallest
from compare.shared.errors import BadInput
from compare.shared.results import ask
from compare.shared.settings import Settings
from compare.worlds import NAMES

SMALL = Settings(widths=(12, 8), batch_size=16)


@pytest.fixture(scope="module")
def answer(small_set, tmp_path_factory):
    return ask(lambda out: question.ask(SMALL.with_(data=small_set), out), tmp_path_factory.mktemp("parity")).answer


def test_the_command_prints_one_json_document_of_the_promised_shape(in_process, small_set, tmp_path):
    options = ["--hidden", "12,8,6", "--batch-size", "16", "--activation", "sigmoid", "--dtype", "float32"]
    done = in_process("parity", *options, "--data", small_set, "--out", tmp_path, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert {"holds": True, "dtype": "float32", "batch_size": 16}.items() <= document.items()
    assert len(document["lines"]) == len(NAMES) * 23
    for line in document["lines"]:
        assert {"implementation", "line", "error", "error_ulp", "bound_used", "holds"} <= line.keys()
        assert line["bound_used"] <= 1
        assert line["probable_used"] <= 1
        assert line["slope_sigma"] <= 8
        assert 0 <= line["power"] < 1e-5
        assert line["answer"] == "holds"
    assert document["weakest"]["power"] == max(line["power"] for line in document["lines"])
    assert {line["implementation"] for line in document["lines"]} == set(NAMES)
    assert document["end_to_end"]["holds"] is True
    assert document["end_to_end"]["is_a_verdict"] is True
    assert document["referee"]["holds"] is True
    assert document["referee"]["relative_difference"] < 1e-9
    assert document["verdict"].startswith(f"It holds. All {23 * len(NAMES)} lines")
    assert f"It holds. All {23 * len(NAMES)} lines" in (tmp_path / "report.html").read_text()
    assert document["files"].pop() == str(tmp_path / "report.html")  # written last, from what is in results.json
    assert json.loads((tmp_path / "results.json").read_text()) == document
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "parity.png", "parity.svg", "report.html", "results.json",
    ]  # fmt: skip


def test_the_command_prints_a_row_a_line_the_sentences_and_the_verdict(in_process, small_set, tmp_path):
    done = in_process("parity", "--hidden", "12,8", "--batch-size", "16", "--data", small_set, "--out", tmp_path)
    assert done.returncode == 0
    for line in ("z1", "loss", "dz3", "dW1", "db1"):
        assert any(row.split()[:1] == [line] for row in done.stdout.splitlines())
    for sentence in (
        "share:",
        "likely:",
        "ulps:",
        "largest entry would have been noticed",
        "The mask of z1 is the same after a step, so this batch cannot tell one taken too late.",
        "A common question: my gradient differs by 6e-09, is it wrong?",
        "Referee:",
        "It holds.",
    ):
        assert sentence in done.stdout


def test_planted_bugs_are_all_caught_by_the_command(in_process, proof, monkeypatch, tmp_path):
    monkeypatch.setattr(question, "plant_all", lambda: proof)
    sizes = [Smallest("TF32 inputs", "dW1", "float32", 64, 0.001, 0.9, 0.0, math.inf)]
    monkeypatch.setattr(question, "smallest_sizes", lambda _: sizes)
    done = in_process("parity", "--mutants", "--json", "--out", tmp_path)
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert document["smallest"] == [
        {"bug": "TF32 inputs", "line": "dW1", "dtype": "float32", "rows": 64, "judge": 0.001, "assert_close": 0.9,
         "allclose": 0.0, "gradcheck": None}
    ]  # fmt: skip
    assert document["holds"] is True
    assert document["caught"] == document["planted"] >= 30
    assert (
        document["verdict"]
        == f"It holds. {document['caught']} of {document['planted']} planted bugs are caught on their own line."
    )
    assert document["verdict"] in (tmp_path / "report.html").read_text()


def test_the_three_are_judged_at_the_weights_that_training_has_reached(small_set, tmp_path, answer):
    later = ask(lambda out: question.ask(SMALL.with_(data=small_set, init="he"), out, after=50), tmp_path).answer
    assert later.holds
    assert answer.holds
    assert "after 50 training steps" not in str(answer.as_json())
    assert later.as_json()["after"] == 50
    start = question.trained(SMALL.with_(data=small_set), question.load_mnist(small_set), 0)
    trained = question.trained(SMALL.with_(data=small_set), question.load_mnist(small_set), 50)
    assert all((start[name] != trained[name]).any() for name in ("W3", "b3"))


def test_a_negative_number_of_steps_and_a_training_that_diverges_are_refused(small_set, tmp_path):
    with pytest.raises(BadInput, match="--after is -1"):
        ask(lambda out: question.ask(SMALL.with_(data=small_set), out, after=-1), tmp_path)
    with pytest.raises(BadInput, match=r"stopped at step \d+, where the loss is not finite"):
        ask(
            lambda out: question.ask(SMALL.with_(data=small_set, init="he", learning_rate=1e200), out, after=20),
            tmp_path,
        )
    assert list(tmp_path.iterdir()) == []


def test_a_gradient_of_another_shape_than_its_parameter_is_refused_by_name(small_set, tmp_path, monkeypatch):
    traced = question.trace_all

    def spoilt(*given):
        return {name: {**trace, "db3": trace["db3"].sum()} for name, trace in traced(*given).items()}

    monkeypatch.setattr(question, "trace_all", spoilt)
    with pytest.raises(BadInput, match=r"gradient of b3 has the shape \(\); b3 has \(10,\)"):
        ask(lambda out: question.ask(SMALL.with_(data=small_set), out), tmp_path)


def test_a_wrong_line_is_the_verdict_and_stands_above_the_bound_in_the_figure(small_set, tmp_path, monkeypatch):
    @operation
    def wrong(z, /):  # as good as all three being wrong
        return np.maximum(z, 0), lambda g: g * (z > 0) * 2

    monkeypatch.setitem(units.UNITS, "relu", lambda z, _: wrong(z))
    result = ask(lambda out: question.ask(SMALL.with_(data=small_set), out), tmp_path).answer
    assert not result.holds
    assert not result.as_json()["holds"]
    assert "By hand, dz2 is wrong, given its own inputs: entry [" in answered.verdict_sentence(result)
    assert "do not confirm" in answered.referee_sentence(result)
    axes = draw(result).axes[0]
    column = [line.name for line in result.checks["manual"].lines].index("dz2")
    heights = [line.get_ydata()[column] for line in axes.lines[:3]]
    assert all(1 < height < axes.get_ylim()[1] for height in heights)


def test_where_the_referee_cannot_judge_the_answer_says_so_and_the_lines_decide(in_process, small_set, tmp_path):
    done = in_process(
        *["parity", "--hidden", "12,8", "--batch-size", "16", "--init-scale", "1e-14", "--data"],
        small_set,
        "--out",
        tmp_path,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Referee: it could not judge at these weights." in done.stdout
    found = json.loads((tmp_path / "results.json").read_text())
    assert found["holds"] is True
    assert found["referee"] == {"judged": False, "holds": None}
    assert found["verdict"].endswith("the referee could not judge at these weights.")


def test_the_figure_has_a_marker_for_each_line_and_implementation_and_the_bound(answer):
    axes = draw(answer).axes[0]
    *implementations, bound = axes.lines
    assert [len(line.get_xdata()) for line in implementations] == [17] * len(NAMES)
    assert np.all(np.asarray(bound.get_ydata()) == 1)
    low, high = axes.get_ylim()
    for line in implementations:
        assert np.all((low < line.get_ydata()) & (line.get_ydata() < high))
    used = [line.bound_used for line in answer.checks["manual"].lines]
    exact = [height < 1e-5 for height in implementations[0].get_ydata()]
    assert exact == [share == 0 for share in used]


def test_the_answer_to_six_in_a_billion_depends_on_dtype_and_bound(small_set, tmp_path, answer):
    assert "Not here, in float64" in answered.is_it_right(answer)
    in_float32 = ask(lambda out: question.ask(SMALL.with_(data=small_set, dtype="float32"), out), tmp_path).answer
    assert "In float32 the difference alone cannot tell" in answered.is_it_right(in_float32)


def test_the_nearest_line_is_found_among_those_asked_for(answer):
    _, matmul = answer.nearest("z da dW")
    assert matmul.name.rstrip("0123456789") in ("z", "da", "dW")
    _, any_line = answer.nearest()
    assert any_line.bound_used == max(line.bound_used for check in answer.checks.values() for line in check.lines)
