"""The main job: are the three the same network? Gradients before and after training, three trainings, a verdict."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from compare.curves import curves_json, judge, pairs_json, print_curves, save_curves, train_all
from compare.judge.judging import Judged, Verdict
from compare.judge.network import check_lines
from compare.parity.pairs import PairRow, compare_pairs
from compare.shared.dataset import Dataset, load_mnist, pixels
from compare.shared.differences import PairDifference, differences
from compare.shared.environment import environment
from compare.shared.output import Output
from compare.shared.settings import DTYPES, Settings
from compare.shared.terminal import Advance, print_files, print_table, print_text, progress
from compare.shared.threads import use_threads
from compare.shared.training import Curve, Digits, initial_weights, trace_all
from compare.shared.words import in_words
from compare.worlds import spoken, world

ROWS = 64  # of the training set, for the gradients that are compared; fewer where the set is smaller


@dataclass(frozen=True)
class GradientsAt:
    """The gradients of one batch in all worlds: in one dtype, before or after the training."""

    dtype: str
    when: str
    pairs: list[PairRow]
    checks: dict[str, Judged]  # by implementation

    @property
    def holds(self) -> bool:
        """Whether every line of every implementation is within its bound, and every pair within theirs."""
        return all(check.holds for check in self.checks.values()) and all(pair.holds for pair in self.pairs)

    @property
    def most_used(self) -> tuple[str, Verdict]:
        """The line that came nearest to its bound, and whose it is."""
        lines = [(name, line) for name, check in self.checks.items() for line in check.lines]
        return max(lines, key=lambda named: named[1].bound_used)

    def as_json(self) -> list[dict[str, Any]]:
        """A row for each pair and parameter."""
        about = {"dtype": self.dtype, "when": self.when}
        return [{**about, **asdict(pair), "holds": pair.holds} for pair in self.pairs]

    def lines_json(self) -> list[dict[str, Any]]:
        """A row for each implementation and line."""
        return [
            {"dtype": self.dtype, "when": self.when, "implementation": name, "line": line.name, "error": line.error,
             "error_ulp": line.error_ulp, "bound_used": line.bound_used, "holds": line.holds}
            for name, check in self.checks.items()
            for line in check.lines
        ]  # fmt: skip


@dataclass(frozen=True)
class Run:
    """The answer."""

    settings: Settings
    curves: list[Curve]
    pairs: list[PairDifference]
    parity: list[GradientsAt]
    holds: bool
    verdict: str
    files: list[Path]
    environment: dict[str, Any]
    data: Dataset

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "holds": self.holds,
            "verdict": self.verdict,
            "settings": self.settings.as_json(),
            "implementations": curves_json(self.curves),
            **pairs_json(self.pairs),
            "parity": [row for parity in self.parity for row in parity.as_json()],
            "lines": [row for parity in self.parity for row in parity.lines_json()],
            "files": [str(path) for path in self.files],
            "environment": self.environment,
        }

    def print(self) -> None:
        """The verdict and tables, on stdout."""
        print_text(self.verdict)
        print_text("")
        print_parity(self.parity)
        print_curves(self.curves, self.pairs)
        print_files(self.files)


def answer(settings: Settings, out: Path) -> Run:
    """The whole of it. Raises BadInput for a set, an option or a folder that cannot be used."""
    output = Output(out)
    data = load_mnist(settings.data)
    digits = Digits.of(data, settings)
    with use_threads(settings.threads) as threads:
        with progress("gradients", len(DTYPES) * len(settings.worlds)) as advance:
            parity = compare_gradients("before", initial_weights(settings, digits), data, settings, advance)
        curves = train_all(settings, digits, output)
        save_curves(curves, settings, output)  # at once, so that nothing after it can lose them
        with progress("gradients", len(DTYPES) * len(settings.worlds)) as advance:
            parity += compare_gradients("after", curves[0].weights[-1], data, settings, advance)
        pairs = differences(curves)
        alike, how_alike = judge(settings, curves, pairs)
        holds = alike and all(p.holds for p in parity)
        verdict = f"{'It holds.' if holds else 'It does not hold.'} {gradient_verdict(parity)} {how_alike}"
        files = [*output.files, output.folder / "results.json"]
        result = Run(settings, curves, pairs, parity, holds, verdict, files, environment(threads), data)
        output.write_json("results.json", result.as_json())
    return result


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # overflow is looked for here, and reported better
def compare_gradients(
    when: str, weights: dict[str, np.ndarray], data: Dataset, settings: Settings, advance: Advance
) -> list[GradientsAt]:
    """The first rows of the training set through all worlds, at these weights, in both dtypes.

    Raises BadInput where the weights are so large that they, or the calculation in all of them, overflow.
    """
    labels = data.train_labels[:ROWS]
    found = []
    for dtype in DTYPES:
        x = pixels(data.train_images[:ROWS], dtype)
        start = {name: value.astype(dtype) for name, value in weights.items()}
        traces, checks = trace_all(start, x, labels, settings.activation, settings.worlds), {}
        for name, trace in traces.items():
            checks[name] = check_lines(trace, start, x, labels, settings.activation)
            advance()
        gradients = {name: {p: trace[f"d{p}"] for p in start} for name, trace in traces.items()}
        found.append(GradientsAt(dtype, when, compare_pairs(gradients, start, x, labels, settings.activation), checks))
    return found


def gradient_verdict(parity: Sequence[GradientsAt]) -> str:
    """What the gradients show, in words: the nearest that a line came to its bound, or the first beyond it."""
    for found in parity:
        for name, check in found.checks.items():
            if check.first_wrong_line:
                return (
                    f"{found.when.capitalize()} training, in {found.dtype}, the line {check.first_wrong_line} "
                    f"{world(name).where} is outside its bound: see python -m compare parity --dtype {found.dtype}."
                )
        for pair in found.pairs:
            if not pair.holds:
                return (
                    f"{found.when.capitalize()} training, in {found.dtype}, the gradients of {pair.parameter} differ "
                    f"between {spoken(pair.pair)} by more than rounding can explain."
                )
    name, line = max((found.most_used for found in parity), key=lambda named: named[1].bound_used)
    count = sum(len(check.lines) for found in parity for check in found.checks.values())
    return (
        f"The {in_words(len(parity[0].checks))} compute the same gradients: before and after training, in float64 and "
        f"in float32, each of the {count} lines checked is within its rounding bound; {line.name} {world(name).where} "
        f"came nearest, at {line.bound_used:.0%} of its bound."
    )


def print_parity(parity: Sequence[GradientsAt]) -> None:
    """One table: each pair's gradients before and after training, the parameter that differs most."""
    print_table(
        "Gradients of the first images, pair by pair: the parameter that comes nearest to its bound",
        ("training", "dtype", "pair", "of", "absolute", "relative", "ulps", "verdict"),
        [
            (found.when, found.dtype, spoken(worst.pair), worst.parameter, f"{worst.absolute:.1e}",
             f"{worst.relative:.1e}", f"{worst.ulp:,.0f}", worst.verdict.removesuffix(" bound"))
            for found in parity
            for worst in _worst_by_pair(found.pairs)
        ],
    )  # fmt: skip
    print_text(
        "absolute: the largest difference of an entry; relative: that, divided by the largest entry of the gradient; "
        "ulps: the largest difference in units in the last place of the entry itself, which are many where large terms "
        "have cancelled and left an entry near 0; within: no more than rounding, at worst, can explain.\n"
    )


def _worst_by_pair(pairs: Sequence[PairRow]) -> list[PairRow]:
    names = dict.fromkeys(pair.pair for pair in pairs)
    return [max((p for p in pairs if p.pair == name), key=lambda p: p.bound_used) for name in names]
