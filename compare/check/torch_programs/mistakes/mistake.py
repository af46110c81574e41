"""A mistake around PyTorch's own derivatives, as it was seen."""

from collections.abc import Iterable
from dataclasses import dataclass

from compare.check.recording.graph import Place
from compare.check.torch_programs.seen import Tensor


@dataclass(frozen=True)
class Mistake:
    """name: of the explanations; place: the learner's line, None for the whole program; evidence: what was measured.

    corrected: how the line could read; also: other lines that it concerns; harmless: whether the numbers stay right;
    parameters: those that it spoils, by name.
    """

    name: str
    place: Place | None
    evidence: str
    corrected: str = ""
    also: tuple[Place | None, ...] = ()
    harmless: bool = False
    parameters: tuple[str, ...] = ()


def names_of(parameters: Iterable[Tensor], names: dict[int, str]) -> tuple[str, ...]:
    """What parameters are called."""
    return tuple(names.get(id(p), "parameter") for p in parameters)


def listed(parameters: list[Tensor], names: dict[int, str]) -> str:
    """Parameters in words, up to four of them by name."""
    called = [names.get(id(p), f"a parameter {'x'.join(map(str, p.shape))}") for p in parameters]
    return ", ".join(called[:4]) + (f" and {len(called) - 4} others" if len(called) > 4 else "")


def many(count: int) -> str:
    """A number at the beginning of a sentence."""
    return {1: "One", 2: "Two", 3: "Three", 4: "Four"}.get(count, str(count))
