"""What does a training step cost, and how much of that is arithmetic?"""

import os

from compare.bench.answer import Bench
from compare.bench.figure import draw
from compare.bench.measuring import Measured, batch_sizes, measure
from compare.shared.dataset import load_mnist
from compare.shared.environment import blas
from compare.shared.errors import BadInput
from compare.shared.figures import save_figure
from compare.shared.output import Output
from compare.shared.processes import ProcessFailed
from compare.shared.settings import DTYPES, Settings
from compare.shared.terminal import announce_wait, progress
from compare.shared.threads import use_threads


def ask(settings: Settings, output: Output) -> Bench:
    """Time the steps of all rivals and draw them; where Ctrl-C stops it, what is finished goes to bench.csv first.

    Of the settings, the seed, the data and the threads count. Raises BadInput for a set or a folder that cannot be
    used, and where the process fails in which PyTorch is timed.
    """
    output.open()
    data = load_mnist(settings.data)
    measured = Measured()
    parts = 1 + len(DTYPES) * len(batch_sizes(len(data.train_labels)))
    with use_threads(settings.threads):
        try:
            announce_wait("Steps of all sizes in both dtypes, and a compiler", 40 + 1.3e-3 * len(data.train_labels))
            with progress("bench", parts) as advance:
                measure(settings, data, measured, advance)
        except ProcessFailed as failed:
            raise BadInput(f"A process in which PyTorch is timed could not go on: {failed}.") from failed
        finally:
            rows = [row.as_json() for row in measured.rows]
            if rows:
                output.write_csv("bench.csv", tuple(rows[0]), [tuple(row.values()) for row in rows])
        variables = {name: value for name, value in os.environ.items() if name.startswith("OPENBLAS_")}
        result = Bench(settings, measured, {**next(iter(blas()), {}), "chosen_by": dict(sorted(variables.items()))})
        save_figure(draw(result), output, "bench")
    return result
