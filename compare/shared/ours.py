"""The three implementations by name, and whether the modules of these names are this project's."""

import importlib.util
from pathlib import Path

from compare.shared.errors import BadInput

NAMES = ("manual", "autograd", "torch_ref")


def check_is_ours(name: str) -> None:
    """A package called `autograd` exists elsewhere too, and a file `manual.py` may lie in the working directory.

    Raises BadInput where Python would find another module of that name than this project's.
    """
    expected = Path(__file__).parents[2] / name
    spec = importlib.util.find_spec(name)
    origin = Path(spec.origin) if spec and spec.origin else None
    if origin != expected / "__init__.py" or not (expected / "network.py").is_file():
        raise BadInput(
            f"Python finds the module `{name}` at {origin}, and this project's is at {expected}. Run from another "
            f"folder, rename the file that hides it, or uninstall the other package of that name."
        )
