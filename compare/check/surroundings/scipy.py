"""SciPy: MATLAB's files of digits by `loadmat`; and the sigmoid and softmax, where it is not installed."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from compare.check.surroundings.digits import Giver
from compare.check.surroundings.files import basename, exists
from compare.check.surroundings.standins import Mends, Modules

Contents = dict[str, np.ndarray]


def original(giver: Giver) -> Contents:
    """mnist-original.mat: a column for each digit."""
    images, labels = giver.digits.everything(70_000)
    return {"data": images.T, "label": labels[None].astype(float)}


def by_class(giver: Giver) -> Contents:
    """mnist_all.mat: an array for each class."""
    found: Contents = {}
    for name, test in (("train", False), ("test", True)):
        images, labels = giver.digits.part(test)
        found |= {f"{name}{k}": images[labels == k] for k in range(10)}
    return found


def course(giver: Giver) -> Contents:
    """ex3data1.mat and ex4data1.mat: 5,000 digits of 20 x 20, column by column, 10 for 0."""
    images, labels = giver.digits.part(False, 5000)
    inside = images.reshape(-1, 28, 28)[:, 4:24, 4:24].transpose(0, 2, 1).reshape(-1, 400)
    return {"X": inside / 255, "y": np.where(labels == 0, 10, labels).astype("uint8")[:, None]}


FORMS: dict[str, Callable[[Giver], Contents]] = {
    "mnist-original": original, "mnist_original": original, "mnist_all": by_class,
    "ex3data1": course, "ex4data1": course,
}  # fmt: skip


def loadmat(giver: Giver, real: Any) -> Any:
    """`scipy.io.loadmat`."""

    def loadmat(file_name: Any, *args: Any, **options: Any) -> Any:
        there = not isinstance(file_name, str) or exists(file_name) or exists(f"{file_name}.mat")
        name = "" if there else basename(file_name)
        if form := FORMS.get(name.removesuffix(".mat")):
            contents = form(giver)
            giver.say(name, f", {len(contents['X']):,} of them" if "X" in contents else "")
            return contents
        if not there:
            giver.lacks(file_name)
            raise FileNotFoundError(2, "No such file or directory", file_name)
        if real is None:
            raise ModuleNotFoundError("No module named 'scipy'", name="scipy")
        return real(file_name, *args, **options)

    return loadmat


def mends(giver: Giver) -> Mends:
    """What is put into the installed one."""

    def mend(module: ModuleType) -> dict[str, Any]:
        return {"loadmat": loadmat(giver, module.loadmat)}

    return {"scipy.io": mend, "scipy.signal": sums_over_windows}


def sums_over_windows(real: ModuleType | None = None) -> dict[str, Any]:
    """SciPy's two sums of products at every place of a kernel, by NumPy's own functions.

    Those can be followed, and what C makes of an array cannot. Anything out of the ordinary is left to SciPy.
    """

    def made(name: str, turned: bool) -> Any:
        original = getattr(real, name, None)

        def sums(in1: Any, in2: Any, mode: str = "full", boundary: str = "fill", fillvalue: Any = 0) -> Any:
            shapes = np.shape(in1), np.shape(in2)
            fits = len(shapes[0]) == len(shapes[1]) == 2
            smaller = fits and all(k <= n for n, k in zip(*shapes, strict=True))
            if not fits or boundary != "fill" or (mode == "valid" and not smaller):
                if original is None:
                    raise NotImplementedError(f"{name} in this form needs SciPy, which is not installed")
                return original(in1, in2, mode, boundary, fillvalue)
            if mode != "valid":
                halves = [(k // 2, (k - 1) // 2) if turned else ((k - 1) // 2, k // 2) for k in shapes[1]]
                in1 = np.pad(in1, halves if mode == "same" else [(k - 1, k - 1) for k in shapes[1]],
                             constant_values=fillvalue)  # fmt: skip
            kernel = np.asanyarray(in2)[::-1, ::-1] if turned else in2
            return np.einsum("abij,ij->ab", np.lib.stride_tricks.sliding_window_view(in1, shapes[1]), kernel)

        return sums

    return {"correlate2d": made("correlate2d", False), "convolve2d": made("convolve2d", True)}


def expit(x: Any) -> Any:
    """The sigmoid, in a form that cannot overflow."""
    return 0.5 * (1 + np.tanh(0.5 * x))


def softmax(x: Any, axis: Any = None) -> Any:
    """Of the given axis, or of all."""
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


def modules(giver: Giver) -> Modules:
    """What stands in where SciPy is not installed."""
    return {"scipy.io": {"loadmat": loadmat(giver, None)}, "scipy.special": {"expit": expit, "softmax": softmax},
            "scipy.signal": sums_over_windows()}  # fmt: skip
