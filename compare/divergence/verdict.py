"""What became of the trainings in lock-step, in words."""

from collections.abc import Sequence

import numpy as np

from compare.divergence.lockstep import Growth
from compare.shared.settings import Settings
from compare.worlds import world


def main_pair(growths: Sequence[Growth]) -> Growth:
    """The first pair whose difference jumps; where none does, the first."""
    return next((growth for growth in growths if growth.first_jump), growths[0])


def judge_all(growths: Sequence[Growth], settings: Settings, labels: np.ndarray) -> str:
    """What became of every pair, in words; of one that went as an earlier pair did, to the bit, only that."""
    words: list[str] = []
    for k, growth in enumerate(growths):
        differences = growth.difference_by_step
        if any(differences) and differences in [earlier.difference_by_step for earlier in growths[:k]]:
            a, b = growth.pair
            words.append(f"T{_both(a, b)[1:]} differ by just as much at every step.")
        else:
            words.append(judge(growth, settings, labels))
        for name in growth.untold:
            words.append(
                f"`{name}` has no trace: the lines that are looked at are those by hand at its weights, so that a ReLU "
                f"that its own rounding switches stays unseen."
            )
    return " ".join(words)


def judge(growth: Growth, settings: Settings, labels: np.ndarray) -> str:
    """What became of the pair, in words."""
    a, b = growth.pair
    jump, steps, last = growth.first_jump, len(growth.difference_by_step), growth.difference_by_step[-1]
    quiet = max(growth.quiet, default=0.0)
    if not any(growth.difference_by_step):
        return f"For {steps:,} steps in {settings.dtype}, {_both(a, b)} are bit-identical."
    if growth.rounding_used > 1:
        return (
            f"It does not hold: in {settings.dtype}, {_both(a, b)} come to differ by {quiet:.1e}, "
            f"{growth.rounding_used:.1f} times what rounding can add up to, and without a jump."
        )
    calm = (
        f"in {settings.dtype}, {_both(a, b)} stay within {quiet:.1e} of each other: that is rounding, at "
        f"most {growth.rounding_used:.0%} of what it may add up to."
    )
    if jump is None:
        return f"For {steps:,} steps {calm} {_why_no_event(growth, settings)}"
    calm = f"For {jump.step - 1:,} steps {calm}" if jump.step > 1 else f"They start alike, in {settings.dtype}."
    earlier = sum(step < jump.step for step in growth.flip_steps)
    if earlier:
        calm += f" {earlier:,} of them {'has' if earlier == 1 else 'have'} a ReLU that disagrees, but no jump."
    leap = f"At step {jump.step:,} the difference goes from {jump.before:.1e} to {jump.after:.1e}"
    if jump.before and growth.typical_growth:
        leap = (
            f"At step {jump.step:,} the difference grows {jump.after / jump.before:.3g}-fold, from "
            f"{jump.before:.1e} to {jump.after:.1e}; before it, {growth.typical_growth:.3g}-fold a step was typical"
        )
    if not jump.flips and growth.untold:
        return f"{calm} {leap}. Which ReLU made it cannot be told."
    if not jump.flips:
        return (
            f"It does not hold. {calm} {leap}, and no unit is on in one and off in the other, so something else must "
            f"have made it; perhaps the steps are too large."
        )
    flip = jump.flips[0]
    states = ["on" if z > 0 else "off" for z in flip.preactivations]
    where = (
        f"{leap}. In layer {flip.layer}, unit {flip.unit}, for training image {flip.image:,} "
        f"(a {labels[flip.image]}), the pre-activation is {flip.preactivations[0]:+.1e} {world(a).where} and "
        f"{flip.preactivations[1]:+.1e} {world(b).where}: the ReLU is {states[0]} in the one and {states[1]} in the "
        f"other, so this image's gradient reaches the unit's weights in one of them only."
    )
    if len(jump.flips) > 1:
        where += f" {len(jump.flips) - 1} more in that step, with smaller gradients, did the same."
    those = "that ReLU" if len(jump.flips) == 1 else "those ReLUs"
    proof = (
        f"{'The proof' if jump.proven else 'But it does not hold'}: the step, repeated by hand from the same weights, "
        f"makes {jump.as_it_was:.1e} as it was, and {jump.in_agreement:.1e} with {those} forced to agree."
    )
    later = sum(step > jump.step for step in growth.flip_steps)
    after = (
        f"Of the {steps - jump.step:,} steps after it, {later:,} have a ReLU that disagrees, and after {steps:,} steps "
        f"they differ by {last:.1e}. Neither is wrong: where a pre-activation is that near to 0, rounding decides."
    )
    return f"{calm} {where} {proof} {after}"


def _both(a: str, b: str) -> str:
    return f"the networks {world(a).where} and {world(b).where}"


def _why_no_event(growth: Growth, settings: Settings) -> str:
    if settings.activation != "relu":
        return f"There is no event to find: a {settings.activation} has no kink, so that no unit is simply on or off."
    if growth.flip_steps:
        return (
            f"A ReLU was on in one and off in the other in {len(growth.flip_steps):,} of them, but with gradients too "
            f"small to make the difference jump."
        )
    return "No ReLU was on in one and off in the other."
