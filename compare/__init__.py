"""The harness: the only room that knows all implementations. A folder for each question that it answers.

`compare.assert_gradients_match` is for other people's test suites: it fails unless gradients are right to within the
rounding error that they may have, and says which line is wrong. It is loaded when it is first asked for, so that
`import compare` stays light.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from compare.judge.assertion import CannotTell, GradientMismatch, assert_gradients_match

__all__ = ["CannotTell", "GradientMismatch", "assert_gradients_match"]


def __dir__() -> list[str]:
    return list(__all__)


def __getattr__(name: str) -> Any:
    if name in __all__:
        from compare.judge import assertion

        return getattr(assertion, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
