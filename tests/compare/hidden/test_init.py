"""When a plateau is left, and when a start is slower."""

from compare.hidden.experiments import init

FAST, SLOW = [2.3] * 10 + [2.0] * 20, [2.3] * 300 + [2.0] * 20
SIZES = {"chapter": 0.01, "torch": 0.5}


def test_a_plateau_is_left_when_the_mean_of_a_window_is_low_and_not_when_one_loss_is():
    assert not init.left_plateau([2.0] * (init.WINDOW - 1))
    assert init.left_plateau([2.3] * 5 + [2.0] * init.WINDOW)
    assert not init.left_plateau([2.3] * init.WINDOW + [1.5])
    assert not init.left_plateau([float("nan")] * init.WINDOW)


def test_a_start_that_is_not_three_times_slower_does_not_hold():
    fast, slow = dict.fromkeys(init.NAMES, FAST), dict.fromkeys(init.NAMES, SLOW)
    assert init.judge(init.Measured({"chapter": slow, "torch": fast}, SIZES)).holds
    assert not init.judge(init.Measured({"chapter": {**slow, "autograd": FAST}, "torch": fast}, SIZES)).holds
    assert not init.judge(init.Measured({"chapter": slow, "torch": {**fast, "manual": [2.3] * 30}}, SIZES)).holds


def test_one_that_never_leaves_is_said_to_take_more_than_was_tried():
    fast, stuck = dict.fromkeys(init.NAMES, FAST), dict.fromkeys(init.NAMES, [2.3] * 320)
    finding = init.judge(init.Measured({"chapter": stuck, "torch": fast}, SIZES))
    assert "more than 320 steps" in finding.answer
    assert finding.holds
