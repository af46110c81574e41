"""Times that can be compared: medians of rounds in which the rivals take turns."""

import statistics
import time
from collections.abc import Callable, Mapping


def median_seconds(rivals: Mapping[str, Callable[[], object]], rounds: int = 15) -> dict[str, float]:
    """The median time of each, in seconds, by name.

    Every round runs each of them once, so that whatever slows the machine for a while slows them alike; one round
    before the first warms caches up and is not counted.
    """
    seconds: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(rounds + 1):
        for name, run in rivals.items():
            begun = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - begun)
    return {name: statistics.median(taken[1:]) for name, taken in seconds.items()}
