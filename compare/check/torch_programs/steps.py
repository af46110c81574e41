"""The steps of a training: which parameters change, and whether by gradients that an earlier step has used already."""

from typing import Any

from compare.check.recording.graph import Place
from compare.check.torch_programs.seen import Backward, Optimizer, Tensor

COMPARED = 4096  # entries of a parameter, to see whether it has changed


class Steps:
    """optimizers: those that made a step, by id; made: where each was made; count: how often parameters were changed.

    stale: for each step, whether gradients of earlier ones were still in it; cleared: where gradients were cleared;
    emptied: where such were that no step had used; running: whether an optimizer is at work.
    """

    def __init__(self) -> None:
        self.optimizers: dict[int, Optimizer] = {}
        self.made: dict[int, Place | None] = {}
        self.count = 0
        self.stale: list[bool] = []
        self.cleared: list[Place | None] = []
        self.emptied: list[Place | None] = []
        self.running = False
        self._last: Backward | None = None  # whose gradients no step has used
        self._contributions: dict[int, set[int]] = {}  # by parameter: the steps before which backward() added to .grad
        self._stepped: dict[int, int] = {}
        self._values: dict[int, tuple[Tensor, Tensor]] = {}

    def backward(self, moment: Backward) -> None:
        """A backward pass has left its gradients."""
        for p, before in zip(moment.leaves, moment.before, strict=True):
            if before is None or not before.any():
                self._contributions[id(p)] = set()
            self._contributions.setdefault(id(p), set()).add(self._stepped.get(id(p), 0))
            self._values[id(p)] = p, _some(p)
        self._last = moment

    def begins(self, optimizer: Any, torch: Any) -> None:
        """An optimizer is about to make a step."""
        self.running = True
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        known = self.optimizers.get(id(optimizer))
        if known is None or len(known.parameters) != len(parameters):
            self.optimizers[id(optimizer)] = Optimizer(self.made.get(id(optimizer)), parameters, _words(optimizer))
        mine = [p for p in parameters if id(p) in self._contributions]
        with torch.no_grad():
            empty = [p.grad is None or not bool(p.grad.any()) for p in mine]
        came = self._last is not None and any(
            g is not None and g.any() and any(p is q for q in mine)
            for p, g in zip(self._last.leaves, self._last.after, strict=False)
        )
        if came and mine and all(empty) and self.cleared and self.cleared[-1] is not None:
            self.emptied.append(self.cleared[-1])
        self._last = None
        self._counts([p for p in mine if p.grad is not None] or mine)

    def by_hand(self, torch: Any) -> None:
        """Parameters of no optimizer that have changed since the last backward pass."""
        held = {id(p) for one in self.optimizers.values() for p in one.parameters}
        changed = [p for key, (p, before) in self._values.items()
                   if key not in held and not torch.equal(_some(p), before)]  # fmt: skip
        if changed:
            self._counts(changed)
            self._last = None

    def _counts(self, parameters: list[Tensor]) -> None:
        """One step of these parameters: does it use what an earlier one has used already?"""
        old = False
        for p in parameters:
            count = self._stepped.get(id(p), 0)
            old |= any(c < count for c in self._contributions.get(id(p), ()))
            self._stepped[id(p)] = count + 1
        self.count = max([self.count, *self._stepped.values()])
        if parameters:
            self.stale.append(old)


def _some(p: Tensor) -> Tensor:
    """Enough of its values to see whether it changes."""
    return p.detach().reshape(-1)[:COMPARED].clone()


def _words(optimizer: Any) -> str:
    """The update rule, as in "SGD with momentum 0.9"."""
    kind, group = type(optimizer).__name__, optimizer.param_groups[0]
    momentum, decay = group.get("momentum"), group.get("weight_decay")
    more = [f"momentum {momentum:g}"] if momentum else []
    more += [f"weight decay {decay:g}"] if decay else []
    return f"{kind} with {' and '.join(more)}" if more else kind
