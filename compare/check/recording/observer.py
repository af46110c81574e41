"""Who is told of what is done to recorded arrays and numbers, and answers with the result: the session that runs."""

from typing import Any, Protocol


class Observer(Protocol):
    """What arrays and numbers need of the session that they are recorded in."""

    @property
    def paused(self) -> bool:
        """Whether nothing is recorded for now."""

    def ufunc(self, ufunc: Any, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """The result of a method of a ufunc, as NumPy asks for it by `__array_ufunc__`."""

    def function(self, function: Any, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """The result of another function of NumPy's, as it asks for it by `__array_function__`."""

    def record(self, function: Any, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """The result of a function, recorded."""

    def assign(self, target: Any, index: Any, value: Any) -> None:
        """target[index] = value."""

    def number(self, entry: Any) -> float:
        """The Python number that an array with one entry holds, which remembers where it came from."""


#: The session that runs. What is done to an array of an earlier one is told to this one, too.
current: Observer
