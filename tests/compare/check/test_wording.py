"""What the printed answer says, and what it leaves out, for a reader who sees it for the first time."""

import re

import pytest


def printed(check, capsys):
    check.print()
    return " ".join(capsys.readouterr().out.split())


def test_one_mistake_is_not_called_the_first_and_several_are(write_network, judge_source):
    one = judge_source(write_network(replaced={"dz2": "dz2 = da2"})).verdict
    assert re.match(r"1 mistake, in line \d+: mask-missing\. ", one)
    assert "the first is" not in one
    two = judge_source(write_network(replaced={"dz2": "dz2 = da2", "dz3": "dz3 = (y - output) / m"})).verdict
    assert re.match(r"2 mistakes in lines \d+, \d+; the first is sign-flipped\. ", two)


def test_what_is_a_billion_bounds_away_is_far_outside_in_the_table_and_a_number_in_the_data(
    write_network, judge_source, capsys
):
    check = judge_source(write_network(replaced={"dW3": "dW3 = self.a2.T @ dz3; dW3 -= lr * self.W3"}))
    assert max(v.bound_used for v in check.lines) > 1e9
    text = printed(check, capsys)
    assert "far outside" in text
    assert not re.search(r"\de\+(\d{3}|[1-9]\d) ", text)
    assert all(isinstance(line["bound_used"], float) for line in check.as_json()["lines"])


def test_a_zero_has_no_sign(write_network, judge_source, capsys):
    check = judge_source(write_network(replaced={"dz2": "dz2 = da2"}))
    worst = next(v.worst for v in check.lines if v.name == "dz2")
    object.__setattr__(worst, "exact", -0.0)
    text = printed(check, capsys)
    assert "expected at" in text
    assert ": 0, found" in text


def test_a_softmax_that_overflows_is_told_that_every_entry_should_be_a_number(write_network, judge_source):
    overflowing = "self.a3 = np.exp(self.z3) / np.exp(self.z3).sum(axis=1, keepdims=True)"
    diagnosis = judge_source(write_network(replaced={"a3": overflowing})).diagnoses[0]
    assert diagnosis.evidence.endswith("are not numbers; every entry should be a number.")


@pytest.mark.parametrize("parameter", ["W2", "b2"])
def test_an_update_of_the_gradient_is_mended_by_an_update_of_the_parameter(write_network, judge_source, parameter):
    wrong = f"d{parameter} -= lr * self.{parameter}"
    diagnosis = judge_source(write_network(replaced={f"{parameter} update": wrong})).diagnoses[0]
    assert (diagnosis.name, diagnosis.line) == ("gradient-updated-instead", f"d{parameter}")
    assert diagnosis.corrected == f"self.{parameter} -= lr * d{parameter}"


def test_where_no_update_is_right_the_mended_line_is_an_update_all_the_same(write_network, judge_source):
    replaced = {f"W{k} update": f"dW{k} -= lr * self.W{k}" for k in (1, 2, 3)}
    diagnoses = {d.line: d for d in judge_source(write_network(replaced=replaced)).diagnoses}
    assert diagnoses["dW2"].name == "gradient-updated-instead"
    assert "W2 -=" in diagnoses["dW2"].corrected
