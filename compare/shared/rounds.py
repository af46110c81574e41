"""Timing by turns: in every round each rival takes steps for a moment, so that whatever slows the machine slows all."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

LEAST_ROUNDS, MOST_ROUNDS = 3, 41
TURN = 0.010  # seconds, or one step where that takes longer

#: After its turn a BLAS keeps threads spinning for a tenth of a second, on processors that the next in turn needs.
REST = 0.15

#: steps -> the seconds that each of them took on average.
Clock = Callable[[int], float]


@dataclass(frozen=True)
class Timing:
    """The steps of one rival: microseconds, the median over the rounds and how far its middle half reaches."""

    microseconds: float
    spread: float  # the upper quartile of the rounds less the lower one
    rounds: int

    @staticmethod
    def of(seconds: list[float]) -> "Timing":
        """From the average of each round, at least two of them."""
        lower, median, upper = statistics.quantiles(seconds, n=4, method="inclusive")
        return Timing(median * 1e6, (upper - lower) * 1e6, len(seconds))


def stopwatch(step: Callable[[], object]) -> Clock:
    """The clock of a rival in this process."""

    def clock(steps: int) -> float:
        begun = time.perf_counter()
        for _ in range(steps):
            step()
        return (time.perf_counter() - begun) / steps

    return clock


def take_turns(clocks: Mapping[str, Clock], budget: float, before: Callable[[str], None]) -> dict[str, Timing]:
    """Time the rivals, by name, for about `budget` seconds, in LEAST_ROUNDS to MOST_ROUNDS rounds.

    A turn is as many steps as fill TURN. Where that is more than one, a step that is not counted goes before them: the
    rival before has left the cache full of its own arrays. `before` is told whose turn comes.
    """
    begun = time.perf_counter()
    steps: dict[str, int] = {}
    seconds: dict[str, list[float]] = {}
    for name, clock in clocks.items():
        before(name)
        first = clock(1)
        steps[name] = max(1, round(TURN / first))
        seconds[name] = [first] if steps[name] == 1 else []
    rounds = min(map(len, seconds.values()))
    while rounds < LEAST_ROUNDS or (rounds < MOST_ROUNDS and time.perf_counter() - begun < budget):
        for name, clock in clocks.items():
            before(name)
            if steps[name] > 1:
                clock(1)
            seconds[name].append(clock(steps[name]))
        rounds += 1
    return {name: Timing.of(taken) for name, taken in seconds.items()}
