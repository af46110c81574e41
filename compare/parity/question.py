"""Do the three compute the same gradients? One batch: line by line, end to end, in pairs, before the referee."""

import itertools
import math
from collections.abc import Mapping

import numpy as np

from compare.judge.network import as_leaves, check_gradients, check_lines, gradient_balls
from compare.parity.answer import BugsPlanted, Parity
from compare.parity.exercised import unexercised
from compare.parity.figure import draw
from compare.parity.planted_bugs import plant_all
from compare.parity.referee import NoDerivative, Referee, referee
from compare.parity.sizes import smallest_sizes
from compare.shared.dataset import CLASSES, Dataset, load_mnist, pixels
from compare.shared.errors import BadInput
from compare.shared.figures import save_figure
from compare.shared.initial import initial_parameters
from compare.shared.output import Output
from compare.shared.settings import BFLOAT16, MOST_STEPS, Settings, check_whole
from compare.shared.terminal import announce_wait, progress
from compare.shared.threads import use_threads
from compare.shared.training import endless_batches, trace_all
from compare.side_by_side.pairs import compare_pairs
from compare.worlds import MANUAL, NAMES, WORLDS, build

A_ROW = 8e-4  # seconds, about, to judge a row of a batch in all worlds


def refuse_together(settings: Settings, mutants: bool) -> None:
    """Raises BadInput for options that each have a meaning, and none beside each other."""
    short = settings.dtype == BFLOAT16
    if len(settings.worlds) > len(WORLDS) and (mutants or short):
        raise BadInput(
            "--with has no --mutants and no --dtype bfloat16: bugs are planted in a network of the project's own, and "
            "of the worlds PyTorch alone has bfloat16. Leave out one."
        )
    if mutants and short:
        raise BadInput("--mutants has no --dtype bfloat16: bugs are planted in float32 and float64. Leave out one.")


def ask(settings: Settings, output: Output, after: int = 0) -> Parity:
    """Judge one batch, the first rows of the training set, in all three.

    after: training steps, taken by hand, whose weights all three are then given. Raises BadInput for a set, an option
    or a folder that cannot be used, and where the training's weights stop being finite.
    """
    check_whole("--after", after, least=0, most=MOST_STEPS)
    output.open()
    data = load_mnist(settings.data)
    rows = settings.rows_per_batch(len(data.train_labels))
    x, labels = pixels(data.train_images[:rows], settings.dtype), data.train_labels[:rows]
    announce_wait(f"Lines of {rows:,} rows in longer arithmetic", rows * A_ROW)
    with use_threads(settings.threads):
        parameters = trained(settings, data, after)
        return judge(settings.with_(batch_size=rows), after, parameters, x, labels, output)


def ask_planted_bugs(settings: Settings, output: Output) -> BugsPlanted:
    """Plant every bug, in float64, and shrink some in both dtypes. Raises BadInput for a set or folder of no use."""
    output.open()
    data = load_mnist(settings.data)
    announce_wait("Planted bugs, of which some are shrunk on the whole set", 7 + 7e-4 * len(data.train_labels))
    with use_threads(settings.threads):
        return BugsPlanted(plant_all(), smallest_sizes(data))


def trained(settings: Settings, data: Dataset, steps: int) -> dict[str, np.ndarray]:
    """The weights after that many training steps of the network by hand, from the initial weights of the settings."""
    sizes = settings.sizes(data.train_images.shape[1], CLASSES)
    start = initial_parameters(sizes, settings.init, settings.init_scale, settings.seed, settings.dtype)
    net = build(MANUAL, start, settings.activation)
    batches = itertools.islice(endless_batches(settings, len(data.train_labels)), steps)
    with progress("training", steps) as advance, np.errstate(over="ignore", invalid="ignore"):
        for step, batch in enumerate(batches, start=1):
            x = pixels(data.train_images[batch], settings.dtype)
            if not math.isfinite(net.step(x, data.train_labels[batch], settings.learning_rate)):
                raise BadInput(
                    f"The training before the check stopped at step {step:,}, where the loss is not finite. Try a "
                    f"smaller --learning-rate or --init-scale, or fewer steps with --after."
                )
            advance()
    return net.parameters()


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # overflow is looked for here, and reported better
def judge(
    settings: Settings,
    after: int,
    parameters: Mapping[str, np.ndarray],
    x: np.ndarray,
    labels: np.ndarray,
    output: Output,
) -> Parity:
    """All four judgements of one batch, x (m, fan_in) in the dtype of the parameters, and the figure.

    Raises BadInput where the weights are so large that the calculation overflows in all three, and where a gradient
    has another shape than its parameter.
    """
    start, activation = dict(parameters), settings.activation
    traces, checks = trace_all(start, x, labels, activation, settings.worlds), {}
    leaves = as_leaves(start, x)
    with progress("lines", len(settings.worlds)) as advance:
        for name, trace in traces.items():
            checks[name] = check_lines(trace, *leaves, labels, activation)
            advance()
    gradients = {name: {p: trace[f"d{p}"] for p in start} for name, trace in traces.items()}
    allowed = gradient_balls(*leaves, labels, activation)
    try:
        end_to_end = {name: check_gradients(found, allowed) for name, found in gradients.items()}
    except ValueError as error:  # a sum over too much, say, in a network.py that somebody is changing
        raise BadInput(f"{error} Mend the line that makes it, and the rest can be judged.") from error
    result = Parity(
        settings,
        after,
        checks,
        end_to_end=end_to_end,
        pairs=compare_pairs(gradients, start, x, labels, activation, allowed=allowed),
        referee=_referee_if_there_is_a_derivative(start, x, labels, activation),
        unexercised=unexercised(traces[NAMES[0]], start, x, activation, settings.learning_rate),
    )

    save_figure(draw(result), output, "parity")
    return result


def _referee_if_there_is_a_derivative(
    parameters: Mapping[str, np.ndarray], x: np.ndarray, labels: np.ndarray, activation: str
) -> Referee | None:
    try:
        return referee(parameters, x, labels, activation)
    except NoDerivative:
        return None
