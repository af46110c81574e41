"""PyTorch under autocast, its products in bfloat16: one batch, line by line, against what these roundings can do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from compare.judge.judging import Judged
from compare.judge.verdict import Verdict
from compare.parity.answer import first_failure
from compare.shared.settings import Settings
from compare.worlds import TORCH_REF

NAME = TORCH_REF


ALONE = "PyTorch alone is judged here: the other two compute with NumPy, which has no bfloat16."


@dataclass(frozen=True)
class ShortParity:
    """The answer. check: PyTorch's lines; after, environment, files: as in `Parity`.

    dtypes: what each line was computed in; largest: its largest entry, or 1 where all are 0; both by line.
    """

    settings: Settings
    after: int
    check: Judged
    dtypes: Mapping[str, str]
    largest: Mapping[str, float]

    kept_in = "results.json"

    @property
    def holds(self) -> bool:
        """Whether every line is right."""
        return self.check.holds

    @property
    def verdict(self) -> str:
        """Whether it holds, and if not, where it fails first."""
        lines = self.check.lines
        failure = first_failure({NAME: self.check})
        if failure:
            return failure
        nearest = max(lines, key=lambda line: line.bound_used)
        return (
            f"It holds. All {len(lines)} lines of PyTorch under autocast are within their rounding bounds; "
            f"{nearest.name} comes nearest, at {nearest.bound_used:.0%} of its bound."
        )

    @property
    def power(self) -> str:
        """How small an error would have been seen, in the line where it would have had to be largest."""
        weakest = max(self.check.lines, key=lambda line: line.power)
        return (
            f"The least sensitive line is {weakest.name}, where an error of {weakest.power:.1g} of its largest entry "
            "would have been noticed; in every other line a smaller one."
        )

    def as_json(self) -> dict[str, Any]:
        """As a JSON document has it."""
        return {
            "holds": self.holds,
            "verdict": self.verdict,
            "alone": ALONE,
            "dtype": self.settings.dtype,
            "batch_size": self.settings.batch_size,
            "after": self.after,
            "settings": self.settings.as_json(),
            "lines": [
                {"implementation": NAME, "line": line.name, "computed_in": self.dtypes[line.name],
                 "error": line.error, "relative_error": self._relative(line), "bound_used": line.bound_used,
                 "probable_used": line.probable_used, "power": line.power, "answer": line.answer,
                 "route": line.route, "holds": line.holds}
                for line in self.check.lines
            ],
        }  # fmt: skip

    def _relative(self, line: Verdict) -> float:
        return line.error / self.largest[line.name]
