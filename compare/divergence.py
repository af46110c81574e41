"""Where and why do two trainings part? In lock-step to the first ReLU that is on in one and off in the other.

What counts as the event that made the difference jump is defined in `divergence_lockstep.py`. That it did so is
proven, not inferred from its timing: the same step is repeated from the same weights with that ReLU forced to agree.
The answer holds if rounding explains the difference up to the first jump, and a flip that jump; or if none occurs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from compare.divergence_lockstep import Growth, lockstep, pairs_of
from compare.divergence_verdict import judge_all, main_pair
from compare.shared.dataset import Dataset, load_mnist
from compare.shared.environment import environment
from compare.shared.errors import BadInput
from compare.shared.output import Output
from compare.shared.settings import MOST_STEPS, Settings, check_whole
from compare.shared.terminal import print_files, print_table, print_text, progress
from compare.shared.threads import use_threads
from compare.shared.training import Digits, TrainingStopped
from compare.worlds import MANUAL, TORCH_REF, WORLDS, spoken


@dataclass(frozen=True)
class Divergence:
    """The answer. growths: of every pair, in the order named."""

    settings: Settings
    growths: list[Growth]
    labels: np.ndarray  # of the training set, (n,)
    verdict: str
    files: list[Path]
    environment: dict[str, Any]

    @property
    def holds(self) -> bool:
        """Whether every pair's difference is explained."""
        return all(growth.holds for growth in self.growths)

    def as_json(self) -> dict[str, Any]:
        """Plain data. At the top the main pair, as `main_pair` picks it; all of them under "pairs"."""
        return {
            "holds": self.holds,
            "verdict": self.verdict,
            **self._growth_json(main_pair(self.growths)),
            "pairs": [self._growth_json(growth) for growth in self.growths] if len(self.growths) > 1 else None,
            "settings": {k: v for k, v in self.settings.as_json().items() if k != "epochs"},
            "files": [str(path) for path in self.files],
            "environment": self.environment,
        }

    def _growth_json(self, growth: Growth) -> dict[str, Any]:
        jump = growth.first_jump
        return {
            "pair": growth.name,
            "dtype": self.settings.dtype,
            "steps": len(growth.difference_by_step),
            "first_event": self._event_json(growth),
            "unexplained_jump_at_step": jump.step if jump and not jump.flips else None,
            "steps_with_a_flip": growth.flip_steps,
            "typical_growth_before": growth.typical_growth,
            "rounding_used": growth.rounding_used,
            "difference_by_step": growth.difference_by_step,
        }

    def _event_json(self, growth: Growth) -> dict[str, Any] | None:
        jump = growth.first_jump
        if jump is None or not jump.flips:
            return None
        first, *others = [
            {"layer": flip.layer, "unit": flip.unit, "image": flip.image, "label": int(self.labels[flip.image]),
             "preactivations": dict(zip(growth.pair, flip.preactivations, strict=True)), "upstream": flip.upstream}
            for flip in jump.flips
        ]  # fmt: skip
        return {
            "step": jump.step,
            **first,
            "others_in_the_step": others,
            "difference_before": jump.before,
            "difference_after": jump.after,
            "repeated_as_it_was": jump.as_it_was,
            "repeated_in_agreement": jump.in_agreement,
            "proven": jump.proven,
        }

    def print(self) -> None:
        """The verdict and a table, on stdout."""
        print_text(self.verdict)
        print_text("")
        steps = len(self.growths[0].difference_by_step)
        print_table(
            f"Two trainings in lock-step, {self.settings.dtype}: the largest difference of any weight",
            ("pair", "before\na jump", "after it", "at step", f"after\n{steps:,} steps", "steps with\na flip"),
            [
                (
                    spoken(growth.name),
                    f"{max(growth.quiet, default=0.0):.1e}",
                    f"{growth.first_jump.after:.1e}" if growth.first_jump else "-",
                    f"{growth.first_jump.step:,}" if growth.first_jump else "-",
                    f"{growth.difference_by_step[-1]:.1e}",
                    f"{len(growth.flip_steps):,}",
                )
                for growth in self.growths
            ],
        )
        print_text("jump: far more growth in one step than before; flip: a ReLU that is on in one of the two only.")
        print_files(self.files)


def answer(settings: Settings, pair: str | None, steps: int, out: Path) -> Divergence:
    """Train in lock-step and look for the event.

    pair: two or more of the settings' worlds, with commas between; None for by hand and PyTorch, or for by hand and
    whatever is not of the project. steps: how many, over as many epochs as they take. Raises
    BadInput for a set, an option or a folder that cannot be used.
    """
    growths = pairs_of(parse_names(pair, settings.worlds))
    check_whole("--steps", steps, least=1, most=MOST_STEPS)
    output = Output(out)
    data = load_mnist(settings.data)
    digits = Digits.of(data, settings)
    with use_threads(settings.threads) as threads:
        try:
            with progress("lock-step", steps) as advance:
                lockstep(growths, settings, digits, steps, advance)
        except (KeyboardInterrupt, TrainingStopped):
            if growths[0].difference_by_step:
                save_growths(growths, settings, data, output)
            raise
        verdict = judge_all(growths, settings, data.train_labels)
        save_growths(growths, settings, data, output)
        files = [*output.files, output.folder / "results.json"]
        result = Divergence(settings, growths, data.train_labels, verdict, files, environment(threads))
        output.write_json("results.json", result.as_json())
    return result


def parse_names(text: str | None, known: Sequence[str]) -> list[str]:
    """Two or more of the known worlds from "manual,torch_ref". Raises BadInput for anything else."""
    if text is None:
        own = [name for name in known if name not in WORLDS]
        return [MANUAL, *(own or [TORCH_REF])]
    names = [name.strip() for name in text.split(",")]
    if len(names) < 2 or len(set(names)) < len(names) or not set(names) <= set(known):
        raise BadInput(
            f"--pair {text!r} does not name two implementations, or more, with commas between: they are "
            f"{', '.join(known)}. Write it like --pair {MANUAL},{TORCH_REF}."
        )
    return names


def save_growths(growths: Sequence[Growth], settings: Settings, data: Dataset, output: Output) -> None:
    """divergence.csv, and the figure as divergence.png and divergence.svg."""
    from compare.divergence_figure import draw
    from compare.shared.figures import save_figure

    columns = [growth.difference_by_step for growth in growths]
    rows = ((step, *values) for step, values in enumerate(zip(*columns, strict=False), start=1))
    output.write_csv("divergence.csv", ("step", *(growth.name for growth in growths)), rows)
    save_figure(draw(growths, main_pair(growths), settings, data), output, "divergence")
