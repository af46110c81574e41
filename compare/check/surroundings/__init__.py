"""What a learner's program finds around it: its data, where that is not there, and silence where it would draw or ask.

Lives in the process that runs the program, and needs the standard library and NumPy alone. `provide` is called once,
before. What is installed, and what lies in the program's own folder, is used as it is; what cannot be given
is remembered in `missing`.
"""

from collections.abc import Callable
from pathlib import Path

from compare.check.surroundings import (
    hdf5,
    keras,
    older,
    packages,
    plots,
    scipy,
    sklearn,
    standins,
    tables,
    torchvision,
)
from compare.check.surroundings.digits import Digits, Giver
from compare.check.surroundings.files import Files
from compare.check.surroundings.network import Network

__all__ = ["Digits", "missing", "provide"]

#: Files and addresses that the program asked for, that are not there, and that are not the digits.
missing: list[str] = []


def provide(folder: Path, digits: Digits, tell: Callable[[str], None]) -> None:
    """Prepare this process for the program in `folder`, its working directory. `tell` hears of each substitution."""
    giver = Giver(folder, digits, tell, missing)
    files = Files(giver)
    network = Network(files)
    files.install()
    plots.prompts()
    older.numpy(giver, tell)
    absent = {
        **keras.modules(giver), **sklearn.modules(giver), **scipy.modules(giver), **torchvision.modules(giver),
        **tables.modules(files), **packages.modules(giver, files), **plots.modules(giver), **network.modules(),
        **older.modules(), **hdf5.modules(giver),
    }  # fmt: skip
    mends = {
        **keras.mends(giver), **sklearn.mends(giver), **scipy.mends(giver), **torchvision.mends(giver),
        **tables.mends(files), **plots.mends(), **network.mends(),
    }  # fmt: skip
    standins.install(giver, plots.always(giver), absent, mends)
