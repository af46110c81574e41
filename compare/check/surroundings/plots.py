"""Plots, progress bars, prompts and waiting: they do nothing here. Accelerators are NumPy."""

import builtins
import itertools
import opcode
import sys
import threading
import time
import webbrowser
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np

from compare.check.surroundings.digits import Giver
from compare.check.surroundings.standins import Mends, Modules

#: Drawn with, also where it is installed: drawing takes long, and would be recorded with the network.
DRAWING = ("matplotlib", "mpl_toolkits", "pylab", "seaborn", "plotly", "bokeh", "IPython", "ipywidgets")
#: Looked at or reported to, where it is not installed.
SHOWING = (
    "PIL", "cv2", "google.colab", "wandb", "tensorboard", "tensorboardX", "graphviz",
    "colorama", "termcolor", "tabulate",
)  # fmt: skip
UNPACK = opcode.opmap["UNPACK_SEQUENCE"]


class Anything:
    """Can be called, indexed, entered, unpacked and computed with; each time it gives itself."""

    def __init__(self, *args: Any, **options: Any) -> None: ...

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # `__array__` and the like promise what is not there
            raise AttributeError(name)
        return self

    def __iter__(self) -> Iterator[Any]:
        """As many as the line that asks unpacks, `n, bins, patches = plt.hist(x)`; else a few."""
        frame = sys._getframe(1)
        code, at = frame.f_code.co_code, frame.f_lasti
        return iter([self] * (code[at + 1] if code[at] == UNPACK else 10))

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Also as a decorator."""
        return self

    def __exit__(self, *error: object) -> None: ...

    def __setattr__(self, name: str, value: Any) -> None: ...

    def __setitem__(self, key: Any, value: Any) -> None: ...

    def __str__(self) -> str:
        return ""

    def __format__(self, how: str) -> str:
        return ""

    __getitem__ = __enter__ = __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __call__


ANYTHING = Anything()
#: What a module holds that answers to every name.
BLANK = {"__getattr__": lambda name: ANYTHING}


def subplots(nrows: int = 1, ncols: int = 1, *, squeeze: bool = True, **options: Any) -> tuple[Any, Any]:
    """A figure, and as many axes as asked for, in an array."""
    axes = np.empty((nrows, ncols), object)
    axes.fill(ANYTHING)
    if squeeze:
        return ANYTHING, ANYTHING if axes.size == 1 else axes.squeeze()
    return ANYTHING, axes


class Bar:
    """tqdm: what it goes over, and nothing else."""

    def __init__(self, over: Any = None, *args: Any, total: int | None = None, **options: Any) -> None:
        self.over = range(total or 0) if over is None else over

    def __iter__(self) -> Iterator[Any]:
        return iter(self.over)

    def __len__(self) -> int:
        return len(self.over)

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *error: object) -> None: ...

    def __getattr__(self, name: str) -> Any:
        return ANYTHING


def same(function: Any = None, *args: Any, **options: Any) -> Any:
    """`@jit`, `@jit(nopython=True)`, `@njit("f8(f8)")`: the function as it is."""
    return function if callable(function) else lambda it: it


def vectorize(function: Any = None, *args: Any, **options: Any) -> Any:
    """numba's, of functions of single numbers, in its two forms."""
    return np.vectorize(function) if callable(function) else np.vectorize


def unreadable(giver: Giver) -> Any:
    """For what reads pictures, or sets that would be fetched: nothing here does."""

    def read(path: Any, *args: Any, **options: Any) -> Any:
        giver.lacks(str(path))
        raise FileNotFoundError(2, "No such file or directory, or nothing here that reads it", str(path))

    return read


def always(giver: Giver) -> Modules:
    """What comes before even what is installed."""
    read = unreadable(giver)
    pyplot = {"subplots": subplots, "imread": read, "__all__": ["plot", "show", "figure", "subplot", "title", "legend"]}
    numba = {"jit": same, "njit": same, "prange": range, "vectorize": vectorize, "guvectorize": vectorize}
    return {
        **dict.fromkeys(DRAWING, BLANK),
        "seaborn": {**BLANK, "load_dataset": read},
        "matplotlib.image": {"imread": read},
        "matplotlib.pyplot": pyplot,
        "cupy": {"__getattr__": lambda name: getattr(np, name), "asnumpy": lambda array, **_: array, "cuda": ANYTHING},
        "numba": numba,
    }


def modules(giver: Giver) -> Modules:
    """What stands in where it is not installed."""
    bars = {"tqdm": Bar, "tqdm_notebook": Bar, "trange": lambda *n, **options: Bar(range(*n))}

    return {
        **dict.fromkeys(SHOWING, BLANK),
        "PIL.Image": {"open": unreadable(giver)},
        "cv2": {**BLANK, "imread": unreadable(giver)},
        **{f"tqdm{part}": bars for part in ("", ".auto", ".notebook", ".autonotebook")},
    }


def mends() -> Mends:
    """What is put into what is installed, so that no window opens and nothing waits."""

    def pil(module: ModuleType) -> dict[str, Any]:
        module.Image.show = lambda *args, **options: None
        return {}

    def bar(module: ModuleType) -> dict[str, Any]:
        return {"tqdm": sys.modules["tqdm"].tqdm, "trange": sys.modules["tqdm"].trange}

    windows = dict.fromkeys(("imshow", "namedWindow", "destroyAllWindows"), lambda *args: None)
    return {
        "PIL.Image": pil,
        "cv2": lambda module: {**windows, "waitKey": lambda *args: ord("q")},
        "tqdm.notebook": bar,
    }


def prompts() -> None:
    """`input` answers at once, and `sleep` ends at once: in the program's own thread, so that others' clocks run."""
    answers = itertools.cycle(["", "1", "y"])
    wait = time.sleep

    def sleep(seconds: Any) -> None:
        if threading.current_thread() is not threading.main_thread():
            wait(seconds)

    builtins.input = lambda prompt="": next(answers)
    vars(builtins).update(get_ipython=lambda: ANYTHING, display=lambda *args, **options: None)
    time.sleep = sleep
    vars(webbrowser).update(dict.fromkeys(("open", "open_new", "open_new_tab"), lambda *args, **options: True))
