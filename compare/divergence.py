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
from compare.shared.dataset import Dataset, load_mnist
from compare.shared.environment import environment
from compare.shared.errors import BadInput
from compare.shared.implementations import NAMES, TITLES
from compare.shared.output import Output
from compare.shared.settings import Settings
from compare.shared.terminal import print_files, print_table, print_text, progress
from compare.shared.threads import use_threads
from compare.shared.training import Digits, TrainingStopped


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
        return {
            "pair": growth.name,
            "dtype": self.settings.dtype,
            "steps": len(growth.difference_by_step),
            "first_event": self._event_json(growth),
            "unexplained_jump_at_step": growth.first_jump.step if _unexplained(growth) and growth.first_jump else None,
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
        """A table and the verdict, on stdout."""
        steps = len(self.growths[0].difference_by_step)
        print_table(
            f"Two trainings in lock-step, {self.settings.dtype}: the largest difference of any weight",
            ("pair", "before the first jump", "after it", "at step", f"after {steps:,} steps", "steps with a flip"),
            [
                (
                    growth.name,
                    f"{max(growth.quiet, default=0.0):.1e}",
                    f"{growth.first_jump.after:.1e}" if growth.first_jump else "-",
                    f"{growth.first_jump.step:,}" if growth.first_jump else "-",
                    f"{growth.difference_by_step[-1]:.1e}",
                    f"{len(growth.flip_steps):,}",
                )
                for growth in self.growths
            ],
        )
        print_text(self.verdict)
        print_files(self.files)


def answer(settings: Settings, pair: str, steps: int, out: Path) -> Divergence:
    """Train in lock-step and look for the event.

    pair: two or three of NAMES, with commas between. steps: how many, over as many epochs as they take. Raises
    BadInput for a set, an option or a folder that cannot be used.
    """
    growths = pairs_of(parse_names(pair))
    if steps < 1:
        raise BadInput(f"--steps is {steps}; expected a whole number of at least 1.")
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
        verdict = " ".join(judge(growth, settings, data.train_labels) for growth in growths)
        save_growths(growths, settings, data, output)
        files = [*output.files, output.folder / "results.json"]
        result = Divergence(settings, growths, data.train_labels, verdict, files, environment(threads))
        output.write_json("results.json", result.as_json())
    return result


def parse_names(text: str) -> list[str]:
    """Two or three implementations from "manual,torch_ref". Raises BadInput for anything else."""
    names = [name.strip() for name in text.split(",")]
    if len(names) < 2 or len(set(names)) < len(names) or not set(names) <= set(NAMES):
        raise BadInput(
            f"--pair {text!r} does not name two implementations, or all three, with commas between: they are "
            f"{', '.join(NAMES)}. Write it like --pair manual,torch_ref."
        )
    return names


def main_pair(growths: Sequence[Growth]) -> Growth:
    """The first pair whose difference jumps; where none does, the first."""
    return next((growth for growth in growths if growth.first_jump), growths[0])


def judge(growth: Growth, settings: Settings, labels: np.ndarray) -> str:
    """What became of the pair, in words."""
    a, b = growth.pair
    jump, steps, last = growth.first_jump, len(growth.difference_by_step), growth.difference_by_step[-1]
    quiet = max(growth.quiet, default=0.0)
    if not any(growth.difference_by_step):
        return f"For {steps:,} steps in {settings.dtype} `{a}` and `{b}` are equal to the bit."
    if growth.rounding_used > 1:
        return (
            f"It does not hold: in {settings.dtype} `{a}` and `{b}` come to differ by {quiet:.1e}, "
            f"{growth.rounding_used:.1f} times what rounding can add up to, and without a jump."
        )
    calm = (
        f"in {settings.dtype} `{a}` and `{b}` stay within {quiet:.1e} of each other: that is rounding, "
        f"{growth.rounding_used:.2g} of what it may add up to at most."
    )
    if jump is None:
        return f"For {steps:,} steps {calm} {_why_no_event(growth, settings)}"
    calm = f"For {jump.step - 1:,} steps {calm}" if jump.step > 1 else f"They start alike, in {settings.dtype}."
    leap = f"At step {jump.step:,} the difference goes from {jump.before:.1e} to {jump.after:.1e}"
    if jump.before and growth.typical_growth:
        leap += f", times {jump.after / jump.before:.3g} where times {growth.typical_growth:.3g} was typical"
    if not jump.flips:
        why = "no ReLU is on in one and off in the other, so something else" if settings.activation == "relu" else "it"
        return f"It does not hold. {calm} {leap}, and {why} must have made it; perhaps the steps are too large."
    flip = jump.flips[0]
    states = ["on" if z > 0 else "off" for z in flip.preactivations]
    where = (
        f"{leap}. In layer {flip.layer}, unit {flip.unit}, for training image {flip.image:,} "
        f"(a {labels[flip.image]}), the pre-activation is {flip.preactivations[0]:+.1e} {_title(a)} and "
        f"{flip.preactivations[1]:+.1e} {_title(b)}: the ReLU is {states[0]} in the one and {states[1]} in the other, "
        f"so this image's gradient reaches the unit's weights in one of them only."
    )
    if len(jump.flips) > 1:
        where += f" {len(jump.flips) - 1} more in that step, with smaller gradients, did the same."
    proof = (
        f"{'The proof' if jump.proven else 'But it does not hold'}: the step, repeated by hand from the same weights, "
        f"makes {jump.as_it_was:.1e} as it was, and {jump.in_agreement:.1e} with that ReLU forced to agree."
    )
    later = sum(step > jump.step for step in growth.flip_steps)
    after = (
        f"Of the {steps - jump.step:,} steps after it, {later:,} have a ReLU that disagrees, and after {steps:,} steps "
        f"they differ by {last:.1e}. Neither is wrong: they learn on different, equally good ways."
    )
    return f"{calm} {where} {proof} {after}"


def _why_no_event(growth: Growth, settings: Settings) -> str:
    if settings.activation != "relu":
        return f"There is no event to find: a {settings.activation} has no kink, so that no unit is simply on or off."
    if growth.flip_steps:
        return (
            f"A ReLU was on in one and off in the other in {len(growth.flip_steps):,} of them, but with gradients too "
            f"small to make the difference jump."
        )
    return "No ReLU was on in one and off in the other."


def _unexplained(growth: Growth) -> bool:
    return growth.first_jump is not None and not growth.first_jump.flips


def _title(name: str) -> str:
    return {"manual": "by hand", "autograd": "in the engine"}.get(name, f"in {TITLES[name]}")


def save_growths(growths: Sequence[Growth], settings: Settings, data: Dataset, output: Output) -> None:
    """divergence.csv, and the figure as divergence.png and divergence.svg."""
    from compare.divergence_figure import draw
    from compare.shared.figures import save_figure

    columns = [growth.difference_by_step for growth in growths]
    rows = ((step, *values) for step, values in enumerate(zip(*columns, strict=False), start=1))
    output.write_csv("divergence.csv", ("step", *(growth.name for growth in growths)), rows)
    save_figure(draw(growths, main_pair(growths), settings, data), output, "divergence")
