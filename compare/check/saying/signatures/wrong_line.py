"""A wrong line on its way to a name: what is known where it stands, and the name that it gets."""

from dataclasses import dataclass, field

from compare.check.judging.explained import Explained
from compare.check.judging.fault import Fault
from compare.check.judging.search import Search
from compare.check.recording.graph import Node, Place
from compare.check.saying.names import called
from compare.check.saying.source import text
from compare.check.understanding.step import Step

Words = dict[str, str]


@dataclass(frozen=True)
class Named:
    """What a wrong line is called. name: of the explanations; place: the line that is shown.

    corrected: how that line could read, "" where it is not that plain; also: other lines that it concerns; words: what
    fills the explanation; or_else: other mistakes that give the same numbers, by name, each with its words.
    """

    name: str
    place: Place
    corrected: str = ""
    also: tuple[Place, ...] = ()
    words: Words = field(default_factory=dict)
    or_else: tuple[tuple[str, Words], ...] = ()


@dataclass(frozen=True)
class WrongLine:
    """A fault, in the search that found it. m: the examples of a batch, 0 where their number is not known."""

    fault: Fault
    search: Search
    explained: Explained
    m: int

    @property
    def node(self) -> Node:
        """The first value of the line that is no derivative."""
        return self.fault.first

    @property
    def place(self) -> Place:
        """Where the line stands."""
        return self.fault.place

    @property
    def source(self) -> str:
        """The line itself."""
        return text(self.place)

    @property
    def step(self) -> Step:
        """The step that it is in."""
        return self.search.step

    def called(self, node: Node) -> str:
        """What the learner calls a value; "" where it has no name."""
        return called(node, self.search)

    def named(self, name: str, corrected: str = "", *, place: Place | None = None, also: tuple[Place, ...] = (),
              or_else: tuple[tuple[str, Words], ...] = (), **words: str) -> Named:  # fmt: skip
        """Its name, at the line itself where no other place is given. also: before those that the fault has."""
        return Named(name, place or self.place, corrected, (*also, *self.fault.also), words, or_else)
