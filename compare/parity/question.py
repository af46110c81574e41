"""Do the three compute the same gradients? One batch: line by line, end to end, in pairs, before the referee."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from compare.judge.judging import Judged, Verdict
from compare.judge.network import as_leaves, check_gradients, check_lines, gradient_balls
from compare.parity.exercised import unexercised
from compare.parity.mutants import Proof, try_mutants
from compare.parity.pairs import PairRow, compare_pairs
from compare.parity.referee import NoDerivative, Referee, referee
from compare.parity.sizes import Smallest, smallest_sizes
from compare.shared.dataset import CLASSES, Dataset, load_mnist, pixels
from compare.shared.environment import environment
from compare.shared.errors import BadInput
from compare.shared.initial import initial_parameters
from compare.shared.output import Output
from compare.shared.settings import MOST_STEPS, Settings, check_whole
from compare.shared.terminal import print_files, progress
from compare.shared.threads import use_threads
from compare.shared.training import endless_batches, trace_all
from compare.worlds import MANUAL, NAMES, build


@dataclass(frozen=True)
class Parity:
    """The answer. checks, end_to_end: by implementation; after: training steps before the batch was looked at."""

    settings: Settings
    after: int
    checks: dict[str, Judged]
    end_to_end: dict[str, tuple[Verdict, ...]]
    pairs: list[PairRow]
    referee: Referee | None  # None where the loss has no derivative for it to find
    unexercised: list[str]  # what this batch could not have shown, in sentences
    files: list[Path]
    environment: dict[str, Any]

    @property
    def holds(self) -> bool:
        """Whether every line is right, and of the gradients, the pairs and the referee, if it judged, none is wrong."""
        lines = all(check.holds for check in self.checks.values())
        wrong = any(verdict.is_wrong for verdicts in self.end_to_end.values() for verdict in verdicts)
        referee = self.referee is None or self.referee.holds
        return lines and not wrong and all(pair.holds for pair in self.pairs) and referee

    @property
    def cannot_tell(self) -> tuple[str, Verdict] | None:
        """The first line where rounding may do so much that there is no telling, and whose it is; None if all tell."""
        lines = ((name, line) for name, check in self.checks.items() for line in check.lines)
        return next(((name, line) for name, line in lines if line.answer == "cannot tell"), None)

    @property
    def weakest(self) -> tuple[str, Verdict]:
        """The line in which an error could have been largest without being noticed, and whose it is."""
        lines = [(name, line) for name, check in self.checks.items() for line in check.lines]
        return max(lines, key=lambda named: named[1].power)

    def nearest(self, letters: str = "") -> tuple[str, Verdict]:
        """The line that uses most of its bound, and whose it is; among lines of those names, such as "z da dW"."""
        wanted = letters.split()
        lines = [
            (name, line)
            for name, check in self.checks.items()
            for line in check.lines
            if not wanted or line.name.rstrip("0123456789") in wanted
        ]
        return max(lines, key=lambda named: named[1].bound_used)

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        from compare.parity.report import verdict_sentence

        name, line = self.weakest
        return {
            "holds": self.holds,
            "verdict": verdict_sentence(self),
            "dtype": self.settings.dtype,
            "batch_size": self.settings.batch_size,
            "after": self.after,
            "settings": self.settings.as_json(),
            "lines": [
                {"implementation": name, "line": line.name, "error": line.error, "error_ulp": line.error_ulp,
                 "bound_used": line.bound_used, "probable_used": line.probable_used,
                 "slope_sigma": line.slope_sigma, "power": line.power, "answer": line.answer, "route": line.route,
                 "holds": line.holds}
                for name, check in self.checks.items()
                for line in check.lines
            ],
            "end_to_end": {
                "holds": not any(v.is_wrong for verdicts in self.end_to_end.values() for v in verdicts),
                "is_a_verdict": all(v.answer != "cannot tell" for vs in self.end_to_end.values() for v in vs),
                "gradients": [
                    {"implementation": name, "parameter": verdict.name, "error": verdict.error,
                     "bound_used": verdict.bound_used, "relative_bound": verdict.relative_bound,
                     "probable_used": verdict.probable_used, "power": verdict.power, "answer": verdict.answer,
                     "holds": not verdict.is_wrong}
                    for name, verdicts in self.end_to_end.items()
                    for verdict in verdicts
                ],
            },
            "pairs": [{**asdict(pair), "holds": pair.holds} for pair in self.pairs],
            "weakest": dict(zip(("implementation", "line", "power"), (name, line.name, line.power), strict=True)),
            "unexercised": self.unexercised,
            "referee": {"judged": False, "holds": None} if self.referee is None else
            {"judged": True, **asdict(self.referee), "holds": self.referee.holds},
            "files": [str(path) for path in self.files],
            "environment": self.environment,
        }  # fmt: skip

    def print(self) -> None:
        """Tables, a sentence for every number in them, and the verdict, on stdout."""
        from compare.parity.report import print_parity

        print_parity(self)
        print_files(self.files)


@dataclass(frozen=True)
class MutantsTried:
    """The answer to --mutants: can the check fail?"""

    proof: Proof
    smallest: list[Smallest]
    files: list[Path]

    @property
    def holds(self) -> bool:
        """Whether every planted bug is caught on its own line, and nothing that is correct."""
        return self.proof.holds

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**self.proof.as_json(), "smallest": [one.as_json() for one in self.smallest]}

    def print(self) -> None:
        """The table of bugs, on stdout."""
        from compare.parity.report import print_mutants, print_sizes

        print_mutants(self.proof)
        print_sizes(self.smallest)
        print_files(self.files)


def answer(settings: Settings, out: Path, after: int = 0) -> Parity:
    """Judge one batch, the first rows of the training set, in all three.

    after: training steps, taken by hand, whose weights all three are then given. Raises BadInput for a set, an option
    or a folder that cannot be used, and where the training's weights stop being finite.
    """
    check_whole("--after", after, least=0, most=MOST_STEPS)
    output = Output(out)
    data = load_mnist(settings.data)
    rows = settings.rows_per_batch(len(data.train_labels))
    x, labels = pixels(data.train_images[:rows], settings.dtype), data.train_labels[:rows]
    with use_threads(settings.threads) as threads:
        parameters = trained(settings, data, after)
        result = judge(settings.with_(batch_size=rows), after, parameters, x, labels, output, environment(threads))
        output.write_json("results.json", result.as_json())
    return result


def answer_mutants(settings: Settings, out: Path) -> MutantsTried:
    """Plant every bug, in float64, and shrink some in both dtypes. Raises BadInput for a set or folder of no use."""
    output = Output(out)
    data = load_mnist(settings.data)
    with use_threads(settings.threads):
        tried = MutantsTried(try_mutants(), smallest_sizes(data), output.files)
        output.write_json("mutants.json", tried.as_json())
    return replace(tried, files=output.files)


def trained(settings: Settings, data: Dataset, steps: int) -> dict[str, np.ndarray]:
    """The weights after that many training steps of the network by hand, from the initial weights of the settings."""
    sizes = settings.sizes(data.train_images.shape[1], CLASSES)
    start = initial_parameters(sizes, settings.init, settings.init_scale, settings.seed, settings.dtype)
    net = build(MANUAL, start, settings.activation)
    batches = itertools.islice(endless_batches(settings, len(data.train_labels)), steps)
    with progress("training", steps) as advance, np.errstate(over="ignore", invalid="ignore"):
        for step, batch in enumerate(batches, start=1):
            x = pixels(data.train_images[batch], settings.dtype)
            if not math.isfinite(net.step(x, data.train_labels[batch], settings.learning_rate)):
                raise BadInput(
                    f"The training before the check stopped at step {step:,}, where the loss is not finite. Try a "
                    f"smaller --learning-rate or --init-scale, or fewer steps with --after."
                )
            advance()
    return net.parameters()


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # overflow is looked for here, and reported better
def judge(
    settings: Settings,
    after: int,
    parameters: Mapping[str, np.ndarray],
    x: np.ndarray,
    labels: np.ndarray,
    output: Output,
    about: dict[str, Any],
) -> Parity:
    """All four judgements of one batch, x (m, fan_in) in the dtype of the parameters, and the figure.

    Raises BadInput where the weights are so large that the calculation overflows in all three.
    """
    start, activation = dict(parameters), settings.activation
    traces, checks = trace_all(start, x, labels, activation, settings.worlds), {}
    leaves = as_leaves(start, x)
    with progress("lines", len(settings.worlds)) as advance:
        for name, trace in traces.items():
            checks[name] = check_lines(trace, *leaves, labels, activation)
            advance()
    gradients = {name: {p: trace[f"d{p}"] for p in start} for name, trace in traces.items()}
    allowed = gradient_balls(*leaves, labels, activation)
    result = Parity(
        settings,
        after,
        checks,
        end_to_end={name: check_gradients(found, allowed) for name, found in gradients.items()},
        pairs=compare_pairs(gradients, start, x, labels, activation, allowed=allowed),
        referee=_referee_if_there_is_a_derivative(start, x, labels, activation),
        unexercised=unexercised(traces[NAMES[0]], start, x, activation, settings.learning_rate),
        files=[output.folder / name for name in ("parity.png", "parity.svg", "results.json")],
        environment=about,
    )
    from compare.parity.figure import draw
    from compare.shared.figures import save_figure

    save_figure(draw(result), output, "parity")
    return result


def _referee_if_there_is_a_derivative(
    parameters: Mapping[str, np.ndarray], x: np.ndarray, labels: np.ndarray, activation: str
) -> Referee | None:
    try:
        return referee(parameters, x, labels, activation)
    except NoDerivative:
        return None
