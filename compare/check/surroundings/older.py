"""What older Pythons and older NumPys had by names that are gone since."""

import builtins
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from compare.check.surroundings.digits import Giver
from compare.check.surroundings.standins import Modules

#: What was in NumPy 1, and is not in NumPy 2 or in some later one.
NUMPY: dict[str, Any] = {
    "float": float, "int": int, "complex": complex, "object": object, "str": str, "bool": bool, "long": int,
    "float_": np.float64, "complex_": np.complex128, "Inf": np.inf, "infty": np.inf, "Infinity": np.inf,
    "PINF": np.inf, "NINF": -np.inf, "NaN": np.nan, "NAN": np.nan, "product": np.prod, "cumproduct": np.cumprod,
    "alltrue": np.all, "sometrue": np.any, "row_stack": np.vstack, "round_": np.round, "in1d": np.isin,
}  # fmt: skip


def numpy(giver: Giver, tell: Callable[[str], None]) -> None:
    """Give the learner's lines, and nobody else, what NumPy 1 had. `tell` hears of it, once for each name."""
    newer, told = vars(np)["__getattr__"], set[str]()

    def asfarray(a: Any, dtype: Any = np.float64) -> Any:
        return np.asarray(a, dtype)

    def get(name: str) -> Any:
        known = {**NUMPY, "asfarray": asfarray}
        if name not in known or not giver.asked_by_learner():
            return newer(name)
        if name not in told:
            told.add(name)
            tell(f"np.{name} is of NumPy 1, and not in the one that is installed: what it stood for was given")
        return known[name]

    vars(np)["__getattr__"] = get


def modules() -> Modules:
    """The packages by which one text runs under Python 2 and 3, where they are missing."""

    def old_div(a: Any, b: Any) -> Any:
        return a // b if isinstance(a, int) and isinstance(b, int) else a / b

    of_dicts = {f"{way}{of}": (lambda d, of=of: iter(getattr(d, of)())) for way in ("iter", "view")
                for of in ("items", "keys", "values")}  # fmt: skip
    moved = {"xrange": range, "range": range, "zip": zip, "map": map, "filter": filter, "input": builtins.input,
             "reduce": functools.reduce}  # fmt: skip
    now = {"range": range, "input": builtins.input, "str": str, "int": int, "chr": chr, "reduce": functools.reduce}
    past = {**now, "xrange": range, "raw_input": builtins.input, "unicode": str, "basestring": str, "long": int,
            "unichr": chr}  # fmt: skip
    return {
        "past.builtins": past, "past.utils": {"old_div": old_div},
        "future.utils": of_dicts, "future.standard_library": {"install_aliases": lambda: None},
        "six": {**of_dicts, "string_types": (str,), "text_type": str, "PY2": False, "PY3": True}, "six.moves": moved,
    }  # fmt: skip
