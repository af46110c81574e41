"""What a training step costs in each, and how much of that is arithmetic."""

from dataclasses import dataclass
from typing import Any

from compare.bench.measuring import Measured, Timed
from compare.bench.rivals import PREALLOCATED, rivals
from compare.shared.settings import Settings

#: Names of libraries as their makers write them.
LIBRARIES = {"openblas": "OpenBLAS", "mkl": "MKL", "blis": "BLIS"}


@dataclass(frozen=True)
class Bench:
    """The answer.

    blas: the library behind NumPy, the kernels that it picked, and the variables that had it pick them.
    """

    settings: Settings
    measured: Measured
    blas: dict[str, Any]

    kept_in = "results.json"

    @property
    def holds(self) -> bool:
        """Whether what was timed computes right gradients. How fast it does is no matter of right and wrong."""
        return all(used <= 1 for used in self.measured.bound_used.values())

    @property
    def verdict(self) -> str:
        """How many times its floor a step takes in each, and whether their gradients are right."""
        timed = rivals(self.settings.worlds)
        wrong = [timed[name].title for name, used in self.measured.bound_used.items() if not used <= 1]
        if wrong:
            return f"The gradients of {listed(wrong)} are outside their bounds, so their times mean nothing."
        sizes = sorted({row.batch_size for row in self.measured.rows})
        told = []
        for name in (n for n, rival in timed.items() if n == PREALLOCATED or (rival.plain and rival.world)):
            told.append(f"{timed[name].title} {listed([f'{self.row(name, size).over_floor:.2f}' for size in sizes])}")
        return (
            f"In float32, on batches of {listed([f'{size:,}' for size in sizes])}, a training step takes so many times "
            f"as long as its matrix multiplies alone: {'; '.join(told)}. The gradients of all of them are right."
        )

    @property
    def reasons(self) -> list[str]:
        """Why something is not among them."""
        missing = self.measured.not_compiled
        return [f"PyTorch could not compile here: {missing}."] if missing else []

    def row(self, implementation: str, batch_size: int, dtype: str = "float32") -> Timed:
        """The row of that rival."""
        wanted = (implementation, batch_size, dtype)
        return next(r for r in self.measured.rows if (r.implementation, r.batch_size, r.dtype) == wanted)

    def as_json(self) -> dict[str, Any]:
        """As a JSON document has it."""
        settings = self.settings.as_json()
        return {
            "holds": self.holds,
            "verdict": self.verdict,
            "reasons": self.reasons,
            "rows": [row.as_json() for row in self.measured.rows],
            "blas": self.blas,
            "bound_used": self.measured.bound_used,
            "not_compiled": self.measured.not_compiled,
            "settings": {name: settings[name] for name in ("seed", "data", "threads")},
        }

    @property
    def circumstances(self) -> str:
        """Threads and kernels, without which the times say little."""
        threads = self.settings.threads
        pinned = ", as the environment asks" if self.blas.get("chosen_by") else ""
        library = self.blas.get("internal_api", "its BLAS")
        kernels = f"{LIBRARIES.get(library, library)}'s {self.blas.get('architecture', 'own')} kernels"
        return f"{threads} thread{'s' if threads > 1 else ''}, NumPy on {kernels}{pinned}"


def listed(words: list[str]) -> str:
    """As in a sentence: 1, 2 and 3."""
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
