"""Numbers as a sentence has them."""

_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def in_words(count: int) -> str:
    """3 as "three", 12 as "12"."""
    return _WORDS[count] if 0 <= count < len(_WORDS) else str(count)
