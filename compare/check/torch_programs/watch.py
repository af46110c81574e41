"""A program in PyTorch, watched: its operations on parameters, its backward passes, its optimizers' steps.

Nothing is hooked before the program itself has imported torch. Its operations are seen through PyTorch's own
`TorchFunctionMode`, modules and optimizers through its global hooks.
"""

import ast
import gc
import linecache
import sys
import weakref
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from time import monotonic
from types import FrameType, ModuleType
from typing import Any

import numpy as np

from compare.check.recording.graph import Place
from compare.check.steps.recorder import Enough
from compare.check.surroundings.standins import Mender
from compare.check.torch_programs.seen import LOSSES, Backward, Failed, Op, Optimizer, Ref, Tensor

STEPS = 3  # are watched,
LONGER = 12  # and so many where gradients were never cleared: every k-th step may be meant
PATIENCE = 12.0  # seconds in which an evaluation is waited for, where there is a dropout
MOST = 20_000  # operations between two backward passes
COMPARED = 4096  # entries of a parameter, to see whether it has changed


@dataclass
class _Live:
    """An operation with its tensors, for as long as a loss may follow from it. cut: whether it leaves the graph."""

    op: Op
    inputs: list[Tensor]
    out: Tensor
    cut: bool


class Watch:
    """A context in which a program runs.

    backwards: the calls of `backward()`; optimizers: those that made a step; stale: for each step, whether gradients
    of earlier ones were still in it; emptied: where gradients were cleared that no step had used.
    """

    def __init__(self, own: Callable[[str], bool]) -> None:
        self.own = own
        self.torch: Any = None
        self.backwards: list[Backward] = []
        self.optimizers: dict[int, Optimizer] = {}
        self.failed: Failed | None = None
        self.stale: list[bool] = []
        self.steps = 0
        self.emptied: list[Place | None] = []
        self.cleared: list[Place | None] = []  # where zero_grad was called
        self.kept: dict[str, Any] = {}  # how losses are kept with their graphs
        self.evaluated: list[tuple[Place | None, bool]] = []  # forward passes without gradients: noise in them or not
        self.eval_calls: list[Place | None] = []
        self.modules: list[Any] = []  # the outermost ones that ran
        self.inner: dict[int, Any] = {}  # those that ran in these
        self.made: dict[int, Place | None] = {}  # where a module was made
        self.noise_on, self.noise_off_after_on = False, False
        self._ops: list[_Live] = []
        self._of_parameters: set[int] = set()  # ids of outputs of _ops
        self._running: list[Any] = []
        self._called: Place | None = None
        self._input: Tensor = None
        self._pass_noise: bool | None = None  # in the forward pass that runs, if it is without gradients
        self._evaluated_inputs: list[Tensor] = []  # since the last backward pass
        self._clear_place: Place | None = None
        self._contributions: dict[int, set[int]] = {}
        self._stepped: dict[int, int] = {}
        self._values: dict[int, tuple[Tensor, Tensor]] = {}
        self._losses: list[tuple[Any, Place | None]] = []
        self._sums: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
        self._made_optimizers: dict[int, Place | None] = {}
        self._grads_came = self._stepping = False
        self._since = 0.0
        self._scope = ExitStack()

    @property
    def tells(self) -> bool:
        """Whether something that can be judged was seen."""
        return bool(self.backwards) or self.failed is not None

    @property
    def has_optimizer(self) -> bool:
        """Whether one was made."""
        return bool(self._made_optimizers)

    def __enter__(self) -> "Watch":
        if "torch" in sys.modules:
            self._start(sys.modules["torch"])
        else:
            mender = Mender({"torch": self._start})
            sys.meta_path.insert(0, mender)
            self._scope.callback(sys.meta_path.remove, mender)
        return self

    def __exit__(self, *_: Any) -> None:
        self._scope.close()
        self._ops.clear()
        self._look_for_kept()

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
        self._wrap(t.nn.Module, "__init__", lambda module, *_, **__: self._note(self.made, module))
        self._wrap(t.nn.Module, "eval", lambda *_, **__: self.eval_calls.append(self._here()))
        self._wrap(t.nn.Module, "zero_grad", self._clears)
        self._wrap(t.optim.Optimizer, "__init__", lambda one, *_, **__: self._note(self._made_optimizers, one))
        self._wrap(t.optim.Optimizer, "zero_grad", self._clears)
        self._in_one_process(t.utils.data.DataLoader)

        def function(_: Any, function: Any, __: Any, arguments: Any = (), options: Any = None) -> Any:
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

    def _note(self, where: dict[int, Place | None], made: Any) -> None:
        where[id(made)] = self._here()

    def _here(self) -> Place | None:
        """The innermost line of the learner's that runs now."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and not self.own(frame.f_code.co_filename):
            frame = frame.f_back
        return None if frame is None else Place(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)

    # Modules

    def _forward_begins(self, module: Any, inputs: Any) -> None:
        self._stepping = False  # a closure that the optimizer calls
        if not self._running:
            self._called = self._here()
            if not any(module is known for known in self.modules) and any(True for _ in module.parameters()):
                self.modules.append(module)
            self._input = next((x for x in inputs if self.torch.is_tensor(x)), None)
        elif len(self.inner) < MOST:
            self.inner[id(module)] = module
        self._running.append(module)

    def _forward_ends(self, module: Any, *_: Any) -> None:
        if self._running and self._running[-1] is module:
            self._running.pop()
        if not self._running and self._pass_noise is not None:
            self._evaluates(self._pass_noise)
            self._pass_noise = None

    def _place(self) -> Place | None:
        """The learner's line; where a layer was made, if it is called by a container of PyTorch's."""
        library = [type(module).__module__.startswith("torch.") for module in self._running]
        if len(library) > 1 and library[-1] and library[-2]:
            return self.made.get(id(self._running[-1])) or self._here()
        return self._here()

    # Operations

    def _function(self, function: Any, arguments: Any, options: dict[str, Any]) -> Any:
        torch = self.torch
        name = getattr(function, "__name__", "")
        if function is torch.Tensor.backward:
            return self._backward(function, arguments, options)
        if name in ("__get__", "__set__"):
            name = f"{getattr(getattr(function, '__self__', None), '__name__', '')}{'=' * (name == '__set__')}"
        tensors = [x for x in _flat((arguments, tuple(options.values()))) if torch.is_tensor(x)]
        ours = [x for x in tensors if x.requires_grad or id(x) in self._of_parameters]
        noise = name in ("dropout", "batch_norm", "alpha_dropout", "feature_dropout") and _trains(name, options)
        if name in ("dropout", "alpha_dropout") and self._running:
            self._noise(noise)
        if not torch.is_grad_enabled() and self._running and name in ("dropout", "batch_norm"):
            self._pass_noise = bool(self._pass_noise) or noise
        mask = None
        constants: dict[int, np.ndarray] = {}
        if ours and len(self._ops) < MOST:
            if torch.is_grad_enabled():
                constants = {id(x): _array(x) for x in tensors if not x.requires_grad}
            if noise and name == "dropout":
                mask = self._mask(function, arguments, options)
        try:
            out = function(*arguments, **options)
        except (RuntimeError, ValueError, IndexError, TypeError) as error:
            if name in LOSSES or name in ("linear", "matmul", "addmm", "mm"):
                labels = _array(tensors[1]) if name in LOSSES and len(tensors) > 1 else None
                self.failed = Failed(
                    name, [tuple(x.shape) for x in tensors], [str(x.dtype).removeprefix("torch.") for x in tensors],
                    self._here(), str(error), labels,
                )  # fmt: skip
            raise
        if self._stepping or any(out is x for x in ours if x.is_leaf and x.requires_grad):  # a step, also by hand
            return out
        if ours and torch.is_tensor(out) and out.is_floating_point() and name not in ("grad", "grad="):
            cut = not out.requires_grad and any(x.requires_grad for x in ours)
            if not (cut and out.ndim == 0):  # a number to be printed
                self._sum(name, ours, out)
                value = _array(tensors[0]) if name in LOSSES else _array(out) if name == "softmax" else None
                op = Op(
                    name, _plain(arguments), _plain(options), tuple(map(id, tensors)), constants, id(out),
                    tuple(out.shape), value, self._place(), mask,
                )  # fmt: skip
                self._add(_Live(op, tensors, out, cut))
        return out

    def _add(self, live: "_Live") -> None:
        if len(self._ops) >= MOST:
            self._forget()
        self._ops.append(live)
        self._of_parameters.add(live.op.out)

    def _forget(self) -> None:
        self._ops.clear()
        self._of_parameters.clear()

    def _mask(self, function: Any, arguments: Any, options: dict[str, Any]) -> np.ndarray:
        """What a dropout is about to multiply with: the same draw, on ones."""
        state = self.torch.get_rng_state()
        ones = self.torch.ones_like(arguments[0].detach())
        mask = _array(function(ones, *arguments[1:], **(options | {"inplace": False})))
        self.torch.set_rng_state(state)
        return mask

    def _noise(self, on: bool) -> None:
        if self.torch.is_grad_enabled():
            self.noise_off_after_on |= self.noise_on and not on
            self.noise_on |= on

    def _evaluates(self, noise: bool) -> None:
        """A forward pass without gradients. The same input again and again is a mean over dropouts, and meant."""
        again = self._input is not None and any(x is self._input for x in self._evaluated_inputs)
        if again and noise:
            self.evaluated = [(place, noisy and place != self._called) for place, noisy in self.evaluated]
        else:
            self.evaluated.append((self._called, noise))
        if len(self._evaluated_inputs) < 10:
            self._evaluated_inputs.append(self._input)

    # Losses

    def _sum(self, name: str, ours: list[Tensor], out: Tensor) -> None:
        """Is a loss on which backward() was called added to a sum of such losses, with its graph?"""
        if name not in ("add", "add_", "__radd__", "__iadd__", "__add__") or out.ndim or not out.requires_grad:
            return
        old = [x for x in ours if self._sums.get(id(x)) is x]
        roots = [x for x in ours if any(ref() is x for ref, _ in self._losses)]
        if roots:
            self._keep_sum(old, out, self._here())

    def _keep_sum(self, old: list[Tensor], out: Tensor, place: Place | None) -> None:
        if old and "sum" not in self.kept:
            self.kept["sum"] = place
        self._sums[id(out)] = out

    def _look_for_kept(self) -> None:
        """Are all the losses of before still there, with their graphs?"""
        refs = self._losses[:-1]
        if len(refs) < 2 or "list" in self.kept:
            return
        alive = [loss for loss in (ref() for ref, _ in refs) if loss is not None and loss.grad_fn is not None]
        if len(alive) == len(refs):
            holders = [held for held in gc.get_referrers(alive[0]) if type(held) is list and held is not alive]
            lists = [held for held in holders if sum(any(x is loss for x in held) for loss in alive) > 1]
            if lists:
                self.kept["list"] = _appended(self._losses[-1][1])

    # Backward passes

    def _backward(self, function: Any, arguments: Any, options: dict[str, Any]) -> Any:
        loss, place = arguments[0], self._here()
        self._changed()
        self._evaluated_inputs.clear()
        moment = self._moment(loss, place)
        if not (options.get("retain_graph") or (len(arguments) > 2 and arguments[2])):
            for live in self._ops:
                if any(x is loss for x in live.inputs) and live.out.requires_grad and not live.op.shape:
                    self._keep_sum([x for x in live.inputs if self._sums.get(id(x)) is x], live.out, live.op.place)
            live = None  # type: ignore[assignment]  # nothing is kept alive by this loop's variable
            self._forget()
        self._look_for_kept()
        if self._is_enough():
            raise Enough
        self.backwards.append(moment)
        for old_one in self.backwards[:-40]:
            old_one.ops = []
        self._losses.append((weakref.ref(loss), place))
        result = function(*arguments, **options)
        moment.after = [None if p.grad is None else _array(p.grad) for p in moment.leaves]
        for p, before in zip(moment.leaves, moment.before, strict=True):
            if before is None or not before.any():
                self._contributions[id(p)] = set()
            self._contributions.setdefault(id(p), set()).add(self._stepped.get(id(p), 0))
            self._values[id(p)] = p, _some(p)
        self._grads_came = True
        return result

    def _is_enough(self) -> bool:
        if self.steps < STEPS:
            return False
        if any(self.stale) and all(self.stale[1:]) and self.steps < LONGER:
            return False
        self._since = self._since or monotonic()
        return not (self.noise_on and not self.evaluated and monotonic() - self._since < PATIENCE)

    def _moment(self, loss: Tensor, place: Place | None) -> Backward:
        """What leads to a loss: walked back through the operations, also where these are cut."""
        wanted, lives = {id(loss)}, list[_Live]()
        for live in reversed(self._ops):
            if live.op.out in wanted:
                lives.append(live)
                wanted.update(live.op.inputs)
        lives.reverse()
        leaves = {id(x): x for x in self._graph_leaves(loss)}
        severed, behind = list[tuple[Op, list[Tensor]]](), dict[int, dict[int, Tensor]]()
        for live in lives:
            mine: dict[int, Tensor] = {}
            for x in live.inputs:
                mine |= behind.get(id(x), {})
                if x.requires_grad and x.is_leaf:
                    mine[id(x)] = x
            behind[live.op.out] = behind.get(live.op.out, {}) | mine
            lost = [x for key, x in mine.items() if key not in leaves]
            if live.cut and lost:
                severed.append((live.op, lost))
        wanted, ops = {id(loss)}, list[Op]()  # and what of it PyTorch's own graph has
        for live in reversed(lives):
            if live.op.out in wanted and live.out.requires_grad:
                ops.insert(0, live.op)
                wanted.update(id(x) for x in live.inputs if x.requires_grad)
        order = [id(x) for live in lives for x in live.inputs]
        found = sorted(leaves.values(), key=lambda x: order.index(id(x)) if id(x) in order else len(order))
        return Backward(
            place, self.steps, id(loss), float(loss.detach().sum()), ops, found, [_array(p) for p in found],
            [None if p.grad is None else _array(p.grad) for p in found],
            severed=severed, names=self._names(),
        )  # fmt: skip

    def _graph_leaves(self, loss: Tensor) -> list[Tensor]:
        """The parameters that PyTorch's own graph reaches."""
        waiting, seen, found = [loss.grad_fn], set[Any](), list[Tensor]()
        while waiting:
            node = waiting.pop()
            if node is None or node in seen:
                continue
            seen.add(node)
            if hasattr(node, "variable"):
                found.append(node.variable)
            waiting += [before for before, _ in node.next_functions]
        return found[::-1]

    def _names(self) -> dict[int, str]:
        """What parameters are called: by their module, else by the learner's variables."""
        names: dict[int, str] = {}
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if self.own(frame.f_code.co_filename):
                for name, value in {**frame.f_globals, **frame.f_locals}.items():
                    if self.torch.is_tensor(value):
                        names.setdefault(id(value), name)
            frame = frame.f_back
        for module in self.modules:
            names.update((id(p), name) for name, p in module.named_parameters())
        return names

    # Steps

    def _clears(self, *_: Any, **__: Any) -> None:
        self._clear_place = self._here()
        self.cleared.append(self._clear_place)

    def _step_ends(self, *_: Any) -> None:
        self._stepping = False

    def _step_begins(self, optimizer: Any, *_: Any) -> None:
        self._stepping = True
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        known = self.optimizers.get(id(optimizer))
        if known is None or len(known.parameters) != len(parameters):
            place = self._made_optimizers.get(id(optimizer))
            self.optimizers[id(optimizer)] = Optimizer(place, parameters, _words(optimizer))
        mine = [p for p in parameters if id(p) in self._contributions]
        with self.torch.no_grad():
            empty = [p.grad is None or not bool(p.grad.any()) for p in mine]
        came = self.backwards and any(
            g is not None and g.any() and any(p is q for q in mine)
            for p, g in zip(self.backwards[-1].leaves, self.backwards[-1].after, strict=False)
        )
        if self._grads_came and came and mine and all(empty) and self._clear_place is not None:
            self.emptied.append(self._clear_place)
        self._grads_came = False
        self._count([p for p in mine if p.grad is not None] or mine)

    def _changed(self) -> None:
        """Parameters of no optimizer that have changed since the last backward pass: a step by hand."""
        held = {id(p) for one in self.optimizers.values() for p in one.parameters}
        changed = [p for key, (p, before) in self._values.items()
                   if key not in held and not self.torch.equal(_some(p), before)]  # fmt: skip
        if changed:
            self._count(changed)
            self._grads_came = False

    def _count(self, parameters: list[Tensor]) -> None:
        """One step of these parameters: does it use what an earlier one has used already?"""
        old = False
        for p in parameters:
            count = self._stepped.get(id(p), 0)
            old |= any(c < count for c in self._contributions.get(id(p), ()))
            self._stepped[id(p)] = count + 1
        self.steps = max([self.steps, *self._stepped.values()])
        if parameters:
            self.stale.append(old)


def _appended(place: Place | None) -> Place | None:
    """The line that appends the loss to a list, from the one that calls its backward()."""
    if place is None:
        return None
    called, at = "loss", place
    calls = sorted(_method_calls(place.file), key=lambda call: call.lineno)
    for call in calls:
        if call.func.attr == "backward" and call.lineno == place.line:  # type: ignore[attr-defined]
            called = ast.unparse(call.func.value)  # type: ignore[attr-defined]
    for call in calls:
        if call.func.attr == "append" and call.args and ast.unparse(call.args[0]) == called:  # type: ignore[attr-defined]
            at = Place(place.file, call.lineno, place.function)
    return at


def _method_calls(file: str) -> list[ast.Call]:
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError):
        return []
    return [n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]


def _flat(part: Any) -> list[Any]:
    if isinstance(part, tuple | list):
        return [x for one in part for x in _flat(one)]
    return [part]


def _plain(part: Any) -> Any:
    """The same nest with a reference in the place of each tensor."""
    if isinstance(part, tuple | list):
        return type(part)([_plain(x) for x in part]) if type(part) in (tuple, list) else tuple(map(_plain, part))
    if isinstance(part, dict):
        return {key: _plain(x) for key, x in part.items()}
    return Ref(id(part)) if hasattr(part, "requires_grad") and hasattr(part, "grad_fn") else part


def _trains(name: str, options: dict[str, Any]) -> bool:
    """Whether a dropout or a batch norm is in training."""
    return bool(options.get("training", name != "batch_norm")) and options.get("p", 0.5) != 0


def _array(x: Tensor) -> np.ndarray:
    """A copy of its values."""
    return np.array(x.detach().cpu().numpy())


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
