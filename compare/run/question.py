"""The main job: are the three the same network? Gradients before and after training, three trainings, a verdict."""

import time
from collections.abc import Sequence
from functools import partial

import numpy as np

from compare.judge.network import check_lines
from compare.run.answer import GradientsAt, Run, account
from compare.shared.dataset import Dataset, load_mnist, pixels
from compare.shared.differences import differences
from compare.shared.output import Output
from compare.shared.rounds import REST, Timing, stopwatch, take_turns
from compare.shared.settings import DTYPES, Settings
from compare.shared.terminal import Advance, progress
from compare.shared.threads import use_threads
from compare.shared.training import Curve, Digits, initial_weights, trace_all
from compare.side_by_side.pairs import compare_pairs
from compare.side_by_side.trainings import judge, learned, save_curves, train_all
from compare.worlds import build

ROWS = 64  # of the training set, for the gradients that are compared; fewer where the set is smaller
TIMING = 0.4  # seconds


def ask(settings: Settings, output: Output) -> Run:
    """The whole of it. Raises BadInput for a set, an option or a folder that cannot be used."""
    output.open()
    data = load_mnist(settings.data)
    digits = Digits.of(data, settings)
    with use_threads(settings.threads):
        with progress("gradients", len(DTYPES) * len(settings.worlds)) as advance:
            parity = compare_gradients("before", initial_weights(settings, digits), data, settings, advance)
        curves = train_all(settings, digits, output)
        save_curves(curves, settings, output)  # at once, so that nothing after it can lose them
        with progress("gradients", len(DTYPES) * len(settings.worlds)) as advance:
            parity += compare_gradients("after", curves[0].weights[-1], data, settings, advance)
        costs = step_costs(curves, settings, digits)
        pairs = differences(curves)
        alike, trainings = judge(settings, curves, pairs)
        holds = alike and all(p.holds for p in parity)
        said = account(parity, alike, trainings, learned(curves[0]))
        return Run(settings, curves, pairs, parity, costs, holds, said, data)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # overflow is looked for here, and reported better
def compare_gradients(
    when: str, weights: dict[str, np.ndarray], data: Dataset, settings: Settings, advance: Advance
) -> list[GradientsAt]:
    """The first rows of the training set through all worlds, at these weights, in both dtypes.

    Raises BadInput where the weights are so large that they, or the calculation in all of them, overflow.
    """
    labels = data.train_labels[:ROWS]
    found = []
    for dtype in DTYPES:
        x = pixels(data.train_images[:ROWS], dtype)
        start = {name: value.astype(dtype) for name, value in weights.items()}
        traces, checks = trace_all(start, x, labels, settings.activation, settings.worlds), {}
        for name, trace in traces.items():
            checks[name] = check_lines(trace, start, x, labels, settings.activation)
            advance()
        gradients = {name: {p: trace[f"d{p}"] for p in start} for name, trace in traces.items()}
        found.append(GradientsAt(dtype, when, compare_pairs(gradients, start, x, labels, settings.activation), checks))
    return found


def step_costs(curves: Sequence[Curve], settings: Settings, digits: Digits) -> dict[str, Timing]:
    """What a step takes in each world, from where its training ended, on a batch of the first images.

    They take turns: timed one after the other, the machine's other work can make the engine faster than the hand.
    """
    rows = settings.rows_per_batch(len(digits.train_x))
    batch = digits.batch(slice(rows))
    networks = {c.implementation: build(c.implementation, c.weights[-1], settings.activation) for c in curves}
    clocks = {name: stopwatch(partial(net.step, *batch, settings.learning_rate)) for name, net in networks.items()}
    return take_turns(clocks, TIMING, lambda _: time.sleep(REST if settings.threads > 1 else 0))
