"""The examples to try by hand: a right network, and one for each common bug, at its line and under its name."""

from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent / "examples"
SMALLER = {
    "inputs=784": "inputs=20",
    "hidden1=128": "hidden1=12",
    "hidden2=128": "hidden2=12",
    "hidden2=64": "hidden2=11",
}
#: The example: the names that fit, and the lines that show it. What is not there is shown beside where it belongs.
BUGS = {
    "accumulated": ({"accumulated", "not-reset"}, {36}),
    "axis_wrong": ({"axis-wrong"}, {39}),
    "bias_not_updated": ({"bias-not-updated", "never-updated"}, {39, 44, 45, 46}),
    "dtype_lost": ({"dtype-lost"}, {41}),
    "gradient_updated_instead": ({"gradient-updated-instead", "never-updated"}, {45}),
    "learning_rate_in_gradient": ({"learning-rate-in-gradient"}, {35}),
    "loss_gradient_mismatch": ({"extra-derivative"}, {34}),
    "mask_missing": ({"mask-missing"}, {37}),
    "mask_not_strict": ({"mask-not-strict"}, {40}),
    "mask_wrong_layer": ({"mask-wrong-layer"}, {40}),
    "mean_missing": ({"mean-missing"}, {38}),
    "mean_twice": ({"mean-twice"}, {42}),
    "onehot_shifted": ({"onehot-shifted"}, {34}),
    "scaled_by_constant": ({"scaled-by-constant"}, {41}),
    "sigmoid_derivative_of_wrong_argument": ({"derivative-of-wrong-argument"}, {40}),
    "sign_flipped": ({"sign-flipped"}, {34}),
    "softmax_axis": ({"softmax-axis"}, {11, 12}),
    "softmax_overflow": ({"softmax-overflow", "not-finite"}, {11}),
    "transposed": ({"transposed"}, {38}),
    "updated_too_early": ({"updated-too-early"}, {37, 38}),
}


@pytest.fixture
def judge_example(judge_source):
    """Judge an example, made smaller: the full size takes seconds each."""

    def judge(name):
        source = (EXAMPLES / f"{name}.py").read_text()
        for size, smaller in SMALLER.items():
            source = source.replace(size, smaller)
        return judge_source(source)

    return judge


def test_every_example_is_tried():
    assert {path.stem for path in EXAMPLES.glob("*.py")} == {"right", *BUGS}


def test_the_right_example_holds(judge_example):
    check = judge_example("right")
    assert check.holds
    assert check.diagnoses == []
    assert len(check.lines) == 6


#: What one step at generic numbers cannot show: ties at exactly 0, scores of a thousand, labels that are shifted for
#: all examples alike, and a detour through float32 that costs no more than float32 costs.
UNSEEN = {"mask_not_strict", "softmax_overflow", "onehot_shifted", "dtype_lost"}
MARKED = [pytest.param(n, marks=pytest.mark.xfail(strict=True)) if n in UNSEEN else n for n in BUGS]


@pytest.mark.parametrize("name", MARKED)
def test_an_example_is_named_at_its_line(judge_example, name):
    check = judge_example(name)
    names, lines = BUGS[name]
    assert not check.holds
    assert check.faults[0]["name"] in names
    assert check.source_line in lines
    assert len(check.faults) == 1, [(d["name"], d["text"]) for d in check.faults]
