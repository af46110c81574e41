"""A program in PyTorch, watched: its operations on parameters, its backward passes, its optimizers' steps.

Nothing is hooked before the program itself has imported torch. Its operations are seen through PyTorch's own
`TorchFunctionMode`, modules and optimizers through its global hooks.
"""

import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from importlib import import_module
from time import monotonic
from types import ModuleType
from typing import Any

import numpy as np

from compare.check.recording.graph import Place
from compare.check.steps.recorder import Enough
from compare.check.surroundings.standins import Mender
from compare.check.torch_programs.kept_losses import KeptLosses
from compare.check.torch_programs.modes import Modes, is_noise
from compare.check.torch_programs.modules import Modules
from compare.check.torch_programs.operations import Live, Operations, array, flat, without_tensors
from compare.check.torch_programs.seen import LOSSES, Backward, Failed, Op, Tensor
from compare.check.torch_programs.steps import Steps

STEPS = 3  # are watched,
LONGER = 12  # and so many where gradients were never cleared: every k-th step may be meant
PATIENCE = 12.0  # seconds in which an evaluation is waited for, where there is a dropout
WHOLE = 40  # backward passes whose operations are kept


class TorchWatch:
    """A context in which a program runs. backwards: the calls of `backward()`; failed: the last call that raised.

    What else was seen is in `steps`, `modules`, `modes` and `kept`.
    """

    def __init__(self, own: Callable[[str], bool]) -> None:
        self.torch: Any = None
        self.backwards: list[Backward] = []
        self.failed: Failed | None = None
        self.modules, self.modes, self.steps, self.kept = Modules(own), Modes(), Steps(), KeptLosses()
        self._operations = Operations()
        self._since = 0.0
        self._scope = ExitStack()

    @property
    def tells(self) -> bool:
        """Whether something that can be judged was seen."""
        return bool(self.backwards) or self.failed is not None

    def __enter__(self) -> "TorchWatch":
        if "torch" in sys.modules:
            self._start(sys.modules["torch"])
        else:
            mender = Mender({"torch": self._start})
            sys.meta_path.insert(0, mender)
            self._scope.callback(sys.meta_path.remove, mender)
        return self

    def __exit__(self, *_: Any) -> None:
        self._scope.close()
        self._operations.forget()
        self.kept.look()

    # Hooks

    def _start(self, torch: ModuleType) -> Mapping[str, Any]:
        self.torch = torch
        t: Any = torch
        modules, optimizers = t.nn.modules.module, import_module("torch.optim.optimizer")
        for handle in (
            modules.register_module_forward_pre_hook(self._forward_begins),
            modules.register_module_forward_hook(self._forward_ends, always_call=True),
            optimizers.register_optimizer_step_pre_hook(self._step_begins),
            optimizers.register_optimizer_step_post_hook(self._step_ends),
        ):
            self._scope.callback(handle.remove)
        self._wrap(t.nn.Module, "__init__", lambda module, *_, **__: self._note(self.modules.made, module))
        self._wrap(t.nn.Module, "eval", lambda *_, **__: self.modes.eval_calls.append(self._here()))
        self._wrap(t.nn.Module, "zero_grad", self._clears)
        self._wrap(t.optim.Optimizer, "__init__", lambda one, *_, **__: self._note(self.steps.made, one))
        self._wrap(t.optim.Optimizer, "zero_grad", self._clears)
        self._in_one_process(t.utils.data.DataLoader)

        def function(_: Any, function: Any, __: Any, arguments: Any = (), options: Any = None) -> Any:
            if function is t.Tensor.backward:
                return self._backward(function, arguments, options or {})
            return self._function(function, arguments, options or {})

        mode = type("Mode", (t.overrides.TorchFunctionMode,), {"__torch_function__": function})()
        self._scope.enter_context(mode)
        return {}

    def _wrap(self, owner: Any, name: str, first: Callable[..., Any]) -> None:
        """Let `first` see the arguments of a method before it runs."""
        before = getattr(owner, name)

        def both(*arguments: Any, **options: Any) -> Any:
            first(*arguments, **options)
            return before(*arguments, **options)

        both.__dict__.update(vars(before))
        setattr(owner, name, both)
        self._scope.callback(setattr, owner, name, before)

    def _in_one_process(self, loader: Any) -> None:
        """A DataLoader's workers would be processes, and none is started here."""
        before = loader.__init__

        def alone(self: Any, *arguments: Any, **options: Any) -> None:
            options = {k: v for k, v in options.items() if k not in ("prefetch_factor", "persistent_workers")}
            before(self, *arguments[:5], **(options | {"num_workers": 0}))

        loader.__init__ = alone
        self._scope.callback(setattr, loader, "__init__", before)

    def _here(self) -> Place | None:
        return self.modules.here()

    def _note(self, where: dict[int, Place | None], made: Any) -> None:
        where[id(made)] = self._here()

    def _clears(self, *_: Any, **__: Any) -> None:
        self.steps.cleared.append(self._here())

    def _step_begins(self, optimizer: Any, *_: Any) -> None:
        self.steps.begins(optimizer, self.torch)

    def _step_ends(self, *_: Any) -> None:
        self.steps.running = False

    def _forward_begins(self, module: Any, inputs: Any) -> None:
        self.steps.running = False  # a closure that the optimizer calls
        self.modules.begins(module, next((x for x in inputs if self.torch.is_tensor(x)), None))

    def _forward_ends(self, module: Any, *_: Any) -> None:
        self.modules.ends(module)
        if not self.modules.running:
            self.modes.forward_ends(self.modules.called, self.modules.given)

    # Operations

    def _function(self, function: Any, arguments: Any, options: dict[str, Any]) -> Any:
        """Let it run; what follows from parameters is recorded."""
        torch, name = self.torch, _name(function)
        tensors = [x for x in flat((arguments, tuple(options.values()))) if torch.is_tensor(x)]
        parameters = [x for x in tensors if x.requires_grad or self._operations.made(x)]
        noise, with_gradients = is_noise(name, options), torch.is_grad_enabled()
        if self.modules.running:
            self.modes.saw(name, noise, with_gradients)
        mask, constants = None, dict[int, np.ndarray]()
        if parameters and not self._operations.are_many:
            if with_gradients:
                constants = {id(x): array(x) for x in tensors if not x.requires_grad}
            if noise and name == "dropout":
                mask = self._mask(function, arguments, options)
        try:
            out = function(*arguments, **options)
        except (RuntimeError, ValueError, IndexError, TypeError) as error:
            self._fails(name, tensors, error)
            raise
        leaves = [x for x in parameters if x.is_leaf and x.requires_grad]
        if self.steps.running or any(out is x for x in leaves):  # a step, also by hand
            return out
        if parameters and torch.is_tensor(out) and out.is_floating_point() and name not in ("grad", "grad="):
            cut = not out.requires_grad and any(x.requires_grad for x in parameters)
            if not (cut and out.ndim == 0):  # a number to be printed
                self.kept.added(name, parameters, out, self._here)
                value = array(tensors[0]) if name in LOSSES else array(out) if name == "softmax" else None
                op = Op(
                    name, without_tensors(arguments), without_tensors(options), tuple(map(id, tensors)), constants,
                    id(out), tuple(out.shape), value, self.modules.place(), mask,
                )  # fmt: skip
                self._operations.add(Live(op, tensors, out, cut))
        return out

    def _fails(self, name: str, tensors: list[Tensor], error: Exception) -> None:
        if name in LOSSES or name in ("linear", "matmul", "addmm", "mm"):
            labels = array(tensors[1]) if name in LOSSES and len(tensors) > 1 else None
            shapes, dtypes = [tuple(x.shape) for x in tensors], [str(x.dtype).removeprefix("torch.") for x in tensors]
            self.failed = Failed(name, shapes, dtypes, self._here(), str(error), labels)

    def _mask(self, function: Any, arguments: Any, options: dict[str, Any]) -> np.ndarray:
        """What a dropout is about to multiply with: the same draw, on ones."""
        state = self.torch.get_rng_state()
        ones = self.torch.ones_like(arguments[0].detach())
        mask = array(function(ones, *arguments[1:], **(options | {"inplace": False})))
        self.torch.set_rng_state(state)
        return mask

    # Backward passes

    def _backward(self, function: Any, arguments: Any, options: dict[str, Any]) -> Any:
        loss, place = arguments[0], self._here()
        self.steps.by_hand(self.torch)
        self.modes.backward()
        moment = self._moment(loss, place)
        if not (options.get("retain_graph") or (len(arguments) > 2 and arguments[2])):
            self.kept.summed(loss, self._operations.lives)
            self._operations.forget()
        self.kept.look()
        if self._is_enough():
            raise Enough
        self.backwards.append(moment)
        for old_one in self.backwards[:-WHOLE]:
            old_one.ops = []
        self.kept.backward(loss, place)
        result = function(*arguments, **options)
        moment.after = _gradients(moment.leaves)
        self.steps.backward(moment)
        return result

    def _moment(self, loss: Tensor, place: Place | None) -> Backward:
        ops, leaves, severed = self._operations.behind(loss)
        return Backward(
            place, self.steps.count, id(loss), float(loss.detach().sum()), ops, leaves, [array(p) for p in leaves],
            _gradients(leaves), severed=severed, names=self.modules.names(self.torch.is_tensor),
        )  # fmt: skip

    def _is_enough(self) -> bool:
        stale = self.steps.stale
        if self.steps.count < STEPS:
            return False
        if any(stale) and all(stale[1:]) and self.steps.count < LONGER:
            return False
        self._since = self._since or monotonic()
        return not (self.modes.noise_on and not self.modes.evaluated and monotonic() - self._since < PATIENCE)


def _name(function: Any) -> str:
    """The function's name; an attribute's, with an equals sign where it is set."""
    name = getattr(function, "__name__", "")
    if name in ("__get__", "__set__"):
        return f"{getattr(getattr(function, '__self__', None), '__name__', '')}{'=' * (name == '__set__')}"
    return str(name)


def _gradients(leaves: list[Tensor]) -> list[np.ndarray | None]:
    """What is in .grad, as copies."""
    return [None if p.grad is None else array(p.grad) for p in leaves]
