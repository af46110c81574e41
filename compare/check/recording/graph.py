"""What a program did: nodes, each an operation with its inputs, its value and the line that called for it."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

import numpy as np

NUMBER = "float"  # what made a node that a Python number holds: nobody can change that in its place


@dataclass(frozen=True)
class Place:
    """A line of the learner's. caller: the line of theirs that called the function it stands in, if there is one."""

    file: str
    line: int
    function: str
    caller: "Place | None" = None


class Node:
    """One operation. function: what was called; None for a leaf, which was made from nothing that is recorded.

    arguments, options: as they were passed, with nodes in the place of arrays; value: what came out, a plain array.
    cut: whether the value came about in a way that cannot be followed. made_by: for a leaf, the function that made it.
    """

    __slots__ = ("function", "arguments", "options", "_parents", "_value", "shape", "place", "number", "uses", "cut",
                 "made_by")  # fmt: skip

    def __init__(
        self, function: Callable[..., Any] | None, arguments: tuple[Any, ...], options: dict[str, Any], value: Any,
        place: Place | None, number: int,
    ) -> None:  # fmt: skip
        self.comes_of(function, arguments, options)
        self._value, self.shape = value, value.shape
        self.place, self.number, self.uses, self.cut, self.made_by = place, number, 0, False, ""
        for parent in self._parents:
            parent.uses += 1

    def comes_of(
        self, function: Callable[..., Any] | None, arguments: tuple[Any, ...], options: dict[str, Any]
    ) -> None:  # fmt: skip
        """From here on this is its operation."""
        self.function, self.arguments, self.options = function, arguments, options
        self._parents = tuple(nodes_in((arguments, tuple(options.values())) if options else arguments))

    @property
    def parents(self) -> Iterator["Node"]:
        """The nodes among the arguments."""
        return iter(self._parents)

    @property
    def value(self) -> np.ndarray:
        """The array; computed again where it was overwritten and not kept."""
        if self._value is None:
            assert self.function is not None
            plain = [at_each_node(lambda node: node.value, part) for part in (self.arguments, self.options)]
            self._value = np.asarray(self.function(*plain[0], **plain[1]))
        return self._value

    @property
    def known(self) -> bool:
        """Whether the value is there without computing it."""
        return self._value is not None

    def keep(self) -> None:
        """The memory of the value is about to be written to: take a copy, if somebody may ask for it."""
        if self._value is not None:
            self._value = self._value.copy() if self.uses or self.function is None else None

    @property
    def name(self) -> str:
        """The function, in a word."""
        return getattr(self.function, "__name__", str(self.function)) if self.function else "leaf"

    def __repr__(self) -> str:
        at = f" line {self.place.line}" if self.place else ""
        return f"<{self.number} {self.name} {self.shape}{at}>"


def nodes_in(part: Any) -> Iterator[Node]:
    """The nodes in a nest of tuples, lists, dicts and slices."""
    if isinstance(part, Node):
        yield part
    elif isinstance(part, tuple | list):
        for item in part:
            yield from nodes_in(item)
    elif isinstance(part, dict):
        yield from nodes_in(list(part.values()))
    elif isinstance(part, slice):
        yield from nodes_in((part.start, part.stop, part.step))


def at_each_node(change: Callable[[Node], Any], part: Any) -> Any:
    """The same nest with something else in the place of each node."""
    if isinstance(part, Node):
        return change(part)
    if isinstance(part, tuple | list):
        return type(part)([at_each_node(change, item) for item in part])
    if isinstance(part, dict):
        return {key: at_each_node(change, item) for key, item in part.items()}
    if isinstance(part, slice):
        return slice(*(at_each_node(change, item) for item in (part.start, part.stop, part.step)))
    return part


@dataclass
class Graph:
    """All nodes of a recording, in the order in which they came about. own: is a file the learner's?

    after: the number of the last node of the recording before; what is not above it is not known here.
    """

    own: Callable[[str], bool]
    nodes: list[Node] = field(default_factory=list)
    _theirs: dict[CodeType, bool] = field(default_factory=dict)
    count: int = 0
    after: int = 0
    shuffled: list[Place | None] = field(default_factory=list)  # where something was shuffled in place
    watch: Callable[[Node], None] | None = None  # told of every node
    due: Callable[[], None] | None = None  # what is to be done before the next operation

    def add(
        self, function: Callable[..., Any] | None, arguments: tuple[Any, ...], options: dict[str, Any], value: Any
    ) -> Node:
        """A new node, at the learner's line that runs now."""
        self.count += 1
        node = Node(function, arguments, options, value, self.here(), self.count)
        self.nodes.append(node)
        if self.watch is not None:
            self.watch(node)
        return node

    def here(self) -> Place | None:
        """The innermost line of the learner's that runs now, and those that called it."""
        frame: FrameType | None = sys._getframe(2)
        lines: list[tuple[CodeType, int]] = []
        while frame is not None and len(lines) < 5:
            code = frame.f_code
            theirs = self._theirs.get(code)
            if theirs is None:
                theirs = self._theirs[code] = self.own(code.co_filename)
            if theirs:
                lines.append((code, frame.f_lineno))
            frame = frame.f_back
        place = None
        for code, line in reversed(lines):
            place = Place(code.co_filename, line, code.co_name, place)
        return place
