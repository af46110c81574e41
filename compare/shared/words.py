"""Numbers as a sentence has them."""

import math

_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def in_words(count: int) -> str:
    """3 as "three", 12 as "12"."""
    return _WORDS[count] if 0 <= count < len(_WORDS) else str(count)


def percent_of(part: float) -> str:
    """A part of a whole with two digits: 0.281 as 28%, 0.00068 as 0.068%."""
    return f"{float(f'{100 * part:.2g}'):g}%" if math.isfinite(part) else "more than all"
