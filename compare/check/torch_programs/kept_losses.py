"""Losses that are kept with their graphs: in a list, or in a sum."""

import ast
import gc
import linecache
import weakref
from collections.abc import Callable
from typing import Any

from compare.check.recording.graph import Place
from compare.check.torch_programs.operations import Live
from compare.check.torch_programs.seen import Tensor


class KeptLosses:
    """The losses on which `backward()` was called. where: by "list" and "sum", the line that keeps them so."""

    def __init__(self) -> None:
        self.where: dict[str, Place | None] = {}
        self._losses: list[tuple[Any, Place | None]] = []
        self._sums: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()

    def backward(self, loss: Tensor, place: Place | None) -> None:
        """`backward()` is called on one more."""
        self._losses.append((weakref.ref(loss), place))

    def added(self, name: str, inputs: list[Tensor], out: Tensor, here: Callable[[], Place | None]) -> None:
        """Note a sum into which a loss on which backward() was called goes with its graph. here: finds the line."""
        if name not in ("add", "add_", "__radd__", "__iadd__", "__add__") or out.ndim or not out.requires_grad:
            return
        if any(ref() is x for x in inputs for ref, _ in self._losses):
            self._keeps(inputs, out, here())

    def summed(self, loss: Tensor, lives: list[Live]) -> None:
        """Note the sums that hold the loss on which backward() is being called."""
        for live in lives:
            if any(x is loss for x in live.inputs) and live.out.requires_grad and not live.op.shape:
                self._keeps(live.inputs, live.out, live.op.place)

    def _keeps(self, inputs: list[Tensor], out: Tensor, place: Place | None) -> None:
        """A sum; where one of before goes into it, it is kept over the steps."""
        if any(self._sums.get(id(x)) is x for x in inputs):
            self.where.setdefault("sum", place)
        self._sums[id(out)] = out

    def look(self) -> None:
        """See whether all the losses of before are still there, with their graphs."""
        refs = self._losses[:-1]
        if len(refs) < 2 or "list" in self.where:
            return
        alive = [loss for loss in (ref() for ref, _ in refs) if loss is not None and loss.grad_fn is not None]
        if len(alive) == len(refs):
            holders = [held for held in gc.get_referrers(alive[0]) if type(held) is list and held is not alive]
            lists = [held for held in holders if sum(any(x is loss for x in held) for loss in alive) > 1]
            if lists:
                self.where["list"] = _appended(self._losses[-1][1])


def _appended(place: Place | None) -> Place | None:
    """The line that appends the loss to a list, from the one that calls its backward()."""
    if place is None:
        return None
    called, at = "loss", place
    calls = sorted(_method_calls(place.file), key=lambda call: call[0].lineno)
    for call, method in calls:
        if method.attr == "backward" and call.lineno == place.line:
            called = ast.unparse(method.value)
    for call, method in calls:
        if method.attr == "append" and call.args and ast.unparse(call.args[0]) == called:
            at = Place(place.file, call.lineno, place.function)
    return at


def _method_calls(file: str) -> list[tuple[ast.Call, ast.Attribute]]:
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError):
        return []
    calls = (n for n in ast.walk(tree) if isinstance(n, ast.Call))
    return [(n, n.func) for n in calls if isinstance(n.func, ast.Attribute)]
