"""Tables of trainings: where each ended, and how far each pair is apart."""

from collections.abc import Sequence

from compare.shared.differences import PairDifference
from compare.shared.terminal import print_table
from compare.shared.training import Curve
from compare.worlds import spoken, world


def print_curves(curves: Sequence[Curve], pairs: Sequence[PairDifference]) -> None:
    """Two tables: where each training ended, and how far each pair is apart."""
    test_images = len(curves[0].predictions[-1])
    print_table(
        "Trainings",
        ("", "training loss,\nfirst epoch", "last epoch", "test accuracy", "seconds"),
        [
            (world(c.implementation).title, f"{c.train_loss[0]:.4f}", f"{c.train_loss[-1]:.4f}",
             f"{c.test_accuracy[-1]:.2%}", f"{c.seconds:.1f}")
            for c in curves
        ],
    )  # fmt: skip
    print_table(
        "Pairs, after the last epoch",
        ("pair", "largest difference\nof a weight", f"different predictions,\nof {test_images:,}"),
        [(spoken(p.name), f"{p.weights[-1]:.1e}", f"{p.disagreements[-1]:,}") for p in pairs],
    )
