"""PyTorch under autocast, asked."""

import numpy as np

from compare.judge.network import check_lines
from compare.judge.roundoff import Arithmetic
from compare.parity.question import trained
from compare.parity.short.answer import ShortParity
from compare.shared import autocast
from compare.shared.dataset import load_mnist, pixels
from compare.shared.errors import BadInput
from compare.shared.output import Output
from compare.shared.settings import MOST_STEPS, Settings, check_whole
from compare.shared.threads import use_threads


def ask(settings: Settings, output: Output, after: int = 0) -> ShortParity:
    """Judge one batch, the first rows of the training set, under autocast.

    after: training steps, taken by hand in float32, at whose weights it is judged. Raises BadInput for a set, an option
    or a folder that cannot be used, and where the calculation overflows.
    """
    check_whole("--after", after, least=0, most=MOST_STEPS)
    if settings.activation != "relu":
        raise BadInput(
            f"--activation {settings.activation} is not judged in bfloat16, only relu is: leave it out, or pass "
            "--dtype float32 or float64."
        )
    output.open()
    data = load_mnist(settings.data)
    rows = settings.rows_per_batch(len(data.train_labels))
    master = settings.with_(dtype="float32")
    x, labels = pixels(data.train_images[:rows], master.dtype), data.train_labels[:rows]
    with use_threads(settings.threads):
        parameters = trained(master, data, after)
        trace, dtypes = autocast.trace(parameters, x, labels)
        for name, line in trace.items():
            if not np.isfinite(line).all():
                raise BadInput(
                    f"At these weights the calculation overflows: {name} is not finite. Try a smaller --init-scale or "
                    "--learning-rate."
                )
        return ShortParity(
            settings.with_(batch_size=rows),
            after,
            check_lines(trace, parameters, x, labels, run=Arithmetic.under_autocast()),
            dtypes,
            {name: float(abs(line).max()) or 1.0 for name, line in trace.items()},
        )
