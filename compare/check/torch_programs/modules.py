"""The modules of a program: which run, where they were made, and what the learner calls their parameters."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from compare.check.recording.graph import Place
from compare.check.torch_programs.seen import Tensor

MOST = 20_000  # modules inside others


class Modules:
    """outermost: those that were called by no other; inner: those that ran in these, by id; made: where, by id.

    called, given: the line that called the outermost one that runs or ran last, and the first tensor that it got.
    """

    def __init__(self, own: Callable[[str], bool]) -> None:
        self.own = own
        self.outermost: list[Any] = []
        self.inner: dict[int, Any] = {}
        self.made: dict[int, Place | None] = {}
        self.called: Place | None = None
        self.given: Tensor = None
        self.running: list[Any] = []

    def here(self) -> Place | None:
        """The innermost line of the learner's that runs now."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and not self.own(frame.f_code.co_filename):
            frame = frame.f_back
        return None if frame is None else Place(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)

    def begins(self, module: Any, first: Tensor) -> None:
        """A module is called. first: the first tensor that it is given."""
        if not self.running:
            self.called, self.given = self.here(), first
            if not any(module is known for known in self.outermost) and any(True for _ in module.parameters()):
                self.outermost.append(module)
        elif len(self.inner) < MOST:
            self.inner[id(module)] = module
        self.running.append(module)

    def ends(self, module: Any) -> None:
        """The module returns, or raises."""
        if self.running and self.running[-1] is module:
            self.running.pop()

    def place(self) -> Place | None:
        """The learner's line; where a layer was made, if it is called by a container of PyTorch's."""
        library = [type(module).__module__.startswith("torch.") for module in self.running]
        if len(library) > 1 and library[-1] and library[-2]:
            return self.made.get(id(self.running[-1])) or self.here()
        return self.here()

    def names(self, is_tensor: Callable[[Any], bool]) -> dict[int, str]:
        """What parameters are called, by id: by their module, else by the learner's variables."""
        names: dict[int, str] = {}
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if self.own(frame.f_code.co_filename):
                for name, value in {**frame.f_globals, **frame.f_locals}.items():
                    if is_tensor(value):
                        names.setdefault(id(value), name)
            frame = frame.f_back
        for module in self.outermost:
            names.update((id(p), name) for name, p in module.named_parameters())
        return names
