"""The main job: are the three the same network? Gradients before and after training, three trainings, a verdict."""

import numpy as np

from compare.judge.network import check_lines
from compare.run.answer import GradientsAt, Run, gradient_verdict
from compare.shared.dataset import Dataset, load_mnist, pixels
from compare.shared.differences import differences
from compare.shared.output import Output
from compare.shared.settings import DTYPES, Settings
from compare.shared.terminal import Advance, progress
from compare.shared.threads import use_threads
from compare.shared.training import Digits, initial_weights, trace_all
from compare.side_by_side.pairs import compare_pairs
from compare.side_by_side.trainings import judge, save_curves, train_all

ROWS = 64  # of the training set, for the gradients that are compared; fewer where the set is smaller


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
        pairs = differences(curves)
        alike, how_alike = judge(settings, curves, pairs)
        holds = alike and all(p.holds for p in parity)
        verdict = f"{'It holds.' if holds else 'It does not hold.'} {gradient_verdict(parity)} {how_alike}"
        return Run(settings, curves, pairs, parity, holds, verdict, data)


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
