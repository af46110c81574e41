"""What is this line called over there? Each hand-written line beside the engine's node and PyTorch's."""

from compare.rosetta.answer import Rosetta
from compare.rosetta.figure import draw
from compare.shared.dataset import load_mnist
from compare.shared.figures import save_figure
from compare.shared.output import Output
from compare.shared.settings import Settings
from compare.shared.threads import use_threads
from compare.shared.training import Digits, initial_weights
from compare.side_by_side.lines import compare_lines, refuse_other_depths


def ask(settings: Settings, output: Output) -> Rosetta:
    """Lay the three side by side, for the first batch of the training set, and draw them.

    Raises BadInput for a set, an option or a folder that cannot be used, and for another depth than that of
    manual/network.py.
    """
    refuse_other_depths(settings)
    output.open()
    digits = Digits.of(load_mnist(settings.data), settings)
    rows = settings.rows_per_batch(len(digits.train_x))
    with use_threads(settings.threads):
        weights = initial_weights(settings, digits)
        lines, extra = compare_lines(weights, digits.train_x[:rows], digits.train_labels[:rows], settings.activation)
        save_figure(draw(lines, extra, settings), output, "rosetta")
        return Rosetta(settings, lines, extra)
