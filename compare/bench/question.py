"""What does a training step cost, and how much of that is arithmetic?"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compare.bench.measuring import Measured, Row, batch_sizes, measure
from compare.bench.rivals import PREALLOCATED, rivals
from compare.shared.dataset import load_mnist
from compare.shared.environment import blas, environment
from compare.shared.errors import BadInput
from compare.shared.output import Output
from compare.shared.processes import ProcessFailed
from compare.shared.settings import DTYPES, Settings
from compare.shared.terminal import print_files, print_table, print_text, progress
from compare.shared.threads import use_threads

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
    files: list[Path]
    environment: dict[str, Any]

    @property
    def holds(self) -> bool:
        """Whether what was timed computes right gradients. How fast it does is no matter of right and wrong."""
        return all(used <= 1 for used in self.measured.bound_used.values())

    @property
    def verdict(self) -> str:
        """In words."""
        timed = rivals(self.settings.worlds)
        wrong = [timed[name].title for name, used in self.measured.bound_used.items() if not used <= 1]
        if wrong:
            return f"The gradients of {listed(wrong)} are outside their bounds, so their times mean nothing."
        sizes = sorted({row.batch_size for row in self.measured.rows})
        told = []
        for name in (n for n, rival in timed.items() if n == PREALLOCATED or (rival.plain and rival.world)):
            told.append(f"{timed[name].title} {listed([f'{self.row(name, size).over_floor:.2f}' for size in sizes])}")
        text = (
            f"In float32, on batches of {listed([f'{size:,}' for size in sizes])}, a training step takes so many times "
            f"as long as its matrix multiplies alone: {'; '.join(told)}. The gradients of all of them are right."
        )
        missing = self.measured.not_compiled
        return f"{text} PyTorch could not compile here: {missing}." if missing else text

    def row(self, implementation: str, batch_size: int, dtype: str = "float32") -> Row:
        """The row of that rival."""
        wanted = (implementation, batch_size, dtype)
        return next(r for r in self.measured.rows if (r.implementation, r.batch_size, r.dtype) == wanted)

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        settings = self.settings.as_json()
        return {
            "holds": self.holds,
            "verdict": self.verdict,
            "rows": [row.as_json() for row in self.measured.rows],
            "blas": self.blas,
            "bound_used": self.measured.bound_used,
            "not_compiled": self.measured.not_compiled,
            "settings": {name: settings[name] for name in ("seed", "data", "threads")},
            "files": [str(path) for path in self.files],
            "environment": self.environment,
        }

    def print(self) -> None:
        """The verdict, and a table for each dtype, on stdout."""
        timed = rivals(self.settings.worlds)
        print_text(self.verdict)
        print_text("")
        for dtype in DTYPES:
            print_table(
                f"A training step in {dtype}, {self.circumstances}",
                ("step", "images", "micro-\nseconds", "spread", "over\nfloor", "over\nPyTorch", "peak\nmemory, kB"),
                [
                    (timed[row.implementation].title, f"{row.batch_size:,}", f"{row.timing.microseconds:,.0f}",
                     f"{row.timing.spread:,.0f}", f"{row.over_floor:.2f}", f"{row.over_torch:.2f}",
                     "not measured" if row.peak_bytes is None else f"{row.peak_bytes / 1000:,.0f}")
                    for row in self.measured.rows if row.dtype == dtype
                ],
            )  # fmt: skip
        print_text(
            "Medians of rounds in which all take turns; spread: from the lower quartile of the rounds to the upper. "
            "Floor: the step's eight matrix multiplies alone, in NumPy, on the same arrays. Peak memory: the most that "
            "is allocated at once during a step, the parameters included, the images not; of the floor, its results.\n"
        )
        print_files(self.files)

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


def answer(settings: Settings, out: Path) -> Bench:
    """Time the steps of all rivals and draw them; where Ctrl-C stops it, what is finished goes to bench.csv first.

    Of the settings, the seed, the data and the threads count. Raises BadInput for a set or a folder that cannot be
    used, and where the process fails in which PyTorch is timed.
    """
    from compare.bench.figure import draw
    from compare.shared.figures import save_figure

    output = Output(out)
    data = load_mnist(settings.data)
    measured = Measured()
    parts = 1 + len(DTYPES) * len(batch_sizes(len(data.train_labels)))
    with use_threads(settings.threads) as threads:
        try:
            with progress("bench", parts) as advance:
                measure(settings, data, measured, advance)
        except ProcessFailed as failed:
            raise BadInput(f"A process in which PyTorch is timed could not go on: {failed}.") from failed
        finally:
            rows = [row.as_json() for row in measured.rows]
            if rows:
                output.write_csv("bench.csv", tuple(rows[0]), [tuple(row.values()) for row in rows])
        files = [*output.files, *(output.folder / name for name in ("bench.png", "bench.svg", "results.json"))]
        about = environment(threads)
        variables = {k: v for k, v in about["environment_variables"].items() if k.startswith("OPENBLAS_")}
        result = Bench(settings, measured, {**next(iter(blas()), {}), "chosen_by": variables}, files, about)
        save_figure(draw(result), output, "bench")
        output.write_json("results.json", result.as_json())
    return result
