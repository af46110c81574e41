"""Turns, on clocks that tell what the test wants."""

import itertools
import time

import pytest

from compare.shared.rounds import LEAST_ROUNDS, MOST_ROUNDS, TURN, Timing, stopwatch, take_turns


def clock(name, seconds, log):
    def run(steps):
        log.append((name, steps))
        return next(seconds)

    return run


def unheard(_name):
    pass


def test_every_round_gives_each_a_turn_in_the_same_order_and_the_fewest_rounds_need_no_budget():
    log, told = [], []
    clocks = {name: clock(name, itertools.repeat(TURN), log) for name in ("a", "b", "c")}
    timings = take_turns(clocks, budget=0.0, before=told.append)
    assert [name for name, _ in log] == ["a", "b", "c"] * LEAST_ROUNDS == told
    assert {timing.rounds for timing in timings.values()} == {LEAST_ROUNDS}


def test_short_steps_fill_a_turn_after_one_that_is_not_counted():
    log = []
    timing = take_turns({"a": clock("a", itertools.repeat(TURN / 10), log)}, 0.0, unheard)["a"]
    assert log == [("a", 1), *[("a", 1), ("a", 10)] * LEAST_ROUNDS]
    assert timing.rounds == LEAST_ROUNDS


def test_a_long_budget_ends_with_the_most_rounds():
    timing = take_turns({"a": clock("a", itertools.repeat(TURN), [])}, 1e9, unheard)["a"]
    assert timing.rounds == MOST_ROUNDS


def test_a_timing_is_the_median_in_microseconds_and_the_width_of_the_middle_half():
    timing = Timing.of([1e-6, 2e-6, 3e-6, 4e-6, 100e-6])
    assert timing.microseconds == pytest.approx(3)
    assert timing.spread == pytest.approx(2)


def test_the_stopwatch_takes_as_many_steps_as_it_is_told_and_gives_the_time_of_one():
    taken = []

    def step():
        taken.append(time.perf_counter())
        time.sleep(0.002)

    seconds = stopwatch(step)(5)
    assert len(taken) == 5
    assert 0.002 <= seconds <= (time.perf_counter() - taken[0]) / 5
