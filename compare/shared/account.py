"""What a command says about its numbers: the verdict above its tables, the reasons below them."""

from typing import NamedTuple


class Account(NamedTuple):
    """The verdict, two sentences at most, and the reasons, a paragraph each."""

    verdict: str
    reasons: list[str]
