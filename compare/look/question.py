"""What do the arrays look like? Every line for one image, or a batch, as the network trains."""

import numpy as np

from compare.judge.network import check_lines
from compare.look.answer import Look, Snapshot
from compare.shared.dataset import load_mnist
from compare.shared.errors import BadInput
from compare.shared.output import Output
from compare.shared.settings import MOST_STEPS, Settings, check_whole
from compare.shared.terminal import announce_wait, progress
from compare.shared.threads import use_threads
from compare.shared.training import Curve, Digits, expected_seconds, initial_weights, steps_per_epoch, trace_all, train
from compare.side_by_side.lines import HIDDEN_LAYERS, compare_lines, refuse_other_depths
from compare.worlds import MANUAL
from manual.functions import softmax

MOST_ROWS = 64  # of a batch: more are no picture any more
MOST_MOMENTS = 11  # ten epochs, and before them


def ask(settings: Settings, image: int | None, batch: int | None, epoch: int | None, output: Output) -> Look:
    """Train by hand, and hand the weights of each moment to all worlds, so that they start each line alike.

    image: its place in the training set, 0 where nothing is asked for; batch: the first so many instead; epoch: how
    many to train, None for the settings' own. Raises BadInput for a set, an option or a folder that cannot be used,
    and for another depth than that of manual/network.py.
    """
    refuse_other_depths(settings)
    if image is not None and batch is not None:
        raise BadInput("--image looks at one image and --batch at several. Leave out one.")
    epochs = settings.epochs if epoch is None else epoch
    check_whole("--epoch", epochs, least=0, most=MOST_STEPS)
    output.open()
    data = load_mnist(settings.data)
    digits = Digits.of(data, settings)
    count = len(digits.train_x)
    first = image or 0
    check_whole("--image", first, least=0, most=count - 1)
    check_whole("--batch", 1 if batch is None else batch, least=1, most=min(MOST_ROWS, count))
    x, labels = digits.batch(slice(first, first + (batch or 1)))
    with use_threads(settings.threads):
        curve = _trained(settings, digits, epochs)
        kept = spread(epochs)
        with progress("lines", len(kept) + 1) as advance:
            moments = []
            for number in kept:
                accuracy = curve.test_accuracy[number - 1] if number else None
                moments.append(_moment(number, accuracy, curve.weights[number], x, labels, settings))
                advance()
            rows, _ = compare_lines(curve.weights[kept[-1]], x, labels, settings.activation)
            advance()
    return Look(settings, first, x, labels, data.image_shape, rows, moments)


def spread(epochs: int) -> list[int]:
    """The epochs to look at: all of them and 0, or MOST_MOMENTS at even distances, the first and the last included."""
    return sorted({round(i * epochs / (MOST_MOMENTS - 1)) for i in range(MOST_MOMENTS)})


def _trained(settings: Settings, digits: Digits, epochs: int) -> Curve:
    """The weights at the start, and after each epoch by hand."""
    curve = Curve(MANUAL)
    if not epochs:
        curve.weights.append(initial_weights(settings, digits))
        return curve
    announce_wait("A training", expected_seconds(settings.with_(epochs=epochs), *digits.train_x.shape))
    with progress("training", epochs * steps_per_epoch(settings, len(digits.train_x))) as advance:
        train(curve, settings.with_(epochs=epochs), digits, advance)
    return curve


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # overflow is looked for here, and reported better
def _moment(
    epoch: int,
    accuracy: float | None,
    parameters: dict[str, np.ndarray],
    x: np.ndarray,
    labels: np.ndarray,
    settings: Settings,
) -> Snapshot:
    traces = trace_all(parameters, x, labels, settings.activation, settings.worlds)
    checks = [check_lines(trace, parameters, x, labels, settings.activation) for trace in traces.values()]
    used = {line: max(check[line].bound_used for check in checks) for line in traces[MANUAL]}
    scores = traces[MANUAL][f"z{HIDDEN_LAYERS + 1}"]
    return Snapshot(epoch, accuracy, parameters, softmax(scores), traces, used)
