"""Somebody's network behind the contract: what it gives is looked at, and what it raises is put into words."""

import traceback
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

from compare.shared.errors import BadInput

Arrays = dict[str, np.ndarray]
T = TypeVar("T")


class BroughtNetwork:
    """A network of somebody else's. Every method is that of the contract, and raises BadInput where theirs breaks it.

    name: the world's; kind: the class. It gets copies, lest it changes what the others are given.
    """

    def __init__(self, name: str, kind: type, parameters: Arrays, activation: str) -> None:
        self.name, self.file = name, _file_of(kind)
        self.given = {parameter: (value.shape, value.dtype) for parameter, value in parameters.items()}
        copies = {parameter: value.copy() for parameter, value in parameters.items()}
        self.network = self._ask("__init__", lambda: kind(copies, activation))
        self.has_trace = callable(getattr(kind, "trace", None))

    def parameters(self) -> Arrays:
        """The parameters by name, in their shapes and their dtype."""
        return self._named("parameters", self._ask("parameters", lambda: self.network.parameters()))

    def logits(self, x: np.ndarray) -> np.ndarray:
        """Scores (m, classes)."""
        return self._array("logits", self._ask("logits", lambda: self.network.logits(x.copy())), 2, len(x))

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Class numbers (m,)."""
        return self._array("predict", self._ask("predict", lambda: self.network.predict(x.copy())), 1, len(x))

    def loss(self, x: np.ndarray, labels: np.ndarray) -> float:
        """The mean cross-entropy."""
        return self._number("loss", self._ask("loss", lambda: self.network.loss(x.copy(), labels.copy())))

    def gradients(self, x: np.ndarray, labels: np.ndarray) -> tuple[float, Arrays]:
        """The loss and its derivative with respect to each parameter."""
        found = self._ask("gradients", lambda: self.network.gradients(x.copy(), labels.copy()))
        if not isinstance(found, tuple) or len(found) != 2:
            raise self._broken("gradients", f"gave {_kind(found)}", "a tuple (loss, dict of arrays)")
        return self._number("gradients", found[0]), self._named("gradients", found[1])

    def step(self, x: np.ndarray, labels: np.ndarray, learning_rate: float) -> float:
        """One step of SGD; the loss before it."""
        return self._number(
            "step", self._ask("step", lambda: self.network.step(x.copy(), labels.copy(), learning_rate))
        )

    def trace(self, x: np.ndarray, labels: np.ndarray) -> Arrays:
        """Every line that it tells; of a class without a `trace` the loss and the gradients alone."""
        if not self.has_trace:
            loss, gradients = self.gradients(x, labels)
            return {"loss": np.asarray(loss, x.dtype), **{f"d{name}": value for name, value in gradients.items()}}
        found = self._ask("trace", lambda: self.network.trace(x.copy(), labels.copy()))
        if not isinstance(found, Mapping):
            raise self._broken("trace", f"gave {_kind(found)}", "a dict of arrays by the line's name")
        lacking = [name for name in ("loss", *(f"d{p}" for p in self.given)) if name not in found]
        if lacking:
            raise self._broken("trace", f"lacks {', '.join(lacking)}", "the loss and every gradient among its lines")
        return {name: np.array(value) for name, value in found.items()}

    def _ask(self, method: str, call: Callable[[], T]) -> T:
        """What it gives. Raises BadInput for whatever it raises, with the line of its file."""
        try:
            return call()
        except BadInput:
            raise
        except Exception as error:
            frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == self.file]
            where = f" at line {frames[-1].lineno} of {self.file}" if frames else ""
            raise BadInput(f"`{method}` of `{self.name}` raised {type(error).__name__}{where}: {error}") from error

    def _broken(self, method: str, found: str, expected: str) -> BadInput:
        return BadInput(f"`{method}` of `{self.name}` breaks the contract: it {found}; expected {expected}.")

    def _named(self, method: str, found: Any) -> Arrays:
        """A dict with the parameters' names, shapes and dtype."""
        if not isinstance(found, Mapping) or sorted(found) != sorted(self.given):
            names = ", ".join(map(str, found)) if isinstance(found, Mapping) else _kind(found)
            raise self._broken(method, f"gave {names}", f"a dict with the keys {', '.join(self.given)}")
        arrays = {name: np.array(found[name]) for name in self.given}
        for name, (shape, dtype) in self.given.items():
            if arrays[name].shape != shape or arrays[name].dtype != dtype:
                one, other = (f"{s} in {d}" for s, d in ((arrays[name].shape, arrays[name].dtype), (shape, dtype)))
                raise self._broken(method, f"gave {name} as {one}", f"{other}, as it was given")
        return arrays

    def _array(self, method: str, found: Any, ndim: int, rows: int) -> np.ndarray:
        array = np.array(found)
        if array.ndim != ndim or len(array) != rows:
            expected = f"({rows},)" if ndim == 1 else f"({rows}, classes)"
            raise self._broken(method, f"gave {_kind(found)} of the shape {array.shape}", expected)
        return array

    def _number(self, method: str, found: Any) -> float:
        try:
            return float(found)
        except (TypeError, ValueError):
            raise self._broken(method, f"gave {_kind(found)} for the loss", "a number") from None


def _kind(found: Any) -> str:
    return f"a {type(found).__name__}" if found is not None else "nothing"


def _file_of(kind: type) -> str:
    import sys

    return str(getattr(sys.modules.get(kind.__module__), "__file__", ""))
