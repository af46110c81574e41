"""PyTorch under autocast, its products in bfloat16: one batch, line by line, against what these roundings can do."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from compare.judge.ball import Arithmetic
from compare.judge.judging import Judged
from compare.judge.network import check_lines
from compare.judge.verdict import Verdict
from compare.parity.question import trained
from compare.shared import autocast
from compare.shared.dataset import load_mnist, pixels
from compare.shared.environment import environment
from compare.shared.errors import BadInput
from compare.shared.output import Output
from compare.shared.settings import MOST_STEPS, Settings, check_whole
from compare.shared.terminal import print_files, print_table, print_text
from compare.shared.threads import use_threads
from compare.worlds import TORCH_REF, world

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
    files: list[Path]
    environment: dict[str, Any]

    @property
    def holds(self) -> bool:
        """Whether every line is right."""
        return self.check.holds

    @property
    def verdict(self) -> str:
        """Whether it holds, and if not, where it fails first."""
        lines = self.check.lines
        if self.check.first_wrong_line:
            wrong = self.check[self.check.first_wrong_line]
            where = world(NAME).opening
            return f"It does not hold. {where}, {wrong.name} is wrong, given its own inputs: {wrong.fault}."
        for line in lines:
            if not line.holds:
                return f"It cannot tell. {world(NAME).opening}: {line.reason}"
        nearest = max(lines, key=lambda line: line.bound_used)
        weakest = max(lines, key=lambda line: line.power)
        return (
            f"It holds. All {len(lines)} lines of PyTorch under autocast are within their rounding bounds; "
            f"{nearest.name} comes nearest, at {nearest.bound_used:.2g} of its bound. An error of {weakest.power:.1g} "
            f"of {weakest.name}'s largest entry would have been noticed, and a smaller one in every other line."
        )

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
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
            "files": [str(path) for path in self.files],
            "environment": self.environment,
        }  # fmt: skip

    def print(self) -> None:
        """The verdict, a row a line, and what its numbers mean, on stdout."""
        print_text(self.verdict)
        print_text("")
        when = f"after {self.after:,} training steps" if self.after else "at the initial weights"
        print_table(
            f"Lines, {self.settings.dtype} under autocast, a batch of {self.settings.batch_size:,}, {when}",
            ("line", "computed in", "error", "share", "likely", "seen"),
            [
                (line.name, self.dtypes[line.name], f"{self._relative(line):.1g}", f"{line.bound_used:.2g}",
                 f"{line.probable_used:.2g}", "any" if line.power == 0 else f"{line.power:.1g}")
                for line in self.check.lines
            ],
        )  # fmt: skip
        print_text(
            f"{ALONE}\n"
            "Weights, loss and the weights' gradients are float32; what goes into a matrix product and what comes out "
            "of it is rounded to bfloat16's 8 bits, and its sum is taken in float32.\n"
            "error: the largest of an entry, relative to the line's largest entry.\n"
            "share: each line is recomputed in longer arithmetic, from the inputs that PyTorch itself reports for it. "
            "This is the error's share of the worst that rounding can do in that one line; beyond 1 it is proved "
            "wrong.\n"
            "likely: the error's share of what independent rounding errors add up to.\n"
            "seen: the smallest error of the line's largest entry that would have been noticed, relative to that entry."
        )
        print_files(self.files)

    def _relative(self, line: Verdict) -> float:
        return line.error / self.largest[line.name]


def answer(settings: Settings, out: Path, after: int = 0) -> ShortParity:
    """Judge one batch, the first rows of the training set, under autocast.

    after: training steps, taken by hand in float32, at whose weights it is judged. Raises BadInput for a set, an option
    or a folder that cannot be used, and where the calculation overflows.
    """
    check_whole("--after", after, least=0, most=MOST_STEPS)
    if settings.activation != "relu":
        raise BadInput(
            f"--activation {settings.activation} is not judged in bfloat16, only relu is: leave it out, or pass "
            "--dtype float32 or float64."
        )
    output = Output(out)
    data = load_mnist(settings.data)
    rows = settings.rows_per_batch(len(data.train_labels))
    master = settings.with_(dtype="float32")
    x, labels = pixels(data.train_images[:rows], master.dtype), data.train_labels[:rows]
    with use_threads(settings.threads) as threads:
        parameters = trained(master, data, after)
        trace, dtypes = autocast.trace(parameters, x, labels)
        for name, line in trace.items():
            if not np.isfinite(line).all():
                raise BadInput(
                    f"At these weights the calculation overflows: {name} is not finite. Try a smaller --init-scale or "
                    "--learning-rate."
                )
        result = ShortParity(
            settings.with_(batch_size=rows),
            after,
            check_lines(trace, parameters, x, labels, run=Arithmetic.under_autocast()),
            dtypes,
            {name: float(abs(line).max()) or 1.0 for name, line in trace.items()},
            [output.folder / "results.json"],
            environment(threads),
        )
        output.write_json("results.json", result.as_json())
    return result
