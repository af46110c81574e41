"""The lines side by side, and what each world keeps for the backward pass."""

from dataclasses import dataclass
from typing import Any

from compare.shared.settings import Settings
from compare.shared.words import in_words
from compare.side_by_side.lines import LineOfAll
from compare.worlds import NAMES, world


@dataclass(frozen=True)
class Rosetta:
    """The answer."""

    settings: Settings
    rows: list[LineOfAll]
    extra_bytes: dict[str, int]  # by implementation: what the backward pass keeps besides the parameters and the batch

    kept_in = "results.json"

    @property
    def holds(self) -> bool:
        """Whether the implementations agree in every line."""
        return all(row.holds for row in self.rows)

    @property
    def verdict(self) -> str:
        """Whether they agree, by how much they differ, and what each keeps."""
        how_many = in_words(len(NAMES))
        wrong = [row.line for row in self.rows if not row.holds]
        if wrong:
            return f"It does not hold. The line {wrong[0]} is outside its rounding bound in one of the {how_many}."
        largest = max(self.rows, key=lambda row: row.largest_difference)
        keep = ", ".join(f"{world(name).title} {count:,}" for name, count in self.extra_bytes.items())
        return (
            f"It holds: line for line the {how_many} compute the same, with differences of "
            f"{largest.largest_difference:.1e} at most (in {largest.line}) and all values within their rounding "
            f"bounds. For the backward pass they keep, besides the parameters and the batch, these bytes: {keep}."
        )

    def as_json(self) -> dict[str, Any]:
        """As a JSON document has it."""
        return {
            "holds": self.holds,
            "verdict": self.verdict,
            "settings": self.settings.as_json(),
            "lines": [row.as_json() for row in self.rows],
            "kept_bytes": self.extra_bytes,
        }
